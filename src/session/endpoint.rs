//! What both halves of a session have in common once they have greeted each other.

use std::collections::VecDeque;

use super::code::{Code, Violation};
use super::handshake::{Limits, Position, Welcome};
use super::ledger::{Effect, Ledger};
use super::receiver::{Due, Receiver};
use super::sender::Sender;
use super::store::{Delta, Stored};
use super::wire::{
    AUTH, AUTHED, Ack, CANCEL, CHANNEL, CLOSE, EXT, FRAME_OVERHEAD, Frame, Framed, GOAWAY, Head, MORE, MSG,
    NAME_MAX, OPEN, PING, PONG, REASON_MAX, REQ, RES, Record, SHUT, Span, TEXT, VOL, integer_len,
    is_sequenced, put_head, put_integer, put_record,
};

/// Unnumbered records wait for the next frame up to so many bytes; one alone may be larger.
const CONTROL_MAX: usize = 64 * 1024;
/// The longest OPEN record, so that what both sides remember of channels is bounded.
pub const OPEN_MAX: usize = 8 * 1024;

/// Which half this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    Client,
    Server,
}

/// What came of a frame, in its order. Every numbered record wants [`accept`](super::Client::accept).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The peer has accepted every record up to this number.
    Acked {
        /// The number.
        to: u64,
    },
    /// A numbered record, for the first time.
    Numbered {
        /// Its number.
        seq: u64,
        /// What it says.
        record: Record,
    },
    /// A record without a number.
    Plain(Record),
    /// The server has greeted: records may be sent.
    Welcomed {
        /// Which connection carries the session now.
        fence: u64,
        /// What the server says.
        welcome: Welcome,
    },
    /// The session is gone. What the peer can still prove of it is in here.
    Lost(Loss),
}

/// What a session that is gone leaves behind. Numbers are those of the session that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Loss {
    /// Every record up to this one was accepted by the peer.
    pub delivered: u64,
    /// Records after `delivered` up to this one were written to a link, and nobody can tell what became of them.
    pub in_doubt: u64,
    /// The last record bound. What comes after `in_doubt` was provably never accepted.
    pub last: u64,
    /// Of those, the ones that are part of the next session, in order. They keep their order there.
    pub carried: Vec<u64>,
    /// Records that stand before them in the next session: channels opened anew.
    pub reopened: u64,
    /// Requests among those carried.
    pub requests: Vec<u64>,
    /// The last record of the peer that arrived here.
    pub received: u64,
    /// Whether the peer may have sent more than that.
    pub missing: bool,
}

/// Whether a record could be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Room {
    /// At once.
    Now,
    /// When the peer has granted more.
    Later,
    /// Not to this peer: it is larger than any frame it takes.
    Never,
}

/// A message, request or response on its way out.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    /// The channel; 0 for none.
    pub channel: u64,
    /// Whether the bytes are UTF-8 text for the application.
    pub text: bool,
    /// The bytes.
    pub bytes: &'a [u8],
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Endpoint {
    role: Role,
    pub(super) limits: Limits,
    pub(super) sender: Sender,
    pub(super) receiver: Receiver,
    /// The fence of the connection that carries the session.
    pub(super) link: Option<u64>,
    /// Records without a number, for the next frame.
    control: VecDeque<Vec<u8>>,
    control_len: usize,
    /// Requests and channels, as what has arrived and what was bound make them.
    ledger: Ledger,
    /// What records that arrived and are not accepted did to the ledger, each with its number.
    effects: VecDeque<(u64, Effect)>,
    channels_changed: bool,
    /// A store keeps the session: nothing is written or acknowledged before it is kept.
    durable: bool,
    /// A store lacks something that no delta has told it.
    unkept: bool,
    /// Records up to this number have been given to a store.
    stored: u64,
    /// How many sessions there were before this one, so that a delta of theirs keeps nothing of it.
    epoch: u64,
}

