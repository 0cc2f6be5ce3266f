//! The network and the server.

use std::collections::VecDeque;

use everwire::core::{Close, Kind, LinkId};

use super::agenda::Happening;
use super::faults::Fault;
use super::world::World;

/// What travels from the client to the server.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    Letter(u32),
    Ping,
}

/// One connection, seen from both ends.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    /// The client's socket is open.
    pub(super) client: bool,
    /// The server's end is.
    pub(super) server: bool,
    /// Neither end knows, but nothing gets through any more.
    pub(super) dead: bool,
    pub(super) latency: u64,
    /// The client's buffer.
    pub(super) buffer: VecDeque<(Item, u64)>,
    pub(super) buffered: u64,
    pub(super) leaving: bool,
    /// What the client's socket took.
    pub(super) handed: Vec<u32>,
    /// How much of it the server has.
    pub(super) received: usize,
}

impl World {
    pub(super) fn pipe(&mut self, link: LinkId) -> &mut Pipe {
        self.pipes.get_mut(&link).expect("a link that was dialed")
    }

    pub(super) fn leaves(&mut self, link: LinkId) {
        let (offline, slow) = (self.is(Fault::Offline), self.is(Fault::Slow));
        let pipe = self.pipe(link);
        if !pipe.client || pipe.dead {
            return;
        }
        if offline {
            return self.plan(500, Happening::Leaves(link));
        }
        let Some((item, len)) = pipe.buffer.pop_front() else {
            pipe.leaving = false;
            return;
        };
        pipe.buffered -= len;
        let latency = pipe.latency;
        let millis = if slow { len / 2 } else { len / 1_000 };
        self.plan(latency, Happening::Reaches(link, item));
        self.plan(millis, Happening::Leaves(link));
    }

    pub(super) fn reaches(&mut self, link: LinkId, item: Item) {
        let pipe = self.pipe(link);
        if !pipe.server || pipe.dead {
            return;
        }
        match item {
            Item::Letter(letter) => {
                assert_eq!(pipe.handed.get(pipe.received), Some(&letter), "out of order on {link:?}");
                pipe.received += 1;
                assert!(self.arrived.insert(letter), "message {letter} arrived twice");
            }
            Item::Ping => {
                let latency = pipe.latency;
                self.plan(latency, Happening::Arrives(link, Kind::Pong));
            }
        }
    }

    pub(super) fn server_closes(&mut self, close: Close) {
        let Some(link) = self.machine.link() else { return };
        let pipe = self.pipe(link);
        if pipe.server && !pipe.dead {
            pipe.server = false;
            let latency = pipe.latency;
            // Not before it is open.
            self.plan(3 * latency, Happening::Closes(link, close));
        }
    }

    pub(super) fn link_dies(&mut self) {
        if let Some(link) = self.machine.link() {
            self.pipe(link).dead = true;
        }
    }
}
