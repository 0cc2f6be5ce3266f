//! Requests to the server, and their answers.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_core::Stream;

use super::hub::Hub;
use crate::codec::{CodecError, Raw};
use crate::core::{Reason, SendOptions};
use crate::engine::Request;
use crate::wire::options::micros;
use crate::wire::receipt::{Letter, Receipt, Route, Settled};

/// How long an answer is waited for, unless the request says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a request has no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum RequestError {
    /// The codec has no form for it. It never left.
    Unencodable(CodecError),
    /// It never left, or provably never arrived.
    NotSent(Reason),
    /// Its time was up; the server was told. It may have been handled.
    TimedOut,
    /// The session is gone, and with it the answer. It may have been handled.
    SessionLost,
    /// The server answered with a status other than 0: 1 for an error of its handler, 3 where it knows no such
    /// method, 5 where too many requests wait; PROTOCOL.md has the others. From 16 on they are its own.
    Refused {
        /// The status.
        status: u64,
        /// What it said.
        raw: Raw,
    },
    /// The answer cannot be decoded.
    Undecodable {
        /// What arrived.
        raw: Raw,
        /// Why it is no message.
        error: CodecError,
    },
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unencodable(error) => write!(f, "The request cannot be encoded: {error}."),
            Self::NotSent(reason) => write!(f, "The request was not sent. {reason}"),
            Self::TimedOut => f.write_str(
                "The request was not answered in time. It may have been handled: ask the server before you ask again, \
                 or allow it more time.",
            ),
            Self::SessionLost => f.write_str(
                "The session is gone, and with it the answer. The request may have been handled: ask the server \
                 before you ask again.",
            ),
            Self::Refused { status, raw } => {
                write!(f, "The server refused the request with status {status}: {}", raw.as_text().unwrap_or("(binary)"))
            }
            Self::Undecodable { error, .. } => write!(f, "The answer cannot be decoded: {error}."),
        }
    }
}

impl Error for RequestError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unencodable(error) | Self::Undecodable { error, .. } => Some(error),
            _ => None,
        }
    }
}

type Part<In> = Result<In, RequestError>;

/// What a request and who waits for it share.
pub(super) struct Call<In> {
    /// Parts of the answer, each with the number to accept it by.
    parts: RefCell<VecDeque<(Part<In>, u64)>>,
    /// Nothing follows.
    over: Cell<bool>,
    /// There was a part already.
    answered: Cell<bool>,
    /// The request's number, once it has one.
    pub(super) number: Cell<Option<u64>>,
    waker: Cell<Option<Waker>>,
}

impl<In> Call<In> {
    fn new() -> Rc<Self> {
        Rc::new(Self {
            parts: RefCell::default(),
            over: Cell::new(false),
            answered: Cell::new(false),
            number: Cell::new(None),
            waker: Cell::new(None),
        })
    }

    pub(super) fn has_part(&self) -> bool {
        self.answered.get()
    }

    /// A part of the answer, to be accepted by this number.
    pub(super) fn push(&self, part: Part<In>, number: u64, over: bool) {
        self.answered.set(true);
        self.parts.borrow_mut().push_back((part, number));
        self.end(over);
    }

    pub(super) fn end(&self, over: bool) {
        self.over.set(over);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// A request; made by [`SessionSender::request`](super::SessionSender::request). It leaves when this is first
/// polled, and is done with the answer, or with its last part if there are several: [`Requesting::parts`]
/// gives all of them.
///
/// Dropped before it is done, the request is taken back if it still waits, else cancelled.
#[must_use = "a request does nothing unless it is awaited"]
pub struct Requesting<In, Out: 'static> {
    parts: Answers<In, Out>,
    last: Option<In>,
}

/// The parts of an answer; made by [`Requesting::parts`]. It ends after the last part or the first error.
///
/// A part is accepted when it is read here, so a slow reader slows the server down. Dropped, the request is
/// cancelled.
#[must_use = "a request does nothing unless it is polled"]
pub struct Answers<In, Out: 'static> {
    hub: Weak<Hub<In, Out>>,
    call: Rc<Call<In>>,
    step: Step<Out>,
    method: String,
    channel: u64,
    timeout: Option<Duration>,
    tag: u32,
}

enum Step<Out: 'static> {
    Ready(Out),
    Waits(Receipt<Out>),
    Asked,
    Over,
}

impl<In: 'static, Out: 'static> Requesting<In, Out> {
    pub(super) fn new(hub: Weak<Hub<In, Out>>, channel: u64, method: &str, message: Out) -> Self {
        let parts = Answers {
            hub,
            call: Call::new(),
            step: Step::Ready(message),
            method: method.to_owned(),
            channel,
            timeout: Some(TIMEOUT),
            tag: 0,
        };
        Self { parts, last: None }
    }

