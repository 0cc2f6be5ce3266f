//! The bytes of `everwire.v1`: frames, records, varints. PROTOCOL.md says the same in words.

use super::code::{Code, Violation, violation};
use crate::reason::REASON_MAX;

/// The subprotocol both ends name (RFC 6455, section 1.9).
pub const SUBPROTOCOL: &str = "everwire.v1";
/// The version of the protocol that this is.
pub const VERSION: u64 = 1;
/// The largest integer on the wire, so that every language can hold it: 2^53 - 1.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;
/// What a frame takes besides its records, at most: head, base, ack and credit.
pub const FRAME_OVERHEAD: usize = 25;
/// The shortest and the longest limit a side may announce for a frame.
pub const FRAME_LIMITS: (u64, u64) = (1_024, 1 << 30);
/// Records in one frame, at most. The smallest takes two bytes of a frame and far more in memory.
pub const FRAME_RECORDS: usize = 8_192;

/// A frame's head: it holds sequenced records, and the number of the first follows.
const SEQUENCED: u8 = 1;
/// A frame's head: an acknowledgement and a credit follow.
const ACKS: u8 = 2;

/// A record's payload is text.
pub(super) const TEXT: u8 = 0x20;
/// A record's body begins with a channel.
pub(super) const CHANNEL: u8 = 0x40;
/// More responses to the same request follow.
pub(super) const MORE: u8 = 0x80;
const TYPE: u8 = 0x1f;

pub(super) const HELLO: u8 = 1;
pub(super) const WELCOME: u8 = 2;
pub(super) const MSG: u8 = 3;
pub(super) const VOL: u8 = 4;
pub(super) const REQ: u8 = 5;
pub(super) const RES: u8 = 6;
pub(super) const CANCEL: u8 = 7;
pub(super) const OPEN: u8 = 8;
pub(super) const SHUT: u8 = 9;
pub(super) const PING: u8 = 10;
pub(super) const PONG: u8 = 11;
pub(super) const AUTH: u8 = 12;
pub(super) const AUTHED: u8 = 13;
pub(super) const GOAWAY: u8 = 14;
pub(super) const CLOSE: u8 = 15;
pub(super) const EXT: u8 = 16;

/// A part of a record's body.
#[derive(Clone, Copy)]
enum Part {
    Integer,
    /// The number of a channel or a request, from 1.
    Number,
    /// The number of a channel if a flag says that there is one.
    Channel,
    /// A close code.
    Code,
    /// What CLOSE asks for.
    Flags,
    /// A text with its length before it.
    Name,
}

/// What a record's body ends with.
#[derive(Clone, Copy)]
enum Rest {
    Nothing,
    Bytes,
    /// For the application, as text if a flag says so.
    Payload,
    /// A text.
    Reason,
}

/// The flags that a type may carry, and what its body is made of.
type Layout = (u8, &'static [Part], Rest);

/// From type 0.
const LAYOUTS: [Option<Layout>; 17] = {
    use Part::{Channel, Code, Flags, Integer, Name, Number};
    use Rest::{Bytes, Nothing, Payload, Reason};
    [
        None,
        Some((0, &[], Bytes)),
        Some((0, &[], Bytes)),
        Some((TEXT | CHANNEL, &[Channel], Payload)),
        Some((TEXT | CHANNEL, &[Channel], Payload)),
        Some((TEXT | CHANNEL, &[Channel, Number, Integer, Name], Payload)),
        Some((TEXT | MORE, &[Number, Integer], Payload)),
        Some((0, &[Number], Nothing)),
        Some((TEXT, &[Number, Name], Payload)),
        Some((0, &[Number, Integer], Reason)),
        Some((0, &[Integer], Nothing)),
        Some((0, &[Integer, Integer], Nothing)),
        Some((0, &[], Bytes)),
        Some((0, &[Integer, Integer], Nothing)),
        Some((0, &[Code, Integer, Integer, Integer], Reason)),
        Some((0, &[Code, Flags, Integer, Integer], Reason)),
        Some((0, &[Integer], Bytes)),
    ]
};

/// Where something stands in the frame it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// Its first byte.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

impl Span {
    /// The bytes themselves.
    pub fn of<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        frame.get(self.start..self.end).unwrap_or_default()
    }

    /// The bytes as text; empty if they are none.
    pub fn text<'a>(&self, frame: &'a [u8]) -> &'a str {
        core::str::from_utf8(self.of(frame)).unwrap_or_default()
    }

    /// How many bytes.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What stands before the records of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Head {
    /// The sequence number of the first sequenced record, if there is one.
    pub base: Option<u64>,
    /// Every record up to this number is accepted, and so many bytes of sequenced records may be sent in all.
    pub ack: Option<Ack>,
}

