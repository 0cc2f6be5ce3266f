//! Requests and channels of a session, by number.

use std::collections::{BTreeMap, BTreeSet};

use super::endpoint::Answer;
use super::store::Stored;
use super::wire::{Frame, Record};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ledger {
    /// Requests of this side that wait for their answer, and the next one's number.
    pub(super) asked: BTreeSet<u64>,
    pub(super) next_request: u64,
    /// The peer's requests that wait for their answer, and the highest number so far.
    pub(super) asking: BTreeSet<u64>,
    pub(super) last_asking: u64,
    /// Open channels, each with the OPEN record that made it, and the highest number so far.
    pub(super) channels: BTreeMap<u64, Vec<u8>>,
    pub(super) last_channel: u64,
}

/// What the arrival of a record did, or is to do when it is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Effect {
    /// `before` is the highest number there was.
    Asked {
        id: u64,
        before: u64,
        refused: Option<Answer>,
    },
    Answered {
        id: u64,
    },
    /// `before` is the highest number there was.
    Opened {
        channel: u64,
        before: u64,
        refused: bool,
    },
    Shut {
        channel: u64,
        record: Vec<u8>,
    },
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self {
            asked: BTreeSet::new(),
            next_request: 1,
            asking: BTreeSet::new(),
            last_asking: 0,
            channels: BTreeMap::new(),
            last_channel: 0,
        }
    }

    pub(super) fn restored(stored: &Stored) -> Self {
        let state = &stored.state;
        Self {
            asked: state.asked.clone(),
            next_request: state.next_request,
            asking: state.asking.clone(),
            last_asking: state.last_asking,
            channels: stored.channels.clone(),
            last_channel: state.last_channel,
        }
    }

    /// Takes back what a record did. The latest comes first.
    pub(super) fn undo(&mut self, effect: &Effect) {
        match effect {
            Effect::Asked { id, before, .. } => {
                self.asking.remove(id);
                self.last_asking = *before;
            }
            Effect::Answered { id } => {
                self.asked.insert(*id);
            }
            Effect::Opened { channel, before, .. } => {
                self.channels.remove(channel);
                self.last_channel = *before;
            }
            Effect::Shut { channel, record } => {
                self.channels.insert(*channel, record.clone());
            }
        }
    }

    /// Whether a record that was never accepted goes on in the next session, and its number if it is a
    /// request. What nobody waits for any more, or whose channel is shut, does not.
    pub(super) fn carried(&self, record: &[u8]) -> Option<Option<u64>> {
        let mut frame = vec![1, 1];
        frame.extend_from_slice(record);
        let open = |channel: &u64| *channel == 0 || self.channels.contains_key(channel);
        match Frame::read(&frame).ok()?.next()?.ok()?.record {
            Record::Message { channel, .. } => open(&channel).then_some(None),
            Record::Request { id, channel, .. } => {
                (open(&channel) && self.asked.contains(&id)).then_some(Some(id))
            }
            _ => None,
        }
    }
}
