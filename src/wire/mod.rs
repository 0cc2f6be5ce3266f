//! The API for Rust applications.

mod bell;
mod builder;
mod event;
mod face;
#[cfg(feature = "js-values")]
mod js_events;
#[cfg(feature = "js-values")]
mod js_options;
mod mailbox;
mod options;
mod receipt;
mod send;
#[cfg(feature = "session")]
mod session;
mod target;
mod task;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use web_sys::WebSocket;

pub use builder::Builder;
pub use event::{Ended, Event, WireError};
pub use face::{Greeting, GreetingError};
pub use options::{Heartbeat, Inbox, InvalidOption, Lane, Queue, Reconnect, Retry, SendOptions};
pub use receipt::{Receipt, Settled};
pub use send::{SendError, Sending, Unsent};
#[cfg(feature = "session")]
pub use session::{
    Answers, Channel, ChannelEvent, ChannelRefused, Delivery, OnSessionLost, RequestError, Requesting,
    SessionBuilder, SessionLost, SessionSender, SessionWire, Token,
};
pub use target::{Attempt, Protocols, Urls};

use self::bell::{Bell, Ear, Line};
use self::event::duration;
use self::face::Face;
use self::mailbox::Mailbox;
use self::receipt::{Letter, Slot};
use crate::codec::Encode;
use crate::core::{Close, Machine, Payload, State, Stats, Waiting, cut_reason, may_send};
use crate::web::{Driver, WeakDriver};

/// What a builder encodes with unless it is told otherwise.
#[cfg(feature = "json")]
pub type DefaultCodec = crate::codec::Json;

/// What a builder encodes with unless it is told otherwise: nothing. Enable the feature `json`, or choose with
/// [`Builder::codec`].
#[cfg(not(feature = "json"))]
pub type DefaultCodec = Unchosen;

/// No codec at all.
#[cfg(not(feature = "json"))]
#[derive(Clone, Copy, Default, Debug)]
pub struct Unchosen;

/// A WebSocket connection that keeps its promises: it comes back when it is lost, queues what is sent
/// meanwhile, and says what became of every message.
///
/// It is a [`Stream`] of [`Event`]s, and by [`Deref`](std::ops::Deref) a [`Sender`], which has the methods. It owns
/// the connection: dropped, the socket is closed with code 1000, and what waits settles as not sent, closed.
/// `In` arrives, `Out` is sent.
///
/// The stream ends when the wire is closed for good and all events were read; after [`Sender::reconnect`]
/// it goes on. Messages that arrive before they are read are held within bounds ([`Inbox`]), so read it even if
/// you only send, or accept that old news is lost.
///
/// Every future here may be dropped at any point: a message whose [`Sender::send`] was dropped was not sent,
/// one whose [`Receipt`] was dropped is sent all the same, and no event is lost with a dropped `next()`.
///
/// ```no_run
/// use everwire::{Event, InvalidOption, Settled, Wire};
/// use futures_util::StreamExt;
///
/// #[derive(serde::Deserialize)]
/// #[serde(tag = "type", content = "data", rename_all = "camelCase")]
/// enum FromServer {
///     Price { symbol: String, bid: f64 },
/// }
///
/// #[derive(serde::Serialize)]
/// #[serde(tag = "type", content = "data", rename_all = "camelCase")]
/// enum ToServer {
///     Watch { symbol: String },
/// }
///
/// async fn prices() -> Result<(), InvalidOption> {
///     let mut wire: Wire<FromServer, ToServer> = Wire::builder("wss://example.com/prices").connect()?;
///     let sender = wire.sender();
///     wasm_bindgen_futures::spawn_local(async move {
///         // Waits for room in the queue, then for the browser to take it.
///         if let Ok(receipt) = sender.send(ToServer::Watch { symbol: "EURUSD".into() }).await
///             && let Settled::NotSent { reason, .. } = receipt.await
///         {
///             println!("{reason}");
///         }
///     });
///     while let Some(event) = wire.next().await {
///         match event {
///             Event::Message(FromServer::Price { symbol, bid }) => println!("{symbol}: {bid}"),
///             Event::Error(error) => println!("{error}"),
///             _ => {}
///         }
///     }
///     Ok(())
/// }
/// ```
pub struct Wire<In, Out: 'static = In> {
    // In this order: who waits is told once the connection is gone.
    driver: Driver<Face<Out>>,
    sender: Sender<Out>,
    mailbox: Rc<Mailbox<In>>,
    _told: Told,
}

/// Wakes all who waited for a wire that is gone.
struct Told(Rc<Bell>, Rc<Line>);

impl Drop for Told {
    fn drop(&mut self) {
        self.1.call_all();
        self.0.ring();
    }
}

