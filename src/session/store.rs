//! What outlives a process: the state of a session as a store keeps it.

use std::sync::Arc;

use super::table::{Numbers, Table};

use super::handshake::{Identity, Tombstone};

/// Everything of a session but its records and channels. Small, and written whole with every change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    /// Of the connection that carried the session last.
    pub fence: u64,
    /// The client is known to have had the WELCOME that made the session.
    pub confirmed: bool,
    /// Records of the peer that the application has, and the bytes they take.
    pub accepted: u64,
    /// See `accepted`.
    pub accepted_end: u64,
    /// The peer may have been told that it may send so many bytes of records in all.
    pub granted: u64,
    /// Records that the peer has accepted, and the bytes they take.
    pub acked: u64,
    /// See `acked`.
    pub acked_end: u64,
    /// The last record bound.
    pub last: u64,
    /// Requests of this side that wait for their answer.
    pub asked: Numbers,
    /// The number of this side's next request.
    pub next_request: u64,
    /// Requests of the peer that wait for their answer.
    pub asking: Numbers,
    /// The highest number of a request of the peer's.
    pub last_asking: u64,
    /// The highest number of a channel.
    pub last_channel: u64,
}

/// What changed since the last delta.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delta {
    /// Which of the sessions that one half has had this is of; a store has no need of it.
    pub epoch: u64,
    /// In place of the state before.
    pub state: State,
    /// Records bound since, by number. Those up to `state.acked` may be forgotten.
    pub appended: Vec<(u64, Arc<[u8]>)>,
    /// Channels that were opened since, each with its OPEN record, or shut.
    pub channels: Table<Option<Vec<u8>>>,
}

/// A session as it is read back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stored {
    /// Its name and secret.
    pub identity: Identity,
    /// Whose it is; empty on the client's side.
    pub principal: Vec<u8>,
    /// Where it stood.
    pub state: State,
    /// Records after `state.acked` up to `state.last`, each as it goes over the wire.
    pub records: Vec<(u64, Arc<[u8]>)>,
    /// Open channels, each with its OPEN record.
    pub channels: Table<Vec<u8>>,
}

impl Stored {
    /// A session that has just begun.
    pub fn new(identity: Identity, principal: Vec<u8>) -> Self {
        let state = State { next_request: 1, ..State::default() };
        Self { identity, principal, state, records: Vec::new(), channels: Table::new() }
    }

    /// Takes a change in.
    pub fn apply(&mut self, delta: &Delta) {
        // A change made before the latest connection may be kept after it; fences never fall.
        let fence = self.state.fence.max(delta.state.fence);
        self.state = State { fence, ..delta.state.clone() };
        self.records.extend(delta.appended.iter().cloned());
        // They are in order.
        let accepted = self.records.partition_point(|(seq, _)| *seq <= self.state.acked);
        self.records.drain(..accepted);
        for (channel, record) in delta.channels.iter() {
            match record {
                Some(record) => self.channels.insert(*channel, record.clone()),
                None => self.channels.remove(channel),
            };
        }
    }
}

/// Where a client keeps its session. What it keeps must still be there when it says so: nothing is sent
/// before.
pub trait Store {
    /// What can go wrong.
    type Error;

    /// The session kept last, if there is one.
    ///
    /// # Errors
    /// If nobody can tell.
    fn load(&mut self) -> Result<Option<Stored>, Self::Error>;

    /// Begins with another session, or with none. With another, its first [`Delta`] is applied already: what
    /// goes on in it must never be in no session.
    ///
    /// # Errors
    /// If it is not kept.
    fn begin(&mut self, session: Option<&Stored>) -> Result<(), Self::Error>;

    /// Keeps a change.
    ///
    /// # Errors
    /// If it is not kept.
    fn commit(&mut self, delta: &Delta) -> Result<(), Self::Error>;
}

/// As long as the process lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MemoryStore(Option<Stored>);

impl Store for MemoryStore {
    type Error = std::convert::Infallible;

    fn load(&mut self) -> Result<Option<Stored>, Self::Error> {
        Ok(self.0.clone())
    }

    fn begin(&mut self, session: Option<&Stored>) -> Result<(), Self::Error> {
        self.0 = session.cloned();
        Ok(())
    }

    fn commit(&mut self, delta: &Delta) -> Result<(), Self::Error> {
        if let Some(stored) = &mut self.0 {
            stored.apply(delta);
        }
        Ok(())
    }
}

/// What a server's store finds under a session's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Found {
    /// The session itself.
    Session(Box<Stored>),
    /// It is over; whose it was, its secret, and what can be proved of it.
    Grave {
        /// Its name and secret.
        identity: Identity,
        /// Whose it was.
        principal: Vec<u8>,
        /// How far it came.
        tombstone: Tombstone,
    },
}

/// Where servers keep their sessions. What it keeps must still be there when it says so: nothing is written to a
/// client or acknowledged before. Every change names the fence under which its server holds the session, and must be
/// atomic with the comparison: of two servers that want a session, one gets it, and the other one's changes come
/// to nothing.
///
/// A server ends the sessions it holds when their time is over. Those of a server that is gone are left to the store: one
/// that several servers share lets go of what was not changed for longer than sessions are kept.
pub trait SessionStore: Send + Sync + 'static {
    /// What can go wrong.
    type Error: std::error::Error + Send + Sync + 'static;

    /// What stands under this name.
    fn load(&self, id: [u8; 16]) -> impl Future<Output = Result<Option<Found>, Self::Error>> + Send;

    /// Sessions of an earlier run that no other server can go on with. The default is for a store that several
    /// servers share: none.
    fn left(&self) -> impl Future<Output = Result<Vec<[u8; 16]>, Self::Error>> + Send {
        async { Ok(Vec::new()) }
    }

    /// A new session.
    fn create(&self, session: Stored) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Raises the fence from `held` to `fence`; false, and nothing else, if it is not `held`.
    fn bind(
        &self,
        id: [u8; 16],
        held: u64,
        fence: u64,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Keeps a change; false, and nothing else, if the session's fence is not `delta.state.fence`.
    fn commit(&self, id: [u8; 16], delta: &Delta) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Ends a session and leaves a tombstone, or none if nothing can be proved; false, and nothing else, if its
    /// fence is not `held`.
    fn bury(
        &self,
        id: [u8; 16],
        held: u64,
        tombstone: Option<Tombstone>,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}
