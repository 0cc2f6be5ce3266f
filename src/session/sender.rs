//! What this side sends: records as they go over the wire, kept until the peer has accepted them.

use super::code::{Violation, violation};
use super::durable::Durable;
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
    /// A store has every record up to this number.
    kept: Durable<u64>,
    /// How far the stream may go.
    credit: u64,
    /// The largest frame the peer takes.
    max_frame: usize,
    /// Where the stream stood when the current link took it up.
    taken_up: u64,
}

impl Sender {
    pub(super) fn new(durable: bool) -> Self {
        Self {
            bytes: Held::new(),
            ends: Held::new(),
            acked: 0,
            acked_end: 0,
            sent: 0,
            written: 0,
            kept: Durable::new(durable, 0),
            credit: 0,
            max_frame: 0,
            taken_up: 0,
        }
    }

    /// As a store remembers it. Nobody knows what was written, so everything may have been.
    pub(super) fn restored(acked: u64, acked_end: u64, records: &[(u64, &[u8])]) -> Self {
        let mut sender = Self { acked, acked_end, sent: acked, ..Self::new(true) };
        for (_, record) in records {
            sender.bind(record, &[]);
        }
        sender.written = sender.last();
        sender.keep(sender.last());
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

    /// Where the stream stands after this record, which is held or the last one accepted; at the end of all streams if it is
    /// not bound yet.
    fn end_of(&self, seq: u64) -> u64 {
        if seq <= self.acked {
            return self.acked_end;
        }
        let held = self.ends.as_slice().get((seq - self.acked - 1) as usize);
        held.copied().unwrap_or(u64::MAX)
    }

    /// Whether a record of so many bytes could be written at once.
    pub(super) fn has_room(&self, len: usize) -> bool {
        self.end() + len as u64 <= self.credit
    }

    /// Bytes bound that the current link has not been given.
    pub(super) fn unwritten(&self) -> u64 {
        self.end() - self.end_of(self.sent)
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
    pub(super) fn bind(&mut self, head: &[u8], body: &[u8]) -> u64 {
        let end = self.end() + (head.len() + body.len()) as u64;
        self.bytes.push(head);
        self.bytes.push(body);
        self.ends.push(&[end]);
        self.last()
    }

    /// Every record up to this number may be written.
    fn kept(&self) -> u64 {
        self.kept.as_ref().copied().unwrap_or_else(|| self.last())
    }

    /// A store has everything up to this number.
    pub(super) fn keep(&mut self, seq: u64) {
        let last = self.last();
        if let Some(kept) = self.kept.as_mut() {
            *kept = seq.min(last).max(*kept);
        }
    }

    /// The peer has accepted and grants anew. What is lower than before is late and changes nothing.
    pub(super) fn ack(&mut self, ack: Ack) -> Result<(), Violation> {
        if ack.to > self.written {
            return Err(violation!("an acknowledgement of what was never sent"));
        }
        self.credit = self.credit.max(ack.credit);
        let count = ack.to.saturating_sub(self.acked) as usize;
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
        let records = first.max(self.first())..self.last() + 1;
        records.map(|seq| (seq, self.stream(self.end_of(seq - 1), self.end_of(seq))))
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
        let held = (self.acked..=self.last()).contains(&peer.recv);
        if held && peer.credit < self.end_of(peer.recv) + peer.max_frame {
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
    pub(super) fn sent_here(&self) -> u64 {
        self.end_of(self.sent) - self.taken_up
    }

    /// Whether a record waits that may be written.
    pub(super) fn is_due(&self) -> bool {
        self.next_fits(0)
    }

    /// Whether the next record may be written in a frame that holds so many bytes of others.
    fn next_fits(&self, others: usize) -> bool {
        let (from, end) = (self.end_of(self.sent), self.end_of(self.sent + 1));
        let len = (end - from) as usize;
        self.sent < self.kept() && end <= self.credit && self.fits(len.saturating_add(others))
    }

    /// How many records may be written in a frame that holds so many bytes of others: so many at most, and up to
    /// `room` bytes, but one at least if the peer takes a frame with it.
    pub(super) fn ready(&self, room: usize, records: usize, others: usize) -> usize {
        let from = self.end_of(self.sent);
        let room = room.min(self.max_frame.saturating_sub(others + FRAME_OVERHEAD));
        let limit = self.credit.min(from + room as u64);
        let skip = (self.sent - self.acked) as usize;
        let ready = (self.kept().saturating_sub(self.sent) as usize).min(records);
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
        out.extend_from_slice(self.stream(from, self.end_of(self.sent)));
    }

    pub(super) fn first(&self) -> u64 {
        self.acked + 1
    }
}
