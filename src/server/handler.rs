//! What an application decides: who may come in, and what becomes of what arrives.

use std::time::Duration;

use bytes::Bytes;

use super::content::Content;
use super::peer::{Command, Peer, Receipt};
use super::reply::Responder;
use crate::session::Code;

/// What your application makes of its clients.
///
/// For one session the methods that take a [`Turn`] are called one at a time and in the order in which the
/// client sent, and what they return from is accepted: never lost and never brought again, however often the
/// connection drops. While one of them waits, the session's connection goes on all the same, but nothing more is
/// taken from this client. If one panics, what it was given counts as accepted, and what it did through its turn is
/// dropped.
pub trait Handler: Send + Sync + 'static {
    /// Who shows this token, and for how long it counts. Asked with every connection, and when a client
    /// refreshes its token.
    fn authenticate(&self, token: &[u8]) -> impl Future<Output = Result<Grant, Refusal>> + Send;

    /// The client is connected, for the first time or again.
    fn connected(&self, turn: &mut Turn, how: Connected) -> impl Future<Output = ()> + Send {
        let _ = (turn, how);
        async {}
    }

    /// A message.
    fn message(&self, turn: &mut Turn, message: Incoming) -> impl Future<Output = ()> + Send;

    /// A volatile message: there was no promise that it comes.
    fn volatile(&self, turn: &mut Turn, message: Incoming) -> impl Future<Output = ()> + Send {
        let _ = (turn, message);
        async {}
    }

    /// A request. It runs on a task of its own, which is aborted if the client cancels it; dropping the responder
    /// answers with an error. A request is given to this method once, and not again after a restart.
    fn request(&self, request: Request, respond: Responder) -> impl Future<Output = ()> + Send {
        async move { respond.no_such_method(&request.method) }
    }

    /// The client wants to open a channel. Once it is open, [`Server::broadcast`](super::Server::broadcast) to its
    /// name reaches this client. What is returned goes to the client. The default refuses every channel.
    fn open(&self, turn: &mut Turn, channel: &Opening) -> impl Future<Output = Result<Content, Shut>> + Send {
        let _ = (turn, channel);
        async { Err(Shut { code: 0, reason: "this server has no channels".into() }) }
    }

    /// The client has shut a channel.
    fn shut(&self, turn: &mut Turn, channel: u64, why: Shut) -> impl Future<Output = ()> + Send {
        let _ = (turn, channel, why);
        async {}
    }

    /// The session is over. The client, if it comes back, begins another and is told so.
    fn ended(&self, peer: &Peer, ending: Ending) -> impl Future<Output = ()> + Send {
        let _ = (peer, ending);
        async {}
    }
}

/// A token counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whose it is. A session belongs to the principal that began it, and nobody else resumes it.
    pub principal: Vec<u8>,
    /// How long the token counts; none for as long as the connection.
    pub ttl: Option<Duration>,
}

/// A token does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another might: `auth_required`.
    Unknown,
    /// It has been one that counts: `auth_expired`.
    Expired,
    /// None of theirs ever will: `forbidden`.
    Forbidden,
    /// Nobody can tell at the moment: `internal`, to be tried again. A token that was to replace another changes
    /// nothing, and is asked for once more.
    Unavailable,
}

impl Refusal {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Unknown => Code::AuthRequired,
            Self::Expired => Code::AuthExpired,
            Self::Forbidden => Code::Forbidden,
            Self::Unavailable => Code::Internal,
        }
    }

    pub(super) fn may_retry(&self) -> bool {
        *self != Self::Forbidden
    }
}

/// How a client came to be connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connected {
    /// With a new session.
    New,
    /// With a new session, because the server could not go on with the one asked for.
    Lost,
    /// With the session it had.
    Resumed,
}

/// A message that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Its number in the session, for whoever keeps what it does with a message in a database of its own;
    /// 0 for a volatile one.
    pub number: u64,
    /// The channel; 0 for none.
    pub channel: u64,
    /// What it says.
    pub content: Content,
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// Whose it is.
    pub peer: Peer,
    /// Its record's number in the session.
    pub number: u64,
    /// The channel; 0 for none.
    pub channel: u64,
    /// What is asked for; may be empty.
    pub method: String,
    /// With what.
    pub content: Content,
    /// How long the client waits; the task is aborted then. None: for ever.
    pub timeout: Option<Duration>,
}

/// A channel that a client wants to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Its number in this session.
    pub channel: u64,
    /// The name to broadcast to.
    pub name: String,
    /// What else the client said.
    pub parameters: Content,
}

/// Why a channel is shut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shut {
    /// The application's own.
    pub code: u64,
    /// In words; cut at 123 bytes.
    pub reason: String,
}

/// How a session ended, and what became of what was sent in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Why.
    pub cause: Cause,
    /// The client has accepted every record up to this number.
    pub delivered: u64,
    /// It may have accepted those after `delivered` up to this one.
    pub in_doubt: u64,
    /// Those after `in_doubt` up to this one it has not.
    pub last: u64,
    /// Messages after `delivered`, in order.
    pub undelivered: Vec<Undelivered>,
}

/// A message of which nobody knows that it was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// Its number.
    pub number: u64,
    /// Its channel; 0 for none.
    pub channel: u64,
    /// What it says.
    pub content: Content,
}

/// Why a session is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The client is done.
    Closed,
    /// The server is, with this code and reason: [`Peer::close`].
    Ended(Code, String),
    /// The client did not come back in time.
    Expired,
    /// The client relies on what this side has forgotten.
    RolledBack,
    /// A client came back that takes only frames smaller than what waits for it.
    TooBig,
    /// Too much was held for the client.
    SlowConsumer,
    /// Another server goes on with it. What is not delivered here may be by the other one.
    Moved,
    /// The store failed, in these words. A client that comes back resumes what the store has.
    Store(String),
}

/// One call of a handler. What is done through it happens together with the acceptance of what caused it, when
/// the handler has returned: after a crash both are there, or neither.
#[derive(Debug)]
pub struct Turn {
    peer: Peer,
    effects: Vec<Command>,
}

impl Turn {
    pub(super) fn new(peer: Peer) -> Self {
        Self { peer, effects: Vec::new() }
    }

    pub(super) fn into_effects(mut self) -> Vec<Command> {
        std::mem::take(&mut self.effects)
    }

    /// Whose turn it is. What is done through it happens at once, independent of this turn.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Sends a message to this client. See [`Peer::send`].
    pub fn send(&mut self, content: impl Into<Content>) -> Receipt {
        self.send_on(0, content)
    }

    /// Sends a message on a channel of this client's.
    pub fn send_on(&mut self, channel: u64, content: impl Into<Content>) -> Receipt {
        let (command, receipt) = self.peer.prepare(channel, content.into());
        self.effects.extend(command);
        receipt
    }

    /// Shuts a channel of this client's.
    pub fn shut(&mut self, channel: u64, why: Shut) {
        self.effects.push(Command::Shut { channel, why });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        for effect in self.effects.drain(..) {
            self.peer.undo(effect);
        }
    }
}

/// A piece of a frame that came in.
pub(super) fn content(frame: &Bytes, span: crate::session::Span, text: bool) -> Content {
    let bytes = if span.start <= span.end && span.end <= frame.len() {
        frame.slice(span.start..span.end)
    } else {
        Bytes::new()
    };
    Content::received(bytes, text)
}
