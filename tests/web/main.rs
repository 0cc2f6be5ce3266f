//! The wire in a real browser, against the native server.
#![cfg(target_arch = "wasm32")]
// A test that meets the unexpected must stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../web_support/mod.rs"]
mod web_support;

// Tests in modules that nobody outside could reach would be left out.
pub mod endings;
pub mod life;
pub mod lifecycle;
pub mod messages;
pub mod opening;
#[cfg(feature = "json")]
pub mod rust_cancel;
#[cfg(all(feature = "session", feature = "json"))]
pub mod rust_session;
#[cfg(all(
    feature = "cbor",
    feature = "js-values",
    feature = "json",
    feature = "msgpack",
    feature = "postcard"
))]
pub mod rust_values;
#[cfg(feature = "json")]
pub mod rust_wire;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
