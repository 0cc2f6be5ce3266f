//! What goes into the machine and what comes out.

use super::close::Close;
use super::outbox::MessageId;
use super::state::{Cause, State};
use super::time::Micros;

/// One socket. Inputs about any but the current one change nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct LinkId(pub u32);

/// One question to the host. Answers to any but the current one change nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Ticket(pub u32);

/// What happened outside.
#[derive(Clone, Debug)]
pub enum Input<R = Box<str>> {
    /// The host knows where to connect; `local` if that is this very machine, which needs no network.
    Target {
        /// The ticket of the question.
        ticket: Ticket,
        /// Whether the target is reachable without a network.
        local: bool,
    },
    /// The host could not find out where to connect.
    TargetFailed {
        /// The ticket of the question.
        ticket: Ticket,
    },
    /// The constructor refused: one of the final causes.
    DialFailed {
        /// The link that was to be.
        link: LinkId,
        /// Why.
        cause: Cause,
    },
    /// The socket opened.
    Opened {
        /// Which.
        link: LinkId,
    },
    /// The greeting is sent, or failed.
    Greeted {
        /// On which link.
        link: LinkId,
        /// Whether it was sent.
        ok: bool,
    },
    /// The socket reported an error. A close should follow at once.
    Errored {
        /// Which.
        link: LinkId,
    },
    /// The socket closed.
    Closed {
        /// Which.
        link: LinkId,
        /// How.
        close: Close<R>,
    },
    /// The socket's `bufferedAmount`, as asked for by [`Output::Sample`] or offered.
    Buffered {
        /// Which socket.
        link: LinkId,
        /// Bytes not yet handed to the network.
        bytes: u64,
        /// Whether this answers [`Output::Sample`].
        asked: bool,
    },
    /// The application's word on a retry.
    Decided {
        /// The ticket of the question.
        ticket: Ticket,
        /// How long to wait, or stop.
        delay: Option<Micros>,
    },
    /// The browser says whether there is a network.
    Online(bool),
    /// Something happened to the page that the wire lives in. In a worker nothing does.
    Page(Page),
    /// The wake-up asked for by [`Machine::next_wake`](super::Machine::next_wake).
    Timeout,
}

/// What happens to a page (HTML, sections "Page visibility" and "Session history"; Page Lifecycle).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// It can be seen: `visibilitychange`.
    Shown,
    /// It cannot be seen, and its timers may come up to a minute late.
    Hidden,
    /// It leaves for the back/forward cache: `pagehide` with `persisted`.
    Cached,
    /// It is back from there: `pageshow` with `persisted`.
    Restored,
    /// Nothing runs in it from now on: `freeze`.
    Frozen,
    /// It goes on: `resume`.
    Resumed,
}

/// What an arriving message is to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A message for the application.
    Message,
    /// The answer to a ping; not for the application.
    Pong,
    /// The server's welcome; the application sees it too.
    Welcome,
}

/// What the host is to do, in order.
#[derive(Debug)]
pub enum Output<P, R = Box<str>> {
    /// Find out where to connect and answer with `Target` or `TargetFailed`.
    Resolve {
        /// To answer with.
        ticket: Ticket,
        /// Which attempt since the last stable link, from 1.
        attempt: u32,
        /// Which of several URLs is next: take it modulo their number.
        turn: u32,
        /// Why an attempt is made.
        cause: Cause,
    },
    /// Whoever is still finding out may stop.
    AbortResolve,
    /// Construct a socket with the latest target.
    Dial {
        /// Its name from now on.
        link: LinkId,
    },
    /// Send the greeting and answer with `Greeted`.
    Greet {
        /// On this link.
        link: LinkId,
        /// Which attempt this is.
        attempt: u32,
    },
    /// Send a ping, past the queue.
    Ping {
        /// On this link.
        link: LinkId,
    },
    /// Close the socket.
    Hangup {
        /// Which.
        link: LinkId,
        /// With which code and reason; without, as `close()` does.
        close: Option<Close<R>>,
        /// Detach first and forget it: its own close event may take a minute to come.
        forget: bool,
    },
    /// Say how much the socket still buffers, when the current task is over.
    Sample {
        /// Which socket.
        link: LinkId,
    },
    /// Ask the application whether to try again, and when; answer with `Decided`.
    Decide {
        /// To answer with.
        ticket: Ticket,
        /// The attempt it would be.
        attempt: u32,
        /// What made it necessary.
        cause: Cause,
        /// How the last connection ended.
        close: Close<R>,
        /// Since the wire was last stable.
        elapsed: Micros,
        /// What the back-off would wait.
        delay: Micros,
        /// Whether the close table says stop.
        fatal: bool,
    },
    /// A send has settled.
    Settled {
        /// The message, given back.
        payload: P,
        /// What became of it.
        outcome: Outcome,
    },
    /// Write this frame to the socket, past everything else.
    #[cfg(feature = "session")]
    Frame {
        /// Which socket.
        link: LinkId,
        /// The frame.
        bytes: Vec<u8>,
    },
    /// No event speaks of this arrived frame any more.
    #[cfg(feature = "session")]
    Forget {
        /// Its number.
        frame: u32,
    },
    /// Tell the application.
    Event(Event<R>),
}

