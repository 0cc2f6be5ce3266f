//! What a store is given, and how a session comes back from it.

use super::{Endpoint, Role};
use crate::session::handshake::Limits;
use crate::session::ledger::Ledger;
use crate::session::outgoing::Answer;
use crate::session::receiver::Receiver;
use crate::session::sender::Sender;
use crate::session::store::{Delta, State, Stored};

impl Endpoint {
    /// Requests of the peer's whose handler is gone are answered.
    pub(in crate::session) fn restored(role: Role, limits: Limits, stored: &Stored) -> Self {
        let records: Vec<_> = stored.records.iter().map(|(seq, record)| (*seq, &**record)).collect();
        let state = &stored.state;
        let sender = Sender::restored(state.acked, state.acked_end, &records);
        let new = Self::new(role, limits, true);
        let mut restored = Self {
            stored: sender.last(),
            sender,
            receiver: Receiver::restored(new.limits.window, state),
            ledger: Ledger::restored(stored),
            ..new
        };
        for id in core::mem::take(&mut restored.ledger.asking).iter().copied() {
            restored.refuse(id, Answer::Interrupted);
        }
        restored
    }

    /// The state that a delta tells has changed.
    pub(in crate::session) fn touch(&mut self) {
        self.unkept = true;
    }

    /// A session has begun, of which a store has nothing.
    pub(in crate::session) fn begin(&mut self) {
        self.unkept = true;
        self.stored = 0;
        if self.is_durable() {
            let channels = self.ledger.channels.iter();
            self.channel_changes =
                channels.map(|(channel, record)| (*channel, Some(record.clone()))).collect();
        }
    }

    /// What changed since the last one, up to the last record accepted: one that is not arrives again after a
    /// restart, and must find what it found before.
    pub(in crate::session) fn delta(&mut self, fence: u64, confirmed: bool) -> Delta {
        let appended = self.sender.records_from(self.stored + 1);
        let appended = appended.map(|(seq, record)| (seq, record.into())).collect();
        self.stored = self.sender.last();
        self.unkept = false;
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
        self.effects.iter().rev().for_each(|(_, effect)| effect.undo(&mut state));
        Delta { epoch: self.epoch, state, appended, channels: core::mem::take(&mut self.channel_changes) }
    }

    pub(in crate::session) fn keep(&mut self, delta: &Delta) {
        if delta.epoch == self.epoch {
            self.sender.keep(delta.state.last);
            self.receiver.keep(delta.state.accepted, delta.state.accepted_end);
        }
    }

    /// Whether a store lacks something that no delta has told it.
    pub(in crate::session) fn is_unkept(&self) -> bool {
        self.is_durable() && self.unkept
    }

    pub(super) fn change_channel(&mut self, channel: u64, record: Option<&[u8]>) {
        if self.is_durable() {
            self.channel_changes.insert(channel, record.map(<[u8]>::to_vec));
        }
    }
}
