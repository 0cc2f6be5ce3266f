//! Everwire: a WebSocket connection that keeps its promises.
//!
//! [`core`] is the client as a machine: inputs and the time go in, outputs come out. It knows no
//! browser, reads no clock and never calls the application, so hours of a flapping network run in
//! moments of a test. `web`, on wasm32 only, drives it with the browser's WebSocket, clock and
//! network events.
//!
//! The npm package `everwire` is built from this crate with the feature `js`. An API for Rust
//! applications is not here yet: what is public serves the tests and may change.

pub mod core;
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "its platforms are of the browser"))]
mod engine;
#[cfg(target_arch = "wasm32")]
pub mod web;

/// Smaller and faster than the standard allocator of wasm32. Only for the npm package: a Rust app chooses its own.
#[cfg(all(target_arch = "wasm32", feature = "js"))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
