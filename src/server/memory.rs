//! Sessions that live as long as the process.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::session::{Delta, Found, Identity, SessionStore, Stored, Tombstone};

/// Keeps sessions as long as the process lives. Clones share what they keep, so that two servers in one process
/// can hand sessions over.
#[derive(Clone, Debug)]
pub struct MemoryStore(Arc<Mutex<Kept>>);

#[derive(Debug)]
struct Kept {
    sessions: HashMap<[u8; 16], Stored>,
    graves: HashMap<[u8; 16], (Identity, Vec<u8>, Tombstone)>,
    /// The oldest first.
    order: VecDeque<[u8; 16]>,
    most: usize,
}

impl MemoryStore {
    /// An empty store that remembers the latest 100,000 sessions that have ended.
    pub fn new() -> Self {
        Self::with_tombstones(100_000)
    }

    /// An empty store that remembers the latest so many sessions that have ended.
    pub fn with_tombstones(most: usize) -> Self {
        let (sessions, graves, order) = Default::default();
        Self(Arc::new(Mutex::new(Kept { sessions, graves, order, most })))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl SessionStore for MemoryStore {
    type Error = Infallible;

    async fn load(&self, id: [u8; 16]) -> Result<Option<Found>, Infallible> {
        let kept = self.kept();
        if let Some(stored) = kept.sessions.get(&id) {
            return Ok(Some(Found::Session(Box::new(stored.clone()))));
        }
        Ok(kept.graves.get(&id).map(|(identity, principal, tombstone)| Found::Grave {
            identity: *identity,
            principal: principal.clone(),
            tombstone: *tombstone,
        }))
    }

    async fn create(&self, session: Stored) -> Result<(), Infallible> {
        self.kept().sessions.insert(session.identity.id, session);
        Ok(())
    }

    async fn bind(&self, id: [u8; 16], held: u64, fence: u64) -> Result<bool, Infallible> {
        let mut kept = self.kept();
        let session = kept.sessions.get_mut(&id).filter(|session| session.state.fence == held);
        Ok(session.map(|session| session.state.fence = fence).is_some())
    }

    async fn commit(&self, id: [u8; 16], delta: &Delta) -> Result<bool, Infallible> {
        let mut kept = self.kept();
        let session = kept.sessions.get_mut(&id).filter(|session| session.state.fence == delta.state.fence);
        Ok(session.map(|session| session.apply(delta)).is_some())
    }

    async fn bury(&self, id: [u8; 16], held: u64, tombstone: Option<Tombstone>) -> Result<bool, Infallible> {
        let mut kept = self.kept();
        if kept.sessions.get(&id).is_none_or(|session| session.state.fence != held) {
            return Ok(false);
        }
        if let (Some(session), Some(tombstone)) = (kept.sessions.remove(&id), tombstone) {
            kept.graves.insert(id, (session.identity, session.principal, tombstone));
            kept.order.push_back(id);
        }
        while kept.order.len() > kept.most {
            if let Some(oldest) = kept.order.pop_front() {
                kept.graves.remove(&oldest);
            }
        }
        Ok(true)
    }
}
