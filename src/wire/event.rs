//! What a wire tells, and in which words.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::codec::{CodecError, Raw};
use crate::core::{Cause, Close, Micros, Reason, State};

/// What a [`Wire`](super::Wire) tells, in order.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<In> {
    /// A message arrived.
    Message(In),
    /// A message arrived that the codec cannot decode. The connection stays, and so do the messages after it.
    Undecodable {
        /// What arrived.
        raw: Raw,
        /// Why it is no message.
        error: CodecError,
    },
    /// The wire moved on.
    StateChanged(State),
    /// Messages leave from now on.
    Opened,
    /// An open wire is no longer open, or it is over for good (`last`).
    Closed {
        /// Why.
        cause: Cause,
        /// How the connection ended.
        close: Close,
        /// Whether no attempt follows by itself.
        last: bool,
    },
    /// Something failed. What the wire does next is in its state.
    Error(WireError),
    /// A pong matched a ping.
    Pong {
        /// This round trip.
        rtt: Duration,
        /// Smoothed as in RFC 6298, section 2 (gain 1/8).
        smoothed: Duration,
    },
    /// Waiting messages gave way to others. Their receipts say so too, and give them back.
    Evicted {
        /// How many since this was last told.
        count: u32,
    },
    /// This stream was read more slowly than it was filled, and what came after the events before this one
    /// was lost: raise the bounds of [`Inbox`](super::Inbox), or read faster.
    InboundOverflow,
    /// In a session: a message arrived that the server sent without a promise. When many are not read, the oldest
    /// are dropped.
    #[cfg(feature = "session")]
    Volatile(In),
    /// In a session with manual acknowledgement: a message arrived, and waits to be accepted.
    #[cfg(feature = "session")]
    Delivery(super::Delivery<In>),
    /// In a session: the server has welcomed this side. What follows belongs to this session.
    #[cfg(feature = "session")]
    Welcomed {
        /// The session goes on, with everything in its place; else it is a new one.
        resumed: bool,
    },
    /// The session is gone, and another begins. The receipts of what it had sent have settled; requests it carried
    /// have failed or go on in the next. Numbers are those of its records, messages among them, from 1.
    ///
    /// Up to `delivered` the server accepted everything; from there up to `in_doubt` nobody can tell; what follows,
    /// up to `last`, provably never arrived: `carried` of it are sent in the next session, `unsent` were given back.
    /// `received` came from the server; with `missing`, it may have sent more that is lost: load its state anew.
    #[cfg(feature = "session")]
    SessionLost(super::SessionLost),
}

/// An attempt or a link that failed: what happened, why, and what to do next.
#[derive(Debug)]
pub struct WireError {
    /// What a program decides by.
    pub cause: Cause,
    /// How the connection ended.
    pub close: Close,
    /// What the application's own function returned, or the name of what the constructor threw.
    pub source: Option<Box<dyn Error>>,
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl Error for WireError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref()
    }
}

/// A wire that is closed for good, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Why.
    pub cause: Cause,
    /// How the last connection ended.
    pub close: Close,
}

impl Ended {
    /// What is left to say of a wire that was dropped.
    pub(super) fn dropped() -> Self {
        Self { cause: Cause::ClosedByApplication, close: Close::abnormal() }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl Error for Ended {}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Started => "The first attempt was made.",
            Self::Requested => "A new connection was asked for.",
            Self::Online => "The network came back.",
            Self::ServerClosed => "The server ended the connection; the close code and reason say why.",
            Self::DialFailed => {
                "The connection could not be opened. Browsers do not tell why: the server may be down, its \
                 certificate unknown, or it refused path, origin, token or subprotocol. The wire tries again; \
                 messages wait in its queue."
            }
            Self::ConnectTimeout => {
                "The attempt was not ready within reconnect.connectTimeout. The wire tries again; \
                 messages wait in its queue."
            }
            Self::ProviderFailed => {
                "The function that gives the URL or the protocols failed; see the source. The wire \
                 tries again; messages wait in its queue."
            }
            Self::GreetingFailed => {
                "The greeting failed; see the source. The wire tries again; messages wait in its queue."
            }
            Self::HeartbeatTimeout => {
                "Nothing arrived within heartbeat.timeout after a ping: the link was dead. The wire \
                 tries again; messages wait in its queue."
            }
            Self::IdleTimeout => {
                "Nothing arrived for idleTimeout: the link was taken for dead. The wire tries again; \
                 messages wait in its queue."
            }
            Self::InvalidUrl => "The URL cannot be used for a WebSocket. Give an absolute ws: or wss: URL.",
            Self::InvalidProtocols => {
                "The subprotocols cannot be used. Give distinct names without spaces, commas or slashes."
            }
            Self::MixedContent => "A page loaded by https may not open a ws: connection. Use wss:.",
            Self::ContentBlocked => {
                "The page's Content-Security-Policy forbids the connection. Add the server to connect-src."
            }
            Self::ConstructorFailed => "The WebSocket constructor threw; see the source.",
            Self::ClosedByApplication => {
                "The wire is closed: close() was called, or it was dropped. reconnect() opens it again."
            }
            Self::GaveUp => "Every attempt that the policy allows has failed. reconnect() starts afresh.",
            Self::Offline => "The browser says that there is no network. The wire goes on when it is back.",
            Self::Suspended => "The wire is suspended. reconnect() goes on.",
            Self::Resumed => "The page is in use again.",
            Self::Slept => "The page or the machine slept.",
            Self::Cached => "The page is in the back/forward cache.",
            Self::Frozen => "The browser has frozen the page.",
            #[cfg(feature = "session")]
            Self::Draining => "The server is about to end the connection; another takes its place.",
            #[cfg(feature = "session")]
            Self::ProtocolViolated => {
                "The server broke the protocol everwire.v1; its log has the reason. The wire tries again."
            }
            #[cfg(feature = "session")]
            Self::NoSession => {
                "The server does not speak everwire.v1: it did not choose that subprotocol. Use a plain wire, or \
                 a server with Everwire's server half."
            }
            #[cfg(feature = "session")]
            Self::NoWelcome => {
                "The connection opened, and the server did not welcome the session within \
                 reconnect.connectTimeout: it may not speak everwire.v1. The wire tries again."
            }
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => {
                "The queue is full, or the message larger than queue.maxBytes. Send less often, give messages a \
                 key, await `send`, or raise the bounds."
            }
            Self::Evicted => "It gave way to another message, as queue.overflow says.",
            Self::Superseded => "A newer message of the same key and lane took its place.",
            Self::Expired => "It waited longer than its ttl.",
            Self::Withdrawn => "It was taken back.",
            Self::Closed => "The wire is closed. Keep the message, and send it again after reconnect().",
            Self::Refused => "The socket is open and threw when given this message. Look at the message.",
            #[cfg(feature = "session")]
            Self::TooLarge => "The server takes no message as large. Send it in parts, or raise the server's max_frame.",
            #[cfg(feature = "session")]
            Self::SessionLost => "Its session is gone, and the server had not accepted it. It is safe to send it again.",
        })
    }
}

pub(super) fn duration(span: Micros) -> Duration {
    Duration::from_micros(span.0)
}
