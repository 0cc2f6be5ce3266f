//! The session wire: exactly once, in order, both ways, with a server that speaks `everwire.v1`.

mod builder;
mod channel;
mod hub;
pub(super) mod post;
mod request;
mod respond;
mod token;

use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

use futures_core::Stream;

pub use builder::{OnSessionLost, SessionBuilder};
pub use channel::{Channel, ChannelEvent, ChannelRefused};
pub use request::{Answers, RequestError, Requesting};
pub use token::Token;

use self::hub::Hub;
use super::event::Event;
use super::{Sender, Urls, Wire};
use crate::codec::{CodecError, Raw};
use crate::core::Machine;

/// What a session that is gone leaves behind, as numbers of its records; see [`Event::SessionLost`].
pub use crate::core::LostSession as SessionLost;

/// A [`Wire`] whose promises reach the server: every message arrives exactly once and in order, both ways, across
/// every drop, as long as both ends keep the session. The server is one with Everwire's server half, or any that
/// speaks `everwire.v1` (PROTOCOL.md).
///
/// It has everything a `Wire` has, and by [`Deref`] a [`SessionSender`], which has the methods. Besides:
///
/// - A receipt settles as [`Settled::Delivered`](super::Settled::Delivered) when the server has accepted the message;
///   as `NotSent`, if it provably never did; as `InDoubt`, if it was sent and the session that would tell is gone.
/// - What arrives is accepted when this stream yields it, or when the application says so
///   ([`SessionBuilder::manual_ack`]). What is not read counts against what the server may send, so read it.
/// - [`SessionSender::request`] asks and waits for an answer, [`SessionSender::respond`] answers the server,
///   [`SessionSender::channel`] opens a channel, [`SessionSender::volatile`] sends without a promise.
///
/// Dropped, the session ends: the server is told, and the socket is closed. What was sent and not accepted by
/// then is in doubt; [`Sender::drained`] tells when nothing is.
///
/// ```no_run
/// use everwire::{Event, SessionWire, Settled, Token};
/// use futures_util::StreamExt;
///
/// #[derive(Debug, serde::Serialize, serde::Deserialize)]
/// enum Order {
///     Place { article: u32 },
///     Placed { number: u64 },
/// }
///
/// async fn orders() -> Result<(), Box<dyn std::error::Error>> {
///     let mut wire: SessionWire<Order> =
///         SessionWire::builder("wss://example.com/orders").token("a token").connect()?;
///     // The server may ask, too. Handlers that are there at once miss nothing.
///     wire.respond("still there?", async |_| Ok::<_, String>(Order::Placed { number: 0 }));
///
///     let placed = wire.request("place", Order::Place { article: 7 }).await?;
///     let receipt = wire.try_send(Order::Place { article: 8 })?;
///     match receipt.await {
///         Settled::Delivered => {}
///         Settled::InDoubt { message } => { /* ask the server, or the user */ }
///         Settled::NotSent { reason, message } => { /* safe to send again */ }
///         _ => {}
///     }
///     while let Some(event) = wire.next().await {
///         match event {
///             Event::Message(order) => { /* exactly once */ }
///             Event::SessionLost(lost) if lost.missing => { /* load the state anew */ }
///             _ => {}
///         }
///     }
///     Ok(())
/// }
/// ```
pub struct SessionWire<In, Out: 'static = In> {
    wire: Wire<In, Out>,
    sender: SessionSender<In, Out>,
}

impl<In, Out: 'static> SessionWire<In, Out> {
    /// Begins a wire to a URL, to several taken in turn, or to one that is asked for at every attempt
    /// ([`Urls`]).
    pub fn builder(urls: impl Into<Urls>) -> SessionBuilder<In, Out> {
        SessionBuilder::new(urls.into())
    }

    fn new(wire: Wire<In, Out>, hub: &Rc<Hub<In, Out>>) -> Self {
        let sender = SessionSender { sender: wire.sender(), hub: Rc::downgrade(hub) };
        Self { wire, sender }
    }

    /// A handle for those who send, ask, answer, watch and command. It does not keep the connection.
    pub fn sender(&self) -> SessionSender<In, Out> {
        self.sender.clone()
    }
}

impl<In, Out: 'static> Deref for SessionWire<In, Out> {
    type Target = SessionSender<In, Out>;

    fn deref(&self) -> &SessionSender<In, Out> {
        &self.sender
    }
}

impl<In, Out> Unpin for SessionWire<In, Out> {}

impl<In, Out> Stream for SessionWire<In, Out> {
    type Item = Event<In>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event<In>>> {
        Pin::new(&mut self.wire).poll_next(context)
    }
}

impl<In, Out> fmt::Debug for SessionWire<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionWire").field("state", &self.wire.state()).finish_non_exhaustive()
    }
}

