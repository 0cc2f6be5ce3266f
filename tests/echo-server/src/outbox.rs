use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// What waits to be sent on one connection, in order and bounded in bytes.
///
/// Delayed items ripen apart, so that a delay of echoes holds nothing else back.
#[derive(Debug)]
pub(crate) struct Outbox {
    limit: usize,
    bytes: usize,
    ripe: VecDeque<Item>,
    unripe: VecDeque<(Instant, Item)>,
}

impl Outbox {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, bytes: 0, ripe: VecDeque::new(), unripe: VecDeque::new() }
    }

    /// Adds an item that is due after `delay`: at once, past all delayed ones, if that is zero.
    pub(crate) fn push(&mut self, item: Item, delay: Duration) {
        if delay.is_zero() {
            self.bytes += item.weight();
            self.ripe.push_back(item);
        } else {
            self.push_behind(item, delay);
        }
    }

    /// Adds an item that is due after `delay`, and not before any delayed one.
    pub(crate) fn push_behind(&mut self, item: Item, delay: Duration) {
        self.bytes += item.weight();
        match self.unripe.back() {
            None if delay.is_zero() => self.ripe.push_back(item),
            last => {
                let due = Instant::now() + delay;
                self.unripe.push_back((last.map_or(due, |(last, _)| due.max(*last)), item));
            }
        }
    }

    /// Whether nothing more should be added.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= self.limit
    }

    /// Whether so much is ready that sending it should come before reading on.
    pub(crate) fn wants_sending(&self) -> bool {
        self.ripe.len() >= BATCH || (self.bytes >= BATCH_BYTES && !self.ripe.is_empty())
    }

    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.unripe.front().map(|(due, _)| *due)
    }

    /// Moves what is due to where [`Outbox::pop`] finds it.
    pub(crate) fn ripen(&mut self, now: Instant) {
        while self.next_due().is_some_and(|due| due <= now) {
            self.ripe.extend(self.unripe.pop_front().map(|(_, item)| item));
        }
    }

    pub(crate) fn front(&self) -> Option<&Item> {
        self.ripe.front()
    }

    pub(crate) fn pop(&mut self) -> Option<Item> {
        if let Some(Item::Message(message, copies @ 2..)) = self.ripe.front_mut() {
            *copies -= 1;
            return Some(Item::Message(message.clone(), 1));
        }
        let item = self.ripe.pop_front()?;
        self.bytes -= item.weight();
        Some(item)
    }

    pub(crate) fn clear(&mut self) {
        self.ripe.clear();
        self.unripe.clear();
        self.bytes = 0;
    }
}

/// Something to be sent, or done once everything before it is sent.
#[derive(Debug)]
pub(crate) enum Item {
    /// So many copies of one message; they are stored once.
    Message(Message, u64),
    Close(Option<CloseFrame>),
    Reset,
}

impl Item {
    /// What it costs to keep, one copy's payload and its place in the queue.
    fn weight(&self) -> usize {
        let payload = match self {
            Self::Message(message, _) => message.len(),
            Self::Close(_) | Self::Reset => 0,
        };
        payload + size_of::<(Instant, Self)>()
    }
}

const BATCH: usize = 64;
const BATCH_BYTES: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(outbox: &mut Outbox) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some(Item::Message(message, _)) = outbox.pop() {
            texts.push(message.to_text().unwrap().to_owned());
        }
        texts
    }

    #[test]
    fn copies_are_stored_once_and_sent_one_by_one() {
        let mut outbox = Outbox::new(1024);
        outbox.push(Item::Message("a".into(), 3), Duration::ZERO);
        outbox.push(Item::Message("b".into(), 1), Duration::ZERO);
        assert!(!outbox.is_full());
        assert_eq!(texts(&mut outbox), ["a", "a", "a", "b"]);
        assert_eq!(outbox.bytes, 0);
    }

    #[test]
    fn delayed_items_keep_their_order_and_hold_nothing_back() {
        let mut outbox = Outbox::new(1024);
        outbox.push(Item::Message("late".into(), 1), Duration::from_secs(5));
        outbox.push(Item::Message("later".into(), 1), Duration::from_secs(5));
        outbox.push(Item::Message("now".into(), 1), Duration::ZERO);
        outbox.ripen(Instant::now());
        assert_eq!(texts(&mut outbox), ["now"]);
        outbox.ripen(Instant::now() + Duration::from_secs(6));
        assert_eq!(texts(&mut outbox), ["late", "later"]);
        assert_eq!(outbox.bytes, 0);
    }

    #[test]
    fn a_shorter_delay_lets_nothing_overtake() {
        let mut outbox = Outbox::new(1024);
        outbox.push_behind(Item::Message("first".into(), 1), Duration::from_secs(5));
        outbox.push_behind(Item::Message("second".into(), 1), Duration::ZERO);
        outbox.ripen(Instant::now());
        assert!(texts(&mut outbox).is_empty());
        outbox.ripen(Instant::now() + Duration::from_secs(6));
        assert_eq!(texts(&mut outbox), ["first", "second"]);
        outbox.push_behind(Item::Message("third".into(), 1), Duration::ZERO);
        assert_eq!(texts(&mut outbox), ["third"]);
    }

    #[test]
    fn it_is_full_when_its_bytes_are_used_up() {
        let mut outbox = Outbox::new(1024);
        outbox.push(Item::Message("x".repeat(1024).into(), 1), Duration::from_secs(1));
        assert!(outbox.is_full());
        outbox.clear();
        assert!(!outbox.is_full());
    }
}
