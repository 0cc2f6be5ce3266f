//! What PROTOCOL.md forbids is refused with the code that it names, and what it bounds is bounded to the byte.

use crate::halves::{
    TIMES, feed, frame_of, greeted, identity, integer, integers, numbers, read, record_of, talk, text,
    welcome_in,
};
use everwire::session::{
    Client, Closing, Code, Event, FRAME_LIMITS, Frame, Identity, Limits, MAX_INTEGER, NAME_MAX, OPEN_MAX,
    Position, Record, Session, Status, Tombstone, Violation, Welcome, read_hello,
};

/// The only record of a frame with a base.
fn one(record: Vec<u8>) -> Result<Record, Violation> {
    read(&frame_of(Some(1), None, &[record])).map(|mut records| records.pop().unwrap())
}

fn code(result: Result<impl std::fmt::Debug, Violation>) -> Code {
    result.unwrap_err().code
}

#[test]
fn integers_are_as_short_as_can_be_and_at_most_2_to_the_53_less_1() {
    let ping = |bytes: &[u8]| one(record_of(10, bytes));
    assert_eq!(ping(&integer(MAX_INTEGER)), Ok(Record::Ping { token: MAX_INTEGER }));
    assert_eq!(integer(MAX_INTEGER).len(), 8);
    assert_eq!(ping(&[0]), Ok(Record::Ping { token: 0 }));
    for bad in [
        &integer(MAX_INTEGER + 1)[..],
        &[0x80, 0x00],
        &[0x81, 0x00],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x8f, 0x00],
        &[0xff; 10],
        &[0x80],
        &[],
    ] {
        assert_eq!(code(ping(bad)), Code::Protocol, "{bad:x?}");
    }
}

#[test]
fn every_bit_that_is_not_in_the_document_is_refused() {
    for head in 4..=255_u8 {
        assert_eq!(code(Frame::read(&[head, 1, 1, 1, 1, 1])), Code::Protocol, "head {head}");
    }
    let flags = |kind: u8| match kind {
        3..=5 => 0x60,
        6 => 0xa0,
        8 => 0x20,
        _ => 0,
    };
    for kind in 0..=255_u8 {
        let exists = (1..=16).contains(&(kind & 31)) && kind & 0xe0 & !flags(kind & 31) == 0;
        // HELLO and WELCOME say that they are of another version, the others that their body is too short.
        let body: &[u8] = if kind & 31 < 3 { &[9, 9] } else { &[] };
        let refused = one(record_of(kind, body)).err();
        let unknown = refused.is_some_and(|refused| refused.what.contains("flags that do not exist"));
        assert_eq!(unknown, !exists, "kind {kind:#04x}: {refused:?}");
    }
}

#[test]
fn a_body_is_neither_shorter_nor_longer_than_its_record() {
    for (kind, body) in
        [(7, integers(&[1])), (10, integers(&[1])), (11, integers(&[1, 2])), (13, integers(&[1, 2]))]
    {
        assert!(one(record_of(kind, &body)).is_ok());
        assert_eq!(code(one(record_of(kind, &[&body[..], &[0]].concat()))), Code::Protocol);
        assert_eq!(code(one(record_of(kind, &body[1..]))), Code::Protocol);
    }
    // A length past the end of the frame, and one past any memory.
    assert_eq!(code(read(&[0, 10, 2, 1])), Code::Protocol);
    assert_eq!(code(read(&[&[0, 16][..], &integer(MAX_INTEGER), &[1]].concat())), Code::Protocol);
    // A name past the end of its record, though not of its frame.
    let open = record_of(8, &[1, 5, b'x']);
    assert_eq!(code(read(&frame_of(Some(1), None, &[open, record_of(3, b"more")]))), Code::Protocol);
}

#[test]
fn channels_requests_and_frames_are_numbered_from_1() {
    for (kind, body) in
        [(0x43, vec![0]), (5, vec![0, 0, 0]), (6, vec![0, 0]), (7, vec![0]), (8, vec![0, 0]), (9, vec![0, 0])]
    {
        assert_eq!(code(one(record_of(kind, &body))), Code::Protocol, "kind {kind}");
    }
    assert_eq!(code(Frame::read(&[1, 0, 3, 0])), Code::Protocol);
}

