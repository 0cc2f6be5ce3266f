//! The other end of a session, to talk to.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};

use super::content::Content;
use super::greet::Attach;
use super::handler::Shut;
use super::reply::{PARTS, Part, Reply};
use crate::session::Code;

/// What a record takes besides its payload, about.
const RECORD: usize = 32;

/// The client of one session, connected or not. Clone it and keep it as long as you like: once the session is
/// over, whatever is sent settles as not delivered.
#[derive(Clone)]
pub struct Peer(Arc<Shared>);

struct Shared {
    id: [u8; 16],
    principal: Vec<u8>,
    commands: mpsc::UnboundedSender<Command>,
    /// Bytes on their way to the session.
    queued: AtomicUsize,
    /// Bytes in the session.
    held: AtomicUsize,
    limit: usize,
    overflows: AtomicBool,
    room: Notify,
    requests: AtomicU64,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Settled {
    /// The client has accepted it.
    Delivered,
    /// The client has not accepted it and never will.
    NotDelivered,
    /// It was written to the client, and the session ended before anybody could tell.
    InDoubt,
}

/// Settles when it is known what became of a message. Dropping it changes nothing.
#[derive(Debug)]
pub struct Receipt(oneshot::Receiver<Settled>);

impl Future for Receipt {
    type Output = Settled;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Settled> {
        // Nobody is left to tell if the server's tasks were dropped.
        Pin::new(&mut self.0).poll(cx).map(|settled| settled.unwrap_or(Settled::InDoubt))
    }
}

/// What a session's task is asked to do.
#[derive(Debug)]
pub(super) enum Command {
    Send {
        channel: u64,
        content: Content,
        settle: oneshot::Sender<Settled>,
    },
    Volatile {
        channel: u64,
        content: Content,
    },
    Request {
        key: u64,
        method: String,
        content: Content,
        timeout: Option<Duration>,
        parts: mpsc::Sender<Part>,
    },
    Abandon {
        key: u64,
    },
    Respond {
        id: u64,
        status: u64,
        more: bool,
        content: Content,
    },
    Shut {
        channel: u64,
        why: Shut,
    },
    Close {
        code: Code,
        reason: String,
    },
    Overflow,
    GoAway(Box<super::Drain>),
    Attach(Box<Attach>),
}

impl Peer {
    pub(super) fn new(
        id: [u8; 16],
        principal: Vec<u8>,
        limit: usize,
    ) -> (Self, mpsc::UnboundedReceiver<Command>) {
        let (commands, receiver) = mpsc::unbounded_channel();
        let shared = Shared {
            id,
            principal,
            commands,
            queued: AtomicUsize::new(0),
            held: AtomicUsize::new(0),
            limit,
            overflows: AtomicBool::new(false),
            room: Notify::new(),
            requests: AtomicU64::new(0),
        };
        (Self(Arc::new(shared)), receiver)
    }

    /// The session's name. Not a secret, and of no use without one.
    pub fn session(&self) -> [u8; 16] {
        self.0.id
    }

