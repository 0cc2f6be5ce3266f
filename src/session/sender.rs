//! What this side sends: records as they go over the wire, kept until the peer has accepted them.

use super::code::{Violation, violation};
use super::handshake::Position;
use super::held::Held;
use super::wire::{Ack, FRAME_OVERHEAD};

/// One direction of a session, seen from who sends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sender {
    /// Encoded once; a resend is a slice of it.
    bytes: Held<u8>,
    /// Of each record held: where it ends in the stream of all sequenced records, in bytes.
    ends: Held<u64>,
    /// Every record up to this number is accepted, which takes the stream so far.
    acked: u64,
    acked_end: u64,
    /// Every record up to this number has been written to the current link.
    sent: u64,
    /// To any link at all.
    written: u64,
    /// Every record up to this number may be written: a store has it, where there is one.
    kept: u64,
    /// How far the stream may go.
    credit: u64,
    /// The largest frame the peer takes.
    max_frame: usize,
    /// Where the stream stood when the current link took it up.
    taken_up: u64,
}

impl Sender {
    pub(super) fn new() -> Self {
        Self {
            bytes: Held::new(),
            ends: Held::new(),
            acked: 0,
            acked_end: 0,
            sent: 0,
            written: 0,
            kept: 0,
            credit: 0,
            max_frame: 0,
            taken_up: 0,
        }
    }

    /// As a store remembers it. Nobody knows what was written, so everything may have been.
    pub(super) fn restored(acked: u64, acked_end: u64, records: &[(u64, &[u8])]) -> Self {
        let mut sender = Self { acked, acked_end, sent: acked, ..Self::new() };
        for (_, record) in records {
            sender.push(record, &[]);
        }
        sender.written = sender.last();
        sender.kept = sender.last();
        sender
    }

    /// The number of the last record bound.
    pub(super) fn last(&self) -> u64 {
        self.acked + self.ends.len() as u64
    }

    pub(super) fn acked(&self) -> u64 {
        self.acked
    }

    pub(super) fn acked_end(&self) -> u64 {
        self.acked_end
    }

    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Bytes held until they are accepted.
    pub(super) fn held(&self) -> usize {
        self.bytes.len()
    }

    fn end(&self) -> u64 {
        self.ends.as_slice().last().copied().unwrap_or(self.acked_end)
    }

    /// Where the stream stands after this record, if it is held or the last one accepted.
    fn end_of(&self, seq: u64) -> Option<u64> {
        let place = seq.checked_sub(self.acked)?;
        match place.checked_sub(1) {
            None => Some(self.acked_end),
            Some(index) => self.ends.as_slice().get(usize::try_from(index).ok()?).copied(),
        }
    }

    /// Whether a record of so many bytes could be written at once.
    pub(super) fn has_room(&self, len: usize) -> bool {
        self.end() + len as u64 <= self.credit
    }

    /// Bytes bound that the current link has not been given.
    pub(super) fn unwritten(&self) -> u64 {
        self.end_of(self.sent).map_or(0, |sent| self.end() - sent)
    }

    /// Whether the peer would ever take a record of so many bytes.
    pub(super) fn fits(&self, len: usize) -> bool {
        len.saturating_add(FRAME_OVERHEAD) <= self.max_frame
    }

    /// Whether the peer has said yet how large its frames are.
    pub(super) fn knows_peer(&self) -> bool {
        self.max_frame > 0
    }

    /// Numbers a record.
    pub(super) fn bind(&mut self, head: &[u8], body: &[u8], durable: bool) -> u64 {
        self.push(head, body);
        if !durable {
            self.kept = self.last();
        }
        self.last()
    }

    fn push(&mut self, head: &[u8], body: &[u8]) {
        let end = self.end() + (head.len() + body.len()) as u64;
        self.bytes.push(head);
        self.bytes.push(body);
        self.ends.push(&[end]);
    }

    /// A store has everything up to this number.
    pub(super) fn keep(&mut self, seq: u64) {
        self.kept = self.kept.max(seq.min(self.last()));
    }

    /// The peer has accepted and grants anew. What is lower than before is late and changes nothing.
    pub(super) fn ack(&mut self, ack: Ack) -> Result<(), Violation> {
        if ack.to > self.written {
            return Err(violation!("an acknowledgement of what was never sent"));
        }
        self.credit = self.credit.max(ack.credit);
        let count = usize::try_from(ack.to.saturating_sub(self.acked)).unwrap_or(usize::MAX);
        let Some(last) = count.checked_sub(1) else { return Ok(()) };
        if let Some(end) = self.ends.as_slice().get(last).copied() {
            self.bytes.drop_first((end - self.acked_end) as usize);
            self.ends.drop_first(count);
            self.acked_end = end;
            self.acked = ack.to;
            self.sent = self.sent.max(self.acked);
        }
        Ok(())
    }

