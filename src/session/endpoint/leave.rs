//! What leaves: records that are bound, those without a number, and the frames of both.

use super::{Endpoint, OPEN_MAX};
use crate::reason::cut_reason;
use crate::session::outgoing::{
    Closing, Control, Payload, Room, open_record, put_payload, request_head, response_head,
};
use crate::session::receiver::Due;
use crate::session::wire::{
    CANCEL, CLOSE, FRAME_OVERHEAD, FRAME_RECORDS, Head, MSG, NAME_MAX, SHUT, VOL, put_head, put_record,
};

/// Unnumbered records wait for the next frame up to so many bytes; one alone may be larger.
const CONTROL_MAX: usize = 64 * 1024;
/// How large the first frame of a link is made.
const FIRST_FRAME: u64 = 4 * 1024;
/// What a record takes besides its payload and the name of a method, and more.
const RECORD_OVERHEAD: usize = 64;

impl Endpoint {
    pub(in crate::session) fn room(&self, payload: usize) -> Room {
        let len = payload.saturating_add(RECORD_OVERHEAD);
        if self.sender.knows_peer() && !self.sender.fits(len) {
            Room::Never
        } else if self.link.is_some() && self.sender.has_room(len) {
            Room::Now
        } else {
            Room::Later
        }
    }

    fn bind(&mut self, head: &[u8], body: &[u8]) -> u64 {
        self.touch();
        self.sender.bind(head, body)
    }

    /// Bytes that wait to be written.
    pub(in crate::session) fn unwritten(&self) -> u64 {
        self.sender.unwritten() + self.control.len() as u64
    }

    pub(in crate::session) fn message(&mut self, payload: Payload<'_>) -> u64 {
        let mut head = core::mem::take(&mut self.head);
        put_payload(&mut head, MSG, payload);
        let seq = self.bind(&head, payload.bytes);
        head.clear();
        self.head = head;
        seq
    }

    /// The request's number, and the record's; none if the method's name is too long.
    pub(in crate::session) fn request(
        &mut self,
        timeout_ms: u64,
        method: &str,
        payload: Payload<'_>,
    ) -> Option<(u64, u64)> {
        if method.len() > NAME_MAX {
            return None;
        }
        let id = self.ledger.next_request;
        self.ledger.next_request += 1;
        self.ledger.asked.insert(id);
        Some((id, self.bind(&request_head(id, timeout_ms, method, payload), payload.bytes)))
    }

    /// The record's number; none if nobody waits for this answer any more.
    pub(in crate::session) fn respond(
        &mut self,
        id: u64,
        status: u64,
        more: bool,
        payload: Payload<'_>,
    ) -> Option<u64> {
        let asking = &mut self.ledger.asking;
        let waits = if more { asking.contains(&id) } else { asking.remove(&id) };
        waits.then(|| self.answer(id, status, more, payload))
    }

    pub(super) fn answer(&mut self, id: u64, status: u64, more: bool, payload: Payload<'_>) -> u64 {
        self.bind(&response_head(id, status, more, payload), payload.bytes)
    }

    /// Nobody waits for this request's answer any more. The record's number, if the peer is to know.
    pub(in crate::session) fn cancel(&mut self, id: u64) -> Option<u64> {
        self.ledger.asked.remove(&id).then(|| {
            let mut head = Vec::with_capacity(12);
            put_record(&mut head, CANCEL, &[id], &[]);
            self.bind(&head, &[])
        })
    }

    /// A new channel's number and the record's; none if the name or the parameters are too long, or
    /// too many channels are open.
    pub(in crate::session) fn open(&mut self, name: &str, payload: Payload<'_>) -> Option<(u64, u64)> {
        let channel = self.ledger.last_channel + 1;
        let record = open_record(channel, name, payload);
        let fits = name.len() <= NAME_MAX && record.len() <= OPEN_MAX;
        if !fits || self.ledger.channels.len() >= self.limits.max_channels {
            return None;
        }
        self.ledger.last_channel = channel;
        self.change_channel(channel, Some(&record));
        let seq = self.bind(&record, &[]);
        self.ledger.channels.insert(channel, record);
        Some((channel, seq))
    }

