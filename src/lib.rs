//! Everwire: a WebSocket connection that keeps its promises.

pub mod core;
#[cfg(target_arch = "wasm32")]
pub mod web;

/// Smaller and faster than the standard allocator of wasm32. Only for the npm package: a Rust app chooses its own.
#[cfg(all(target_arch = "wasm32", feature = "js"))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
