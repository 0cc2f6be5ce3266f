//! Which waiting message has which key: a hash table of slots, chained through the slots themselves.

/// No slot.
pub(crate) const NONE: u32 = u32::MAX;

/// The heads of the chains; the links are in the entries.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    heads: Vec<u32>,
    keyed: usize,
    seed: u64,
}

/// An entry's key and its place in a chain.
#[derive(Clone, Debug)]
pub(crate) struct Keyed {
    pub(crate) key: Box<str>,
    pub(crate) hash: u32,
    pub(crate) next: u32,
}

impl Buckets {
    pub(crate) fn new(seed: u64) -> Self {
        Self { heads: Vec::new(), keyed: 0, seed }
    }

    /// FNV-1a from the machine's seed, so that nobody can choose collisions.
    pub(crate) fn hash(&self, lane: u8, key: &str) -> u32 {
        let mut hash = self.seed ^ 0xcbf2_9ce4_8422_2325 ^ u64::from(lane);
        for byte in key.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        // The high bits are the well-mixed ones.
        (hash >> 32) as u32
    }

    /// The first slot of the chain that `hash` belongs to.
    pub(crate) fn head(&self, hash: u32) -> u32 {
        self.heads.get(self.index(hash)).copied().unwrap_or(NONE)
    }

    /// Makes `slot` the head of its chain and gives back the head before.
    pub(crate) fn link(&mut self, hash: u32, slot: u32) -> u32 {
        let index = self.index(hash);
        self.heads.get_mut(index).map_or(NONE, |head| core::mem::replace(head, slot))
    }

    /// Counts one more key. Every chain must be built anew if this says so.
    pub(crate) fn add(&mut self) -> bool {
        self.keyed += 1;
        let full = self.keyed > self.heads.len();
        if full {
            let size = (self.heads.len() * 2).max(16);
            self.heads.clear();
            self.heads.resize(size, NONE);
        }
        full
    }

    /// Counts one key less.
    pub(crate) fn remove(&mut self) {
        self.keyed -= 1;
    }

    /// Gives memory back; for when there is no key left.
    pub(crate) fn clear(&mut self) {
        self.heads = Vec::new();
        self.keyed = 0;
    }

    fn index(&self, hash: u32) -> usize {
        // The number of heads is a power of two.
        hash as usize & self.heads.len().wrapping_sub(1)
    }
}
