//! Where a room keeps its sessions.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use everwire::server::{FileOptions, FileStore, MemoryStore};
use everwire::session::{Delta, Found, Frame, Record, SessionStore, Stored, Tombstone};
use tokio::task::spawn_blocking;

use super::book::Book;
use crate::stats::lock;

/// A store that knows what it holds, so that it can lose it.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    kept: Kept,
    held: Arc<Mutex<BTreeSet<[u8; 16]>>>,
    book: Arc<Book>,
}

#[derive(Clone, Debug)]
enum Kept {
    Memory(MemoryStore),
    Files(FileStore),
}

/// The same of either store.
macro_rules! kept {
    ($kept:expr, $store:ident => $call:expr) => {
        match &$kept {
            Kept::Memory($store) => $call.await.map_err(io::Error::other),
            Kept::Files($store) => $call.await.map_err(io::Error::other),
        }
    };
}

impl Shelf {
    /// What is in this directory, or nothing yet, in memory.
    pub(super) async fn open(directory: Option<PathBuf>, book: &Arc<Book>) -> io::Result<Self> {
        let kept = match directory {
            None => Kept::Memory(MemoryStore::new()),
            Some(directory) => {
                let opening = spawn_blocking(|| FileStore::open(directory, FileOptions::default()));
                Kept::Files(opening.await?.map_err(io::Error::other)?)
            }
        };
        let shelf = Self { kept, held: Arc::default(), book: Arc::clone(book) };
        let left = kept!(shelf.kept, store => store.left())?;
        lock(&shelf.held).extend(left);
        Ok(shelf)
    }

    /// Ends every session, each with the proof of how far it came.
    pub(super) async fn bury_all(&self) -> io::Result<()> {
        for id in self.left().await? {
            if let Some(Found::Session(stored)) = self.load(id).await? {
                let state = &stored.state;
                let tombstone = Tombstone { recv: state.accepted, next: state.last + 1 };
                self.bury(id, state.fence, Some(tombstone)).await?;
            }
        }
        Ok(())
    }

    /// Loses everything. Nobody else may have this store any more.
    pub(super) async fn forget(self, directory: Option<PathBuf>) -> io::Result<()> {
        drop(self);
        match directory {
            Some(directory) => tokio::fs::remove_dir_all(directory).await,
            None => Ok(()),
        }
    }
}

impl SessionStore for Shelf {
    type Error = io::Error;

    async fn load(&self, id: [u8; 16]) -> io::Result<Option<Found>> {
        let found = kept!(self.kept, store => store.load(id))?;
        if let Some(Found::Session(stored)) = &found {
            for (channel, record) in &stored.channels {
                if let Some(name) = name_of(record) {
                    self.book.opened(id, *channel, &name);
                }
            }
        }
        Ok(found)
    }

    /// A room has one server, and this is asked when another begins.
    async fn left(&self) -> io::Result<Vec<[u8; 16]>> {
        Ok(lock(&self.held).iter().copied().collect())
    }

    async fn create(&self, session: Stored) -> io::Result<()> {
        lock(&self.held).insert(session.identity.id);
        kept!(self.kept, store => store.create(session))
    }

    async fn bind(&self, id: [u8; 16], held: u64, fence: u64) -> io::Result<bool> {
        kept!(self.kept, store => store.bind(id, held, fence))
    }

    async fn commit(&self, id: [u8; 16], delta: &Delta) -> io::Result<bool> {
        kept!(self.kept, store => store.commit(id, delta))
    }

    async fn bury(&self, id: [u8; 16], held: u64, tombstone: Option<Tombstone>) -> io::Result<bool> {
        lock(&self.held).remove(&id);
        kept!(self.kept, store => store.bury(id, held, tombstone))
    }
}

/// The name in an OPEN record.
fn name_of(record: &[u8]) -> Option<String> {
    let frame = [&[1, 1], record].concat();
    match Frame::read(&frame).ok()?.next()?.ok()?.says() {
        Record::Open { name, .. } => Some(name.text(&frame).to_owned()),
        _ => None,
    }
}