#[test]
fn names_reasons_and_texts_are_bounded_and_utf_8() {
    let name = |len: usize| [&[1][..], &integer(len as u64), &vec![b'x'; len]].concat();
    assert!(one(record_of(8, &name(NAME_MAX))).is_ok());
    assert_eq!(code(one(record_of(8, &name(NAME_MAX + 1)))), Code::Protocol);
    let reason = |len: usize| [&[1, 0][..], &vec![b'x'; len]].concat();
    assert!(one(record_of(9, &reason(123))).is_ok());
    assert_eq!(code(one(record_of(9, &reason(124)))), Code::Protocol);
    for (kind, body) in [
        (8, vec![1, 1, 0xff]),
        (9, vec![1, 0, 0xff]),
        (5, vec![1, 0, 1, 0xff]),
        (14, vec![9, 0, 0, 0, 0xff]),
        (15, vec![1, 0, 0, 0, 0xff]),
        (0x23, vec![0xff]),
        (0x26, vec![1, 0, 0xff]),
        (0x28, vec![1, 0, 0xff]),
    ] {
        assert_eq!(code(one(record_of(kind, &body))), Code::Protocol, "kind {kind:#x}");
    }
    for kind in [0, 16] {
        assert_eq!(code(one(record_of(15, &[kind, 0, 0, 0]))), Code::Protocol);
        assert_eq!(code(one(record_of(14, &[kind, 0, 0, 0]))), Code::Protocol);
    }
    assert_eq!(code(one(record_of(15, &[1, 4, 0, 0]))), Code::Protocol);
}

#[test]
fn a_handshake_that_contradicts_itself_is_refused() {
    let good = Position { first: 1, next: 1, recv: 0, credit: 4_096, max_frame: 4_096 };
    let hello = |session: [u8; 32], versions: [u64; 2], fence: u64, at: Position| {
        let position = integers(&[at.first, at.next, at.recv, at.credit, at.max_frame]);
        let body = [&integers(&versions)[..], &session, &integer(fence), &position, &[0]].concat();
        read_hello(&frame_of(None, None, &[record_of(1, &body)]), 4_096)
    };
    let none = [0; 32];
    assert!(hello(none, [1, 1], 1, good).is_ok());
    assert!(hello(none, [0, 9], 1, good).is_ok());
    assert_eq!(code(hello(none, [2, 9], 1, good)), Code::UnsupportedVersion);
    assert_eq!(code(hello(none, [0, 0], 1, good)), Code::UnsupportedVersion);
    assert_eq!(code(hello(none, [1, 1], 0, good)), Code::Protocol);
    let mut secret = none;
    secret[31] = 1;
    assert_eq!(code(hello(secret, [1, 1], 1, good)), Code::Protocol);
    for bad in [
        Position { first: 0, ..good },
        Position { first: 2, ..good },
        Position { credit: 4_095, ..good },
        Position { max_frame: FRAME_LIMITS.0 - 1, ..good },
        Position { max_frame: FRAME_LIMITS.1 + 1, credit: MAX_INTEGER, ..good },
    ] {
        assert_eq!(code(hello(none, [1, 1], 1, bad)), Code::Protocol, "{bad:?}");
    }
    // The version stands first, whatever the rest of a later one looks like.
    let later = frame_of(None, None, &[record_of(1, &[2, 3, 0xff])]);
    assert_eq!(code(read_hello(&later, 4_096)), Code::UnsupportedVersion);
    let later = frame_of(None, None, &[record_of(2, &[2, 0xff])]);
    assert_eq!(code(read(&later)), Code::UnsupportedVersion);
}