    /// The records from this number on, each with its number, for a store.
    pub(super) fn records_from(&self, first: u64) -> impl Iterator<Item = (u64, &[u8])> {
        (first.max(self.first())..=self.last()).filter_map(|seq| {
            let (from, to) = (self.end_of(seq - 1)?, self.end_of(seq)?);
            Some((seq, self.stream(from, to)))
        })
    }

    /// What of the stream stands between these two places.
    fn stream(&self, from: u64, to: u64) -> &[u8] {
        let range = (from - self.acked_end) as usize..(to - self.acked_end) as usize;
        self.bytes.as_slice().get(range).unwrap_or_default()
    }

    /// Whether everything held fits frames of so many bytes.
    pub(super) fn all_fit(&self, max_frame: u64) -> bool {
        let mut before = self.acked_end;
        let mut lens = self.ends.as_slice().iter().map(|end| end - core::mem::replace(&mut before, *end));
        lens.all(|len| len + FRAME_OVERHEAD as u64 <= max_frame)
    }

    /// A new link takes up where the peer says it stands.
    pub(super) fn resume(&mut self, peer: &Position) -> Result<(), Violation> {
        // A position may be late, as any acknowledgement: what the peer has told since counts.
        if self.end_of(peer.recv).is_some_and(|stands| peer.credit < stands + peer.max_frame) {
            return Err(violation!("the credit window is smaller than max_frame"));
        }
        if !self.all_fit(peer.max_frame) {
            return Err(violation!(SessionLost, "the peer takes no frame as large as one that waits for it"));
        }
        self.ack(Ack { to: peer.recv, credit: peer.credit })?;
        self.max_frame = usize::try_from(peer.max_frame).unwrap_or(usize::MAX);
        self.sent = self.acked;
        self.taken_up = self.acked_end;
        Ok(())
    }

    /// Bytes written to the current link.
    pub(super) fn sent_here(&self) -> usize {
        let sent = self.end_of(self.sent).unwrap_or(self.taken_up);
        usize::try_from(sent.saturating_sub(self.taken_up)).unwrap_or(usize::MAX)
    }

    /// Whether a record waits that may be written.
    pub(super) fn is_due(&self) -> bool {
        self.next_fits(0)
    }

    /// Whether the next record may be written in a frame that holds so many bytes of others.
    fn next_fits(&self, others: usize) -> bool {
        let ends = (self.end_of(self.sent), self.end_of(self.sent + 1));
        let (Some(from), Some(end)) = ends else { return false };
        let len = usize::try_from(end - from).unwrap_or(usize::MAX);
        self.sent < self.kept && end <= self.credit && self.fits(len.saturating_add(others))
    }

    /// How many records may be written in a frame that holds so many bytes of others: so many at most, and up to
    /// `room` bytes, but one at least if the peer takes a frame with it.
    pub(super) fn ready(&self, room: usize, records: usize, others: usize) -> usize {
        let Some(from) = self.end_of(self.sent) else { return 0 };
        let room = room.min(self.max_frame.saturating_sub(others + FRAME_OVERHEAD));
        let limit = self.credit.min(from + room as u64);
        let skip = (self.sent - self.acked) as usize;
        let ready = usize::try_from(self.kept.saturating_sub(self.sent)).unwrap_or(usize::MAX).min(records);
        let waiting = self.ends.as_slice().get(skip..).unwrap_or_default();
        let count = waiting.iter().take(ready).take_while(|end| **end <= limit).count();
        count.max(usize::from(ready > 0 && self.next_fits(others)))
    }

    /// The number of the next record that is written.
    pub(super) fn next(&self) -> u64 {
        self.sent + 1
    }

    /// Appends so many records, of those that are [`ready`](Self::ready).
    pub(super) fn write(&mut self, records: usize, out: &mut Vec<u8>) {
        let from = self.end_of(self.sent);
        self.sent += records as u64;
        self.written = self.written.max(self.sent);
        if let (Some(from), Some(to)) = (from, self.end_of(self.sent)) {
            out.extend_from_slice(self.stream(from, to));
        }
    }

    pub(super) fn first(&self) -> u64 {
        self.acked + 1
    }
}
