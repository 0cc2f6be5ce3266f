//! The two halves of a session and the bytes between them.
#![cfg(all(feature = "session", not(target_arch = "wasm32")))]
// A test that meets the unexpected must stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../fuzz/bodies/mod.rs"]
mod bodies;

mod codec;
mod edges;
mod frames;
mod fuzz;
mod hostile;
mod protocol;
mod rules;
mod together;

use bodies::halves;
