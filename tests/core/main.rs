//! The machine, on a fake clock.
#![cfg(not(target_arch = "wasm32"))]
// A test that meets the unexpected must stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[cfg(feature = "session")]
#[path = "../session_world/mod.rs"]
mod session_world;
#[path = "../support/mod.rs"]
mod support;

mod backoff;
mod close;
mod connect;
mod delivery;
mod lifecycle;
mod liveness;
mod network;
mod outbox;
mod props;
mod receipts;
#[cfg(feature = "session")]
mod session;
#[cfg(feature = "session")]
mod session_any;
#[cfg(feature = "session")]
mod session_calls;
#[cfg(feature = "session")]
mod session_ends;
#[cfg(feature = "session")]
mod session_links;
mod stats;
#[cfg(feature = "websocket")]
mod websocket;
