//! The payload of the tests.

use everwire::core::{Micros, Payload, SendOptions};

/// A message with a name of its own, so that its fate can be told from that of its twins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub id: u32,
    pub text: String,
    pub len: usize,
}

impl Payload for Letter {
    fn byte_len(&self) -> usize {
        self.len
    }
}

/// Options of a message that replaces its like.
pub fn keyed(key: &str) -> SendOptions {
    SendOptions { key: Some(key.into()), ..SendOptions::default() }
}

/// Options of a message that waits no longer than this.
pub fn ttl(millis: u64) -> SendOptions {
    SendOptions { ttl: Some(Micros::from_millis(millis)), ..SendOptions::default() }
}

/// Options of a message of this lane.
pub fn lane(lane: u8) -> SendOptions {
    SendOptions { lane, ..SendOptions::default() }
}
