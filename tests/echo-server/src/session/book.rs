//! What is known of a room's sessions, whatever becomes of their server.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use everwire::server::{Connected, Peer, Server};
use serde::Serialize;

use super::handler::Clients;
use super::manner::Manner;
use super::shelf::Shelf;
use crate::drill::Drill;
use crate::stats::lock;
use crate::tokens::Tokens;

/// The counters of one room, and how its sessions are to be treated.
pub(crate) struct Book {
    pub(super) tokens: Arc<Tokens>,
    server: Mutex<Option<Server<Shelf, Clients>>>,
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    pages: BTreeMap<[u8; 16], Page>,
    /// The oldest first.
    order: VecDeque<[u8; 16]>,
    counts: SessionsStats,
    /// Handshakes that were spoiled.
    spoiled: u64,
}

/// One session.
#[derive(Default)]
pub(super) struct Page {
    pub(super) manner: Manner,
    pub(super) peer: Option<Peer>,
    pub(super) channels: BTreeMap<u64, String>,
    pub(super) drill: Drill,
    pub(super) stats: SessionStats,
}

/// The sessions of a room.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionsStats {
    /// Clients that began without any.
    pub new: u64,
    /// Clients that asked for one and were given another.
    pub lost: u64,
    /// Clients that went on with theirs.
    pub resumed: u64,
    /// Sessions that ended while their server ran.
    pub ended: u64,
    /// The latest 1,000 sessions, oldest first.
    pub each: Vec<SessionStats>,
}

/// One session.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionStats {
    /// Its name, in hexadecimal digits.
    pub session: String,
    /// Connections it had.
    pub connections: u64,
    /// Messages that arrived.
    pub messages: u64,
    /// Volatile messages that arrived.
    pub volatile: u64,
    /// Requests that arrived.
    pub requests: u64,
    /// Of messages that are whole numbers: how many there were.
    pub counted: u64,
    /// Of those the first.
    pub first: u64,
    /// And the latest.
    pub last: u64,
    /// How often numbers were left out.
    pub gaps: u64,
    /// How often a number came that was not higher than the one before.
    pub duplicates: u64,
    /// How it ended, if it has.
    pub ended: Option<String>,
}

impl Book {
    pub(crate) fn new(tokens: Arc<Tokens>) -> Self {
        Self { tokens, server: Mutex::default(), pages: Mutex::default() }
    }

    /// None if no client ever had a session.
    pub(crate) fn stats(&self) -> Option<SessionsStats> {
        let pages = self.pages();
        let each: Vec<_> = pages
            .order
            .iter()
            .filter_map(|id| {
                pages.pages.get(id).map(|page| SessionStats { session: hex(id), ..page.stats.clone() })
            })
            .collect();
        (!each.is_empty()).then(|| SessionsStats { each, ..pages.counts.clone() })
    }

    /// Starts counting anew. Sessions that live are counted on from zero.
    pub(crate) fn reset(&self) {
        let mut pages = self.pages();
        pages.counts = SessionsStats::default();
        pages.spoiled = 0;
        pages.pages.values_mut().for_each(|page| page.stats = SessionStats::default());
        let over = |peer: &Option<Peer>| peer.as_ref().is_none_or(Peer::is_over);
        pages.pages.retain(|_, page| !over(&page.peer));
        let Pages { pages, order, .. } = &mut *pages;
        order.retain(|id| pages.contains_key(id));
    }

    /// The server that runs now.
    pub(super) fn serve(&self, server: Option<Server<Shelf, Clients>>) {
        *lock(&self.server) = server;
    }

    /// The client of a session that lives.
    pub(super) fn peer(&self, id: [u8; 16]) -> Option<Peer> {
        self.server()?.peers().into_iter().find(|peer| peer.session() == id)
    }

    pub(super) fn server(&self) -> Option<Server<Shelf, Clients>> {
        lock(&self.server).clone()
    }

    /// Does something with the page of a session, which is made if need be.
    pub(super) fn page<T>(&self, id: [u8; 16], act: impl FnOnce(&mut Page) -> T) -> T {
        let mut pages = self.pages();
        let Pages { pages, order, .. } = &mut *pages;
        if let Some(page) = pages.get_mut(&id) {
            return act(page);
        }
        order.push_back(id);
        if order.len() > MAX_PAGES
            && let Some(oldest) = order.pop_front()
        {
            pages.remove(&oldest);
        }
        act(pages.entry(id).or_default())
    }

    pub(super) fn opened(&self, id: [u8; 16], channel: u64, name: &str) {
        self.page(id, |page| page.channels.insert(channel, name.to_owned()));
    }

    pub(super) fn connected(&self, peer: &Peer, how: Connected) {
        self.page(peer.session(), |page| {
            page.peer = Some(peer.clone());
            page.stats.connections += 1;
        });
        let counts = &mut self.pages().counts;
        *match how {
            Connected::New => &mut counts.new,
            Connected::Lost => &mut counts.lost,
            Connected::Resumed => &mut counts.resumed,
        } += 1;
    }

    pub(super) fn ended(&self, id: [u8; 16], cause: String) {
        self.page(id, |page| page.stats.ended = Some(cause));
        self.pages().counts.ended += 1;
    }

    /// Whether one more handshake may be spoiled, of so many.
    pub(super) fn may_spoil(&self, times: u64) -> bool {
        let mut pages = self.pages();
        let may = pages.spoiled < times;
        pages.spoiled += u64::from(may);
        may
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        lock(&self.pages)
    }
}

impl std::fmt::Debug for Book {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Book").finish_non_exhaustive()
    }
}

impl SessionStats {
    /// Takes a message into account.
    pub(super) fn count(&mut self, text: Option<&str>) {
        self.messages += 1;
        let Some(number) = text.and_then(|text| text.parse::<u64>().ok()) else { return };
        self.counted += 1;
        if self.counted == 1 {
            self.first = number;
        } else if number <= self.last {
            self.duplicates += 1;
        } else if number > self.last + 1 {
            self.gaps += 1;
        }
        self.last = self.last.max(number);
    }
}

pub(super) fn hex(id: &[u8; 16]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

const MAX_PAGES: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(numbers: &[&str]) -> (u64, u64, u64, u64, u64) {
        let mut stats = SessionStats::default();
        numbers.iter().for_each(|number| stats.count(Some(number)));
        (stats.counted, stats.first, stats.last, stats.gaps, stats.duplicates)
    }

    #[test]
    fn numbers_are_checked_for_gaps_and_duplicates() {
        assert_eq!(counted(&["1", "2", "3"]), (3, 1, 3, 0, 0));
        assert_eq!(counted(&["1", "3", "4"]), (3, 1, 4, 1, 0));
        assert_eq!(counted(&["1", "2", "2", "1", "3"]), (5, 1, 3, 0, 2));
        assert_eq!(counted(&["7", "x", "8"]), (2, 7, 8, 0, 0));
    }
}
