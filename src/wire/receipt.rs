//! What became of one message.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

use super::face::Face;
use crate::codec::Raw;
use crate::core::{MessageId, Outcome, Payload, Reason};
#[cfg(feature = "session")]
use crate::engine::{Encoded, Request};
use crate::web::{Outgoing, WeakDriver};

/// What became of a message. In plain mode nobody knows more than that the browser took it: the WebSocket
/// API has no event for "sent" and none for "received".
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Settled<Out> {
    /// The browser took it.
    HandedOver,
    /// In a session, in place of handed over: the server has accepted it, once and in its place.
    Delivered,
    /// In a session: it was sent, and the session that would tell what became of it is gone. It may have
    /// been accepted or not.
    InDoubt {
        /// Given back.
        message: Out,
    },
    /// It never left.
    NotSent {
        /// Why.
        reason: Reason,
        /// Given back.
        message: Out,
    },
}

/// One send: a future of what became of it. It settles exactly once. Dropping it changes nothing: the
/// message is sent all the same.
#[must_use = "a receipt tells what became of the message; `drop` it if you do not want to know"]
pub struct Receipt<Out: 'static> {
    slot: Rc<Slot<Out>>,
    waits: Option<(WeakDriver<Face<Out>>, MessageId)>,
}

impl<Out> Receipt<Out> {
    pub(super) fn new(slot: Rc<Slot<Out>>, waits: Option<(WeakDriver<Face<Out>>, MessageId)>) -> Self {
        Self { slot, waits }
    }

    /// Takes the message back if it still waits; then it settles as not sent, withdrawn. False if it does
    /// not wait any more.
    pub fn withdraw(&self) -> bool {
        let Some((driver, id)) = &self.waits else { return false };
        driver.upgrade().is_some_and(|driver| driver.withdraw(*id))
    }

    /// Whether awaiting it would give the answer at once.
    pub fn is_settled(&self) -> bool {
        !matches!(*self.slot.0.borrow(), State::Waiting { .. })
    }
}

impl<Out> Future for Receipt<Out> {
    type Output = Settled<Out>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Settled<Out>> {
        let mut state = self.slot.0.borrow_mut();
        match &mut *state {
            State::Waiting { waker, .. } => {
                waker.replace(context.waker().clone());
                Poll::Pending
            }
            State::Settled(_) => match std::mem::replace(&mut *state, State::Taken) {
                State::Settled(settled) => Poll::Ready(settled),
                _ => Poll::Pending,
            },
            State::Taken => Poll::Pending,
        }
    }
}

impl<Out> fmt::Debug for Receipt<Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match *self.slot.0.borrow() {
            State::Waiting { .. } => "waiting",
            State::Settled(Settled::HandedOver) => "handed over",
            State::Settled(Settled::Delivered) => "delivered",
            State::Settled(Settled::InDoubt { .. }) => "in doubt",
            State::Settled(_) => "not sent",
            State::Taken => "taken",
        };
        f.debug_tuple("Receipt").field(&what).finish()
    }
}

/// What a receipt and its message share.
pub(super) struct Slot<Out>(RefCell<State<Out>>);

enum State<Out> {
    Waiting { message: Out, waker: Option<Waker> },
    Settled(Settled<Out>),
    Taken,
}

impl<Out> Slot<Out> {
    pub(super) fn new(message: Out) -> Rc<Self> {
        Rc::new(Self(RefCell::new(State::Waiting { message, waker: None })))
    }

    /// The first word counts.
    pub(super) fn settle(&self, outcome: Outcome) {
        let mut state = self.0.borrow_mut();
        let (message, waker) = match std::mem::replace(&mut *state, State::Taken) {
            State::Waiting { message, waker } => (message, waker),
            other => {
                *state = other;
                return;
            }
        };
        let (settled, rest) = match outcome {
            Outcome::HandedOver => (Settled::HandedOver, Some(message)),
            #[cfg(feature = "session")]
            Outcome::Delivered => (Settled::Delivered, Some(message)),
            #[cfg(feature = "session")]
            Outcome::InDoubt => (Settled::InDoubt { message }, None),
            Outcome::NotSent(reason) => (Settled::NotSent { reason, message }, None),
        };
        *state = State::Settled(settled);
        drop(state);
        // Not under the borrow: the message is the application's, and so is who waits.
        drop(rest);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The message back, if it has not settled; nobody is told.
    pub(super) fn reclaim(&self) -> Option<Out> {
        let mut state = self.0.borrow_mut();
        match std::mem::replace(&mut *state, State::Taken) {
            State::Waiting { message, .. } => Some(message),
            other => {
                *state = other;
                None
            }
        }
    }

    /// Reads the message while it waits.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Out) -> T) -> Option<T> {
        match &*self.0.borrow() {
            State::Waiting { message, .. } => Some(read(message)),
            _ => None,
        }
    }
}

/// Where in a session a message goes.
#[cfg(feature = "session")]
#[derive(Default)]
pub(super) struct Route {
    /// 0 for none.
    pub(super) channel: u64,
    /// Of a request.
    pub(super) method: String,
    pub(super) request: Option<Request>,
}

/// A message on its way out, encoded. It takes its receipt along.
pub(super) struct Letter<Out> {
    raw: Raw,
    #[cfg(feature = "session")]
    pub(super) route: Route,
    pub(super) slot: Rc<Slot<Out>>,
}

impl<Out> Letter<Out> {
    pub(super) fn new(raw: Raw, message: Out) -> Self {
        Self {
            raw,
            #[cfg(feature = "session")]
            route: Route::default(),
            slot: Slot::new(message),
        }
    }
}

impl<Out> Payload for Letter<Out> {
    fn byte_len(&self) -> usize {
        self.raw.len()
    }
}

impl<Out: 'static> Outgoing for Letter<Out> {
    fn data(&self) -> JsValue {
        to_js(&self.raw)
    }

    #[cfg(feature = "session")]
    fn encode(&self, out: &mut Vec<u8>) -> Encoded {
        let Route { channel, ref method, request } = self.route;
        out.extend_from_slice(method.as_bytes());
        out.extend_from_slice(self.raw.as_bytes());
        Encoded { channel, text: matches!(self.raw, Raw::Text(_)), request }
    }
}

/// However a letter is lost, its receipt says so.
impl<Out> Drop for Letter<Out> {
    fn drop(&mut self) {
        self.slot.settle(Outcome::NotSent(Reason::Closed));
    }
}

/// As a WebSocket takes it. Bytes are copied out of the wasm memory, which may grow while they wait.
pub(super) fn to_js(raw: &Raw) -> JsValue {
    match raw {
        Raw::Text(text) => JsValue::from_str(text),
        Raw::Binary(bytes) => Uint8Array::from(bytes.as_slice()).into(),
    }
}
