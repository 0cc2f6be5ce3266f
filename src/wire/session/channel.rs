//! Channels: named parts of a session, each with its own messages.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use super::hub::Hub;
use super::post::{Kind, Post};
use super::request::Requesting;
use crate::codec::{CodecError, Raw};
use crate::wire::Sender;
use crate::wire::options::SendOptions;
use crate::wire::receipt::Receipt;
use crate::wire::send::{SendError, Sending};

/// A channel of a session: a stream of what arrives on it, and a way to send on it. Made by
/// [`SessionSender::channel`](super::SessionSender::channel).
///
/// It lives as long as this handle, whatever becomes of connections and sessions: after a session is lost the
/// channel is opened anew in the next one, and told as [`ChannelEvent::Opened`]. Dropped, the channel is shut. It
/// ends when the server shuts it, or when the wire is closed for good.
///
/// What arrives is accepted when it is read here. So read it: what is not read counts against what the server
/// may send, on this channel and on all others.
pub struct Channel<In, Out: 'static> {
    hub: Weak<Hub<In, Out>>,
    sender: Sender<Out>,
    side: Rc<Side<In>>,
    number: u64,
    name: String,
}

/// What a [`Channel`] tells, in order.
#[derive(Debug)]
#[non_exhaustive]
pub enum ChannelEvent<In> {
    /// The server has confirmed it: in a session that was lost, once more in the next one.
    Opened {
        /// What it answers to the parameters.
        answer: Raw,
    },
    /// A message arrived.
    Message(In),
    /// A message arrived that the server sent without a promise.
    Volatile(In),
    /// A message arrived that the codec cannot decode.
    Undecodable {
        /// What arrived.
        raw: Raw,
        /// Why it is no message.
        error: CodecError,
    },
    /// The server has shut the channel; nothing follows.
    Shut {
        /// The server's own code.
        code: u64,
        /// In words.
        reason: String,
    },
}

/// A channel that could not be opened: its name is over 1 KiB, name and parameters together are over 8 KiB,
/// too many are open, or the wire is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChannelRefused;

impl fmt::Display for ChannelRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "The channel was not opened: its name is over 1 KiB, name and parameters are over 8 KiB, 1,000 channels \
             are open already, or the wire is closed. Shorten the name, shut another, or reconnect() first.",
        )
    }
}

impl Error for ChannelRefused {}

/// What arrived on a channel and was not read yet.
pub(super) struct Side<In> {
    post: RefCell<Post<ChannelEvent<In>>>,
    over: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

impl<In> Side<In> {
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Self { post: RefCell::new(Post::new(0)), over: Cell::new(false), waker: Cell::new(None) })
    }

    pub(super) fn push(&self, number: u64, event: ChannelEvent<In>) {
        self.post.borrow_mut().record(event, number);
        self.wake();
    }

    pub(super) fn push_volatile(&self, event: ChannelEvent<In>) {
        self.post.borrow_mut().volatile(event);
        self.wake();
    }

    pub(super) fn end(&self) {
        self.over.set(true);
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl<In: 'static, Out: 'static> Channel<In, Out> {
    pub(super) fn open(
        hub: &Weak<Hub<In, Out>>,
        sender: &Sender<Out>,
        name: &str,
        params: &Raw,
    ) -> Result<Self, ChannelRefused> {
        let opened = hub.upgrade().and_then(|hub| hub.open(name, params));
        let (number, side) = opened.ok_or(ChannelRefused)?;
        Ok(Self { hub: hub.clone(), sender: sender.clone(), side, number, name: name.to_owned() })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is shut: by the server, or with its wire.
    pub fn is_shut(&self) -> bool {
        self.side.over.get()
    }

    /// Sends now or queues, as [`Sender::try_send`] does. On a channel that is shut it settles as not sent, closed.
    ///
    /// # Errors
    /// As [`Sender::try_send`].
    pub fn try_send(&self, message: Out) -> Result<Receipt<Out>, SendError<Out>> {
        self.try_send_with(message, SendOptions::default())
    }

    /// As [`Channel::try_send`], with a key, a lane or a time to live. Keys are those of the whole wire.
    ///
    /// # Errors
    /// As [`Sender::try_send`].
    pub fn try_send_with(&self, message: Out, options: SendOptions) -> Result<Receipt<Out>, SendError<Out>> {
        self.sender.send_on(self.place(), message, &options)
    }

    /// Sends once there is room in the queue, as [`Sender::send`] does.
    pub fn send(&self, message: Out) -> Sending<Out> {
        Sending::new(&self.sender, message, SendOptions::default()).on(self.place())
    }

    /// Sends without a promise: with the next frame, or never. False if it will not leave.
    ///
    /// # Errors
    /// If the codec has no form for it.
    pub fn volatile(&self, message: &Out) -> Result<bool, CodecError> {
        self.sender.volatile_on(self.place(), message)
    }

    /// Asks the server on this channel; see [`SessionSender::request`](super::SessionSender::request).
    pub fn request(&self, method: &str, message: Out) -> Requesting<In, Out> {
        Requesting::new(self.hub.clone(), self.place(), method, message)
    }

    /// Shuts it, and tells the server why. Dropping it does the same without words.
    pub fn shut(self, code: u64, reason: &str) {
        if let Some(hub) = self.hub.upgrade() {
            hub.shut(self.number, code, reason);
        }
    }

    /// A channel's number is another's once the wire was closed.
    fn place(&self) -> u64 {
        if self.side.over.get() { u64::MAX } else { self.number }
    }
}

impl<In, Out: 'static> Drop for Channel<In, Out> {
    fn drop(&mut self) {
        let Some(hub) = self.hub.upgrade() else { return };
        if !self.side.over.get() {
            hub.shut(self.number, 0, "");
        }
        let unread = std::mem::replace(&mut *self.side.post.borrow_mut(), Post::new(0));
        for number in unread.numbers() {
            hub.accept(number);
        }
    }
}

impl<In, Out> Unpin for Channel<In, Out> {}

impl<In: 'static, Out: 'static> Stream for Channel<In, Out> {
    type Item = ChannelEvent<In>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<ChannelEvent<In>>> {
        let next = self.side.post.borrow_mut().take();
        let Some((event, kind)) = next else {
            if self.side.over.get() {
                return Poll::Ready(None);
            }
            self.side.waker.set(Some(context.waker().clone()));
            return Poll::Pending;
        };
        if let (Kind::Record(number), Some(hub)) = (kind, self.hub.upgrade()) {
            hub.accept(number);
        }
        Poll::Ready(Some(event))
    }
}

impl<In, Out> fmt::Debug for Channel<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("name", &self.name).finish_non_exhaustive()
    }
}
