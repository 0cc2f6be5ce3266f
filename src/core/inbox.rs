//! Arrived messages that a reader has not taken yet, bounded in count and bytes.

use std::collections::VecDeque;

/// The room for messages that wait for one reader, who has them. Past its bounds it overflows for good: a reader that
/// missed something must learn so, not read on over a gap.
#[derive(Clone, Debug)]
pub struct InboxRoom {
    messages: usize,
    bytes: usize,
    max_messages: usize,
    max_bytes: usize,
    overflowed: bool,
}

impl InboxRoom {
    /// For at most `max_messages` messages and `max_bytes` bytes.
    pub fn new(max_messages: usize, max_bytes: usize) -> Self {
        Self { messages: 0, bytes: 0, max_messages, max_bytes, overflowed: false }
    }

    /// A message of `len` bytes waits; false once the bounds are passed, from then on for ever.
    /// A single message larger than `max_bytes` has room while no other waits.
    pub fn enter(&mut self, len: usize) -> bool {
        let bytes = self.bytes.saturating_add(len);
        self.overflowed |=
            self.messages > 0 && (self.messages >= self.max_messages || bytes > self.max_bytes);
        if !self.overflowed {
            self.messages += 1;
            self.bytes = bytes;
        }
        !self.overflowed
    }

    /// A message of `len` bytes waits no more.
    pub fn leave(&mut self, len: usize) {
        self.messages = self.messages.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(len);
    }

    /// Whether messages were lost because the reader was too slow.
    pub fn overflowed(&self) -> bool {
        self.overflowed
    }
}

/// Messages waiting for one reader, within the bounds of a [`InboxRoom`].
#[derive(Clone, Debug)]
pub struct Inbox<T> {
    items: VecDeque<(T, usize)>,
    room: InboxRoom,
}

impl<T> Inbox<T> {
    /// Holds at most `max_messages` messages and `max_bytes` bytes.
    pub fn new(max_messages: usize, max_bytes: usize) -> Self {
        Self { items: VecDeque::new(), room: InboxRoom::new(max_messages, max_bytes) }
    }

    /// Takes a message of `len` bytes in, if there is room.
    pub fn push(&mut self, item: T, len: usize) -> bool {
        let fits = self.room.enter(len);
        if fits {
            self.items.push_back((item, len));
        }
        fits
    }

    /// The next message. What arrived before an overflow is still read.
    pub fn take(&mut self) -> Option<T> {
        let (item, len) = self.items.pop_front()?;
        self.room.leave(len);
        Some(item)
    }

    /// Whether messages were lost because the reader was too slow.
    pub fn overflowed(&self) -> bool {
        self.room.overflowed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_reader_reads_what_came_before_the_overflow_and_then_learns_of_it() {
        let mut inbox = Inbox::new(3, 100);
        assert!(inbox.push("a", 10) && inbox.push("b", 10) && inbox.push("c", 10));
        assert!(!inbox.push("d", 10));
        assert_eq!(inbox.take(), Some("a"));
        assert!(!inbox.push("e", 10), "a gap must not be papered over");
        assert_eq!((inbox.take(), inbox.take(), inbox.take()), (Some("b"), Some("c"), None));
        assert!(inbox.overflowed());
    }

    #[test]
    fn bytes_are_bounded_too_but_one_large_message_passes_alone() {
        let mut inbox = Inbox::new(10, 100);
        assert!(inbox.push(1, 500));
        assert!(!inbox.push(2, 1));
        let mut inbox = Inbox::new(10, 100);
        assert!(inbox.push(1, 60) && !inbox.push(2, 60));
    }

    #[test]
    fn what_has_been_read_makes_room() {
        let mut inbox = Inbox::new(2, 100);
        for item in 0..20 {
            assert!(inbox.push(item, 50) && inbox.push(item, 50));
            assert_eq!((inbox.take(), inbox.take()), (Some(item), Some(item)));
        }
    }
}