/// What a receiver grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ack {
    /// Every sequence number up to this one is accepted.
    pub to: u64,
    /// Absolute: bytes of sequenced records, as encoded, that the peer may have sent since the session began.
    pub credit: u64,
}

/// What a record says, its texts and payloads as places in the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "PROTOCOL.md describes each field under the same name")]
pub enum Record {
    /// For [`Hello::read`](super::Hello::read).
    Hello {
        body: Span,
    },
    /// For [`Welcome::read`](super::Welcome::read).
    Welcome {
        body: Span,
    },
    /// Channel 0 is none.
    Message {
        channel: u64,
        text: bool,
        payload: Span,
    },
    Volatile {
        channel: u64,
        text: bool,
        payload: Span,
    },
    Request {
        id: u64,
        timeout_ms: u64,
        channel: u64,
        method: Span,
        text: bool,
        payload: Span,
    },
    Response {
        id: u64,
        status: u64,
        more: bool,
        text: bool,
        payload: Span,
    },
    Cancel {
        id: u64,
    },
    Open {
        channel: u64,
        name: Span,
        text: bool,
        payload: Span,
    },
    Shut {
        channel: u64,
        code: u64,
        reason: Span,
    },
    Ping {
        token: u64,
    },
    Pong {
        token: u64,
        hold_us: u64,
    },
    Auth {
        token: Span,
    },
    Authed {
        status: u64,
        ttl_ms: u64,
    },
    GoAway {
        code: u64,
        grace_ms: u64,
        min_ms: u64,
        jitter_ms: u64,
        reason: Span,
    },
    Close {
        code: u64,
        retry: bool,
        forget: bool,
        retry_after_ms: u64,
        recv: u64,
        reason: Span,
    },
    Ext {
        id: u64,
        body: Span,
    },
}

/// Whether a kind octet's records are numbered, acknowledged and resent.
pub fn is_sequenced(kind: u8) -> bool {
    matches!(kind & TYPE, MSG | REQ | RES | CANCEL | OPEN | SHUT)
}

/// Reads a frame: its head at once, its records one after the other.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    /// What stands before the records.
    pub head: Head,
    body: Reader<'a>,
}

/// A record as it came, in few bytes: it waits and is handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Framed {
    /// The kind octet.
    pub kind: u8,
    /// The whole record as encoded.
    pub span: Span,
    /// The integers of its body, in their order.
    numbers: [u64; 4],
    /// Where its name begins, which goes up to the rest, and the rest.
    name: usize,
    rest: usize,
}

impl Framed {
    /// Whether it is a message with a number.
    pub fn is_message(&self) -> bool {
        self.type_number() == MSG
    }

    /// Its type, without flags.
    pub fn type_number(&self) -> u8 {
        self.kind & TYPE
    }

    /// Whether it is for the application as text.
    pub fn is_text(&self) -> bool {
        self.kind & TEXT != 0
    }

    /// The integers of its body, in their order; 0 past the last.
    pub fn numbers(&self) -> [u64; 4] {
        self.numbers
    }

    /// The name of a channel or a method; empty if there is none.
    pub fn name(&self) -> Span {
        Span { start: self.name, end: self.rest }
    }

    /// What its body ends with.
    pub fn rest(&self) -> Span {
        Span { start: self.rest, end: self.span.end }
    }

    /// What it says.
    #[inline(always)]
    pub fn says(&self) -> Record {
        let [a, b, c, d] = self.numbers;
        let (name, rest) = (self.name(), self.rest());
        let (text, more) = (self.is_text(), self.kind & MORE != 0);
        match self.kind & TYPE {
            HELLO => Record::Hello { body: rest },
            WELCOME => Record::Welcome { body: rest },
            MSG => Record::Message { channel: a, text, payload: rest },
            VOL => Record::Volatile { channel: a, text, payload: rest },
            REQ => Record::Request { channel: a, id: b, timeout_ms: c, method: name, text, payload: rest },
            RES => Record::Response { id: a, status: b, more, text, payload: rest },
            CANCEL => Record::Cancel { id: a },
            OPEN => Record::Open { channel: a, name, text, payload: rest },
            SHUT => Record::Shut { channel: a, code: b, reason: rest },
            PING => Record::Ping { token: a },
            PONG => Record::Pong { token: a, hold_us: b },
            AUTH => Record::Auth { token: rest },
            AUTHED => Record::Authed { status: a, ttl_ms: b },
            GOAWAY => Record::GoAway { code: a, grace_ms: b, min_ms: c, jitter_ms: d, reason: rest },
            CLOSE => {
                let (retry, forget) = (b & 1 != 0, b & 2 != 0);
                Record::Close { code: a, retry, forget, retry_after_ms: c, recv: d, reason: rest }
            }
            _ => Record::Ext { id: a, body: rest },
        }
    }
}

