use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::faults::Way;

/// What a proxy has counted.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProxyStats {
    /// Decides the cuts of the faults in force.
    pub seed: u32,
    /// Connections accepted.
    pub connections: u64,
    /// Those that are there now.
    pub open: u64,
    /// WebSocket handshakes that have passed completely.
    pub upgrades: u64,
    /// Connections cut, in whatever way.
    pub cuts: u64,
    /// Bytes passed on to the server, those of heads included.
    pub bytes_up: u64,
    /// Bytes passed on to the client, those of heads included.
    pub bytes_down: u64,
    /// Bytes read and passed on to nobody.
    pub swallowed: u64,
}

/// The counters behind [`ProxyStats`].
#[derive(Debug, Default)]
pub(crate) struct Tally {
    connections: AtomicU64,
    ended: AtomicU64,
    upgrades: AtomicU64,
    cuts: AtomicU64,
    up: AtomicU64,
    down: AtomicU64,
    swallowed: AtomicU64,
}

impl Tally {
    pub(crate) fn accepted(&self) {
        add(&self.connections, 1);
    }

    pub(crate) fn ended(&self) {
        add(&self.ended, 1);
    }

    pub(crate) fn upgraded(&self) {
        add(&self.upgrades, 1);
    }

    pub(crate) fn cut(&self) {
        add(&self.cuts, 1);
    }

    pub(crate) fn passed(&self, way: Way, bytes: usize) {
        let counter = match way {
            Way::Up => &self.up,
            Way::Down => &self.down,
        };
        add(counter, bytes);
    }

    pub(crate) fn swallowed(&self, bytes: usize) {
        add(&self.swallowed, bytes);
    }

    pub(crate) fn stats(&self, seed: u32) -> ProxyStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let ended = read(&self.ended);
        let connections = read(&self.connections);
        ProxyStats {
            seed,
            connections,
            open: connections.saturating_sub(ended),
            upgrades: read(&self.upgrades),
            cuts: read(&self.cuts),
            bytes_up: read(&self.up),
            bytes_down: read(&self.down),
            swallowed: read(&self.swallowed),
        }
    }
}

fn add(counter: &AtomicU64, amount: usize) {
    counter.fetch_add(amount as u64, Ordering::Relaxed);
}
