//! Where a room keeps its sessions.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use everwire::server::MemoryStore;
use everwire::session::{Delta, Found, Frame, Record, SessionStore, Stored, Tombstone};

use super::book::Book;
use crate::stats::lock;

/// A store that knows what it holds, so that it can lose it.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    kept: MemoryStore,
    held: Arc<Mutex<BTreeSet<[u8; 16]>>>,
    book: Arc<Book>,
}

impl Shelf {
    pub(super) fn new(book: &Arc<Book>) -> Self {
        Self { kept: MemoryStore::new(), held: Arc::default(), book: Arc::clone(book) }
    }

    /// Ends every session, each with the proof of how far it came.
    pub(super) async fn bury(&self) -> io::Result<()> {
        let held = lock(&self.held).clone();
        for id in held {
            if let Some(Found::Session(stored)) = self.load(id).await.map_err(io::Error::other)? {
                let state = &stored.state;
                let tombstone = Tombstone { recv: state.accepted, next: state.last + 1 };
                self.bury_one(id, state.fence, tombstone).await?;
            }
        }
        Ok(())
    }

    async fn bury_one(&self, id: [u8; 16], fence: u64, tombstone: Tombstone) -> io::Result<()> {
        self::SessionStore::bury(self, id, fence, tombstone).await.map(drop).map_err(io::Error::other)
    }
}

impl SessionStore for Shelf {
    type Error = <MemoryStore as SessionStore>::Error;

    async fn load(&self, id: [u8; 16]) -> Result<Option<Found>, Self::Error> {
        let found = self.kept.load(id).await?;
        if let Some(Found::Session(stored)) = &found {
            for (channel, record) in &stored.channels {
                if let Some(name) = name_of(record) {
                    self.book.opened(id, *channel, &name);
                }
            }
        }
        Ok(found)
    }

    async fn left(&self) -> Result<Vec<[u8; 16]>, Self::Error> {
        let left = self.kept.left().await?;
        lock(&self.held).extend(left.iter().copied());
        Ok(left)
    }

    async fn create(&self, session: Stored) -> Result<(), Self::Error> {
        lock(&self.held).insert(session.identity.id);
        self.kept.create(session).await
    }

    async fn bind(&self, id: [u8; 16], held: u64, fence: u64) -> Result<bool, Self::Error> {
        self.kept.bind(id, held, fence).await
    }

    async fn commit(&self, id: [u8; 16], delta: &Delta) -> Result<bool, Self::Error> {
        self.kept.commit(id, delta).await
    }

    async fn bury(&self, id: [u8; 16], held: u64, tombstone: Tombstone) -> Result<bool, Self::Error> {
        lock(&self.held).remove(&id);
        self.kept.bury(id, held, tombstone).await
    }
}

/// The name in an OPEN record.
fn name_of(record: &[u8]) -> Option<String> {
    let frame = [&[1, 1], record].concat();
    match Frame::read(&frame).ok()?.next()?.ok()?.record {
        Record::Open { name, .. } => Some(name.text(&frame).to_owned()),
        _ => None,
    }
}
