//! What a half is asked to send, and the bytes it makes of it.

use super::code::{Code, Fault, Violation};
use super::wire::{
    AUTH, AUTHED, CHANNEL, EXT, GOAWAY, MORE, OPEN, PING, PONG, REQ, RES, TEXT, integer_len, put_integer,
    put_record, put_up_to,
};
use crate::reason::cut_reason;

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
    /// Whether the bytes are text for the application. A peer refuses text that is not UTF-8.
    pub text: bool,
    /// The bytes.
    pub bytes: &'a [u8],
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
    GoAway { code: Code, grace_ms: u64, min_ms: u64, jitter_ms: u64, reason: &'a str },
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
        let Fault { code, what } = *violation;
        let retry = matches!(code, Code::SlowConsumer | Code::SessionLost);
        Self { code, retry, forget: false, retry_after_ms: 0, reason: what }
    }
}

impl Control<'_> {
    pub(super) fn record(self) -> Vec<u8> {
        let mut record = Vec::new();
        match self {
            Self::Ping { token } => put_record(&mut record, PING, &[token], &[]),
            Self::Pong { token, hold_us } => put_record(&mut record, PONG, &[token, hold_us], &[]),
            Self::Auth { token } => put_record(&mut record, AUTH, &[], token),
            // The rest a client does not send of itself, and the npm package is one.
            _ if cfg!(feature = "js") => {}
            Self::Authed { status, ttl_ms } => put_record(&mut record, AUTHED, &[status, ttl_ms], &[]),
            Self::GoAway { code, grace_ms, min_ms, jitter_ms, reason } => {
                let integers = [code as u64, grace_ms, min_ms, jitter_ms];
                put_record(&mut record, GOAWAY, &integers, cut_reason(reason).as_bytes());
            }
            Self::Ext { id, body } => put_record(&mut record, EXT, &[id], body),
        }
        record
    }
}

fn flags(kind: u8, payload: Payload<'_>) -> u8 {
    kind | if payload.text { TEXT } else { 0 } | if payload.channel > 0 { CHANNEL } else { 0 }
}

/// A message, numbered or volatile, up to its payload.
pub(super) fn put_payload(out: &mut Vec<u8>, kind: u8, payload: Payload<'_>) {
    out.push(flags(kind, payload));
    let channel = if payload.channel > 0 { integer_len(payload.channel) } else { 0 };
    put_integer(out, (channel + payload.bytes.len()) as u64);
    if payload.channel > 0 {
        put_integer(out, payload.channel);
    }
}

/// A request up to its payload.
pub(super) fn request_head(id: u64, timeout_ms: u64, method: &str, payload: Payload<'_>) -> Vec<u8> {
    let mut head = Vec::with_capacity(32 + method.len());
    let integers = [payload.channel, id, timeout_ms, method.len() as u64];
    let integers = if payload.channel > 0 { &integers[..] } else { &integers[1..] };
    put_up_to(&mut head, flags(REQ, payload), integers, method.len() + payload.bytes.len());
    head.extend_from_slice(method.as_bytes());
    head
}

/// A response up to its payload.
pub(super) fn response_head(id: u64, status: u64, more: bool, payload: Payload<'_>) -> Vec<u8> {
    let mut head = Vec::with_capacity(24);
    let kind = flags(RES, Payload { channel: 0, ..payload }) | if more { MORE } else { 0 };
    put_up_to(&mut head, kind, &[id, status], payload.bytes.len());
    head
}

pub(super) fn open_record(channel: u64, name: &str, payload: Payload<'_>) -> Vec<u8> {
    let len = name.len() + payload.bytes.len();
    let mut record = Vec::with_capacity(24 + len);
    let kind = flags(OPEN, Payload { channel: 0, ..payload });
    put_up_to(&mut record, kind, &[channel, name.len() as u64], len);
    record.extend_from_slice(name.as_bytes());
    record.extend_from_slice(payload.bytes);
    record
}