    /// Whose session it is, as [`Handler::authenticate`](super::Handler::authenticate) said.
    pub fn principal(&self) -> &[u8] {
        &self.0.principal
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether the session is over.
    pub fn is_over(&self) -> bool {
        self.0.commands.is_closed()
    }

    /// Sends a message: in order, and held until the client has accepted it, over as many connections as that
    /// takes. If more than [`Config::held`](super::Config::held) would be held, the session ends; who sends a lot
    /// waits for [`ready`](Self::ready) before each.
    pub fn send(&self, content: impl Into<Content>) -> Receipt {
        self.send_on(0, content)
    }

    /// Sends a message on a channel that the client has opened. If it is not open, it is not delivered.
    pub fn send_on(&self, channel: u64, content: impl Into<Content>) -> Receipt {
        let (command, receipt) = self.prepare(channel, content.into());
        if let Some(command) = command {
            self.order(command);
        }
        receipt
    }

    /// Resolves when less than half of what may be held is, or the session is over.
    pub async fn ready(&self) {
        loop {
            let room = self.0.room.notified();
            if self.is_over() || self.load() <= self.0.limit / 2 {
                return;
            }
            room.await;
        }
    }

    /// Sends a message that is dropped if the client is not connected or does not keep up.
    pub fn volatile(&self, content: impl Into<Content>) {
        self.volatile_on(0, content);
    }

    /// Sends a volatile message on a channel.
    pub fn volatile_on(&self, channel: u64, content: impl Into<Content>) {
        let content = content.into();
        let len = content.bytes().len() + RECORD;
        if self.0.queued.fetch_add(len, Ordering::Relaxed) + len > self.0.limit {
            self.0.queued.fetch_sub(len, Ordering::Relaxed);
        } else {
            self.order(Command::Volatile { channel, content });
        }
    }

    /// Asks the client something. After `timeout` it is told that nobody waits any more.
    pub fn request(
        &self,
        method: impl Into<String>,
        content: impl Into<Content>,
        timeout: Option<Duration>,
    ) -> Reply {
        let (content, method) = (content.into(), method.into());
        let key = self.0.requests.fetch_add(1, Ordering::Relaxed);
        let (parts, receiver) = mpsc::channel(PARTS);
        if self.admit(content.bytes().len() + method.len()) {
            self.order(Command::Request { key, method, content, timeout, parts });
        }
        Reply::new(receiver, self.clone(), key)
    }

    /// Shuts a channel of the client's.
    pub fn shut(&self, channel: u64, why: Shut) {
        self.order(Command::Shut { channel, why });
    }

    /// Ends the session, and the connection with it. What the client has not acknowledged by then is in doubt or
    /// not delivered: wait for the receipts first if that matters.
    pub fn close(&self, code: Code, reason: impl Into<String>) {
        self.order(Command::Close { code, reason: reason.into() });
    }

    pub(super) fn order(&self, command: Command) {
        if let Err(mpsc::error::SendError(command)) = self.0.commands.send(command) {
            command.too_late();
        }
    }

    /// What sends a message, unless too much is held already.
    pub(super) fn prepare(&self, channel: u64, content: Content) -> (Option<Command>, Receipt) {
        let (settle, receipt) = oneshot::channel();
        let receipt = Receipt(receipt);
        if self.admit(content.bytes().len()) {
            (Some(Command::Send { channel, content, settle }), receipt)
        } else {
            let _ = settle.send(Settled::NotDelivered);
            (None, receipt)
        }
    }

    /// What was prepared does not happen.
    pub(super) fn undo(&self, command: Command) {
        if let Command::Send { content, .. } = &command {
            self.arrived(content.bytes().len());
        }
        command.too_late();
    }

    fn admit(&self, len: usize) -> bool {
        let len = len + RECORD;
        let queued = self.0.queued.fetch_add(len, Ordering::Relaxed);
        let fits = queued + self.0.held.load(Ordering::Relaxed) + len <= self.0.limit;
        if !fits {
            self.0.queued.fetch_sub(len, Ordering::Relaxed);
            // Once is enough: the session ends.
            if !self.0.overflows.swap(true, Ordering::Relaxed) {
                self.order(Command::Overflow);
            }
        }
        fits
    }

    pub(super) fn respond(&self, id: u64, status: u64, more: bool, content: Content) {
        self.0.queued.fetch_add(content.bytes().len() + RECORD, Ordering::Relaxed);
        self.order(Command::Respond { id, status, more, content });
    }

    pub(super) fn arrived(&self, len: usize) {
        self.0.queued.fetch_sub(len + RECORD, Ordering::Relaxed);
    }

    pub(super) fn holds(&self, held: usize) {
        self.0.held.store(held, Ordering::Relaxed);
        if self.load() <= self.0.limit / 2 {
            self.0.room.notify_waiters();
        }
    }

    pub(super) fn wake(&self) {
        self.0.room.notify_waiters();
    }

    fn load(&self) -> usize {
        self.0.queued.load(Ordering::Relaxed) + self.0.held.load(Ordering::Relaxed)
    }
}

impl Command {
    /// The session is over.
    pub(super) fn too_late(self) {
        match self {
            Self::Send { settle, .. } => {
                let _ = settle.send(Settled::NotDelivered);
            }
            Self::Attach(attach) => attach.gone(),
            _ => {}
        }
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("session", &self.0.id).finish_non_exhaustive()
    }
}
