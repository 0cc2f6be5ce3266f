use std::fmt;
use std::sync::Arc;

use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::rooms::{Client, Order};

/// An application of your own in place of the echo. Everything else stays: rooms, statistics, faults,
/// and what the query of a URL asks for.
///
/// Its methods are called by the connections' own tasks, so they may run at the same time, and should not block.
pub trait Application: Send + Sync + 'static {
    /// A connection is open.
    fn opened(&self, peer: &Peer) {
        let _ = peer;
    }

    /// A message arrived. What is sent back is up to you.
    fn received(&self, peer: &Peer, message: Received<'_>);

    /// A connection is gone, however it ended; also one that never showed its token and so never opened.
    fn closed(&self, peer: &Peer) {
        let _ = peer;
    }
}

/// What arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
}

/// An open connection, to talk back to. Keep it as long as you like; once the connection is gone, nothing happens.
#[derive(Clone, Debug)]
pub struct Peer(Arc<Client>);

impl Peer {
    /// Its number, unique on this server.
    pub fn id(&self) -> u64 {
        self.0.id()
    }

    /// Sends a text. A client that does not read until the queue is full is cut off.
    pub fn send_text(&self, text: &str) {
        self.send(Message::text(text));
    }

    /// Sends bytes. A client that does not read until the queue is full is cut off.
    pub fn send_binary(&self, bytes: &[u8]) {
        self.send(Message::binary(bytes.to_vec()));
    }

    /// Closes the connection with a code and a reason of at most 123 bytes.
    pub fn close(&self, code: u16, reason: &str) {
        self.0.order(Order::Close(Some(CloseFrame { code: code.into(), reason: reason.into() })));
    }

    fn send(&self, message: Message) {
        self.0.order(Order::Send { message, copies: 1 });
    }
}

/// An [`Application`] in a [`Config`](crate::Config).
#[derive(Clone)]
pub struct Hosted(Arc<dyn Application>);

impl Hosted {
    /// For one server, or for several that share it.
    pub fn new(application: impl Application) -> Self {
        Self(Arc::new(application))
    }

    pub(crate) fn opened(&self, client: Arc<Client>) {
        self.0.opened(&Peer(client));
    }

    pub(crate) fn received(&self, client: Arc<Client>, message: &Message) {
        let message = match message {
            Message::Text(text) => Received::Text(text.as_str()),
            Message::Binary(bytes) => Received::Binary(bytes),
            _ => return,
        };
        self.0.received(&Peer(client), message);
    }

    pub(crate) fn closed(&self, client: Arc<Client>) {
        self.0.closed(&Peer(client));
    }
}

impl fmt::Debug for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hosted")
    }
}