impl Endpoint {
    pub(super) fn new(role: Role, limits: Limits, durable: bool) -> Self {
        Self {
            role,
            sender: Sender::new(),
            receiver: Receiver::new(limits.window),
            limits,
            link: None,
            control: VecDeque::new(),
            control_len: 0,
            ledger: Ledger::new(),
            effects: VecDeque::new(),
            channels_changed: false,
            durable,
            unkept: false,
            stored: 0,
            epoch: 0,
        }
    }

    /// Requests of the peer's whose handler is gone are answered.
    pub(super) fn restored(role: Role, limits: Limits, stored: &Stored) -> Self {
        let records: Vec<_> = stored.records.iter().map(|(seq, record)| (*seq, record.as_slice())).collect();
        let state = &stored.state;
        let sender = Sender::restored(state.acked, state.acked_end, &records);
        let mut restored = Self {
            stored: sender.last(),
            sender,
            receiver: Receiver::restored(limits.window, state),
            ledger: Ledger::restored(stored),
            ..Self::new(role, limits, true)
        };
        for id in core::mem::take(&mut restored.ledger.asking) {
            restored.refuse(id, Answer::Interrupted);
        }
        restored
    }

    /// Where this side stands, for a handshake. Takes the credit it tells for granted.
    pub(super) fn position(&mut self) -> Position {
        let Ack { to, credit } = self.receiver.grant();
        Position {
            first: self.sender.first(),
            next: self.sender.last() + 1,
            recv: to,
            credit,
            max_frame: self.limits.max_frame,
        }
    }

    /// Another connection carries the session from here on.
    pub(super) fn relink(&mut self, fence: u64, told: Option<Ack>) {
        self.link = Some(fence);
        self.control.clear();
        self.control_len = 0;
        self.receiver.relink(told);
    }

    // What arrives.

