//! Bindings to `browser.js`.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{MessagePort, WebSocket};

use crate::core::Transmit;

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
    pub(super) fn buffered(socket: &WebSocket) -> f64;
    /// [`sent`] reads the answer.
    pub(super) fn give(socket: &WebSocket, data: &JsValue) -> f64;
    pub(super) fn close(socket: &WebSocket, code: u16, reason: &str);
    pub(super) fn listen(on: bool, heard: &JsValue);
    pub(super) fn moment(event: &JsValue) -> usize;
    /// The driver's clock, in milliseconds.
    pub(super) fn now() -> f64;
    /// How far that clock is ahead of `performance.now()`.
    #[cfg(feature = "js-values")]
    pub(crate) fn slept() -> f64;
    pub(super) fn channel(run: &JsValue) -> MessagePort;
    pub(super) fn post(port: &MessagePort);
    pub(super) fn refusal(thrown: &JsValue, url_is_good: bool) -> i32;
}

/// What came of offering something to a socket: what is buffered if it took it, -1 if it is not open, -2
/// minus what is buffered if it threw.
pub(super) fn sent(answer: f64) -> (Transmit, u64) {
    if answer >= 0.0 {
        (Transmit::Accepted, answer as u64)
    } else if answer > -2.0 {
        (Transmit::NotOpen, 0)
    } else {
        (Transmit::Threw, (-2.0 - answer) as u64)
    }
}
