use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::session::SessionsStats;

/// What was counted, server-wide or in one room.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Stats {
    /// WebSocket connections open now.
    pub connections: u64,
    /// Requests to upgrade seen, whatever became of them.
    pub dialed: u64,
    /// Handshakes completed.
    pub opened: u64,
    /// Upgrades answered with anything but 101.
    pub refused: u64,
    /// Connections that were open and are no more.
    pub closed: u64,
    /// Text and binary messages received.
    pub messages_in: u64,
    /// Text and binary messages given to the socket.
    pub messages_out: u64,
    /// Payload bytes of `messages_in`.
    pub bytes_in: u64,
    /// Payload bytes of `messages_out`.
    pub bytes_out: u64,
    /// How the last connection ended.
    pub last_close: Option<Close>,
}

/// [`Stats`] of one room, with what only a room keeps.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RoomStats {
    /// The room's name.
    pub room: String,
    /// What was counted in the room.
    #[serde(flatten)]
    pub stats: Stats,
    /// The connections open now, oldest first.
    pub clients: Vec<ClientStats>,
    /// The sessions of the room, if there ever were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<SessionsStats>,
    /// The last text messages received, oldest first: up to 1,000 and 1 MiB.
    pub received: Vec<String>,
}

/// One open connection.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClientStats {
    /// Unique for the life of the server.
    pub id: u64,
    /// When the handshake was completed, in milliseconds since 1970.
    pub opened_ms: u64,
    /// Text and binary messages received from it.
    pub messages_in: u64,
    /// Text and binary messages sent to it.
    pub messages_out: u64,
    /// The subprotocol chosen.
    pub protocol: Option<String>,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Close {
    /// The code of the first close frame; 1005 for one without a code, 1006 if there was none.
    pub code: u16,
    /// The reason beside the code.
    pub reason: String,
    /// Whether both sides sent a close frame.
    pub clean: bool,
}

impl Close {
    pub(crate) fn abnormal() -> Self {
        Self { code: 1006, reason: String::new(), clean: false }
    }
}

/// The counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Tally {
    connections: AtomicU64,
    dialed: AtomicU64,
    opened: AtomicU64,
    refused: AtomicU64,
    closed: AtomicU64,
    messages_in: AtomicU64,
    messages_out: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    last_close: Mutex<Option<Close>>,
}

impl Tally {
    pub(crate) fn dialed(&self) {
        add(&self.dialed, 1);
    }

    pub(crate) fn refused(&self) {
        add(&self.refused, 1);
    }

    pub(crate) fn opened(&self) {
        add(&self.connections, 1);
        add(&self.opened, 1);
    }

    pub(crate) fn closed(&self, close: Close) {
        *lock(&self.last_close) = Some(close);
        add(&self.closed, 1);
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn received(&self, bytes: u64) {
        add(&self.messages_in, 1);
        add(&self.bytes_in, bytes);
    }

    pub(crate) fn sent(&self, bytes: u64) {
        add(&self.messages_out, 1);
        add(&self.bytes_out, bytes);
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            connections: self.connections.load(Ordering::Relaxed),
            dialed: self.dialed.load(Ordering::Relaxed),
            opened: self.opened.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            closed: self.closed.load(Ordering::Relaxed),
            messages_in: self.messages_in.load(Ordering::Relaxed),
            messages_out: self.messages_out.load(Ordering::Relaxed),
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
            last_close: lock(&self.last_close).clone(),
        }
    }

    /// Forgets everything but what is open.
    pub(crate) fn reset(&self) {
        for counter in [
            &self.dialed,
            &self.opened,
            &self.refused,
            &self.closed,
            &self.messages_in,
            &self.messages_out,
            &self.bytes_in,
            &self.bytes_out,
        ] {
            counter.store(0, Ordering::Relaxed);
        }
        *lock(&self.last_close) = None;
    }
}

/// Locks; what a panicking thread left behind is still only counters and lists.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}
