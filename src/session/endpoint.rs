//! What both halves of a session have in common once they have greeted each other.

mod arrive;
mod keep;
mod leave;

use self::keep::Journal;
use super::durable::Durable;
use super::event::Loss;
use super::handshake::{Limits, Position, Tombstone};
use super::held::Held;
use super::ledger::Ledger;
use super::receiver::Receiver;
use super::sender::Sender;
use super::table::Numbers;
use super::wire::{Ack, FRAME_OVERHEAD};

/// The longest OPEN record, so that what both sides remember of channels is bounded.
pub const OPEN_MAX: usize = 8 * 1024;

/// Which half this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    Client,
    Server,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Endpoint {
    role: Role,
    pub(super) limits: Limits,
    pub(super) sender: Sender,
    pub(super) receiver: Receiver,
    /// The fence of the connection that carries the session.
    pub(super) link: Option<u64>,
    /// The peer has said its last word on this link.
    ended: bool,
    /// Records without a number, for the next frame.
    control: Held<u8>,
    /// How long each of them is.
    control_lens: Held<u64>,
    /// Empty: where the head of a message is made.
    head: Vec<u8>,
    /// Requests and channels, as what has arrived and what was bound make them.
    ledger: Ledger,
    /// What arrived, is not accepted and is to be refused then: of each the record's number, the number of the request or
    /// channel, and the answer to the request, 0 for a channel.
    refusing: Held<u64>,
    /// Records with which this half has refused something of itself, until the peer has accepted them.
    refusals: Held<u64>,
    /// Where a store keeps the session: nothing is written or acknowledged before it is kept.
    journal: Durable<Journal>,
}

impl Endpoint {
    pub(super) fn new(role: Role, limits: Limits, durable: bool) -> Self {
        let limits = limits.sound();
        Self {
            role,
            sender: Sender::new(durable),
            receiver: Receiver::new(limits.window, durable),
            limits,
            link: None,
            ended: false,
            control: Held::new(),
            control_lens: Held::new(),
            head: Vec::new(),
            ledger: Ledger::new(),
            refusing: Held::new(),
            refusals: Held::new(),
            journal: Durable::new(durable, Journal::default()),
        }
    }

    /// The npm package is a client: what a server does is not compiled into it.
    fn is_client(&self) -> bool {
        cfg!(feature = "js") || self.role == Role::Client
    }

    pub(super) fn is_durable(&self) -> bool {
        self.journal.as_ref().is_some()
    }

    /// Where this side stands, for a handshake. Takes the credit it tells for granted.
    pub(super) fn position(&mut self) -> Position {
        let Ack { to, credit } = self.receiver.grant();
        Position {
            first: self.sender.first(),
            next: self.sender.last() + 1,
            recv: to,
            credit,
            max_frame: self.limits.max_frame,
        }
    }

    /// Another connection carries the session from here on.
    pub(super) fn relink(&mut self, fence: u64, told: Option<Ack>) {
        self.link = Some(fence);
        self.ended = false;
        self.control.clear();
        self.control_lens.clear();
        self.receiver.relink(told);
    }

    /// The session is over. With what the peer proves, nothing is in doubt. `carry`: what was never accepted
    /// goes on in the next one, as far as it fits frames of so many bytes.
    pub(super) fn lose(&mut self, tombstone: Option<Tombstone>, carry: Option<u64>) -> Loss {
        let old = &self.sender;
        // Whoever forgot what this side has heard or was told, proves nothing.
        let heard = self.receiver.received();
        let proof = tombstone
            .filter(|stone| (old.acked()..=old.written()).contains(&stone.recv) && stone.next > heard);
        let delivered = proof.map_or(old.acked(), |stone| stone.recv);
        let in_doubt = proof.map_or(old.written(), |stone| stone.recv);
        let missing = tombstone.is_none_or(|stone| stone.next != heard + 1);
        let mut sender = Sender::new(self.is_durable());
        let mut loss = Loss {
            delivered,
            in_doubt,
            last: old.last(),
            carried: Vec::new(),
            reopened: 0,
            requests: Vec::new(),
            asked: core::mem::take(&mut self.ledger.asked),
            received: heard,
            missing,
        };
        // Whoever goes on has the same channels.
        for record in self.ledger.channels.values() {
            sender.bind(record, &[]);
            loss.reopened += 1;
        }
        if let Some(max_frame) = carry {
            for (seq, bytes) in old.records_from(in_doubt + 1) {
                let fits = (bytes.len() + FRAME_OVERHEAD) as u64 <= max_frame;
                if let Some(id) = self.ledger.carried(bytes, &loss.asked).filter(|_| fits) {
                    sender.bind(bytes, &[]);
                    loss.carried.push(seq);
                    if id > 0 {
                        loss.requests.push(id);
                        self.ledger.asked.insert(id);
                    }
                }
            }
        }
        self.start(sender);
        loss
    }

    /// Starts anew with these records. What is asked of the peer, and the channels, stay.
    fn start(&mut self, sender: Sender) {
        let durable = self.is_durable();
        self.sender = sender;
        self.receiver = Receiver::new(self.limits.window, durable);
        self.link = None;
        self.ended = false;
        for numbers in [&mut self.control_lens, &mut self.refusing, &mut self.refusals] {
            numbers.clear();
        }
        self.control.clear();
        self.ledger.asking.clear();
        self.ledger.last_asking = 0;
        if let Some(journal) = self.journal.as_mut() {
            journal.restart();
        }
    }

    /// Starts anew, with nothing.
    pub(super) fn forget(&mut self) {
        self.ledger = Ledger::new();
        self.start(Sender::new(self.is_durable()));
    }

    /// Requests of this side that wait for their answer.
    pub(super) fn asked(&self) -> &Numbers {
        &self.ledger.asked
    }

    pub(super) fn channels(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.ledger.channels.iter().map(|(channel, record)| (*channel, record.as_slice()))
    }
}