#[test]
fn the_first_frame_each_way_is_the_greeting_alone() {
    let (fence, hello) = Client::new(Limits::default(), true, false).hello(b"", 0);
    let (record, ping) = (hello[1..].to_vec(), record_of(10, &[1]));
    for bad in [
        frame_of(None, None, &[]),
        frame_of(None, None, std::slice::from_ref(&ping)),
        frame_of(None, Some((0, 0)), std::slice::from_ref(&record)),
        frame_of(None, None, &[record.clone(), ping.clone()]),
        frame_of(None, None, &[ping.clone(), record.clone()]),
    ] {
        assert_eq!(code(read_hello(&bad, 4_096)), Code::Protocol, "{bad:x?}");
    }
    assert_eq!(code(read_hello(&hello, hello.len() - 1)), Code::TooBig);
    let hello = read_hello(&hello, hello.len()).unwrap();
    let mut server = Session::new(identity(1), Vec::new(), Limits::default(), false);
    let welcome = server.welcome_new(&hello, TIMES, Status::New, None).unwrap();
    let record = welcome[1..].to_vec();
    for bad in [
        frame_of(None, None, &[]),
        frame_of(None, None, std::slice::from_ref(&ping)),
        frame_of(Some(1), None, &[record.clone(), record_of(3, b"early")]),
        frame_of(None, Some((0, 1 << 20)), std::slice::from_ref(&record)),
        frame_of(None, None, &[record.clone(), ping]),
        frame_of(None, None, &[record.clone(), record]),
    ] {
        let mut client = Client::new(Limits::default(), true, false);
        assert_eq!(client.hello(b"", 0).0, fence);
        let refused = client.receive(fence, &bad, &mut Vec::new());
        assert_eq!(code(refused), Code::Protocol, "{bad:x?}");
        assert_eq!(client.identity(), None);
    }
}

#[test]
fn a_record_from_the_wrong_side_is_refused() {
    let (mut client, server) = greeted(Limits::default(), Limits::default());
    let hello = Client::new(Limits::default(), true, false).hello(b"", 0).1[1..].to_vec();
    let goaway = record_of(14, &[9, 0, 0, 0, 0]);
    let to_server = [hello.clone(), record_of(13, &[0, 0]), goaway.clone(), record_of(12, b"")];
    for record in to_server {
        assert_eq!(code(feed(&mut server.clone(), &frame_of(None, None, &[record]))), Code::Protocol);
    }
    let to_client = [hello, record_of(12, b"token")];
    for record in to_client {
        let refused = client.receive(1, &frame_of(None, None, &[record]), &mut Vec::new());
        assert_eq!(code(refused), Code::Protocol);
    }
    let mut events = Vec::new();
    let legal = [goaway, record_of(13, &[0, 0]), record_of(12, b""), record_of(10, &[1])];
    client.receive(1, &frame_of(None, None, &legal), &mut events).unwrap();
    assert_eq!(events.len(), 4);
    let legal = [record_of(12, b"token"), record_of(10, &[1]), record_of(16, &[99, 1, 2])];
    assert_eq!(feed(&mut server.clone(), &frame_of(None, None, &legal)).unwrap().len(), 3);
}

#[test]
fn a_sequence_has_no_gap_no_second_copy_and_no_number_without_a_base() {
    let (_, mut server) = greeted(Limits::default(), Limits::default());
    let message = || record_of(3, b"x");
    let numbered = |base, count: usize| frame_of(base, None, &vec![message(); count]);
    assert_eq!(code(feed(&mut server, &numbered(Some(2), 1))), Code::Protocol);
    assert_eq!(code(feed(&mut server, &numbered(None, 1))), Code::Protocol);
    assert_eq!(code(feed(&mut server, &numbered(Some(1), 0))), Code::Protocol);
    assert_eq!(feed(&mut server, &numbered(Some(1), 2)).unwrap().len(), 2);
    assert_eq!(feed(&mut server, &numbered(Some(1), 3)).unwrap().len(), 1);
    assert_eq!(feed(&mut server, &numbered(Some(1), 3)).unwrap(), []);
    assert_eq!(code(feed(&mut server, &numbered(Some(MAX_INTEGER), 2))), Code::Protocol);
}