impl<'a> Frame<'a> {
    /// Reads the head.
    ///
    /// # Errors
    /// If these bytes begin no frame.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Violation> {
        let mut body = Reader::new(bytes);
        let flags = body.u8();
        body.check(flags & !(SEQUENCED | ACKS) == 0, violation!("unknown bits in the frame's head"));
        let base = (flags & SEQUENCED != 0).then(|| body.integer());
        body.check(base != Some(0), violation!("sequence numbers begin at 1"));
        let ack = (flags & ACKS != 0).then(|| Ack { to: body.integer(), credit: body.integer() });
        let head = Head { base, ack };
        body.sound(()).map(|()| Self { head, body })
    }
}

impl Iterator for Frame<'_> {
    type Item = Result<Framed, Violation>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.body.at == self.body.end {
            return None;
        }
        let framed = self.body.record();
        Some(self.body.fault.map_or(Ok(framed), Err))
    }
}

/// Reads a record by itself, as it is kept: its places are in these bytes.
pub(super) fn read_record(bytes: &[u8]) -> Option<Record> {
    let mut reader = Reader::new(bytes);
    let framed = reader.record();
    reader.fault.is_none().then(|| framed.says())
}

/// The record that is all a frame holds, as in a handshake; none if there is none, or anything besides.
pub(super) fn read_alone(bytes: &[u8]) -> Result<Option<Framed>, Violation> {
    let mut frame = Frame::read(bytes)?;
    let first = frame.next().transpose()?;
    Ok(first.filter(|_| frame.head == Head::default() && frame.body.at == frame.body.end))
}

/// Writes a frame's head.
pub(super) fn put_head(out: &mut Vec<u8>, head: Head) {
    let (base, acks) = (u8::from(head.base.is_some()), u8::from(head.ack.is_some()));
    out.push(base * SEQUENCED + acks * ACKS);
    if let Some(base) = head.base {
        put_integer(out, base);
    }
    if let Some(ack) = head.ack {
        put_integer(out, ack.to);
        put_integer(out, ack.credit);
    }
}

/// Writes a record whose body is made of integers, then bytes.
pub(super) fn put_record(out: &mut Vec<u8>, kind: u8, integers: &[u64], bytes: &[u8]) {
    put_up_to(out, kind, integers, bytes.len());
    out.extend_from_slice(bytes);
}

/// The same without its bytes, which are to follow: so many.
pub(super) fn put_up_to(out: &mut Vec<u8>, kind: u8, integers: &[u64], bytes: usize) {
    out.push(kind);
    let len = integers.iter().map(|integer| integer_len(*integer)).sum::<usize>() + bytes;
    put_integer(out, len as u64);
    for integer in integers {
        put_integer(out, *integer);
    }
}

/// Unsigned LEB128, as short as can be.
pub(super) fn put_integer(out: &mut Vec<u8>, value: u64) {
    let mut rest = value.min(MAX_INTEGER);
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// How many bytes [`put_integer`] writes.
pub(super) fn integer_len(value: u64) -> usize {
    (64 - (value.min(MAX_INTEGER) | 1).leading_zeros() as usize).div_ceil(7)
}

/// The longest channel name or method.
pub const NAME_MAX: usize = 1_024;

/// Takes a frame apart, byte by byte, within its bounds. The first fault ends the frame: what is read from there on is
/// zero or empty, and means nothing.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
    fault: Option<Violation>,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self::within(bytes, Span { start: 0, end: bytes.len() })
    }

    pub(super) fn within(bytes: &'a [u8], span: Span) -> Self {
        Self { bytes, at: span.start, end: span.end, fault: None }
    }

    /// What has been read, unless there was a fault or it goes on.
    pub(super) fn all<T>(&mut self, read: T) -> Result<T, Violation> {
        self.check_end();
        self.sound(read)
    }

    fn sound<T>(&self, read: T) -> Result<T, Violation> {
        self.fault.map_or(Ok(read), Err)
    }
}

