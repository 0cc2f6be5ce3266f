//! The bytes of frames that no server should send.

use everwire::session::{Ack, Frame, Head, Identity, Record, Status, Welcome, is_sequenced};

/// What the server says and a connection does not pass on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Withheld {
    Acks,
    Credit,
}

/// A CLOSE record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Closing {
    pub(crate) code: u64,
    pub(crate) retry: bool,
    pub(crate) forget: bool,
    pub(crate) retry_after_ms: u64,
    /// None: what was last acknowledged on the connection.
    pub(crate) recv: Option<u64>,
    pub(crate) reason: String,
}

/// A GOAWAY record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GoAway {
    pub(crate) code: u64,
    pub(crate) grace_ms: u64,
    pub(crate) min_ms: u64,
    pub(crate) jitter_ms: u64,
    pub(crate) reason: String,
}

/// A frame without a numbered record.
pub(crate) fn plain(records: &[u8]) -> Vec<u8> {
    [&[0], records].concat()
}

/// A frame whose records are numbered from `base`.
pub(crate) fn numbered(base: u64, records: &[u8]) -> Vec<u8> {
    let mut frame = vec![SEQUENCED];
    put_integer(&mut frame, base);
    frame.extend_from_slice(records);
    frame
}

/// A frame that acknowledges, and says nothing else.
pub(crate) fn acknowledging(ack: Ack) -> Vec<u8> {
    with_head(Head { base: None, ack: Some(ack) }, &[])
}

/// A text message.
pub(crate) fn message(text: &[u8]) -> Vec<u8> {
    record(MSG | TEXT, &[], text)
}

/// The question for a token.
pub(crate) fn token_wanted() -> Vec<u8> {
    plain(&record(AUTH, &[], &[]))
}

impl Closing {
    pub(crate) fn frame(&self, acknowledged: u64) -> Vec<u8> {
        let flags = u64::from(self.retry) + 2 * u64::from(self.forget);
        let integers = [self.code, flags, self.retry_after_ms, self.recv.unwrap_or(acknowledged)];
        plain(&record(CLOSE, &integers, self.reason.as_bytes()))
    }
}

impl GoAway {
    pub(crate) fn frame(&self) -> Vec<u8> {
        let integers = [self.code, self.grace_ms, self.min_ms, self.jitter_ms];
        plain(&record(GOAWAY, &integers, self.reason.as_bytes()))
    }
}

/// The WELCOME in a frame that begins a connection.
pub(crate) fn welcome_in(frame: &[u8]) -> Option<Welcome> {
    match Frame::read(frame).ok()?.next()?.ok()?.says() {
        Record::Welcome { body } => Welcome::read(frame, body).ok(),
        _ => None,
    }
}

/// The same WELCOME, as if it resumed a session of another name.
pub(crate) fn foreign(welcome: &Welcome) -> Vec<u8> {
    let Identity { mut id, secret } = welcome.session;
    id.iter_mut().for_each(|byte| *byte = !*byte);
    let session = Identity { id, secret };
    Welcome { status: Status::Resumed, tombstone: None, session, ..welcome.clone() }.frame()
}

/// The same WELCOME with one byte of credit too little.
pub(crate) fn poor(welcome: &Welcome) -> Vec<u8> {
    let mut poor = welcome.clone();
    poor.position.credit = poor.position.max_frame - 1;
    poor.frame()
}

/// The head of a frame, and how many of its records are numbered.
pub(crate) fn head_of(frame: &[u8]) -> Option<(Head, u64)> {
    let frame = Frame::read(frame).ok()?;
    let head = frame.head;
    let numbered = frame.filter(|framed| framed.as_ref().is_ok_and(|framed| is_sequenced(framed.kind)));
    Some((head, numbered.count() as u64))
}

/// The same records behind another head.
pub(crate) fn behead(frame: &[u8], head: Head, other: Head) -> Vec<u8> {
    let len = with_head(head, &[]).len();
    with_head(other, frame.get(len..).unwrap_or_default())
}

fn with_head(head: Head, records: &[u8]) -> Vec<u8> {
    let mut frame = vec![0];
    let mut flags = 0;
    if let Some(base) = head.base {
        flags |= SEQUENCED;
        put_integer(&mut frame, base);
    }
    if let Some(ack) = head.ack {
        flags |= ACKS;
        put_integer(&mut frame, ack.to);
        put_integer(&mut frame, ack.credit);
    }
    frame.extend_from_slice(records);
    if let Some(first) = frame.first_mut() {
        *first = flags;
    }
    frame
}

fn record(kind: u8, integers: &[u64], bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    integers.iter().for_each(|integer| put_integer(&mut body, *integer));
    body.extend_from_slice(bytes);
    let mut record = vec![kind];
    put_integer(&mut record, body.len() as u64);
    record.extend_from_slice(&body);
    record
}

/// Unsigned LEB128.
fn put_integer(out: &mut Vec<u8>, value: u64) {
    let mut rest = value;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

const SEQUENCED: u8 = 1;
const ACKS: u8 = 2;
const TEXT: u8 = 0x20;
const MSG: u8 = 3;
const AUTH: u8 = 12;
const GOAWAY: u8 = 14;
const CLOSE: u8 = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_here_is_what_the_protocol_reads() {
        let read = |frame: &[u8]| Frame::read(frame).unwrap().next().unwrap().unwrap().says();
        assert!(matches!(
            read(&numbered(300, &message(b"x"))),
            Record::Message { channel: 0, text: true, .. }
        ));
        assert_eq!(head_of(&numbered(300, &message(b"x"))), Some((Head { base: Some(300), ack: None }, 1)));
        assert!(matches!(read(&token_wanted()), Record::Auth { .. }));
        let closing = Closing {
            code: 9,
            retry: true,
            forget: false,
            retry_after_ms: 700,
            recv: None,
            reason: "why".into(),
        };
        let frame = closing.frame(5);
        let Record::Close { code, retry, forget, retry_after_ms, recv, reason } = read(&frame) else {
            panic!()
        };
        assert_eq!((code, retry, forget, retry_after_ms, recv), (9, true, false, 700, 5));
        assert_eq!(reason.text(&frame), "why");
        let away = GoAway { code: 9, grace_ms: 1, min_ms: 2, jitter_ms: 3, reason: "y".into() };
        let frame = away.frame();
        let Record::GoAway { jitter_ms, reason, .. } = read(&frame) else { panic!() };
        assert_eq!((jitter_ms, reason.text(&frame)), (3, "y"));
    }

    #[test]
    fn a_frame_keeps_its_records_behind_another_head() {
        let ack = |to, credit| Some(Ack { to, credit });
        let before = Head { base: Some(7), ack: ack(200, 70_000) };
        let frame = with_head(before, &message(b"x"));
        let other = Head { base: Some(7), ack: ack(1, 2) };
        assert_eq!(behead(&frame, before, other), with_head(other, &message(b"x")));
        assert_eq!(
            head_of(&acknowledging(Ack { to: 3, credit: 4 })),
            Some((Head { base: None, ack: ack(3, 4) }, 0))
        );
    }
}