#[test]
fn nothing_numbered_comes_before_the_welcome_is_acknowledged() {
    let (_, mut server) = greeted(Limits::default(), Limits::default());
    let early = frame_of(Some(1), None, &[record_of(3, b"x")]);
    assert_eq!(code(server.receive(1, &early, &mut Vec::new())), Code::Protocol);
    let good = frame_of(Some(1), Some((0, 1 << 20)), &[record_of(3, b"x")]);
    server.receive(1, &good, &mut Vec::new()).unwrap();
    assert!(server.is_confirmed());
}

#[test]
fn frames_are_bounded_in_bytes_to_the_byte() {
    let limits = Limits { max_frame: 2_048, window: 4_096, ..Limits::default() };
    let (_, mut server) = greeted(Limits::default(), limits);
    let sized = |len: usize| frame_of(None, None, &[record_of(16, &vec![1; len - 4])]);
    assert_eq!(sized(2_048).len(), 2_048);
    assert!(feed(&mut server, &sized(2_048)).is_ok());
    assert_eq!(code(feed(&mut server, &sized(2_049))), Code::TooBig);
}

#[test]
fn credit_is_counted_to_the_byte_and_a_resend_takes_none() {
    let limits = Limits { max_frame: 1_024, window: 1_024, ..Limits::default() };
    let (_, mut server) = greeted(Limits::default(), limits);
    let half = record_of(3, &[b'x'; 509]);
    assert_eq!(half.len(), 512);
    let first = frame_of(Some(1), None, std::slice::from_ref(&half));
    feed(&mut server, &first).unwrap();
    feed(&mut server, &first).unwrap();
    feed(&mut server, &frame_of(Some(2), None, std::slice::from_ref(&half))).unwrap();
    let over = frame_of(Some(3), None, &[record_of(3, b"")]);
    assert_eq!(code(feed(&mut server, &over)), Code::CreditViolation);
    assert_eq!(server.incoming(), (2, 0));
    // What is accepted is granted anew, once the client is told.
    server.accept(1);
    assert_eq!(code(feed(&mut server, &over)), Code::CreditViolation);
    assert!(server.frame(1_024, &mut Vec::new()));
    assert!(feed(&mut server, &over).is_ok());
}

#[test]
fn a_credit_below_an_earlier_one_is_late_and_takes_nothing_back() {
    let (_, mut server) = greeted(Limits::default(), Limits::default());
    feed(&mut server, &frame_of(None, Some((0, 0)), &[])).unwrap();
    server.message(text(b"one"));
    let mut frame = Vec::new();
    assert!(server.frame(1_024, &mut frame));
    assert_eq!(Frame::read(&frame).unwrap().head.base, Some(1));
}

#[test]
fn a_session_goes_on_only_with_credit_for_a_whole_frame_beyond_what_was_accepted() {
    let (mut client, mut server) = greeted(Limits::default(), Limits::default());
    client.message(text(b"one"));
    server.message(text(b"eins"));
    talk(&mut client, &mut server);
    client.gone(1);
    let (fence, hello) = client.hello(b"", 0);
    let hello = read_hello(&hello, 4_096).unwrap();
    let mut poor = hello.clone();
    poor.position.credit = poor.position.max_frame;
    assert_eq!(code(server.clone().resume(&poor, TIMES, &mut Vec::new())), Code::Protocol);
    let welcome = server.resume(&hello, TIMES, &mut Vec::new()).unwrap();
    let mut welcome = welcome_in(&welcome);
    welcome.position.credit = welcome.position.max_frame;
    assert_eq!(code(client.receive(fence, &welcome.frame(), &mut Vec::new())), Code::Protocol);
}