impl Reader<'_> {
    pub(super) fn check(&mut self, sound: bool, otherwise: Violation) {
        if !sound {
            self.fail(otherwise);
        }
    }

    /// In the npm package a call, since every field of every record is checked and a page loads all of it.
    #[cfg_attr(feature = "js", cold, inline(never))]
    fn fail(&mut self, violation: Violation) {
        self.fault.get_or_insert(violation);
        self.at = self.end;
    }

    fn u8(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().filter(|_| self.at < self.end);
        self.check(byte.is_some(), violation!("the frame ends too early"));
        self.at += usize::from(byte.is_some());
        byte.unwrap_or_default()
    }

    pub(super) fn integer(&mut self) -> u64 {
        let mut value = 0;
        for shift in (0..56).step_by(7) {
            let byte = self.u8();
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if (byte == 0 && shift > 0) || value > MAX_INTEGER {
                    break;
                }
                return value;
            }
        }
        self.check(false, violation!("an integer is too long or too large"));
        0
    }

    pub(super) fn span(&mut self, len: u64) -> Span {
        let start = self.at;
        let fits = len <= (self.end - start) as u64;
        self.check(fits, violation!("a length reaches past its end"));
        if fits {
            self.at += len as usize;
        }
        Span { start, end: self.at }
    }

    pub(super) fn sixteen(&mut self) -> [u8; 16] {
        let sixteen = self.span(16).of(self.bytes).try_into();
        sixteen.unwrap_or_default()
    }

    /// Everything up to the end of the record.
    pub(super) fn rest(&mut self) -> Span {
        let start = self.at;
        self.at = self.end;
        Span { start, end: self.end }
    }

    fn check_end(&mut self) {
        self.check(self.at == self.end, violation!("a record is longer than what it says"));
    }

    fn is_text(&self, span: Span) -> bool {
        core::str::from_utf8(span.of(self.bytes)).is_ok()
    }

    fn text(&mut self, span: Span, max: usize) -> Span {
        let sound = span.len() <= max && self.is_text(span);
        self.check(sound, violation!("a name or reason is too long or not UTF-8"));
        span
    }

    /// A text with its length before it.
    fn name(&mut self) -> Span {
        let len = self.integer();
        let span = self.span(len);
        self.text(span, NAME_MAX)
    }

    pub(super) fn rest_as_text(&mut self, max: usize) -> Span {
        let span = self.rest();
        self.text(span, max)
    }

    fn record(&mut self) -> Framed {
        let start = self.at;
        let kind = self.u8();
        let layout = LAYOUTS.get(usize::from(kind & TYPE)).copied().flatten();
        let layout = layout.filter(|(flags, ..)| kind & !TYPE & !flags == 0);
        self.check(layout.is_some(), violation!("a record of a type or with flags that do not exist"));
        let (_, parts, rest) = layout.unwrap_or((0, &[], Rest::Bytes));
        let len = self.integer();
        let body = self.span(len);
        let outer = core::mem::replace(&mut self.end, body.end);
        self.at = body.start;
        let mut numbers = [0; 4];
        let mut slots = numbers.iter_mut();
        let mut name = None;
        for part in parts {
            let number = match part {
                Part::Integer => self.integer(),
                Part::Channel if kind & CHANNEL == 0 => 0,
                Part::Channel | Part::Number => self.number(),
                Part::Code => self.code(),
                Part::Flags => self.flags(),
                Part::Name => {
                    name = Some(self.name());
                    continue;
                }
            };
            if let Some(slot) = slots.next() {
                *slot = number;
            }
        }
        let place = self.at;
        match rest {
            Rest::Nothing => {}
            Rest::Payload if kind & TEXT != 0 => self.payload(),
            Rest::Payload | Rest::Bytes => self.at = self.end,
            Rest::Reason => {
                self.rest_as_text(REASON_MAX);
            }
        }
        self.check_end();
        if self.fault.is_none() {
            self.end = outer;
        }
        let name = name.map_or(place, |name| name.start);
        Framed { kind, span: Span { start, end: self.at }, numbers, name, rest: place }
    }

    /// The application is told that text is text, so it must be.
    fn payload(&mut self) {
        let span = self.rest();
        let sound = self.is_text(span);
        self.check(sound, violation!("a text that is not UTF-8"));
    }

    fn code(&mut self) -> u64 {
        let code = self.integer();
        self.check(Code::from_number(code).is_some(), violation!("a close code that does not exist"));
        code
    }

    fn flags(&mut self) -> u64 {
        let flags = self.integer();
        self.check(flags <= 3, violation!("a flag of CLOSE that does not exist"));
        flags
    }

    /// A number that begins at 1.
    fn number(&mut self) -> u64 {
        let number = self.integer();
        self.check(number > 0, violation!("channels and requests are numbered from 1"));
        number
    }
}
