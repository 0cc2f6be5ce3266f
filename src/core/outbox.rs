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
/// Stale heap items are swept out when they outnumber the live ones by this.
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
    limits: Queue,
    slots: Vec<Slot<P, K::Kept>>,
    free: u32,
    first_generation: u32,
    lanes: [Lane; LANES],
    keys: K,
    expiries: Expiries,
    expiring: usize,
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
    expires: Option<Micros>,
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
    pub(crate) fn new(limits: Queue, seed: u64) -> Self {
        Self {
            limits: Queue { max_messages: limits.max_messages.min(1 << SLOT_BITS), ..limits },
            slots: Vec::new(),
            free: NONE,
            first_generation: 0,
            lanes: [Lane { head: NONE, tail: NONE, count: 0, bytes: 0 }; LANES],
            keys: K::new(seed),
            expiries: Expiries::default(),
            expiring: 0,
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

    /// Whether a message of this size could ever be accepted.
    pub(crate) fn admits(&self, len: usize) -> bool {
        len as u64 <= self.limits.max_bytes
    }

    /// Takes a message in, or gives it back. `give_back` gets those that give way.
    pub(crate) fn push(
        &mut self,
        now: Micros,
        payload: P,
        options: SendOptions<K::Key>,
        mut give_back: impl FnMut(P, Reason),
    ) -> Sent<P> {
        let len = payload.byte_len() as u64;
        let lane = options.lane.min(LANES as u8 - 1);
        let expires = options.ttl.or(self.limits.ttl).map(|ttl| now.plus(ttl));
        let replaced = options.key.as_ref().and_then(|key| self.find(lane, key));
        if let Err(reason) = self.make_room(len, lane, replaced, &mut give_back) {
            return Err(NotSent { payload, reason });
        }
        let slot = match replaced {
            Some(slot) => self.replace(slot, payload, len, expires, &mut give_back),
            None => self.append(payload, len, lane, options.key, expires)?,
        };
        let id = self.id(slot);
        if let Some(expires) = expires {
            self.expiring += 1;
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
        let expires = self.next_expiry()?;
        if expires > now {
            return None;
        }
        let (_, id) = self.expiries.pop()?;
        self.withdraw(MessageId(id))
    }

    /// When the next message expires.
    pub(crate) fn next_expiry(&mut self) -> Option<Micros> {
        loop {
            let (expires, id) = self.expiries.first()?;
            if self.contains(MessageId(id)) {
                return Some(expires);
            }
            self.expiries.pop();
        }
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
        len: u64,
        lane: u8,
        replaced: Option<u32>,
        give_back: &mut impl FnMut(P, Reason),
    ) -> Result<(), Reason> {
        let (freed_count, freed_bytes) =
            replaced.and_then(|slot| self.entry(slot)).map_or((0, 0), |entry| (1, entry.len));
        let (max_count, max_bytes) = (u64::from(self.limits.max_messages), self.limits.max_bytes);
        if len > max_bytes || max_count == 0 {
            return Err(Reason::Full);
        }
        let count = u64::from(self.count) - freed_count + 1;
        let bytes = self.bytes - freed_bytes + len;
        let (mut count_over, mut bytes_over) =
            (count.saturating_sub(max_count), bytes.saturating_sub(max_bytes));
        if count_over == 0 && bytes_over == 0 {
            return Ok(());
        }
        // Eviction takes from this lane's number up: never from a lane that leaves before the incoming one.
        let lowest = match self.limits.overflow {
            Overflow::Reject => return Err(Reason::Full),
            Overflow::DropOldest => lane,
            Overflow::DropNewest => lane + 1,
        };
        let (mut can_count, mut can_bytes) = (0, 0);
        for lane in self.lanes.iter().skip(usize::from(lowest)) {
            can_count += u64::from(lane.count);
            can_bytes += lane.bytes;
        }
        if replaced.and_then(|slot| self.entry(slot)).is_some_and(|entry| entry.lane >= lowest) {
            can_count -= freed_count;
            can_bytes -= freed_bytes;
        }
        if can_count < count_over || can_bytes < bytes_over {
            return Err(Reason::Evicted);
        }
        while count_over > 0 || bytes_over > 0 {
            let Some(victim) = self.victim(lowest, replaced) else {
                return Err(Reason::Evicted);
            };
            let freed = self.entry(victim).map_or(0, |entry| entry.len);
            let Some(payload) = self.remove(victim) else {
                return Err(Reason::Evicted);
            };
            give_back(payload, Reason::Evicted);
            count_over = count_over.saturating_sub(1);
            bytes_over = bytes_over.saturating_sub(freed);
        }
        Ok(())
    }

    /// The message that gives way next: of the lowest lane that has one, sparing `spared`.
    fn victim(&self, lowest: u8, spared: Option<u32>) -> Option<u32> {
        let oldest = self.limits.overflow == Overflow::DropOldest;
        self.lanes.iter().skip(usize::from(lowest)).rev().find_map(|lane| {
            let first = if oldest { lane.head } else { lane.tail };
            if Some(first) != spared {
                return (first != NONE).then_some(first);
            }
            let entry = self.entry(first)?;
            let second = if oldest { entry.next } else { entry.previous };
            (second != NONE).then_some(second)
        })
    }

    fn append(
        &mut self,
        payload: P,
        len: u64,
        lane: u8,
        key: Option<K::Key>,
        expires: Option<Micros>,
    ) -> Result<u32, NotSent<P>> {
        let tail = self.lanes.get(usize::from(lane)).map_or(NONE, |lane| lane.tail);
        let slot =
            self.occupy(Entry { payload, len, lane, key: None, expires, previous: tail, next: NONE })?;
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
        Ok(slot)
    }

    /// Puts a new message in an old one's place, under a new name.
    fn replace(
        &mut self,
        slot: u32,
        payload: P,
        len: u64,
        expires: Option<Micros>,
        give_back: &mut impl FnMut(P, Reason),
    ) -> u32 {
        let Some(held) = self.slots.get_mut(slot as usize) else { return slot };
        held.generation = held.generation.wrapping_add(1);
        let Some(entry) = &mut held.entry else { return slot };
        let old_len = core::mem::replace(&mut entry.len, len);
        if core::mem::replace(&mut entry.expires, expires).is_some() {
            self.expiring -= 1;
        }
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
        held.generation = held.generation.wrapping_add(1);
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
        if entry.expires.is_some() {
            self.expiring -= 1;
        }
        if let Some(kept) = &entry.key {
            self.keys.forget(entry.lane, kept);
        }
        if self.count == 0 {
            self.forget();
        }
        Some(entry.payload)
    }

    /// An empty queue gives back the memory that a burst needed, and no name of that burst comes back.
    fn forget(&mut self) {
        self.expiries.clear();
        if self.slots.len() > KEPT_SLOTS {
            let highest = self.slots.iter().map(|slot| slot.generation).max().unwrap_or(0);
            self.first_generation = highest.wrapping_add(1);
            self.slots = Vec::new();
            self.free = NONE;
        }
    }

    fn sweep_expiries(&mut self) {
        if self.expiries.len() > 2 * self.expiring + SLACK {
            let mut expiries = core::mem::take(&mut self.expiries);
            expiries.sweep(|id| self.contains(MessageId(id)));
            self.expiries = expiries;
        }
    }

    fn occupy(&mut self, entry: Entry<P, K::Kept>) -> Result<u32, NotSent<P>> {
        let slot = self.free;
        if let Some(held) = self.slots.get_mut(slot as usize) {
            self.free = held.next_free;
            held.entry = Some(entry);
            return Ok(slot);
        }
        let slot = self.slots.len() as u32;
        if slot >= 1 << SLOT_BITS {
            return Err(NotSent { payload: entry.payload, reason: Reason::Full });
        }
        self.slots.push(Slot { generation: self.first_generation, next_free: NONE, entry: Some(entry) });
        Ok(slot)
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
            expires: entry.expires,
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
