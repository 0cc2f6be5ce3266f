//! From a message to its receipt.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::Sender;
use super::bell::Place;
use super::options::SendOptions;
use super::receipt::{Letter, Receipt};
use crate::codec::CodecError;
#[cfg(feature = "session")]
use crate::codec::Raw;
use crate::core::{Machine, Outcome, Payload, Reason, Transmit};
use crate::web::Outgoing;

/// A message that was not sent, given back.
#[derive(Debug)]
pub struct SendError<Out> {
    /// The message.
    pub message: Out,
    /// What stood in the way.
    pub reason: Unsent,
}

/// Why a message was not even taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unsent {
    /// The codec has no form for it.
    Unencodable(CodecError),
    /// It never left.
    NotSent(Reason),
}

impl<Out> fmt::Display for SendError<Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Unsent::Unencodable(error) => write!(f, "The message cannot be encoded: {error}."),
            Unsent::NotSent(reason) => write!(f, "The message was not sent. {reason}"),
        }
    }
}

impl<Out: fmt::Debug> std::error::Error for SendError<Out> {}

impl<Out: 'static> Sender<Out> {
    pub(super) fn send_now(
        &self,
        message: Out,
        options: &SendOptions,
    ) -> Result<Receipt<Out>, SendError<Out>> {
        let letter = self.letter(message)?;
        self.offer(letter, options).or_else(|(letter, reason)| give_back(&letter, reason))
    }

    #[cfg(feature = "session")]
    pub(super) fn send_on(
        &self,
        channel: u64,
        message: Out,
        options: &SendOptions,
    ) -> Result<Receipt<Out>, SendError<Out>> {
        let mut letter = self.letter(message)?;
        letter.route.channel = channel;
        self.offer(letter, options).or_else(|(letter, reason)| give_back(&letter, reason))
    }

    #[cfg(feature = "session")]
    pub(super) fn volatile_on(&self, channel: u64, message: &Out) -> Result<bool, CodecError> {
        let raw = self.encode.encode(message)?;
        let text = matches!(raw, Raw::Text(_));
        let sent = self.with(|driver| {
            driver.session(|machine, _| {
                let open = machine.session().is_some_and(|session| session.is_open(channel));
                open && machine.volatile(channel, text, raw.as_bytes())
            })
        });
        Ok(sent.unwrap_or(false))
    }

    fn letter(&self, message: Out) -> Result<Letter<Out>, SendError<Out>> {
        match self.encode.encode(&message) {
            Ok(raw) => Ok(Letter::new(raw, message)),
            Err(error) => Err(SendError { message, reason: Unsent::Unencodable(error) }),
        }
    }

    /// Past an empty queue if that can be, else into the queue.
    fn offer(
        &self,
        letter: Letter<Out>,
        options: &SendOptions,
    ) -> Result<Receipt<Out>, (Letter<Out>, Reason)> {
        let Some(driver) = self.driver.upgrade() else { return Err((letter, Reason::Closed)) };
        let (slot, len) = (Rc::clone(&letter.slot), letter.byte_len());
        if driver.read(|machine| machine.may_pass(len).is_some()) {
            match driver.pass(&letter.data(), len) {
                Some(Transmit::Accepted) => {
                    slot.settle(Outcome::HandedOver);
                    return Ok(Receipt::new(slot, None));
                }
                Some(Transmit::Threw) => return Err((letter, Reason::Refused)),
                _ => {}
            }
        }
        match driver.queue(letter, options.for_core()) {
            Ok(id) => Ok(Receipt::new(slot, Some((self.driver.clone(), id)))),
            Err(refused) => Err((refused.payload, refused.reason)),
        }
    }

    /// Whether a message that found the queue full may find room later.
    fn may_wait(&self, len: usize) -> bool {
        self.max_messages > 0 && len as u64 <= self.max_bytes
    }

    fn is_over(&self) -> bool {
        self.read(Machine::is_over).unwrap_or(true)
    }
}

/// The message, out of its letter.
fn give_back<Out: 'static>(letter: &Letter<Out>, reason: Reason) -> Result<Receipt<Out>, SendError<Out>> {
    match letter.slot.reclaim() {
        Some(message) => Err(SendError { message, reason: Unsent::NotSent(reason) }),
        // It has settled already: its receipt tells.
        None => Ok(Receipt::new(Rc::clone(&letter.slot), None)),
    }
}

/// A send that waits for room in the queue; made by [`Sender::send`].
///
/// Dropped before it is done, the message is not sent. Once it is done there is a receipt.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Sending<Out: 'static> {
    sender: Sender<Out>,
    step: Step<Out>,
    options: SendOptions,
    place: Place,
}

enum Step<Out> {
    Ready(Letter<Out>),
    Failed(SendError<Out>),
    Done,
}

impl<Out: 'static> Sending<Out> {
    pub(super) fn new(sender: &Sender<Out>, message: Out, options: SendOptions) -> Self {
        let step = match sender.letter(message) {
            Ok(letter) => Step::Ready(letter),
            Err(error) => Step::Failed(error),
        };
        Self { step, options, place: Place::outside(&sender.line), sender: sender.clone() }
    }

    #[cfg(feature = "session")]
    pub(super) fn on(mut self, channel: u64) -> Self {
        if let Step::Ready(letter) = &mut self.step {
            letter.route.channel = channel;
        }
        self
    }
}

impl<Out> Unpin for Sending<Out> {}

impl<Out: 'static> Future for Sending<Out> {
    type Output = Result<Receipt<Out>, SendError<Out>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let letter = match std::mem::replace(&mut this.step, Step::Done) {
            Step::Ready(letter) => letter,
            Step::Failed(error) => return Poll::Ready(Err(error)),
            Step::Done => return Poll::Pending,
        };
        let may_wait = this.sender.may_wait(letter.byte_len());
        if may_wait && !this.place.is_first() && !this.sender.is_over() {
            this.step = Step::Ready(letter);
            this.place.wait(context);
            return Poll::Pending;
        }
        match this.sender.offer(letter, &this.options) {
            Ok(receipt) => {
                this.place.leave();
                Poll::Ready(Ok(receipt))
            }
            Err((letter, Reason::Full)) if may_wait => {
                this.step = Step::Ready(letter);
                this.place.wait(context);
                Poll::Pending
            }
            Err((letter, reason)) => {
                this.place.leave();
                Poll::Ready(give_back(&letter, reason))
            }
        }
    }
}
