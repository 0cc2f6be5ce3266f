//! Requests and channels of a session, by number.

use super::table::{Numbers, Table};

use super::store::{State, Stored};
use super::wire::{Record, read_record};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ledger {
    /// Requests of this side that wait for their answer, and the next one's number.
    pub(super) asked: Numbers,
    pub(super) next_request: u64,
    /// The peer's requests that wait for their answer, and the highest number so far.
    pub(super) asking: Numbers,
    pub(super) last_asking: u64,
    /// Open channels, each with the OPEN record that made it, and the highest number so far.
    pub(super) channels: Table<Vec<u8>>,
    pub(super) last_channel: u64,
}

/// What the arrival of a record did, for a store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Effect {
    /// `before` is the highest number there was.
    Asked {
        id: u64,
        before: u64,
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
    /// The record is the OPEN that made the channel.
    Shut {
        channel: u64,
        record: Vec<u8>,
    },
}

impl Effect {
    /// The record that opened this channel, if this shuts it.
    pub(super) fn shuts(&self, of: u64) -> Option<&Vec<u8>> {
        match self {
            Self::Shut { channel, record } if *channel == of => Some(record),
            _ => None,
        }
    }

    /// Takes back in a state what the record did. The latest comes first.
    pub(super) fn undo(&self, state: &mut State) {
        match self {
            Self::Asked { id, before } => {
                state.asking.remove(id);
                state.last_asking = *before;
            }
            Self::Answered { id } => {
                state.asked.insert(*id);
            }
            Self::Opened { before, .. } => state.last_channel = *before,
            Self::Shut { .. } => {}
        }
    }
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self {
            asked: Numbers::new(),
            next_request: 1,
            asking: Numbers::new(),
            last_asking: 0,
            channels: Table::new(),
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

    /// Whether a record that was never accepted goes on in the next session, and its number if it is a
    /// request, 0 if it is none. What nobody waits for any more, or whose channel is shut, does not.
    pub(super) fn carried(&self, record: &[u8], asked: &Numbers) -> Option<u64> {
        let open = |channel: &u64| *channel == 0 || self.channels.contains_key(channel);
        match read_record(record)? {
            Record::Message { channel, .. } => open(&channel).then_some(0),
            Record::Request { id, channel, .. } => (open(&channel) && asked.contains(&id)).then_some(id),
            _ => None,
        }
    }
}