#[test]
fn a_welcome_answers_the_hello_or_is_refused() {
    use Status::{Expired, New, Resumed, RolledBack, Unknown};
    let small = Limits { max_frame: 1_024, window: 1_024, ..Limits::default() };
    let fresh = Client::new(small, true, false);
    let (with_session, server) = greeted(small, Limits::default());
    let refused = |client: &Client, welcome: &Welcome| {
        let mut client = client.clone();
        let (fence, _) = client.hello(b"", 0);
        code(client.receive(fence, &welcome.frame(), &mut Vec::new()))
    };
    let hello = read_hello(&fresh.clone().hello(b"", 0).1, 4_096).unwrap();
    let mut other = Session::new(identity(2), Vec::new(), Limits::default(), false);
    let welcome = other.welcome_new(&hello, TIMES, New, None).unwrap();
    let welcome = welcome_in(&welcome);
    let says = |status, session| Welcome { status, session, ..welcome.clone() };
    let (own, foreign) = (server.identity(), identity(2));
    // A session that was never asked for, and none that was.
    for status in [Resumed, Unknown, Expired, RolledBack] {
        assert_eq!(refused(&fresh, &says(status, foreign)), Code::Protocol, "{status:?}");
    }
    assert_eq!(refused(&with_session, &says(New, foreign)), Code::Protocol);
    // Another one, or this one with another secret, or as if it were new.
    assert_eq!(refused(&with_session, &says(Resumed, foreign)), Code::Protocol);
    let secret = Identity { secret: [9; 16], ..own };
    assert_eq!(refused(&with_session, &says(Resumed, secret)), Code::Protocol);
    assert_eq!(refused(&with_session, &says(Unknown, own)), Code::Protocol);
    // A new one that has a past.
    let begun = Position { first: 1, next: 2, ..welcome.position };
    let heard = Position { recv: 1, ..welcome.position };
    for position in [begun, heard] {
        assert_eq!(refused(&fresh, &Welcome { position, ..welcome.clone() }), Code::Protocol);
    }
    // Proof is of a session that has ended.
    let tombstone = Some(Tombstone { recv: 0, next: 1 });
    for status in [Unknown, RolledBack] {
        let proved = Welcome { tombstone, ..says(status, foreign) };
        assert_eq!(refused(&with_session, &proved), Code::Protocol, "{status:?}");
    }
    let mut client = fresh.clone();
    let (fence, _) = client.hello(b"", 0);
    assert_eq!(code(client.receive(fence, &[0; 1_025], &mut Vec::new())), Code::TooBig);
    client.receive(fence, &welcome.frame(), &mut Vec::new()).unwrap();
}

#[test]
fn a_welcome_that_contradicts_what_the_client_has_costs_the_session_aloud() {
    let (mut client, mut server) = greeted(Limits::default(), Limits::default());
    client.message(text(b"one"));
    server.message(text(b"eins"));
    talk(&mut client, &mut server);
    client.message(text(b"two"));
    assert!(client.frame(1 << 16, &mut Vec::new()));
    client.gone(1);
    let (fence, hello) = client.hello(b"", 0);
    let welcome = server.resume(&read_hello(&hello, 4_096).unwrap(), TIMES, &mut Vec::new()).unwrap();
    let welcome = welcome_in(&welcome);
    let right = welcome.position;
    assert_eq!((right.first, right.next, right.recv), (2, 2, 1));
    for wrong in [
        Position { first: 3, next: 3, ..right },
        Position { first: 1, next: 1, ..right },
        Position { recv: 0, ..right },
        Position { recv: 3, ..right },
    ] {
        let (mut client, mut events) = (client.clone(), Vec::new());
        let frame = Welcome { position: wrong, ..welcome.clone() }.frame();
        assert_eq!(code(client.receive(fence, &frame, &mut events)), Code::SessionLost, "{wrong:?}");
        let [Event::Lost(loss)] = &events[..] else { panic!("{events:?}") };
        assert_eq!((loss.delivered, loss.in_doubt, loss.missing), (1, 2, true));
        assert_eq!(client.identity(), None, "and it is asked for no more");
    }
    client.receive(fence, &welcome.frame(), &mut Vec::new()).unwrap();
}

#[test]
fn an_acknowledgement_of_what_was_never_sent_is_refused_and_a_late_one_is_not() {
    let (_, mut server) = greeted(Limits::default(), Limits::default());
    server.message(text(b"one"));
    server.message(text(b"two"));
    let ack = |to| frame_of(None, Some((to, 1 << 20)), &[]);
    assert_eq!(code(feed(&mut server, &ack(1))), Code::Protocol);
    assert!(server.frame(1 << 16, &mut Vec::new()));
    assert_eq!(code(feed(&mut server, &ack(3))), Code::Protocol);
    assert_eq!(feed(&mut server, &ack(2)).unwrap(), [Event::Acked { to: 2 }]);
    assert_eq!(feed(&mut server, &ack(1)).unwrap(), []);
    let close = |recv| frame_of(None, None, &[record_of(15, &[1, 0, 0, recv])]);
    assert_eq!(code(feed(&mut server, &close(3))), Code::Protocol);
}