impl<In, Out: 'static> Wire<In, Out> {
    /// Begins a wire to a URL, to several taken in turn, or to one that is asked for at every attempt
    /// ([`Urls`]).
    pub fn builder(urls: impl Into<Urls>) -> Builder<In, Out> {
        Builder::new(urls.into())
    }

    fn new(driver: Driver<Face<Out>>, sender: Sender<Out>, mailbox: Rc<Mailbox<In>>) -> Self {
        let told = Told(Rc::clone(&sender.bell), Rc::clone(&sender.line));
        Self { driver, sender, mailbox, _told: told }
    }

    /// A handle for those who send, watch and command. It does not keep the connection.
    pub fn sender(&self) -> Sender<Out> {
        self.sender.clone()
    }

    fn start(&self) {
        if self.sender.can_connect {
            self.driver.connect();
        }
    }
}

impl<In, Out: 'static> Drop for Wire<In, Out> {
    fn drop(&mut self) {
        self.driver.close(Close { code: 1000, reason: "".into(), clean: true });
        #[cfg(feature = "session")]
        self.driver.abandon();
    }
}

impl<In, Out> std::ops::Deref for Wire<In, Out> {
    type Target = Sender<Out>;

    fn deref(&self) -> &Sender<Out> {
        &self.sender
    }
}

impl<In, Out> Unpin for Wire<In, Out> {}

impl<In, Out> Stream for Wire<In, Out> {
    type Item = Event<In>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event<In>>> {
        self.mailbox.poll(context)
    }
}

impl<In, Out> fmt::Debug for Wire<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// A handle to a [`Wire`], cheap to clone: it sends, tells where the wire stands, and commands it.
///
/// It does not keep the connection. Once the `Wire` is dropped every send is given back as closed, and the
/// state is closed.
pub struct Sender<Out: 'static> {
    driver: WeakDriver<Face<Out>>,
    bell: Rc<Bell>,
    line: Rc<Line>,
    encode: Rc<dyn Encode<Out>>,
    max_messages: u32,
    max_bytes: u64,
    can_connect: bool,
}

impl<Out> Sender<Out> {
    /// Sends now if the wire is open, else queues. The receipt says what becomes of the message.
    ///
    /// # Errors
    /// The message given back: it cannot be encoded, the queue is full, or the wire is closed.
    pub fn try_send(&self, message: Out) -> Result<Receipt<Out>, SendError<Out>> {
        self.try_send_with(message, SendOptions::default())
    }

    /// As [`Sender::try_send`], with a key, a lane or a time to live.
    ///
    /// # Errors
    /// As [`Sender::try_send`].
    pub fn try_send_with(&self, message: Out, options: SendOptions) -> Result<Receipt<Out>, SendError<Out>> {
        self.send_now(message, &options)
    }

    /// Sends, once there is room in the queue; who came first is served first. It is done when the message
    /// is handed over or queued: the receipt in its result says what becomes of it.
    ///
    /// It fails as [`Sender::try_send`] does, but for a full queue: that it waits out, unless the message is
    /// larger than the whole queue may be. Dropped before it is done, the message is not sent.
    pub fn send(&self, message: Out) -> Sending<Out> {
        self.send_with(message, SendOptions::default())
    }

    /// As [`Sender::send`], with a key, a lane or a time to live, which begins with its place in the queue.
    pub fn send_with(&self, message: Out, options: SendOptions) -> Sending<Out> {
        Sending::new(self, message, options)
    }

    /// Where the wire stands.
    pub fn state(&self) -> State {
        self.read(Machine::state).unwrap_or_else(|| {
            let Ended { cause, close } = Ended::dropped();
            State::Closed { cause, close }
        })
    }

    /// Connects at once, whatever the state: skips a wait, replaces a link, opens a closed wire afresh.
    pub fn reconnect(&self) {
        if self.can_connect {
            self.with(Driver::reconnect);
        }
    }

    /// Hangs up and keeps the queue until [`Sender::reconnect`].
    pub fn suspend(&self) {
        self.with(Driver::suspend);
    }

    /// Closes for good. Waiting messages settle as not sent and are given back. A reason over 123 bytes is
    /// cut. [`Sender::reconnect`] still starts afresh.
    ///
    /// # Errors
    /// If the code is none that a browser may send: 1000 or 3000 to 4999 (WHATWG WebSockets, `close()`).
    pub fn close(&self, code: u16, reason: &str) -> Result<(), InvalidClose> {
        if !may_send(code) {
            return Err(InvalidClose(code));
        }
        let close = Close { code, reason: cut_reason(reason).into(), clean: true };
        self.with(|driver| driver.close(close));
        Ok(())
    }

    /// Takes every waiting message back; each settles as not sent, withdrawn.
    pub fn clear(&self) {
        self.with(Driver::clear);
    }

    /// Messages waiting.
    pub fn queued(&self) -> usize {
        self.read(Machine::queued).unwrap_or(0)
    }

    /// Bytes waiting.
    pub fn queued_bytes(&self) -> u64 {
        self.read(Machine::queued_bytes).unwrap_or(0)
    }