    pub(super) fn receive(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Violation> {
        if bytes.len() as u64 > self.limits.max_frame {
            return Err(Violation { code: Code::TooBig, what: "a frame larger than max_frame" });
        }
        let frame = Frame::read(bytes)?;
        if let Some(ack) = frame.head.ack {
            self.acked(ack, events)?;
        }
        let mut next = frame.head.base;
        let mut numbered = false;
        for framed in frame {
            let framed = framed?;
            if !is_sequenced(framed.kind) {
                self.unnumbered(framed.record, events)?;
                continue;
            }
            let seq = next.ok_or(Violation::protocol("a numbered record in a frame without base"))?;
            next = Some(seq + 1);
            numbered = true;
            if self.receiver.take(seq, framed.len)?
                && let Err(violation) = self.numbered(seq, framed, bytes, events)
            {
                self.receiver.untake();
                return Err(violation);
            }
        }
        if next.is_some() && !numbered {
            return Err(Violation::protocol("a base without a numbered record"));
        }
        Ok(())
    }

    fn acked(&mut self, ack: Ack, events: &mut Vec<Event>) -> Result<(), Violation> {
        let before = self.sender.acked();
        self.sender.ack(ack)?;
        if self.sender.acked() > before {
            events.push(Event::Acked { to: self.sender.acked() });
        }
        Ok(())
    }

    fn unnumbered(&mut self, record: Record, events: &mut Vec<Event>) -> Result<(), Violation> {
        let legal = match &record {
            Record::Hello(_) | Record::Welcome(_) => false,
            Record::GoAway { .. } | Record::Authed { .. } => self.role == Role::Client,
            Record::Auth { token } => token.is_empty() == (self.role == Role::Client),
            Record::Volatile { channel, .. } => {
                // It may have overtaken the OPEN, which waits for credit or for a store.
                if *channel > 0 && !self.ledger.channels.contains_key(channel) {
                    return Ok(());
                }
                true
            }
            Record::Close { recv, .. } => {
                // Its last word on what it has accepted.
                self.acked(Ack { to: *recv, credit: 0 }, events)?;
                true
            }
            _ => true,
        };
        if !legal {
            return Err(Violation::protocol("a record that may not come from this side or at this time"));
        }
        events.push(Event::Plain(record));
        Ok(())
    }

    /// Whether a channel is open. One that is shut gets what crossed its SHUT; nobody wants that any more.
    fn knows(&self, channel: u64) -> Result<bool, Violation> {
        if channel > self.ledger.last_channel {
            return Err(Violation::protocol("a channel that was never opened"));
        }
        Ok(channel == 0 || self.ledger.channels.contains_key(&channel))
    }

    fn numbered(
        &mut self,
        seq: u64,
        framed: Framed,
        bytes: &[u8],
        events: &mut Vec<Event>,
    ) -> Result<(), Violation> {
        let wanted = match &framed.record {
            Record::Message { channel, .. } => self.knows(*channel)?,
            Record::Request { id, channel, .. } => {
                if *id <= self.ledger.last_asking {
                    return Err(Violation::protocol("a request's number that was used before"));
                }
                let known = self.knows(*channel)?;
                let refused = if !known {
                    Some(Answer::NoChannel)
                } else if self.ledger.asking.len() >= self.limits.max_requests {
                    Some(Answer::Busy)
                } else {
                    self.ledger.asking.insert(*id);
                    None
                };
                let before = core::mem::replace(&mut self.ledger.last_asking, *id);
                self.effects.push_back((seq, Effect::Asked { id: *id, before, refused }));
                refused.is_none()
            }
            Record::Response { id, more, .. } => {
                if *id >= self.ledger.next_request {
                    return Err(Violation::protocol("a response to what was never asked"));
                }
                let waits = self.ledger.asked.contains(id);
                if waits && !more {
                    self.ledger.asked.remove(id);
                    self.effects.push_back((seq, Effect::Answered { id: *id }));
                }
                waits
            }
            Record::Cancel { id } => self.ledger.asking.contains(id),
            Record::Open { channel, .. } if self.role == Role::Client => self.knows(*channel)?,
            Record::Open { channel, .. } => {
                if *channel <= self.ledger.last_channel {
                    return Err(Violation::protocol("a channel's number that was used before"));
                }
                if framed.len > OPEN_MAX {
                    return Err(Violation { code: Code::TooBig, what: "an OPEN record over 8 KiB" });
                }
                let refused = self.ledger.channels.len() >= self.limits.max_channels;
                if !refused {
                    self.ledger.channels.insert(*channel, encoded(&framed, bytes));
                }
                let before = core::mem::replace(&mut self.ledger.last_channel, *channel);
                self.effects.push_back((seq, Effect::Opened { channel: *channel, before, refused }));
                !refused
            }
            Record::Shut { channel, .. } => {
                let known = self.knows(*channel)?;
                if let Some(record) = self.ledger.channels.remove(channel) {
                    self.effects.push_back((seq, Effect::Shut { channel: *channel, record }));
                }
                known
            }
            _ => true,
        };
        if wanted {
            events.push(Event::Numbered { seq, record: framed.record });
        } else {
            self.accept(seq);
        }
        Ok(())
    }

    pub(super) fn accept(&mut self, seq: u64) {
        let before = self.receiver.accepted();
        self.receiver.accept(seq, self.durable);
        let accepted = self.receiver.accepted();
        self.unkept |= accepted > before;
        while self.effects.front().is_some_and(|(seq, _)| *seq <= accepted) {
            match self.effects.pop_front() {
                Some((_, Effect::Asked { id, refused: Some(answer), .. })) => self.refuse(id, answer),
                Some((_, Effect::Opened { channel, refused: true, .. })) => {
                    self.put_shut(channel, 0, "too many channels");
                }
                Some((_, Effect::Opened { .. } | Effect::Shut { .. })) => self.channels_changed = true,
                _ => {}
            }
        }
    }

    fn refuse(&mut self, id: u64, answer: Answer) {
        self.answer(id, answer as u64, false, Payload { channel: 0, text: true, bytes: &[] });
    }

    // What leaves.

    pub(super) fn room(&self, payload: usize) -> Room {
        // Kind, length, channel or request numbers, method: more than enough.
        let len = payload + 2 * NAME_MAX.min(64);
        if !self.sender.fits(len) {
            Room::Never
        } else if self.sender.has_room(len) {
            Room::Now
        } else {
            Room::Later
        }
    }

    fn bind(&mut self, head: Vec<u8>, body: &[u8]) -> u64 {
        self.unkept = true;
        self.sender.bind(&head, body, self.durable)
    }

    pub(super) fn message(&mut self, payload: Payload<'_>) -> u64 {
        let mut head = Vec::with_capacity(16);
        put_payload(&mut head, MSG, payload);
        self.bind(head, payload.bytes)
    }

    /// The request's number, and the record's.
    pub(super) fn request(&mut self, timeout_ms: u64, method: &str, payload: Payload<'_>) -> (u64, u64) {
        let id = self.ledger.next_request;
        self.ledger.next_request += 1;
        self.ledger.asked.insert(id);
        let mut body = Vec::with_capacity(16 + method.len());
        if payload.channel > 0 {
            put_integer(&mut body, payload.channel);
        }
        put_integer(&mut body, id);
        put_integer(&mut body, timeout_ms);
        put_integer(&mut body, method.len() as u64);
        body.extend_from_slice(method.as_bytes());
        let mut head = Vec::with_capacity(16 + body.len());
        head.push(flags(REQ, payload));
        put_integer(&mut head, (body.len() + payload.bytes.len()) as u64);
        head.extend_from_slice(&body);
        (id, self.bind(head, payload.bytes))
    }

    /// The record's number; none if nobody waits for this answer any more.
    pub(super) fn respond(&mut self, id: u64, status: u64, more: bool, payload: Payload<'_>) -> Option<u64> {
        let asking = &mut self.ledger.asking;
        let waits = if more { asking.contains(&id) } else { asking.remove(&id) };
        waits.then(|| self.answer(id, status, more, payload))
    }

    fn answer(&mut self, id: u64, status: u64, more: bool, payload: Payload<'_>) -> u64 {
        let mut head = Vec::with_capacity(24);
        head.push(flags(RES, Payload { channel: 0, ..payload }) | if more { MORE } else { 0 });
        put_integer(&mut head, (integer_len(id) + integer_len(status) + payload.bytes.len()) as u64);
        put_integer(&mut head, id);
        put_integer(&mut head, status);
        self.bind(head, payload.bytes)
    }

    /// Nobody waits for this request's answer any more. The record's number, if the peer is to know.
    pub(super) fn cancel(&mut self, id: u64) -> Option<u64> {
        self.ledger.asked.remove(&id).then(|| {
            let mut head = Vec::with_capacity(12);
            put_record(&mut head, CANCEL, &[id], &[]);
            self.bind(head, &[])
        })
    }

    /// A new channel's number and the record's; none if the name or the parameters are too long, or
    /// too many channels are open.
    pub(super) fn open(&mut self, name: &str, payload: Payload<'_>) -> Option<(u64, u64)> {
        let channel = self.ledger.last_channel + 1;
        let record = open_record(channel, name, payload);
        let fits = name.len() <= NAME_MAX && record.len() <= OPEN_MAX;
        if !fits || self.ledger.channels.len() >= self.limits.max_channels {
            return None;
        }
        self.ledger.last_channel = channel;
        self.ledger.channels.insert(channel, record.clone());
        self.channels_changed = true;
        Some((channel, self.bind(record, &[])))
    }

    /// Tells the client that its channel is open; none if it is not.
    pub(super) fn confirm(&mut self, channel: u64, payload: Payload<'_>) -> Option<u64> {
        self.ledger.channels.contains_key(&channel).then(|| {
            let record = open_record(channel, "", payload);
            self.bind(record, &[])
        })
    }

    /// The record's number; none if the channel is not open.
    pub(super) fn shut(&mut self, channel: u64, code: u64, reason: &str) -> Option<u64> {
        self.ledger.channels.remove(&channel)?;
        self.channels_changed = true;
        Some(self.put_shut(channel, code, reason))
    }

    fn put_shut(&mut self, channel: u64, code: u64, reason: &str) -> u64 {
        let mut head = Vec::with_capacity(16);
        put_record(&mut head, SHUT, &[channel, code], cut(reason).as_bytes());
        self.bind(head, &[])
    }

    /// Goes with the next frame or never. False if there is no link, or too much waits for it already.
    pub(super) fn volatile(&mut self, payload: Payload<'_>) -> bool {
        let room = self.control_len == 0 || self.control_len + payload.bytes.len() <= CONTROL_MAX;
        if self.link.is_none() || !room || !self.sender.fits(payload.bytes.len() + 16) {
            return false;
        }
        let mut record = Vec::with_capacity(16 + payload.bytes.len());
        put_payload(&mut record, VOL, payload);
        record.extend_from_slice(payload.bytes);
        self.put_control(record);
        true
    }

    pub(super) fn control(&mut self, kind: Control<'_>) {
        let mut record = Vec::new();
        match kind {
            Control::Ping { token } => put_record(&mut record, PING, &[token], &[]),
            Control::Pong { token, hold_us } => put_record(&mut record, PONG, &[token, hold_us], &[]),
            Control::Auth { token } => put_record(&mut record, AUTH, &[], token),
            Control::Authed { status, ttl_ms } => put_record(&mut record, AUTHED, &[status, ttl_ms], &[]),
            Control::GoAway { code, grace_ms, min_ms, jitter_ms, url, reason } => {
                let mut rest = url.as_bytes().to_vec();
                rest.extend_from_slice(cut(reason).as_bytes());
                let integers = [code as u64, grace_ms, min_ms, jitter_ms, url.len() as u64];
                put_record(&mut record, GOAWAY, &integers, &rest);
            }
            Control::Ext { id, body } => put_record(&mut record, EXT, &[id], body),
        }
        if self.link.is_some() && (self.control_len + record.len() <= CONTROL_MAX || self.control.is_empty())
        {
            self.put_control(record);
        }
    }

    fn put_control(&mut self, record: Vec<u8>) {
        self.control_len += record.len();
        self.control.push_back(record);
    }

    /// Whether a frame has something to say.
    pub(super) fn due(&self) -> Due {
        if self.link.is_none() {
            Due::Nothing
        } else if !self.control.is_empty() || self.sender.is_due() {
            Due::Now
        } else {
            self.receiver.due()
        }
    }

    /// The next frame, of about `room` bytes; false if there is nothing to say.
    pub(super) fn frame(&mut self, room: usize, out: &mut Vec<u8>) -> bool {
        out.clear();
        if self.due() == Due::Nothing {
            return false;
        }
        let ack = self.receiver.tell();
        let mut records = Vec::new();
        while let Some(record) = self.control.front() {
            if !records.is_empty()
                && (records.len() + record.len() > room || !self.sender.fits(records.len() + record.len()))
            {
                break;
            }
            self.control_len -= record.len();
            records.extend_from_slice(record);
            self.control.pop_front();
        }
        // What is numbered follows when everything else has left.
        let room = room.saturating_sub(records.len() + FRAME_OVERHEAD);
        let base = if self.control.is_empty() && (room > 0 || records.is_empty()) {
            self.sender.write(room, &mut records)
        } else {
            None
        };
        put_head(out, Head { base, ack });
        out.extend_from_slice(&records);
        true
    }

    /// The last frame on this link.
    pub(super) fn close(&mut self, close: Closing<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        put_head(&mut out, Head { base: None, ack: None });
        let flags = u64::from(close.retry) + 2 * u64::from(close.forget);
        // When the session ends here, this is the proof of what the application has. No store is asked any more.
        let recv = if close.forget { self.receiver.accepted() } else { self.receiver.kept() };
        let integers = [close.code as u64, flags, close.retry_after_ms, recv];
        put_record(&mut out, CLOSE, &integers, cut(close.reason).as_bytes());
        self.link = None;
        out
    }

    /// The session is over. With what the peer proves, nothing is in doubt.
    pub(super) fn lose(&mut self, tombstone: Option<super::Tombstone>, carry: bool) -> Loss {
        let old = &self.sender;
        // Whoever forgot what this side has heard or was told, proves nothing.
        let heard = self.receiver.received();
        let proof = tombstone
            .filter(|stone| (old.acked()..=old.written()).contains(&stone.recv) && stone.next > heard);
        let delivered = proof.map_or(old.acked(), |stone| stone.recv);
        let in_doubt = proof.map_or(old.written(), |stone| stone.recv);
        let missing = tombstone.is_none_or(|stone| stone.next != heard + 1);
        let mut sender = Sender::new();
        let mut loss = Loss {
            delivered,
            in_doubt,
            last: old.last(),
            carried: Vec::new(),
            reopened: 0,
            requests: Vec::new(),
            received: heard,
            missing,
        };
        // Whoever goes on has the same channels.
        for record in self.ledger.channels.values() {
            sender.bind(record, &[], self.durable);
            loss.reopened += 1;
        }
        if carry {
            for (seq, bytes) in old.records_from(in_doubt + 1) {
                if let Some(id) = self.ledger.carried(&bytes) {
                    sender.bind(&bytes, &[], self.durable);
                    loss.carried.push(seq);
                    loss.requests.extend(id);
                }
            }
        }
        self.sender = sender;
        self.receiver = Receiver::new(self.limits.window);
        self.ledger.asked = loss.requests.iter().copied().collect();
        self.ledger.asking.clear();
        self.ledger.last_asking = 0;
        self.effects.clear();
        self.control.clear();
        self.control_len = 0;
        self.link = None;
        self.stored = 0;
        self.epoch += 1;
        loss
    }

    /// What arrives while this side waits for the other's last word: acknowledgements count still.
    pub(super) fn receive_last(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Violation> {
        let frame = Frame::read(bytes)?;
        if let Some(ack) = frame.head.ack {
            self.acked(ack, events)?;
        }
        for framed in frame {
            if let record @ Record::Close { .. } = framed?.record {
                self.unnumbered(record, events)?;
            }
        }
        Ok(())
    }

    /// Starts anew, with nothing.
    pub(super) fn forget(&mut self) {
        let epoch = self.epoch + 1;
        *self = Self { epoch, ..Self::new(self.role, self.limits, self.durable) };
    }

    // What a store keeps.

    /// The state that a delta tells has changed.
    pub(super) fn touch(&mut self) {
        self.unkept = true;
    }

    /// A session has begun, of which a store has nothing.
    pub(super) fn begin(&mut self) {
        self.unkept = true;
        self.channels_changed = true;
        self.stored = 0;
    }

    pub(super) fn delta(&mut self, fence: u64, confirmed: bool) -> Delta {
        // A record that is not accepted arrives again after a restart, and must find what it found before.
        let mut ledger = self.ledger.clone();
        for (_, effect) in self.effects.iter().rev() {
            ledger.undo(effect);
        }
        let appended = self.sender.records_from(self.stored + 1).collect();
        self.stored = self.sender.last();
        self.unkept = false;
        Delta {
            epoch: self.epoch,
            state: super::store::State {
                fence,
                confirmed,
                accepted: self.receiver.accepted(),
                accepted_end: self.receiver.accepted_end(),
                granted: self.receiver.may_grant(),
                acked: self.sender.acked(),
                acked_end: self.sender.acked_end(),
                last: self.sender.last(),
                asked: ledger.asked,
                next_request: ledger.next_request,
                asking: ledger.asking,
                last_asking: ledger.last_asking,
                last_channel: ledger.last_channel,
            },
            appended,
            channels: core::mem::take(&mut self.channels_changed).then_some(ledger.channels),
        }
    }

    pub(super) fn keep(&mut self, delta: &Delta) {
        if delta.epoch == self.epoch {
            self.sender.keep(delta.state.last);
            self.receiver.keep(delta.state.accepted, delta.state.accepted_end);
        }
    }

    /// Whether a store lacks something that no delta has told it.
    pub(super) fn is_unkept(&self) -> bool {
        self.durable && self.unkept
    }

    pub(super) fn channels(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.ledger.channels.iter().map(|(channel, record)| (*channel, record.as_slice()))
    }
}

/// What a response's status says where the half itself answers. Applications have 0 for what went well,
/// 1 for an error of theirs, and everything from 16 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Answer {
    /// Here it is.
    Ok = 0,
    /// The handler failed; the payload says how.
    Error = 1,
    /// It was cancelled.
    Cancelled = 2,
    /// Nobody handles this method.
    NoMethod = 3,
    /// It took too long.
    TimedOut = 4,
    /// Too many requests wait.
    Busy = 5,
    /// The handler was lost in a restart; it may have run.
    Interrupted = 6,
    /// The channel is not open.
    NoChannel = 7,
}

/// A record without a number.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "PROTOCOL.md describes each field under the same name")]
pub enum Control<'a> {
    Ping { token: u64 },
    Pong { token: u64, hold_us: u64 },
    Auth { token: &'a [u8] },
    Authed { status: u64, ttl_ms: u64 },
    GoAway { code: Code, grace_ms: u64, min_ms: u64, jitter_ms: u64, url: &'a str, reason: &'a str },
    Ext { id: u64, body: &'a [u8] },
}

/// How a connection is ended.
#[derive(Clone, Copy, Debug)]
pub struct Closing<'a> {
    /// Why.
    pub code: Code,
    /// Whether the peer may connect again.
    pub retry: bool,
    /// Whether the session ends with the connection.
    pub forget: bool,
    /// Not before so many milliseconds.
    pub retry_after_ms: u64,
    /// In words; cut at 123 bytes.
    pub reason: &'a str,
}

impl Closing<'_> {
    /// What a violation is answered with. The session stays.
    pub fn for_violation(violation: Violation) -> Self {
        Self { code: violation.code, retry: false, forget: false, retry_after_ms: 0, reason: violation.what }
    }
}