/// A handle to a [`SessionWire`], cheap to clone. By [`Deref`] it is a [`Sender`], and it does more.
///
/// It does not keep the connection. Once the `SessionWire` is dropped everything here answers as on a closed wire.
pub struct SessionSender<In, Out: 'static> {
    sender: Sender<Out>,
    hub: Weak<Hub<In, Out>>,
}

impl<In: 'static, Out: 'static> SessionSender<In, Out> {
    /// Asks the server: for the method of this name, with this payload. The answer is one message, or several
    /// ([`Requesting::parts`]). The request waits in the queue like any message.
    ///
    /// Awaiting it fails as [`RequestError`] says. Dropping it cancels: what the server answers then is dropped.
    pub fn request(&self, method: &str, message: Out) -> Requesting<In, Out> {
        Requesting::new(self.hub.clone(), 0, method, message)
    }

    /// Answers the server's requests for this method; a handler of the same name before is replaced. Each request
    /// is answered exactly once: with what the handler returns, or with its error in words and status 1. The
    /// handler's future is dropped if the server cancels the request, the session is lost, or the wire closes.
    ///
    /// A request for which there is no handler is answered so, with status 3. Handlers set right after
    /// [`SessionBuilder::connect`], before anything is awaited, miss none.
    pub fn respond<E: fmt::Display + 'static>(
        &self,
        method: &str,
        handler: impl AsyncFn(In) -> Result<Out, E> + 'static,
    ) {
        self.set(method, respond::once(handler));
    }

    /// As [`SessionSender::respond`], with an answer in parts: every item of the stream is one, and an error
    /// ends it. The stream is polled no faster than the server takes the parts.
    pub fn respond_in_parts<E, S>(&self, method: &str, handler: impl Fn(In) -> S + 'static)
    where
        E: fmt::Display + 'static,
        S: Stream<Item = Result<Out, E>> + 'static,
    {
        self.set(method, respond::parts(handler));
    }

    /// Takes a handler back; those at work go on.
    pub fn respond_no_more(&self, method: &str) {
        let handler = self.hub.upgrade().and_then(|hub| hub.handlers.borrow_mut().remove(method));
        drop(handler);
    }

    fn set(&self, method: &str, handler: respond::Handler<In, Out>) {
        let before =
            self.hub.upgrade().map(|hub| hub.handlers.borrow_mut().insert(method.to_owned(), handler));
        drop(before);
    }

    /// Opens a channel; on a wire that is not open yet, with the session.
    ///
    /// # Errors
    /// If the name is over 1 KiB, 1,000 channels are open, or the wire is closed.
    pub fn channel(&self, name: &str) -> Result<Channel<In, Out>, ChannelRefused> {
        self.channel_with(name, "")
    }

    /// As [`SessionSender::channel`], with parameters for the server, past the codec. They are told again when
    /// the channel is opened anew.
    ///
    /// # Errors
    /// As [`SessionSender::channel`], or if name and parameters are over 8 KiB.
    pub fn channel_with(
        &self,
        name: &str,
        params: impl Into<Raw>,
    ) -> Result<Channel<In, Out>, ChannelRefused> {
        Channel::open(&self.hub, &self.sender, name, &params.into())
    }

    /// Sends without a promise: with the next frame, or never. False if it will not leave: the wire is not open,
    /// the browser's buffer is full, or the server takes no message as large.
    ///
    /// # Errors
    /// If the codec has no form for it.
    pub fn volatile(&self, message: &Out) -> Result<bool, CodecError> {
        self.sender.volatile_on(0, message)
    }

    /// Messages and requests that were sent and have not settled. With [`Sender::queued`] they are all that is under way.
    pub fn in_flight(&self) -> usize {
        self.sender.read(Machine::in_flight).unwrap_or(0)
    }
}

impl<In, Out: 'static> Deref for SessionSender<In, Out> {
    type Target = Sender<Out>;

    fn deref(&self) -> &Sender<Out> {
        &self.sender
    }
}

impl<In, Out> Clone for SessionSender<In, Out> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), hub: self.hub.clone() }
    }
}

impl<In, Out> fmt::Debug for SessionSender<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionSender").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// A message that waits for the application's word, with [`SessionBuilder::manual_ack`]. The server keeps it, and
/// its bytes count against what the server may send, until [`Delivery::accept`]. By [`Deref`] it is the message.
///
/// What is accepted is acknowledged up to the first message that is not. Dropped without a word, it never is.
pub struct Delivery<In> {
    message: In,
    accept: Box<dyn FnOnce()>,
}

impl<In> Delivery<In> {
    fn new(message: In, accept: Box<dyn FnOnce()>) -> Self {
        Self { message, accept }
    }

    /// The application has it: the server may forget it.
    pub fn accept(self) -> In {
        (self.accept)();
        self.message
    }
}

impl<In> Deref for Delivery<In> {
    type Target = In;

    fn deref(&self) -> &In {
        &self.message
    }
}

impl<In: fmt::Debug> fmt::Debug for Delivery<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Delivery").field(&self.message).finish()
    }
}
