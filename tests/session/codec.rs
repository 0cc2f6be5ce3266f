//! The bytes of `everwire.v1`: what is read is what was written, however it is cut into frames.

use crate::halves::{
    encode, feed, frame_of, greeted, hello_body, integer, integers, read, record_of, welcome_body,
};
use everwire::session::{
    Control, Event, FRAME_LIMITS, Frame, Hello, Identity, Limits, MAX_INTEGER, Payload, Position, Record,
    Session, Span, Status, Tombstone, Violation, Welcome,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};

// Strategies.

/// Integers of every length.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..4_u64,
        (0..54_u32, any::<u64>()).prop_map(|(bits, value)| value & ((1 << bits) - 1)),
        Just(MAX_INTEGER)
    ]
}

fn counted() -> impl Strategy<Value = u64> {
    number().prop_map(|value| value.max(1))
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..200)
}

fn words() -> impl Strategy<Value = Vec<u8>> {
    "\\PC{0,30}".prop_map(String::into_bytes)
}

fn payload() -> impl Strategy<Value = (bool, Vec<u8>)> {
    prop_oneof![words().prop_map(|words| (true, words)), octets().prop_map(|octets| (false, octets))]
}

fn position() -> impl Strategy<Value = Position> {
    (counted(), number(), number(), FRAME_LIMITS.0..=FRAME_LIMITS.1, number()).prop_map(
        |(first, more, recv, max_frame, credit)| Position {
            first,
            next: first.saturating_add(more).min(MAX_INTEGER),
            recv,
            credit: credit.max(max_frame),
            max_frame,
        },
    )
}

fn named() -> impl Strategy<Value = Identity> {
    (any::<[u8; 16]>(), any::<[u8; 16]>()).prop_map(|(mut id, secret)| {
        id[0] |= 1;
        Identity { id, secret }
    })
}

fn hello() -> impl Strategy<Value = Hello> {
    let versions = (0..=1_u64, counted());
    (versions, prop::option::of(named()), counted(), position(), number()).prop_map(
        |((version_min, version_max), session, fence, position, idle_ms)| Hello {
            version_min,
            version_max,
            session,
            fence,
            position,
            idle_ms,
            token: Span { start: 0, end: 0 },
        },
    )
}

fn welcome() -> impl Strategy<Value = Welcome> {
    use Status::{Expired, Forbidden, New, Resumed, RolledBack, Unknown};
    let status = select(vec![New, Resumed, Unknown, Expired, RolledBack, Forbidden]);
    let times = (number(), number(), number(), number());
    let stone = prop::option::of((0..MAX_INTEGER, counted()));
    (status, named(), position(), times, stone).prop_map(|(status, session, position, times, stone)| {
        let (resume_ms, ping_ms, idle_ms, auth_ttl_ms) = times;
        let stone = stone.filter(|_| status == Expired);
        let tombstone = stone.map(|(recv, next)| Tombstone { recv, next });
        Welcome { version: 1, status, session, position, resume_ms, ping_ms, idle_ms, auth_ttl_ms, tombstone }
    })
}

/// Any legal record, with the bytes in which its texts and payloads are.
fn record() -> impl Strategy<Value = (Record, Vec<u8>)> {
    let numbers = (counted(), number(), number(), number(), number());
    let flags = (any::<bool>(), any::<bool>());
    (0..16_u8, numbers, flags, words(), payload(), hello(), welcome()).prop_map(
        |(which, (id, a, b, c, d), (more, on), name, (text, body), hello, welcome)| {
            let first = Span { start: 0, end: name.len() };
            let payload = Span { start: name.len(), end: name.len() + body.len() };
            let mut bytes = [name, body].concat();
            let handshake = match which {
                0 => hello_body(&Hello { token: payload, ..hello }, &bytes),
                1 => welcome_body(&welcome),
                _ => Vec::new(),
            };
            bytes.extend(&handshake);
            let handshake = Span { start: payload.end, end: bytes.len() };
            let channel = if on { id } else { 0 };
            let record = match which {
                0 => Record::Hello { body: handshake },
                1 => Record::Welcome { body: handshake },
                2 => Record::Message { channel, text, payload },
                3 => Record::Volatile { channel, text, payload },
                4 => Record::Request { id, timeout_ms: a, channel, method: first, text, payload },
                5 => Record::Response { id, status: a, more, text, payload },
                6 => Record::Cancel { id },
                7 => Record::Open { channel: id, name: first, text, payload },
                8 => Record::Shut { channel: id, code: a, reason: first },
                9 => Record::Ping { token: a },
                10 => Record::Pong { token: a, hold_us: b },
                11 => Record::Auth { token: payload },
                12 => Record::Authed { status: a, ttl_ms: b },
                13 => {
                    Record::GoAway { code: a % 15 + 1, grace_ms: b, min_ms: c, jitter_ms: d, reason: first }
                }
                14 => Record::Close {
                    code: a % 15 + 1,
                    retry: more,
                    forget: on,
                    retry_after_ms: b,
                    recv: c,
                    reason: first,
                },
                _ => Record::Ext { id: a, body: payload },
            };
            (record, bytes)
        },
    )
}

