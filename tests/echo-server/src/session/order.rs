//! What a session's connection can be told.

use super::spoil::{Closing, GoAway, Withheld};

/// Something a server should not do, or not without reason.
#[derive(Clone, Debug)]
pub(crate) enum Prank {
    /// These bytes as a frame.
    Frame(Vec<u8>),
    /// A message with this number; none: one too high.
    Number(Option<u64>),
    /// The last frame with numbered records once more.
    Again,
    /// A frame larger than the client takes.
    Oversize,
    /// The WELCOME once more.
    Welcome,
    /// An acknowledgement of what was never sent.
    Acknowledge(Option<u64>),
    Withhold(Option<Withheld>),
    Close(Closing),
    GoAway(GoAway),
}

impl Prank {
    /// What it costs to keep, in bytes.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Frame(bytes) => bytes.len(),
            _ => 0,
        }
    }
}
