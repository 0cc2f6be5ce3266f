//! Which sessions have which channels open.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::peer::Peer;

/// A session, and the number that a channel has in it.
type Seat = ([u8; 16], u64);

#[derive(Default)]
pub(super) struct Hub(Mutex<Rooms>);

#[derive(Default)]
struct Rooms {
    by_name: HashMap<String, HashMap<Seat, Peer>>,
    names: HashMap<[u8; 16], HashMap<u64, String>>,
}

impl Hub {
    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn join(&self, name: &str, peer: &Peer, channel: u64) {
        let mut rooms = self.rooms();
        let id = peer.session();
        rooms.by_name.entry(name.to_owned()).or_default().insert((id, channel), peer.clone());
        rooms.names.entry(id).or_default().insert(channel, name.to_owned());
    }

    pub(super) fn leave(&self, peer: &Peer, channel: u64) {
        let mut rooms = self.rooms();
        let id = peer.session();
        let Some(names) = rooms.names.get_mut(&id) else { return };
        let Some(name) = names.remove(&channel) else { return };
        if names.is_empty() {
            rooms.names.remove(&id);
        }
        rooms.vacate(&name, (id, channel));
    }

    pub(super) fn leave_all(&self, peer: &Peer) {
        let mut rooms = self.rooms();
        let id = peer.session();
        for (channel, name) in rooms.names.remove(&id).unwrap_or_default() {
            rooms.vacate(&name, (id, channel));
        }
    }

    pub(super) fn members(&self, name: &str) -> Vec<(Peer, u64)> {
        let rooms = self.rooms();
        let members = rooms.by_name.get(name).into_iter().flatten();
        members.map(|((_, channel), peer)| (peer.clone(), *channel)).collect()
    }
}

impl Rooms {
    fn vacate(&mut self, name: &str, seat: Seat) {
        if let Some(members) = self.by_name.get_mut(name) {
            members.remove(&seat);
            if members.is_empty() {
                self.by_name.remove(name);
            }
        }
    }
}
