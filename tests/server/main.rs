//! The session server, over real sockets.
#![cfg(all(feature = "server", not(target_arch = "wasm32")))]
// A test that meets the unexpected must stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../server_support/mod.rs"]
mod server_support;

#[cfg(feature = "axum")]
mod axum;
mod clock;
mod limits;
#[cfg(unix)]
mod restart;
mod sessions;
mod soak;
mod stores;
mod talk;
