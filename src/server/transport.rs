//! What a session's server needs of a WebSocket.

use std::error::Error;
use std::fmt;

use bytes::Bytes;
use futures_util::{Sink, Stream};

/// What goes over a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// One frame of `everwire.v1`.
    Binary(Bytes),
    /// A text message, which `everwire.v1` never has.
    Text,
    /// The end. Nothing follows in this direction.
    Close {
        /// As in RFC 6455, section 7.4.
        code: u16,
        /// At most 123 bytes.
        reason: String,
    },
}

/// Why a WebSocket is of no more use.
#[derive(Debug)]
pub enum Broken {
    /// A message larger than it was told to take. It can still be written to.
    TooBig,
    /// Anything else.
    Gone(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooBig => f.write_str("a WebSocket message is larger than max_frame"),
            Self::Gone(error) => write!(f, "the WebSocket broke: {error}"),
        }
    }
}

impl Error for Broken {}

/// A WebSocket that has agreed on `everwire.v1`: messages in, messages out. WebSocket pings are its own affair,
/// for they prove nothing about the page behind them.
pub trait Transport:
    Stream<Item = Result<Message, Broken>> + Sink<Message, Error = Broken> + Send + Unpin + 'static
{
}

impl<T> Transport for T where
    T: Stream<Item = Result<Message, Broken>> + Sink<Message, Error = Broken> + Send + Unpin + 'static
{
}