#[test]
fn requests_and_channels_keep_their_rules() {
    let limits = Limits { max_channels: 1, ..Limits::default() };
    let (mut client, mut server) = greeted(limits, limits);
    let request = |id| record_of(5, &integers(&[id, 0, 0]));
    let open = |channel, len: usize| record_of(8, &[&integers(&[channel, 0])[..], &vec![0; len]].concat());
    let protocol = |server: &mut Session, seq, record: &Vec<u8>| {
        assert_eq!(
            code(feed(server, &frame_of(Some(seq), None, std::slice::from_ref(record)))),
            Code::Protocol
        );
    };
    feed(&mut server, &frame_of(Some(1), None, &[request(3)])).unwrap();
    protocol(&mut server, 2, &request(3));
    protocol(&mut server, 2, &request(2));
    protocol(&mut server, 2, &record_of(6, &[1, 0]));
    protocol(&mut server, 2, &record_of(9, &[1, 0]));
    let large = open(5, OPEN_MAX - 5);
    assert_eq!(large.len(), OPEN_MAX);
    let over = frame_of(Some(2), None, &[open(5, OPEN_MAX - 4)]);
    assert_eq!(code(feed(&mut server, &over)), Code::TooBig);
    assert_eq!(feed(&mut server, &frame_of(Some(2), None, &[large])).unwrap().len(), 1);
    protocol(&mut server, 3, &open(5, 0));
    protocol(&mut server, 3, &open(4, 0));
    protocol(&mut server, 3, &record_of(0x43, &[6]));
    assert_eq!(feed(&mut server, &frame_of(Some(3), None, &[open(6, 0)])).unwrap(), [], "one too many");
    assert_eq!(server.channels().len(), 1);
    // The client's own half, too.
    client.open("a", text(b"")).unwrap();
    assert_eq!(client.open("b", text(b"")), None);
    let shut = frame_of(Some(1), None, &[record_of(9, &[2, 0])]);
    assert_eq!(code(client.receive(1, &shut, &mut Vec::new())), Code::Protocol);
}

#[test]
fn a_request_has_one_end_and_what_is_answered_after_it_is_dropped() {
    let (mut client, server) = greeted(Limits::default(), Limits::default());
    let (id, _) = client.request(0, "sum", text(b"")).unwrap();
    let fence = server.link().unwrap();
    let answer = |more: u8| record_of(6 + more, &integers(&[id, 0]));
    let records = [answer(128), answer(0), answer(128), answer(0)];
    let mut events = Vec::new();
    client.receive(fence, &frame_of(Some(1), None, &records), &mut events).unwrap();
    assert_eq!(numbers(&events).collect::<Vec<_>>(), [1, 2]);
    client.accept(1);
    client.accept(2);
    assert_eq!(client.incoming(), (4, 4), "what is dropped is accepted all the same");
}

#[test]
fn a_close_says_what_is_in_its_table() {
    for code in Code::ALL {
        let (_, mut server) = greeted(Limits::default(), Limits::default());
        let frame = server.close(Closing {
            code,
            retry: true,
            forget: false,
            retry_after_ms: 5,
            reason: &"é".repeat(70),
        });
        let Record::Close { code: number, retry, forget, retry_after_ms, recv, reason } =
            read(&frame).unwrap().pop().unwrap()
        else {
            panic!("{frame:x?}");
        };
        assert_eq!(Code::from_number(number), Some(code));
        assert_eq!((retry, forget, retry_after_ms, recv), (true, false, 5, 0));
        assert_eq!(reason.text(&frame), "é".repeat(61), "cut between characters");
    }
    assert_eq!((Code::from_number(0), Code::from_number(16)), (None, None));
}
