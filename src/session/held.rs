//! Bytes in a row, put in at the end and taken out at the beginning.

use core::hash::{Hash, Hasher};

#[derive(Clone, Debug)]
pub(super) struct Held {
    bytes: Vec<u8>,
    /// What stands before this is gone. It is cleared away when it is more than what is left.
    start: usize,
}

impl Held {
    pub(super) const fn new() -> Self {
        Self { bytes: Vec::new(), start: 0 }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn drop_first(&mut self, count: usize) {
        self.start = (self.start + count).min(self.bytes.len());
        if self.start > self.bytes.len() / 2 {
            let left = self.bytes.len() - self.start;
            self.bytes.copy_within(self.start.., 0);
            self.bytes.truncate(left);
            self.start = 0;
        }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Held {}

impl Hash for Held {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}
