//! What the browser tests share: a wire whose application writes down everything it hears, and the peer.

#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[cfg(feature = "json")]
pub(crate) mod app;
mod peer;
mod wire;

pub(crate) use peer::*;
pub(crate) use wire::*;

use everwire::core::Micros;
use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

#[wasm_bindgen(module = "/tests/web_support/page.js")]
extern "C" {
    #[wasm_bindgen(js_name = pretendOnline)]
    pub(crate) fn pretend_online(online: Option<bool>);
    #[wasm_bindgen(js_name = setOnline)]
    pub(crate) fn set_online(online: bool);
    #[wasm_bindgen(js_name = pretendHidden)]
    pub(crate) fn pretend_hidden(hidden: Option<bool>);
    #[wasm_bindgen(js_name = pretendSlept)]
    pub(crate) fn pretend_slept(millis: f64);
    pub(crate) fn happen(event: &str, persisted: Option<bool>);
    pub(crate) fn listeners() -> u32;
    pub(crate) fn blob(parts: &Array) -> JsValue;
    pub(crate) fn arrive(socket: &WebSocket, data: &str);
    pub(crate) fn refusing(name: &str) -> Function;
    pub(crate) fn flapping() -> Function;
    pub(crate) fn throwing() -> Function;
    #[wasm_bindgen(js_name = hurryTimers)]
    pub(crate) fn hurry_timers() -> Function;
}

#[wasm_bindgen(module = "/tests/e2e/pages/engines.js")]
extern "C" {
    pub(crate) type Engine;
    #[wasm_bindgen(js_name = engineHere)]
    pub(crate) fn engine_here() -> Engine;
    #[wasm_bindgen(method, getter, js_name = needsSubprotocol)]
    pub(crate) fn needs_subprotocol(this: &Engine) -> bool;
    #[wasm_bindgen(method, getter, js_name = seesStall)]
    pub(crate) fn sees_stall(this: &Engine) -> bool;
}

/// Whatever a test makes of it, the page learns the truth about itself again.
pub(crate) struct Truth;

impl Drop for Truth {
    fn drop(&mut self) {
        pretend_online(None);
        pretend_hidden(None);
        pretend_slept(0.0);
    }
}

pub(crate) const fn ms(millis: u64) -> Micros {
    Micros::from_millis(millis)
}

pub(crate) fn bytes(data: &JsValue) -> Vec<u8> {
    assert!(data.is_instance_of::<js_sys::ArrayBuffer>(), "binary arrives as an ArrayBuffer, not {data:?}");
    Uint8Array::new(data).to_vec()
}
