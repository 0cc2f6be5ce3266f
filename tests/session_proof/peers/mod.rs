//! An application on either side of a session, and the truth of what became of everything they sent. The
//! model checker and the simulator put a network between them.

pub mod client;
pub mod server;
pub mod truth;

use everwire::session::{Closing, Code, Limits, Payload};

/// What breaks a promise, and what the tests of the tests leave out to see that it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rules {
    /// All of them.
    #[default]
    Kept,
    /// Frames of any connection reach the half, whatever connection carries the session.
    NoFencing,
    /// Messages follow HELLO at once.
    DataBeforeWelcome,
    /// What is in doubt after a loss is sent again.
    ResendsInDoubt,
    /// What no tombstone proves is taken for never accepted.
    DoubtIsNotSent,
    /// What the application has is acknowledged before a store has kept it.
    AcknowledgedBeforeKept,
    /// What is bound is written before a store has kept it.
    WrittenBeforeKept,
    /// A HELLO leaves before a store has kept its fence.
    FenceNotKept,
    /// A session goes on behind its tombstone.
    AcceptsFromTheGrave,
    /// A late HELLO is taken for a client that has forgotten.
    LateHelloIsARollback,
}

/// How the two sides are set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Setup {
    pub limits: Limits,
    pub durable_client: bool,
    pub durable_server: bool,
    /// Bytes of a message's payload, at least four; of the largest if they vary.
    pub payload: usize,
    pub vary: bool,
    /// Bytes of a frame, about.
    pub room: usize,
    /// Applications take what arrives when told to, not at once.
    pub lag: bool,
    pub rules: Rules,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            durable_client: false,
            durable_server: false,
            payload: 4,
            vary: false,
            room: 1,
            lag: false,
            rules: Rules::Kept,
        }
    }
}

impl Setup {
    /// What arrives is what was bound under this number, unless a rule is left out whose own promise is to break.
    fn arrived(&self, way: &truth::Way, item: Item, session: u8, seq: u64) -> Result<(), Wrong> {
        if self.rules == Rules::Kept { way.arrived(item, session, seq) } else { Ok(()) }
    }
}

/// What an application sends, numbered over all sessions in the order of submission, from 1.
pub type Item = u32;
/// What is wrong.
pub type Wrong = String;
/// A connection, as both sides call it.
pub type Conn = u32;

/// What either application takes in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Thing {
    Message(Item),
    Request { id: u64, item: Item },
    Response { id: u64, item: Item, status: u64, more: bool },
    Cancel { id: u64 },
    Open { channel: u64 },
    Other,
}

/// What a client's application sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Message,
    Request,
    /// A message on a channel.
    On(u64),
}

pub fn encoded(item: Item, setup: &Setup) -> Vec<u8> {
    let mut payload = item.to_le_bytes().to_vec();
    let len = if setup.vary { 4 + item as usize * 7_919 % (setup.payload - 3) } else { setup.payload };
    payload.resize(len, 0x78);
    payload
}

pub fn decoded(payload: &[u8]) -> Item {
    payload.first_chunk().copied().map_or(0, u32::from_le_bytes)
}

pub fn plain(channel: u64, bytes: &[u8]) -> Payload<'_> {
    Payload { channel, text: false, bytes }
}

pub fn closing(code: Code, forget: bool) -> Closing<'static> {
    Closing { code, retry: false, forget, retry_after_ms: 0, reason: "" }
}