/// What the application hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<R = Box<str>> {
    /// The wire moved on.
    StateChanged(State<R>),
    /// Messages leave from now on.
    Opened,
    /// An open wire is no longer open, or it is over.
    Closed {
        /// Why.
        cause: Cause,
        /// How the connection ended.
        close: Close<R>,
        /// Whether no attempt will follow by itself.
        last: bool,
    },
    /// An attempt or a link failed.
    Failed {
        /// Why.
        cause: Cause,
        /// How the connection ended.
        close: Close<R>,
    },
    /// A pong matched a ping.
    Pong {
        /// This round trip.
        rtt: Micros,
        /// Smoothed as in RFC 6298, section 2 (gain 1/8).
        smoothed: Micros,
    },
    /// What [`Machine::watch_drain`](super::Machine::watch_drain) waited for.
    Drained {
        /// Which watch.
        watch: u32,
        /// Whether the queue is empty because every message left or settled, not because time ran out.
        empty: bool,
    },
    /// An arriving message that the host holds is next in line.
    Message,
    /// Something of the session.
    #[cfg(feature = "session")]
    Session(SessionEvent),
}

/// What the application hears of a session.
#[cfg(feature = "session")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    /// A record whose turn has come.
    Record(Arrived),
    /// The server has welcomed this side.
    Welcomed {
        /// The session goes on; else it is a new one.
        resumed: bool,
    },
    /// A session is gone.
    Lost(LostSession),
    /// Nobody will answer this request.
    Unanswered {
        /// Its number.
        id: u64,
        /// Its time was up; else its session is gone.
        timed_out: bool,
    },
    /// The server asks for a token: answer with [`Machine::authenticate`](super::Machine::authenticate).
    TokenWanted,
}

/// A record, and where it stands.
#[cfg(feature = "session")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// What to accept it by; 0 if there is nothing to accept. It rises, from one session to the next too.
    pub seq: u64,
    /// The frame it stands in, by the number that [`Machine::received_frame`](super::Machine::received_frame) gave.
    pub frame: u32,
    /// The record.
    pub record: crate::session::Framed,
}

/// What a session that is gone leaves behind. Numbers are those of its records.
#[cfg(feature = "session")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostSession {
    /// The server accepted every record up to this one.
    pub delivered: u64,
    /// What became of those after it, up to this one, nobody can tell.
    pub in_doubt: u64,
    /// The last record of the session.
    pub last: u64,
    /// How many of the rest are sent in the next session.
    pub carried: u64,
    /// How many of the rest were given back as not sent.
    pub unsent: u64,
    /// The last record of the server's that arrived.
    pub received: u64,
    /// Whether the server may have sent more.
    pub missing: bool,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The browser took it. In plain mode nobody knows more.
    HandedOver,
    /// The server has accepted it. Only in a session, in place of `HandedOver`.
    #[cfg(feature = "session")]
    Delivered,
    /// It was sent, and the session that would tell what became of it is gone.
    #[cfg(feature = "session")]
    InDoubt,
    /// It never left.
    NotSent(Reason),
}

impl Outcome {
    /// 0 for handed over or delivered, 10 for in doubt, else the reason's number.
    pub const fn number(self) -> usize {
        match self {
            Self::HandedOver => 0,
            #[cfg(feature = "session")]
            Self::Delivered => 0,
            #[cfg(feature = "session")]
            Self::InDoubt => 10,
            Self::NotSent(reason) => reason as usize,
        }
    }
}

/// Why a message never left. The numbers are part of the contract with the npm face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// The queue was full, or the message larger than the whole queue may be.
    Full = 1,
    /// It gave way to another message.
    Evicted = 2,
    /// A newer message of the same key took its place.
    Superseded = 3,
    /// It waited longer than its TTL.
    Expired = 4,
    /// The application took it back.
    Withdrawn = 5,
    /// The wire is closed.
    Closed = 6,
    /// The socket was open but threw when given this message.
    Refused = 7,
    /// The server takes no message as large.
    #[cfg(feature = "session")]
    TooLarge = 8,
    /// Its session is gone, and it was provably never accepted.
    #[cfg(feature = "session")]
    SessionLost = 9,
}

/// What came of offering a message to the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transmit {
    /// The socket took it.
    Accepted,
    /// The socket is not open; the message stays where it is.
    NotOpen,
    /// The socket is open and threw.
    Threw,
}

impl Transmit {
    /// What became of the message; nothing yet if the socket is not open.
    pub const fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Accepted => Some(Outcome::HandedOver),
            Self::NotOpen => None,
            Self::Threw => Some(Outcome::NotSent(Reason::Refused)),
        }
    }
}

/// A message that could not even queue.
#[derive(Debug)]
pub struct NotSent<P> {
    /// Given back.
    pub payload: P,
    /// Why.
    pub reason: Reason,
}

/// A message's name while it waits, or the message back.
pub type Sent<P> = Result<MessageId, NotSent<P>>;
