//! The messages that wait: bounded in count and bytes, kept in order within a lane.
//!
//! A slab of entries, one intrusive list per lane, an index of keys and a heap of expiries. Nothing
//! scans the queue: TTL costs O(log n), everything else O(1).

use super::config::{Overflow, Queue};
use super::event::{NotSent, Reason, Sent};
use super::expiries::Expiries;
use super::keys::{Keys, TextKeys};
use super::time::Micros;

/// How many lanes there are: 0 leaves first, 2 last and gives way first.
pub const LANES: usize = 3;
/// The lane of a message that names none.
pub const NORMAL: u8 = 1;

/// No slot.
const NONE: u32 = u32::MAX;
const SLOT_BITS: u32 = 20;
/// Stale heap items are swept out when they outnumber the messages by this.
const SLACK: usize = 32;
/// An empty queue keeps this many slots.
const KEPT_SLOTS: usize = 1_024;

/// What the machine carries without looking at it.
pub trait Payload {
    /// Bytes on the wire.
    fn byte_len(&self) -> usize;
}

impl Payload for Vec<u8> {
    fn byte_len(&self) -> usize {
        self.len()
    }
}

impl Payload for String {
    fn byte_len(&self) -> usize {
        self.len()
    }
}

/// Names a message for as long as it waits. Never reused; below 2^53, so that it survives a JavaScript number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct MessageId(pub u64);

/// How a message wants to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendOptions<Key = Box<str>> {
    /// Replaces a waiting message of the same key and lane, in its place.
    pub key: Option<Key>,
    /// How long it may wait; the queue's own TTL if `None`.
    pub ttl: Option<Micros>,
    /// 0, 1 or 2; lower leaves first. Higher numbers count as 2.
    pub lane: u8,
}

impl<Key> Default for SendOptions<Key> {
    fn default() -> Self {
        Self { key: None, ttl: None, lane: NORMAL }
    }
}

/// A waiting message, for inspection.
#[derive(Debug)]
pub struct Waiting<'a, P> {
    /// Its name.
    pub id: MessageId,
    /// Its lane.
    pub lane: u8,
    /// Its key.
    pub key: Option<&'a str>,
    /// When it expires.
    pub expires: Option<Micros>,
    /// What it carries.
    pub payload: &'a P,
}

#[derive(Clone, Debug)]
pub(crate) struct Outbox<P, K: Keys = TextKeys> {
    slots: Vec<Slot<P, K::Kept>>,
    free: u32,
    /// Of the message that was named last.
    generation: u32,
    lanes: [Lane; LANES],
    keys: K,
    expiries: Expiries,
    count: u32,
    bytes: u64,
}

#[derive(Clone, Debug)]
struct Slot<P, Kept> {
    generation: u32,
    next_free: u32,
    entry: Option<Entry<P, Kept>>,
}

#[derive(Clone, Debug)]
struct Entry<P, Kept> {
    payload: P,
    len: u64,
    lane: u8,
    key: Option<Kept>,
    expires: Micros,
    previous: u32,
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct Lane {
    head: u32,
    tail: u32,
    count: u32,
    bytes: u64,
}

impl<P: Payload, K: Keys> Outbox<P, K> {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            slots: Vec::new(),
            free: NONE,
            generation: 0,
            lanes: [Lane { head: NONE, tail: NONE, count: 0, bytes: 0 }; LANES],
            keys: K::new(seed),
            expiries: Expiries::default(),
            count: 0,
            bytes: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count as usize
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes a message in within these limits, or gives it back. `give_back` gets those that give way.
    pub(crate) fn push(
        &mut self,
        limits: &Queue,
        now: Micros,
        payload: P,
        options: SendOptions<K::Key>,
        mut give_back: impl FnMut(P, Reason),
    ) -> Sent<P> {
        let len = payload.byte_len() as u64;
        let lane = options.lane.min(LANES as u8 - 1);
        let expires = now.plus(options.ttl.or(limits.ttl).unwrap_or(Micros::NEVER));
        let replaced = options.key.as_ref().and_then(|key| self.find(lane, key)).unwrap_or(NONE);
        if let Err(reason) = self.make_room(limits, len, lane, replaced, &mut give_back) {
            return Err(NotSent { payload, reason });
        }
        let slot = if replaced == NONE {
            self.append(payload, len, lane, options.key, expires)
        } else {
            self.replace(replaced, payload, len, expires, &mut give_back)
        };
        let id = self.id(slot);
        if expires != Micros::NEVER {
            self.expiries.push((expires, id.0));
            self.sweep_expiries();
        }
        Ok(id)
    }

    /// The message that leaves next.
    pub(crate) fn peek(&self) -> Option<(MessageId, &P)> {
        let head = self.head()?;
        Some((self.id(head), &self.entry(head)?.payload))
    }