    /// The waiting messages in the order in which they would leave.
    pub fn queue(&self) -> Vec<Queued<Out>>
    where
        Out: Clone,
    {
        let entry = |waiting: Waiting<'_, Letter<Out>>| {
            let (slot, bytes) = (Rc::clone(&waiting.payload.slot), waiting.payload.byte_len());
            (slot, waiting.key.map(str::to_owned), Lane::from_core(waiting.lane), bytes)
        };
        let waiting = self.read(|machine| machine.waiting_messages().map(entry).collect::<Vec<_>>());
        let queued = |(slot, key, lane, bytes): (Rc<Slot<Out>>, _, _, _)| {
            Some(Queued { message: slot.read(Out::clone)?, key, lane, bytes })
        };
        waiting.unwrap_or_default().into_iter().filter_map(queued).collect()
    }

    /// Bytes that the browser has taken and not yet given to the network.
    pub fn buffered_amount(&self) -> u32 {
        self.socket(WebSocket::buffered_amount).unwrap_or(0)
    }

    /// The subprotocol the server chose; empty if it chose none, or there is no connection.
    pub fn protocol(&self) -> String {
        self.socket(WebSocket::protocol).unwrap_or_default()
    }

    /// The extensions in use, such as `permessage-deflate`.
    pub fn extensions(&self) -> String {
        self.socket(WebSocket::extensions).unwrap_or_default()
    }

    /// The last round trip and the smoothed one, once a pong has matched a ping.
    pub fn rtt(&self) -> Option<(Duration, Duration)> {
        let (last, smoothed) = self.read(Machine::rtt).flatten()?;
        Some((duration(last), duration(smoothed)))
    }

    /// What the wire has done since it was made.
    pub fn stats(&self) -> Stats {
        self.read(|machine| machine.stats().clone()).unwrap_or_default()
    }

    /// Done when the wire is open, at once if it is.
    ///
    /// # Errors
    /// If the wire closes for good instead, or is dropped.
    pub fn opened(&self) -> impl Future<Output = Result<(), Ended>> + use<Out> {
        wait(self.clone(), |sender| match sender.state() {
            State::Open => Some(Ok(())),
            State::Closed { cause, close } => Some(Err(Ended { cause, close })),
            _ => None,
        })
    }

    /// Done when the wire is closed for good or dropped, at once if it is.
    pub fn closed(&self) -> impl Future<Output = Ended> + use<Out> {
        wait(self.clone(), |sender| match sender.state() {
            State::Closed { cause, close } => Some(Ended { cause, close }),
            _ => None,
        })
    }

    /// Done when nothing waits in the queue: all of it has settled. In a session, what was sent has settled too.
    pub fn drained(&self) -> impl Future<Output = ()> + use<Out> {
        wait(self.clone(), |sender| (sender.unsettled() == 0).then_some(()))
    }

    fn unsettled(&self) -> usize {
        #[cfg(feature = "session")]
        let in_flight = self.read(Machine::in_flight).unwrap_or(0);
        #[cfg(not(feature = "session"))]
        let in_flight = 0;
        self.queued() + in_flight
    }

    /// None once the `Wire` is dropped.
    fn with<T>(&self, with: impl FnOnce(&Driver<Face<Out>>) -> T) -> Option<T> {
        self.driver.upgrade().map(|driver| with(&driver))
    }

    fn read<T>(&self, read: impl FnOnce(&Machine<Letter<Out>>) -> T) -> Option<T> {
        self.with(|driver| driver.read(read))
    }

    fn socket<T>(&self, read: impl FnOnce(&WebSocket) -> T) -> Option<T> {
        self.with(|driver| driver.socket(read)).flatten()
    }
}

/// Looks again whenever something may have changed.
async fn wait<Out, T>(sender: Sender<Out>, look: fn(&Sender<Out>) -> Option<T>) -> T {
    let ear = Ear::new(&sender.bell);
    poll_fn(|context| {
        if let Some(found) = look(&sender) {
            return Poll::Ready(found);
        }
        ear.listen(context);
        Poll::Pending
    })
    .await
}

impl<Out> Clone for Sender<Out> {
    fn clone(&self) -> Self {
        Self {
            driver: self.driver.clone(),
            bell: Rc::clone(&self.bell),
            line: Rc::clone(&self.line),
            encode: Rc::clone(&self.encode),
            ..*self
        }
    }
}

impl<Out> fmt::Debug for Sender<Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// A message that waits to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Queued<Out> {
    /// The message.
    pub message: Out,
    /// Its key.
    pub key: Option<String>,
    /// Its lane.
    pub lane: Lane,
    /// Its bytes on the wire.
    pub bytes: usize,
}

/// A close code that a browser does not send: only 1000 and 3000 to 4999 may be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidClose(pub u16);

impl fmt::Display for InvalidClose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "close() takes code 1000 or 3000 to 4999; given: {}.", self.0)
    }
}

impl std::error::Error for InvalidClose {}