fn flags(kind: u8, payload: Payload<'_>) -> u8 {
    kind | if payload.text { TEXT } else { 0 } | if payload.channel > 0 { CHANNEL } else { 0 }
}

/// A record up to its payload.
fn put_payload(out: &mut Vec<u8>, kind: u8, payload: Payload<'_>) {
    out.push(flags(kind, payload));
    let channel = if payload.channel > 0 { integer_len(payload.channel) } else { 0 };
    put_integer(out, (channel + payload.bytes.len()) as u64);
    if payload.channel > 0 {
        put_integer(out, payload.channel);
    }
}

fn open_record(channel: u64, name: &str, payload: Payload<'_>) -> Vec<u8> {
    let mut rest = name.as_bytes().to_vec();
    rest.extend_from_slice(payload.bytes);
    let mut record = Vec::with_capacity(24 + rest.len());
    put_record(
        &mut record,
        flags(OPEN, Payload { channel: 0, ..payload }),
        &[channel, name.len() as u64],
        &rest,
    );
    record
}

/// A reason that fits a close frame, cut between characters.
fn cut(reason: &str) -> &str {
    let mut end = reason.len().min(REASON_MAX);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason.get(..end).unwrap_or_default()
}

/// A record as it came.
fn encoded(framed: &Framed, bytes: &[u8]) -> Vec<u8> {
    let end = match &framed.record {
        Record::Open { payload, .. } => payload.end,
        _ => 0,
    };
    Span { start: end.saturating_sub(framed.len), end }.of(bytes).to_vec()
}