    /// Takes the message that leaves next.
    pub(crate) fn pop(&mut self) -> Option<P> {
        self.remove(self.head()?)
    }

    /// Takes a message by name, if it still waits.
    pub(crate) fn withdraw(&mut self, id: MessageId) -> Option<P> {
        self.remove(self.locate(id)?)
    }

    pub(crate) fn contains(&self, id: MessageId) -> bool {
        self.locate(id).is_some()
    }

    /// Takes a message whose time is up.
    pub(crate) fn pop_expired(&mut self, now: Micros) -> Option<P> {
        if self.next_expiry() > now {
            return None;
        }
        let (_, id) = self.expiries.pop()?;
        self.withdraw(MessageId(id))
    }

    /// When the next message expires.
    pub(crate) fn next_expiry(&mut self) -> Micros {
        while let Some((expires, id)) = self.expiries.first() {
            if self.contains(MessageId(id)) {
                return expires;
            }
            self.expiries.pop();
        }
        Micros::NEVER
    }

    /// Every waiting message in the order in which they would leave.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Waiting<'_, P>> {
        self.lanes.iter().flat_map(move |lane| {
            core::iter::successors(self.waiting(lane.head), move |(_, next)| self.waiting(*next))
                .map(|(waiting, _)| waiting)
        })
    }

    /// Makes room for `len` more bytes in `lane`, or says why there is none. Nobody is evicted in vain.
    fn make_room(
        &mut self,
        limits: &Queue,
        len: u64,
        lane: u8,
        replaced: u32,
        give_back: &mut impl FnMut(P, Reason),
    ) -> Result<(), Reason> {
        let (freed_count, freed_bytes) = self.entry(replaced).map_or((0, 0), |entry| (1, entry.len));
        let max_count = limits.max_messages.min(1 << SLOT_BITS);
        // With so many others.
        let fits = |count, bytes| count < max_count && bytes + len <= limits.max_bytes;
        if fits(self.count - freed_count, self.bytes - freed_bytes) {
            return Ok(());
        }
        if !fits(0, 0) {
            return Err(Reason::Full);
        }
        // Eviction takes from this lane's number up: never from a lane that leaves before the incoming one.
        let (oldest, lowest) = match limits.overflow {
            Overflow::Reject => (false, LANES as u8),
            Overflow::DropOldest => (true, lane),
            Overflow::DropNewest => (false, lane + 1),
        };
        let (mut count, mut bytes) = (0, 0);
        for lane in self.lanes.iter().take(usize::from(lowest)) {
            count += lane.count;
            bytes += lane.bytes;
        }
        // What is replaced is among those that stay, unless its lane gives way.
        if lane < lowest {
            count -= freed_count;
            bytes -= freed_bytes;
        }
        let in_vain = !fits(count, bytes);
        while !fits(self.count - freed_count, self.bytes - freed_bytes) {
            if in_vain {
                let reject = limits.overflow == Overflow::Reject;
                return Err(if reject { Reason::Full } else { Reason::Evicted });
            }
            let Some(payload) = self.remove(self.victim(oldest, lowest, replaced)) else {
                return Err(Reason::Evicted);
            };
            give_back(payload, Reason::Evicted);
        }
        Ok(())
    }

    /// The message that gives way next: of the lowest lane that has one, sparing `spared`.
    fn victim(&self, oldest: bool, lowest: u8, spared: u32) -> u32 {
        for lane in self.lanes.iter().skip(usize::from(lowest)).rev() {
            let mut slot = if oldest { lane.head } else { lane.tail };
            if slot == spared {
                slot =
                    self.entry(slot).map_or(NONE, |entry| if oldest { entry.next } else { entry.previous });
            }
            if slot != NONE {
                return slot;
            }
        }
        NONE
    }

    fn append(&mut self, payload: P, len: u64, lane: u8, key: Option<K::Key>, expires: Micros) -> u32 {
        let tail = self.lanes.get(usize::from(lane)).map_or(NONE, |lane| lane.tail);
        let slot = self.occupy(Entry { payload, len, lane, key: None, expires, previous: tail, next: NONE });
        if let Some(last) = self.entry_mut(tail) {
            last.next = slot;
        }
        if let Some(lane) = self.lanes.get_mut(usize::from(lane)) {
            if lane.head == NONE {
                lane.head = slot;
            }
            lane.tail = slot;
            lane.count += 1;
            lane.bytes += len;
        }
        self.count += 1;
        self.bytes += len;
        let kept = key.and_then(|key| self.keys.keep(lane, key, self.id(slot)));
        if let Some(entry) = self.entry_mut(slot) {
            entry.key = kept;
        }
        slot
    }