/// Bytes that almost are a frame.
fn almost() -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((any::<Index>(), 0..4_u8, any::<u8>()), 0..4);
    (prop::collection::vec(record(), 0..5), prop::option::of(counted()), edits).prop_map(
        |(records, base, edits)| {
            let records: Vec<_> = records.iter().map(|(record, bytes)| encode(record, bytes)).collect();
            let mut frame = frame_of(base, None, &records);
            for (at, kind, byte) in edits {
                let at = at.index(frame.len());
                match kind {
                    0 => frame[at] = byte,
                    1 => frame[at] ^= 1 << (byte % 8),
                    2 => frame.insert(at, byte),
                    _ => frame.truncate(at.max(1)),
                }
            }
            frame
        },
    )
}

// Round trips.

proptest! {
    #[test]
    fn what_is_read_is_what_was_written((record, bytes) in record()) {
        let written = encode(&record, &bytes);
        let frame = frame_of(Some(1), Some((0, 0)), std::slice::from_ref(&written));
        let read = read(&frame).unwrap();
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(encode(&read[0], &frame), written);
        prop_assert_eq!(std::mem::discriminant(&read[0]), std::mem::discriminant(&record));
    }

    #[test]
    fn any_bytes_are_records_or_an_error_and_records_have_one_form(
        frame in prop_oneof![octets(), almost()],
    ) {
        if let Ok(head) = Frame::read(&frame).map(|read| read.head)
            && let Ok(records) = read(&frame)
        {
            let records: Vec<_> = records.iter().map(|record| encode(record, &frame)).collect();
            prop_assert_eq!(frame_of(head.base, head.ack.map(|ack| (ack.to, ack.credit)), &records), frame);
        }
    }

    #[test]
    fn a_frame_that_is_cut_short_is_never_more_than_it_says(records in prop::collection::vec(record(), 1..4), at: Index) {
        let records: Vec<_> = records.iter().map(|(record, bytes)| encode(record, bytes)).collect();
        let whole = frame_of(Some(1), None, &records);
        let cut = &whole[..at.index(whole.len())];
        let read = Frame::read(cut).map(|read| read.map_while(Result::ok).count());
        prop_assert!(read.is_ok_and(|count| count < records.len()) || cut.len() < 2);
    }

    #[test]
    fn what_a_half_writes_is_what_the_document_says(
        handed in prop::collection::vec((0..9_u8, words(), payload(), number()), 1..12),
    ) {
        let (mut client, mut server) = greeted(Limits::default(), Limits::default());
        let (mut frame, mut events) = (Vec::new(), Vec::new());
        for (kind, name, (text, bytes), value) in &handed {
            let name = std::str::from_utf8(name).unwrap();
            let on = |channel| Payload { channel, text: *text, bytes };
            match kind {
                0 => drop(client.message(on(0))),
                1 => drop(client.open(name, on(0))),
                2 => drop(client.message(on(1))),
                3 => drop(client.request(*value, name, on(0))),
                4 => drop(client.volatile(on(0))),
                5 => drop(client.cancel(1)),
                6 => drop(client.shut(1, *value, name)),
                7 => client.control(Control::Pong { token: *value, hold_us: 7 }),
                _ => client.control(Control::Ext { id: *value, body: bytes }),
            }
        }
        while client.frame(300, &mut frame) {
            let read = Frame::read(&frame).unwrap();
            let head = read.head;
            let records: Vec<_> = read.map(|framed| encode(&framed.unwrap().says(), &frame)).collect();
            prop_assert_eq!(&frame_of(head.base, head.ack.map(|ack| (ack.to, ack.credit)), &records), &frame);
            // A message on a channel that was never opened is this test's own fault.
            if server.receive(1, &frame, &mut events).is_err() {
                break;
            }
        }
    }

    #[test]
    fn how_records_are_split_into_frames_means_nothing(
        said in prop::collection::vec((0..24_u8, 1..4_u64, words(), any::<bool>()), 1..40),
    ) {
        let (mut id, mut channel) = (0, 0);
        let records: Vec<_> = said
            .iter()
            .map(|(kind, number, words, cut)| (likely(*kind, *number, words, &mut id, &mut channel), *cut))
            .collect();
        let limits = Limits { max_requests: 2, max_channels: 2, ..Limits::default() };
        let (_, mut whole) = greeted(Limits::default(), limits);
        feed(&mut whole, &frame_of(None, None, &[])).unwrap();
        let mut parts = whole.clone();
        let frames = split(&records, false);
        prop_assert_eq!(frames.len(), 1);
        let together = deliver(&mut whole, &frames);
        let apart = deliver(&mut parts, &split(&records, true));
        prop_assert_eq!(together, apart);
        prop_assert_eq!(whole, parts);
    }
}