    /// How long the answer is waited for from the first poll on, the time in the queue included. Default 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.parts.timeout = Some(timeout);
        self
    }

    /// Waits for ever.
    pub fn patiently(mut self) -> Self {
        self.parts.timeout = None;
        self
    }

    /// The answer part by part.
    pub fn parts(self) -> Answers<In, Out> {
        self.parts
    }
}

impl<In: 'static, Out: 'static> Answers<In, Out> {
    fn ask(&mut self, message: Out) -> Result<Receipt<Out>, RequestError> {
        let closed = RequestError::NotSent(Reason::Closed);
        let Some(hub) = self.hub.upgrade() else { return Err(closed) };
        let Some(driver) = hub.driver() else { return Err(closed) };
        let raw = hub.encode.encode(&message).map_err(RequestError::Unencodable)?;
        self.tag = hub.register(&self.call);
        let ttl = self.timeout.map(micros);
        let deadline = ttl.map(|ttl| driver.session(|_, now| now.plus(ttl)));
        let request = Request { method: self.method.len(), deadline, tag: self.tag };
        let mut letter = Letter::new(raw, message);
        letter.route = Route { channel: self.channel, method: self.method.clone(), request: Some(request) };
        let slot = Rc::clone(&letter.slot);
        match driver.queue(letter, SendOptions { ttl, ..SendOptions::default() }) {
            Ok(id) => Ok(Receipt::new(slot, Some((driver.downgrade(), id)))),
            Err(refused) => Err(RequestError::NotSent(refused.reason)),
        }
    }

    fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Option<Part<In>>> {
        loop {
            match std::mem::replace(&mut self.step, Step::Over) {
                Step::Over => return Poll::Ready(None),
                Step::Ready(message) => match self.ask(message) {
                    Ok(receipt) => self.step = Step::Waits(receipt),
                    Err(error) => {
                        self.leave();
                        return Poll::Ready(Some(Err(error)));
                    }
                },
                Step::Waits(mut receipt) => match Pin::new(&mut receipt).poll(context) {
                    Poll::Ready(Settled::NotSent { reason, .. }) => {
                        self.leave();
                        let expired = reason == Reason::Expired;
                        let error =
                            if expired { RequestError::TimedOut } else { RequestError::NotSent(reason) };
                        return Poll::Ready(Some(Err(error)));
                    }
                    Poll::Ready(_) => self.step = Step::Asked,
                    Poll::Pending => {
                        let part = self.poll_answer(context);
                        if part.is_pending() || !self.is_over() {
                            self.step = Step::Waits(receipt);
                        }
                        return part;
                    }
                },
                Step::Asked => {
                    let part = self.poll_answer(context);
                    if part.is_pending() || !self.is_over() {
                        self.step = Step::Asked;
                    }
                    return part;
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        self.call.over.get() && self.call.parts.borrow().is_empty()
    }

    fn poll_answer(&mut self, context: &mut Context<'_>) -> Poll<Option<Part<In>>> {
        let next = self.call.parts.borrow_mut().pop_front();
        let Some((part, number)) = next else {
            if self.call.over.get() {
                return Poll::Ready(None);
            }
            self.call.waker.set(Some(context.waker().clone()));
            return Poll::Pending;
        };
        if let Some(hub) = self.hub.upgrade() {
            hub.accept(number);
        }
        Poll::Ready(Some(part))
    }

    fn leave(&self) {
        if let Some(hub) = self.hub.upgrade() {
            hub.forget_call(self.tag, &self.call);
        }
    }
}

impl<In, Out> Unpin for Answers<In, Out> {}
impl<In, Out> Unpin for Requesting<In, Out> {}

impl<In: 'static, Out: 'static> Stream for Answers<In, Out> {
    type Item = Result<In, RequestError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_part(context)
    }
}

impl<In: 'static, Out: 'static> Future for Requesting<In, Out> {
    type Output = Result<In, RequestError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        loop {
            match std::task::ready!(this.parts.poll_part(context)) {
                Some(Ok(part)) => this.last = Some(part),
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => return Poll::Ready(this.last.take().ok_or(RequestError::SessionLost)),
            }
        }
    }
}

impl<In, Out: 'static> Drop for Answers<In, Out> {
    fn drop(&mut self) {
        let Some(hub) = self.hub.upgrade() else { return };
        for (_, number) in self.call.parts.take() {
            hub.accept(number);
        }
        hub.forget_call(self.tag, &self.call);
        if self.call.over.get() {
            return;
        }
        match (self.call.number.get(), &self.step) {
            (Some(number), Step::Waits(_) | Step::Asked) => hub.cancel(number),
            (None, Step::Waits(receipt)) => drop(receipt.withdraw()),
            _ => {}
        }
    }
}

impl<In, Out> fmt::Debug for Requesting<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Requesting").field(&self.parts.method).finish()
    }
}

impl<In, Out> fmt::Debug for Answers<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Answers").field(&self.method).finish()
    }
}
