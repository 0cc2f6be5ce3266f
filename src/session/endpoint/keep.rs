//! What a store is given, and how a session comes back from it.

use std::collections::VecDeque;

use super::{Endpoint, Role};
use crate::session::durable::Durable;
use crate::session::handshake::Limits;
use crate::session::ledger::{Effect, Ledger};
use crate::session::outgoing::Answer;
use crate::session::receiver::Receiver;
use crate::session::sender::Sender;
use crate::session::store::{Delta, State, Stored};
use crate::session::table::Table;

/// What a half remembers for its store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Journal {
    /// The store lacks something that no delta has told it.
    pub(super) unkept: bool,
    /// Records up to this number have been given to it.
    stored: u64,
    /// Channels that no delta has told of: opened with this record, or shut.
    channel_changes: Table<Option<Vec<u8>>>,
    /// What records that arrived and are not accepted did to the ledger, each with its number.
    pub(super) effects: VecDeque<(u64, Effect)>,
    /// How many sessions there were before this one, so that a delta of theirs keeps nothing of it.
    epoch: u64,
}

impl Journal {
    /// Another session has begun.
    pub(super) fn restart(&mut self) {
        *self = Self { epoch: self.epoch + 1, ..Self::default() };
    }
}

impl Endpoint {
    /// Requests of the peer's whose handler is gone are answered.
    pub(in crate::session) fn restored(role: Role, limits: Limits, stored: &Stored) -> Self {
        let records: Vec<_> = stored.records.iter().map(|(seq, record)| (*seq, &**record)).collect();
        let state = &stored.state;
        let sender = Sender::restored(state.acked, state.acked_end, &records);
        let new = Self::new(role, limits, true);
        let mut restored = Self {
            journal: Durable::new(true, Journal { stored: sender.last(), ..Journal::default() }),
            sender,
            receiver: Receiver::restored(new.limits.window, state),
            ledger: Ledger::restored(stored),
            ..new
        };
        for id in core::mem::take(&mut restored.ledger.asking).iter().copied() {
            restored.refuse(id, Answer::Interrupted as u64);
        }
        restored
    }

    /// The state that a delta tells has changed.
    pub(in crate::session) fn touch(&mut self) {
        if let Some(journal) = self.journal.as_mut() {
            journal.unkept = true;
        }
    }

    /// A session has begun, of which a store has nothing.
    pub(in crate::session) fn begin(&mut self) {
        if let Some(journal) = self.journal.as_mut() {
            journal.unkept = true;
            journal.stored = 0;
            let channels = self.ledger.channels.iter();
            journal.channel_changes =
                channels.map(|(channel, record)| (*channel, Some(record.clone()))).collect();
        }
    }

    /// What changed since the last one, up to the last record accepted: one that is not arrives again after a
    /// restart, and must find what it found before.
    /// None if nothing did.
    pub(in crate::session) fn delta(&mut self, fence: u64, confirmed: bool) -> Option<Delta> {
        let journal = self.journal.as_mut().filter(|journal| journal.unkept)?;
        let appended = self.sender.records_from(journal.stored + 1);
        let appended = appended.map(|(seq, record)| (seq, record.into())).collect();
        journal.stored = self.sender.last();
        journal.unkept = false;
        let mut state = State {
            fence,
            confirmed,
            accepted: self.receiver.accepted(),
            accepted_end: self.receiver.accepted_end(),
            granted: self.receiver.may_grant(),
            acked: self.sender.acked(),
            acked_end: self.sender.acked_end(),
            last: self.sender.last(),
            asked: self.ledger.asked.clone(),
            next_request: self.ledger.next_request,
            asking: self.ledger.asking.clone(),
            last_asking: self.ledger.last_asking,
            last_channel: self.ledger.last_channel,
        };
        journal.effects.iter().rev().for_each(|(_, effect)| effect.undo(&mut state));
        let channels = core::mem::take(&mut journal.channel_changes);
        Some(Delta { epoch: journal.epoch, state, appended, channels })
    }

    pub(in crate::session) fn keep(&mut self, delta: &Delta) {
        if self.journal.as_ref().is_some_and(|journal| journal.epoch == delta.epoch) {
            self.sender.keep(delta.state.last);
            self.receiver.keep(delta.state.accepted, delta.state.accepted_end);
        }
    }

    pub(super) fn change_channel(&mut self, channel: u64, record: Option<&[u8]>) {
        if let Some(journal) = self.journal.as_mut() {
            journal.channel_changes.insert(channel, record.map(<[u8]>::to_vec));
        }
    }
}