    /// Tells the client that its channel is open; none if it is not.
    pub(in crate::session) fn confirm(&mut self, channel: u64, payload: Payload<'_>) -> Option<u64> {
        self.ledger.channels.contains_key(&channel).then(|| {
            let record = open_record(channel, "", payload);
            self.bind(&record, &[])
        })
    }

    /// The record's number; none if the channel is not open.
    pub(in crate::session) fn shut(&mut self, channel: u64, code: u64, reason: &str) -> Option<u64> {
        self.ledger.channels.remove(&channel)?;
        self.change_channel(channel, None);
        Some(self.put_shut(channel, code, reason))
    }

    pub(super) fn put_shut(&mut self, channel: u64, code: u64, reason: &str) -> u64 {
        let mut head = Vec::with_capacity(16);
        put_record(&mut head, SHUT, &[channel, code], cut_reason(reason).as_bytes());
        self.bind(&head, &[])
    }

    /// Goes with the next frame or never. False if there is no link, or too much waits for it already.
    pub(in crate::session) fn volatile(&mut self, payload: Payload<'_>) -> bool {
        let len = payload.bytes.len();
        if self.link.is_none() || !self.has_control_room(len) || !self.sender.fits(len + 16) {
            return false;
        }
        let mut head = Vec::with_capacity(16);
        put_payload(&mut head, VOL, payload);
        self.put_control(&head, payload.bytes);
        true
    }

    /// Leaves only if there is a link, not too much waits already, and the peer takes it.
    pub(in crate::session) fn control(&mut self, control: Control<'_>) {
        let record = control.record();
        if self.link.is_some() && self.has_control_room(record.len()) && self.sender.fits(record.len()) {
            self.put_control(&record, &[]);
        }
    }

    fn has_control_room(&self, len: usize) -> bool {
        self.control.len() == 0 || self.control.len() + len <= CONTROL_MAX
    }

    fn put_control(&mut self, head: &[u8], body: &[u8]) {
        self.control.push(head);
        self.control.push(body);
        self.control_lens.push(&[(head.len() + body.len()) as u64]);
    }

    /// Whether a frame has something to say.
    pub(in crate::session) fn due(&self) -> Due {
        if self.link.is_none() || self.ended {
            Due::Nothing
        } else if self.control.len() > 0 || self.sender.is_due() {
            Due::Now
        } else {
            self.receiver.due()
        }
    }

    /// The next frame, of about `room` bytes; false if there is nothing to say.
    pub(in crate::session) fn frame(&mut self, room: usize, out: &mut Vec<u8>) -> bool {
        out.clear();
        if self.due() == Due::Nothing {
            return false;
        }
        // A frame counts when it is whole: on a link that breaks again and again only small ones get through.
        let room = self.sender.sent_here().max(FIRST_FRAME).min(room as u64) as usize;
        let ack = self.receiver.tell();
        let (mut count, mut len) = (0, 0);
        for record in self.control_lens.as_slice() {
            let more = len + *record as usize;
            if count == FRAME_RECORDS || (len > 0 && (more > room || !self.sender.fits(more))) {
                break;
            }
            (count, len) = (count + 1, more);
        }
        // What is numbered follows when everything else has left.
        let room = room.saturating_sub(len + FRAME_OVERHEAD);
        let all = len == self.control.len() && (room > 0 || len == 0);
        let numbered = if all { self.sender.ready(room, FRAME_RECORDS - count, len) } else { 0 };
        put_head(out, Head { base: (numbered > 0).then(|| self.sender.next()), ack });
        out.extend_from_slice(self.control.as_slice().get(..len).unwrap_or_default());
        self.control.drop_first(len);
        self.control_lens.drop_first(count);
        self.sender.write(numbered, out);
        true
    }

    /// The last frame on this link.
    pub(in crate::session) fn close(&mut self, close: Closing<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        put_head(&mut out, Head { base: None, ack: None });
        let flags = u64::from(close.retry) + 2 * u64::from(close.forget);
        // When the session ends here, this is the proof of what the application has. No store is asked any more.
        let recv = if close.forget { self.receiver.accepted() } else { self.receiver.ack().to };
        let integers = [close.code as u64, flags, close.retry_after_ms, recv];
        put_record(&mut out, CLOSE, &integers, cut_reason(close.reason).as_bytes());
        self.link = None;
        out
    }
}
