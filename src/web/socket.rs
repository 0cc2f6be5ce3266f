//! One browser WebSocket, closed and detached when dropped.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, Event, WebSocket};

use crate::core::{Cause, Close, Transmit};

/// The four handlers of a client, made once and attached to each of its sockets in turn. One closure
/// type for all events: each type brings glue and wasm of its own.
pub(super) struct Handlers {
    pub(super) open: Closure<dyn Fn(Event)>,
    pub(super) error: Closure<dyn Fn(Event)>,
    pub(super) close: Closure<dyn Fn(Event)>,
    pub(super) message: Function,
}

pub(super) struct Socket(WebSocket);

impl Socket {
    pub(super) fn own(raw: WebSocket) -> Self {
        Self(raw)
    }

    pub(super) fn raw(&self) -> &WebSocket {
        &self.0
    }

    /// Chromium, blocked by connect-src: constructed closed, one error event, never a close event.
    pub(super) fn is_blocked(&self) -> bool {
        self.0.ready_state() == WebSocket::CLOSED
    }

    pub(super) fn attach(&self, handlers: &Handlers) {
        self.0.set_binary_type(BinaryType::Arraybuffer);
        self.0.set_onopen(Some(handlers.open.as_ref().unchecked_ref()));
        self.0.set_onmessage(Some(&handlers.message));
        self.0.set_onerror(Some(handlers.error.as_ref().unchecked_ref()));
        self.0.set_onclose(Some(handlers.close.as_ref().unchecked_ref()));
    }

    pub(super) fn detach(&self) {
        self.0.set_onopen(None);
        self.0.set_onmessage(None);
        self.0.set_onerror(None);
        self.0.set_onclose(None);
    }

    /// Offers data of any kind that a WebSocket sends: string, buffer, view or Blob.
    pub(super) fn send(&self, data: &JsValue) -> Transmit {
        if self.0.ready_state() != WebSocket::OPEN {
            return Transmit::NotOpen;
        }
        match self.0.unchecked_ref::<Loose>().send(data) {
            Ok(()) => Transmit::Accepted,
            Err(_) => Transmit::Threw,
        }
    }

    pub(super) fn buffered(&self) -> u64 {
        self.0.unchecked_ref::<Loose>().buffered_amount() as u64
    }

    /// Starts the closing handshake; its end is heard through the close handler.
    pub(super) fn close(&self, close: Option<&Close>) {
        // Codes and reasons are checked before they come here; a socket that throws all the same
        // is closed by the core's deadline.
        let _ = match close {
            Some(close) => self.0.close_with_code_and_reason(close.code, &close.reason),
            None => self.0.close(),
        };
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.detach();
        if self.0.ready_state() <= WebSocket::OPEN {
            self.close(None);
        }
    }
}

/// What an exception of a WebSocket constructor means. `url_is_good` tells a bad URL from bad
/// subprotocols: WHATWG WebSockets names SyntaxError for both. Chromium throws SecurityError for
/// mixed content, and Firefox throws for a Content-Security-Policy.
pub fn refusal(thrown: &JsValue, url_is_good: bool) -> Cause {
    let name = if thrown.is_object() { thrown.unchecked_ref::<Loose>().name() } else { JsValue::UNDEFINED };
    match name.as_string().as_deref() {
        Some("SyntaxError") if url_is_good => Cause::InvalidProtocols,
        Some("SyntaxError") => Cause::InvalidUrl,
        Some("SecurityError") => Cause::MixedContent,
        Some("NS_ERROR_CONTENT_BLOCKED") => Cause::ContentBlocked,
        _ => Cause::ConstructorFailed,
    }
}

/// What web-sys does not offer: data of any kind, a count above 4 GiB, the name of what was thrown.
#[wasm_bindgen]
extern "C" {
    type Loose;

    #[wasm_bindgen(method, catch)]
    fn send(this: &Loose, data: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, getter, js_name = bufferedAmount)]
    fn buffered_amount(this: &Loose) -> f64;

    #[wasm_bindgen(method, getter)]
    fn name(this: &Loose) -> JsValue;
}