    /// Puts a new message in an old one's place, under a new name.
    fn replace(
        &mut self,
        slot: u32,
        payload: P,
        len: u64,
        expires: Micros,
        give_back: &mut impl FnMut(P, Reason),
    ) -> u32 {
        let generation = self.next_generation();
        let Some(held) = self.slots.get_mut(slot as usize) else { return slot };
        held.generation = generation;
        let Some(entry) = &mut held.entry else { return slot };
        let old_len = core::mem::replace(&mut entry.len, len);
        entry.expires = expires;
        give_back(core::mem::replace(&mut entry.payload, payload), Reason::Superseded);
        if let Some(lane) = self.lanes.get_mut(usize::from(entry.lane)) {
            lane.bytes = lane.bytes - old_len + len;
        }
        self.bytes = self.bytes - old_len + len;
        let id = self.id(slot);
        if let Some(entry) = self.slots.get(slot as usize).and_then(|held| held.entry.as_ref())
            && let Some(kept) = &entry.key
        {
            self.keys.renew(entry.lane, kept, id);
        }
        slot
    }

    fn remove(&mut self, slot: u32) -> Option<P> {
        let held = self.slots.get_mut(slot as usize)?;
        let entry = held.entry.take()?;
        held.next_free = self.free;
        self.free = slot;
        if let Some(previous) = self.entry_mut(entry.previous) {
            previous.next = entry.next;
        }
        if let Some(next) = self.entry_mut(entry.next) {
            next.previous = entry.previous;
        }
        if let Some(lane) = self.lanes.get_mut(usize::from(entry.lane)) {
            if lane.head == slot {
                lane.head = entry.next;
            }
            if lane.tail == slot {
                lane.tail = entry.previous;
            }
            lane.count -= 1;
            lane.bytes -= entry.len;
        }
        self.count -= 1;
        self.bytes -= entry.len;
        if let Some(kept) = &entry.key {
            self.keys.forget(entry.lane, kept);
        }
        if self.count == 0 {
            self.forget();
        }
        Some(entry.payload)
    }

    /// An empty queue gives back the memory that a burst needed.
    fn forget(&mut self) {
        self.expiries.clear();
        if self.slots.len() > KEPT_SLOTS {
            self.slots = Vec::new();
            self.free = NONE;
        }
    }

    /// No other has it, nor will.
    fn next_generation(&mut self) -> u32 {
        self.generation = self.generation.wrapping_add(1);
        self.generation
    }

    fn sweep_expiries(&mut self) {
        if self.expiries.len() > 2 * self.len() + SLACK {
            let mut expiries = core::mem::take(&mut self.expiries);
            expiries.sweep(|id| self.contains(MessageId(id)));
            self.expiries = expiries;
        }
    }

    fn occupy(&mut self, entry: Entry<P, K::Kept>) -> u32 {
        let (slot, generation) = (self.free, self.next_generation());
        if let Some(held) = self.slots.get_mut(slot as usize) {
            self.free = held.next_free;
            held.generation = generation;
            held.entry = Some(entry);
            return slot;
        }
        self.slots.push(Slot { generation, next_free: NONE, entry: Some(entry) });
        self.slots.len() as u32 - 1
    }

    fn find(&self, lane: u8, key: &K::Key) -> Option<u32> {
        let slot = self.locate(self.keys.find(lane, key)?)?;
        self.entry(slot).filter(|entry| entry.lane == lane).map(|_| slot)
    }

    fn head(&self) -> Option<u32> {
        self.lanes.iter().map(|lane| lane.head).find(|head| *head != NONE)
    }

    fn id(&self, slot: u32) -> MessageId {
        let generation = self.slots.get(slot as usize).map_or(0, |held| held.generation);
        MessageId((u64::from(generation) << SLOT_BITS) | u64::from(slot))
    }

    fn locate(&self, id: MessageId) -> Option<u32> {
        let slot = (id.0 & ((1 << SLOT_BITS) - 1)) as u32;
        (self.entry(slot).is_some() && self.id(slot) == id).then_some(slot)
    }

    fn waiting(&self, slot: u32) -> Option<(Waiting<'_, P>, u32)> {
        let entry = self.entry(slot)?;
        let waiting = Waiting {
            id: self.id(slot),
            lane: entry.lane,
            key: entry.key.as_ref().map(K::text),
            expires: Some(entry.expires).filter(|expires| *expires != Micros::NEVER),
            payload: &entry.payload,
        };
        Some((waiting, entry.next))
    }

    fn entry(&self, slot: u32) -> Option<&Entry<P, K::Kept>> {
        self.slots.get(slot as usize)?.entry.as_ref()
    }

    fn entry_mut(&mut self, slot: u32) -> Option<&mut Entry<P, K::Kept>> {
        self.slots.get_mut(slot as usize)?.entry.as_mut()
    }
}
