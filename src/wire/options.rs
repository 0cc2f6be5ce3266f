//! How a wire behaves, in groups of the same names as in the npm package.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use super::mailbox::Recognise;
use super::target::Failure;
use crate::codec::Raw;
use crate::core::{self, Cause, Close, NORMAL, Overflow};

/// Options set by number: name and value, milliseconds for times.
pub(super) type Numbers = Vec<(&'static str, f64)>;

/// An option outside its range: which, what it may be, and what it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvalidOption {
    option: String,
    text: String,
}

impl InvalidOption {
    pub(super) fn new(option: &str, allowed: &str, given: &str) -> Self {
        Self { option: option.to_owned(), text: format!("{option} must be {allowed}; given: {given}.") }
    }

    #[cfg(feature = "js-values")]
    pub(super) fn unknown(option: &str, text: String) -> Self {
        Self { option: option.to_owned(), text }
    }

    /// The option, as in `"queue.maxBytes"`.
    pub fn option(&self) -> &str {
        &self.option
    }
}

impl fmt::Display for InvalidOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for InvalidOption {}

/// When and how often to try again.
///
/// The delay before an attempt is drawn from zero up to a ceiling that grows with every failure. A server
/// may ask for a longer one with `retry-after=MS` in its close reason. Close codes 1002, 1003, 1007, 1008,
/// 1010 and 4400 to 4499 are final; every other end of a connection is followed by an attempt.
#[derive(Clone, Default)]
pub struct Reconnect {
    pub(super) numbers: Numbers,
    pub(super) policy: Option<Policy>,
}

pub(super) type Policy = Rc<dyn Fn(&Retry) -> Option<Duration>>;

impl Reconnect {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ceiling of the first retry's delay. Default 250 ms; at most a day.
    pub fn base_delay(self, delay: Duration) -> Self {
        self.with("reconnect.baseDelay", millis(delay))
    }

    /// Growth of that ceiling per retry. Default 2; 1 to 100.
    pub fn factor(self, factor: f64) -> Self {
        self.with("reconnect.factor", factor)
    }

    /// The ceiling grows no further. Default 30 s; at most a day.
    pub fn max_delay(self, delay: Duration) -> Self {
        self.with("reconnect.maxDelay", millis(delay))
    }

    /// Attempts in a row that may fail before the wire gives up. Default: no limit; at least 1.
    pub fn max_attempts(self, attempts: u32) -> Self {
        self.with("reconnect.maxAttempts", f64::from(attempts))
    }

    /// From asking for the URL to open, greeting and welcome included. Default 10 s; 1 ms to a day.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.with("reconnect.connectTimeout", millis(timeout))
    }

    /// A link this old has proved stable, and earlier failures are forgotten. Default 5 s; at most a day.
    pub fn stable_after(self, age: Duration) -> Self {
        self.with("reconnect.stableAfter", millis(age))
    }

    /// Asked before every retry: how long to wait, or `None` to give up. Without it the answer is
    /// `(!retry.fatal).then_some(retry.delay)`.
    ///
    /// `max_attempts` holds all the same. The function may use the wire's [`Sender`](super::Sender).
    pub fn policy(mut self, policy: impl Fn(&Retry) -> Option<Duration> + 'static) -> Self {
        self.policy = Some(Rc::new(policy));
        self
    }

    fn with(mut self, name: &'static str, value: f64) -> Self {
        self.numbers.push((name, value));
        self
    }
}

/// What a policy decides by.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Retry {
    /// The attempt it would be.
    pub attempt: u32,
    /// What made it necessary.
    pub cause: Cause,
    /// How the last connection ended.
    pub close: Close,
    /// Since the wire was last stable.
    pub elapsed: Duration,
    /// What the back-off would wait.
    pub delay: Duration,
    /// Whether the close code is one of the final ones.
    pub fatal: bool,
}

/// Notices a link that only looks alive.
///
/// A browser neither sends WebSocket pings nor shows them, so a ping is a message that the server answers.
/// Anything that arrives counts as life, not only the answer.
///
/// ```no_run
/// # use everwire::{Heartbeat, InvalidOption, Wire};
/// # fn example() -> Result<(), InvalidOption> {
/// let heartbeat = Heartbeat::raw("ping").is_pong(|_, raw| raw.as_bytes() == b"pong");
/// let wire: Wire<String> = Wire::builder("wss://example.com").heartbeat(heartbeat).connect()?;
/// # Ok(())
/// # }
/// ```
pub struct Heartbeat<In, Out = In> {
    pub(super) numbers: Numbers,
    pub(super) ping: Ping<Out>,
    pub(super) is_pong: Option<Recognise<In>>,
}

/// What a ping looks like.
pub(super) enum Ping<Out> {
    Raw(Raw),
    Message(Out),
    /// Made for each ping; none if that fails.
    Made(Box<dyn Fn() -> Option<Pinged<Out>>>),
}

pub(super) enum Pinged<Out> {
    #[cfg(feature = "js-values")]
    Raw(Raw),
    Message(Out),
}

impl<In, Out> Heartbeat<In, Out> {
    /// Pings with text or bytes, past the codec.
    pub fn raw(ping: impl Into<Raw>) -> Self {
        Self::new(Ping::Raw(ping.into()))
    }

    /// Pings with a message.
    pub fn message(ping: Out) -> Self {
        Self::new(Ping::Message(ping))
    }

