//! One browser WebSocket, closed and detached when dropped.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{Event, WebSocket};

use super::browser;
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

    /// WebKit, at an error: it still connects, and no close event follows.
    pub(super) fn is_refused_as_mixed(&self) -> bool {
        self.0.ready_state() == WebSocket::CONNECTING
    }

    pub(super) fn attach(&self, handlers: &Handlers) {
        let Handlers { open, error, close, message } = handlers;
        browser::attach(&self.0, open.as_ref(), message, error.as_ref(), close.as_ref());
    }

    pub(super) fn detach(&self) {
        browser::detach(&self.0);
    }

    /// Offers data of any kind that a WebSocket sends: string, buffer, view or Blob. What came of it, and what is
    /// buffered then.
    pub(super) fn send(&self, data: &JsValue) -> (Transmit, u64) {
        browser::sent(browser::give(&self.0, data))
    }

    pub(super) fn buffered(&self) -> u64 {
        browser::buffered(&self.0) as u64
    }

    /// Starts the closing handshake; its end is heard through the close handler.
    pub(super) fn close(&self, close: Option<&Close>) {
        let (code, reason) = close.map_or((0, ""), |close| (close.code, &close.reason));
        browser::close(&self.0, code, reason);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.detach();
        self.close(None);
    }
}

/// What an exception of a WebSocket constructor means. `url_is_good`, which mixed content is not, tells
/// a bad URL from bad subprotocols: WHATWG WebSockets names SyntaxError for both.
pub fn refusal(thrown: &JsValue, url_is_good: bool) -> Cause {
    refused(browser::refusal(thrown, url_is_good))
}

/// By the number that `refusal` of `browser.js` gives.
pub(super) fn refused(number: i32) -> Cause {
    match number {
        0 => Cause::InvalidUrl,
        1 => Cause::MixedContent,
        2 => Cause::ContentBlocked,
        3 => Cause::InvalidProtocols,
        _ => Cause::ConstructorFailed,
    }
}
