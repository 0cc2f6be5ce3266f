//! Bindings to `browser.js`, and to what web-sys does not offer.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{MessagePort, WebSocket};

#[wasm_bindgen(module = "/src/web/browser.js")]
extern "C" {
    pub(super) fn attach(
        socket: &WebSocket,
        open: &JsValue,
        message: &Function,
        error: &JsValue,
        close: &JsValue,
    );
    pub(super) fn detach(socket: &WebSocket);
    pub(super) fn offer(socket: &WebSocket, data: &JsValue) -> u8;
    pub(super) fn close(socket: &WebSocket, code: u16, reason: &str);
    pub(super) fn listen(on: bool, heard: &JsValue);
    pub(super) fn online() -> bool;
    pub(super) fn channel(run: &JsValue) -> MessagePort;
    pub(super) fn post(port: &MessagePort);
    #[wasm_bindgen(js_name = nameOf)]
    pub(super) fn name_of(thrown: &JsValue, names: &str) -> i32;
}

#[wasm_bindgen]
extern "C" {
    pub(super) type Buffered;

    // web-sys reads it as u32; it may be larger.
    #[wasm_bindgen(method, getter, js_name = bufferedAmount)]
    fn buffered_amount(this: &Buffered) -> f64;

    /// The host's monotonic clock, in milliseconds.
    #[wasm_bindgen(js_namespace = performance)]
    pub(super) fn now() -> f64;
}

pub(super) fn buffered(socket: &Buffered) -> f64 {
    socket.buffered_amount()
}