    /// Pings with a message made for each ping. One that cannot be encoded is not sent.
    pub fn each(ping: impl Fn() -> Out + 'static) -> Self {
        Self::new(Ping::Made(Box::new(move || Some(Pinged::Message(ping())))))
    }

    pub(super) fn new(ping: Ping<Out>) -> Self {
        Self { numbers: Numbers::new(), ping, is_pong: None }
    }

    /// From one ping to the next. Default 25 s; 10 ms to a day.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.numbers.push(("heartbeat.interval", millis(interval)));
        self
    }

    /// From a ping until the link is taken for dead, unless anything arrives. Default 10 s; 10 ms to a day.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.numbers.push(("heartbeat.timeout", millis(timeout)));
        self
    }

    /// Recognises the answer, which is then not delivered and measures the round trip. It sees the message,
    /// if it could be decoded, and what arrived.
    pub fn is_pong(mut self, is_pong: impl Fn(Option<&In>, &Raw) -> bool + 'static) -> Self {
        self.is_pong = Some(Box::new(is_pong));
        self
    }
}

/// The bounds of the queue of messages that wait to be sent.
#[derive(Clone, Default, Debug)]
pub struct Queue {
    pub(super) numbers: Numbers,
    pub(super) overflow: Overflow,
}

impl Queue {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Messages held. Default 1,000; at most 1,000,000. With 0 nothing ever waits.
    pub fn max_messages(mut self, messages: u32) -> Self {
        self.numbers.push(("queue.maxMessages", f64::from(messages)));
        self
    }

    /// Bytes held; also the size of the largest message accepted. Default 1 MiB; at most 4 GiB.
    pub fn max_bytes(mut self, bytes: u32) -> Self {
        self.numbers.push(("queue.maxBytes", f64::from(bytes)));
        self
    }

    /// How long a message may wait, unless it says otherwise. Default: for ever; at most a year.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.numbers.push(("queue.ttl", millis(ttl)));
        self
    }

    /// What gives way when the queue is full. Default [`Overflow::Reject`].
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }
}

/// The bounds of the events that were not read yet, each at least 1.
///
/// Past them nothing is added any more, and after what was there the stream yields
/// [`Event::InboundOverflow`](super::Event::InboundOverflow): a gap is never hidden. Everything that
/// [`Event`](super::Event) lists counts as one, with the bytes it came in. One message larger than
/// `max_bytes` passes alone.
#[derive(Clone, Debug)]
pub struct Inbox {
    pub(super) max_messages: u32,
    pub(super) max_bytes: u32,
}

impl Inbox {
    /// The defaults.
    pub fn new() -> Self {
        Self { max_messages: 1_000, max_bytes: 1_048_576 }
    }

    /// Events held. Default 1,000.
    pub fn max_messages(self, max_messages: u32) -> Self {
        Self { max_messages, ..self }
    }

    /// Bytes held. Default 1 MiB.
    pub fn max_bytes(self, max_bytes: u32) -> Self {
        Self { max_bytes, ..self }
    }

    pub(super) fn empty<T>(&self) -> core::Inbox<T> {
        core::Inbox::new(self.max_messages as usize, self.max_bytes as usize)
    }

    pub(super) fn check(&self) -> Result<(), InvalidOption> {
        for (name, value) in [("inbox.maxMessages", self.max_messages), ("inbox.maxBytes", self.max_bytes)] {
            if value == 0 {
                return Err(InvalidOption::new(name, &format!("a number from 1 to {}", u32::MAX), "0"));
            }
        }
        Ok(())
    }
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new()
    }
}

/// How one message wants to wait.
///
/// ```no_run
/// # use std::time::Duration;
/// # use everwire::{Lane, SendOptions, Wire};
/// # fn example(wire: Wire<String>) {
/// let how = SendOptions::new().key("position").ttl(Duration::from_secs(5)).lane(Lane::High);
/// let receipt = wire.try_send_with("x: 3, y: 4".into(), how);
/// # }
/// ```
#[derive(Clone, Default, Debug)]
pub struct SendOptions {
    key: Option<Box<str>>,
    ttl: Option<Duration>,
    lane: Lane,
}

impl SendOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces a waiting message of the same key and lane, in its place.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into().into_boxed_str());
        self
    }

    /// How long the message may wait. Default: the queue's own `ttl`.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Default [`Lane::Normal`].
    pub fn lane(mut self, lane: Lane) -> Self {
        self.lane = lane;
        self
    }

    pub(super) fn for_core(&self) -> core::SendOptions {
        core::SendOptions { key: self.key.clone(), ttl: self.ttl.map(micros), lane: self.lane as u8 }
    }
}

/// Which messages leave first. Order within a lane is that of the sends.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(u8)]
pub enum Lane {
    /// Leaves first.
    High = 0,
    /// In between.
    #[default]
    Normal = NORMAL,
    /// Leaves last and gives way first.
    Low = 2,
}

impl Lane {
    pub(super) fn from_core(lane: u8) -> Self {
        match lane {
            0 => Self::High,
            NORMAL => Self::Normal,
            _ => Self::Low,
        }
    }
}

pub(super) type Greet<Out> =
    Rc<dyn Fn(super::Greeting<Out>) -> std::pin::Pin<Box<dyn Future<Output = Result<(), Failure>>>>>;

pub(super) fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1_000.0
}

pub(super) fn micros(span: Duration) -> core::Micros {
    core::Micros(u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
}
