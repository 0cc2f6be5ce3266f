//! Which waiting message has which key.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Debug;
use std::hash::{BuildHasher, DefaultHasher, Hasher};
use std::rc::Rc;

use super::outbox::{LANES, MessageId};

/// How the queue finds the message that another replaces.
pub trait Keys {
    /// What a sender says.
    type Key;
    /// What a waiting message keeps of it.
    type Kept: Debug;

    /// No message waits. Nobody who does not know the seed can make this slow.
    fn new(seed: u64) -> Self;
    /// The message that may still wait in this lane under this key.
    fn find(&self, lane: u8, key: &Self::Key) -> Option<MessageId>;
    /// A message waits under this key from now on.
    fn keep(&mut self, lane: u8, key: Self::Key, id: MessageId) -> Option<Self::Kept>;
    /// Another message has taken its place.
    fn renew(&mut self, lane: u8, kept: &Self::Kept, id: MessageId);
    /// It waits no more.
    fn forget(&mut self, lane: u8, kept: &Self::Kept);
    /// For inspection.
    fn text(kept: &Self::Kept) -> &str;
}

/// Keys are texts.
#[derive(Clone, Debug)]
pub struct TextKeys([HashMap<Rc<str>, MessageId, Seeded>; LANES]);

#[derive(Clone, Copy, Debug)]
struct Seeded(u64);

impl BuildHasher for Seeded {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.0);
        hasher
    }
}

impl Keys for TextKeys {
    type Key = Box<str>;
    type Kept = Rc<str>;

    fn new(seed: u64) -> Self {
        Self(std::array::from_fn(|_| HashMap::with_hasher(Seeded(seed))))
    }

    fn find(&self, lane: u8, key: &Box<str>) -> Option<MessageId> {
        self.0.get(usize::from(lane))?.get(&**key).copied()
    }

    fn keep(&mut self, lane: u8, key: Box<str>, id: MessageId) -> Option<Rc<str>> {
        let kept: Rc<str> = key.into();
        self.renew(lane, &kept, id);
        Some(kept)
    }

    fn renew(&mut self, lane: u8, kept: &Rc<str>, id: MessageId) {
        if let Some(keys) = self.0.get_mut(usize::from(lane)) {
            keys.insert(Rc::clone(kept), id);
        }
    }

    fn forget(&mut self, lane: u8, kept: &Rc<str>) {
        if let Some(keys) = self.0.get_mut(usize::from(lane)) {
            keys.remove(kept);
            // A burst's memory goes when its last message has.
            if keys.is_empty() {
                keys.shrink_to(16);
            }
        }
    }

    fn text(kept: &Rc<str>) -> &str {
        kept
    }
}

/// Keys are the host's, who says which message is replaced.
#[derive(Clone, Debug)]
pub struct HostKeys;

impl Keys for HostKeys {
    type Key = MessageId;
    type Kept = Infallible;

    fn new(_: u64) -> Self {
        Self
    }

    fn find(&self, _: u8, key: &MessageId) -> Option<MessageId> {
        Some(*key)
    }

    fn keep(&mut self, _: u8, _: MessageId, _: MessageId) -> Option<Infallible> {
        None
    }

    fn renew(&mut self, _: u8, kept: &Infallible, _: MessageId) {
        match *kept {}
    }

    fn forget(&mut self, _: u8, kept: &Infallible) {
        match *kept {}
    }

    fn text(kept: &Infallible) -> &str {
        match *kept {}
    }
}