/// A record that is mostly legal where it stands: a fault, too, must be the same wherever the cuts are.
fn likely(kind: u8, number: u64, words: &[u8], id: &mut u64, channel: &mut u64) -> Vec<u8> {
    let recent = |last: u64| last.saturating_sub(number - 1).max(1);
    let on = [&integer(recent(*channel))[..], words].concat();
    match kind {
        0..=3 => record_of(0x23, words),
        4 if *channel > 0 => record_of(0x63, &on),
        5 => record_of(0x64, &on),
        6 => record_of(0x24, words),
        7..=9 => {
            *id += number;
            record_of(0x25, &[&integers(&[*id, 0, 0])[..], words].concat())
        }
        10 if *id > 0 => record_of(7, &integer(recent(*id))),
        11..=13 => {
            *channel += number;
            record_of(0x28, &[&integers(&[*channel, 0])[..], words].concat())
        }
        14 if *channel > 0 => record_of(9, &[&integers(&[recent(*channel), 0])[..], words].concat()),
        15 => record_of(10, &integer(number)),
        16 => record_of(16, &on),
        17 => record_of(12, &[b"t", words].concat()),
        18 => record_of(15, &[1, 0, 0, 0]),
        19 => record_of(0x63, &on),
        20 => record_of(6, &[1, 0]),
        _ => record_of(3, b""),
    }
}

/// Records as frames: all in one, or cut where they say so.
fn split(records: &[(Vec<u8>, bool)], cut: bool) -> Vec<Vec<u8>> {
    let numbered = |record: &[u8]| matches!(record[0] & 31, 3 | 5..=9);
    let (mut frames, mut open, mut seq) = (Vec::new(), Vec::new(), 1);
    let mut close = |open: &mut Vec<Vec<u8>>| {
        let count = open.iter().filter(|record| numbered(record)).count() as u64;
        frames.push(frame_of((count > 0).then_some(seq), None, &std::mem::take(open)));
        seq += count;
    };
    for (record, here) in records {
        if cut && *here {
            close(&mut open);
        }
        open.push(record.clone());
    }
    close(&mut open);
    frames
}

/// What comes of frames up to the first fault: events with their bytes, and the fault.
fn deliver(server: &mut Session, frames: &[Vec<u8>]) -> (Vec<(u64, Vec<u8>)>, Option<Violation>) {
    let mut seen = Vec::new();
    for frame in frames {
        let mut events = Vec::new();
        let result = server.receive(1, frame, &mut events);
        seen.extend(events.iter().map(|event| match event {
            Event::Numbered { seq, record } => (*seq, encode(&record.says(), frame)),
            Event::Plain(record) => (0, encode(&record.says(), frame)),
            other => panic!("{other:?}"),
        }));
        if let Err(violation) = result {
            return (seen, Some(violation));
        }
    }
    (seen, None)
}
