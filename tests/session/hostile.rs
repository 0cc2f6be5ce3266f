//! What a hostile peer, a restart or a small limit could break, and does not.

use crate::halves::{
    TIMES, feed, frame_of, greet, greeted, identity, integers, numbers, record_of, resume, talk, text,
    welcome,
};
use everwire::session::{
    Answer, Client, Closing, Code, Control, Due, Event, FRAME_LIMITS, FRAME_RECORDS, Found, Frame, Limits,
    MemoryStore, NAME_MAX, Position, Record, Room, Session, Status, Store, Stored, Tombstone, Verdict, judge,
    read_hello,
};

const SMALL: Limits = Limits { max_frame: 1_024, window: 1_024, max_requests: 4, max_channels: 2 };

fn request(id: u64) -> Vec<u8> {
    record_of(5, &integers(&[id, 0, 0]))
}

fn responses(events: &[Event]) -> Vec<(u64, u64)> {
    let answer = |event: &Event| match event {
        Event::Numbered { record, .. } => match record.says() {
            Record::Response { id, status, .. } => Some((id, status)),
            _ => None,
        },
        _ => None,
    };
    events.iter().filter_map(answer).collect()
}

#[test]
fn an_illegal_record_has_not_arrived() {
    let (_, mut server) = greeted(Limits::default(), Limits::default());
    let illegal = frame_of(Some(1), None, &[record_of(0x43, &[9, b'x'])]);
    assert_eq!(feed(&mut server, &illegal).unwrap_err().code, Code::Protocol);
    assert_eq!(server.incoming(), (0, 0));
    let bad = frame_of(Some(1), None, &[record_of(0x45, &integers(&[9, 7, 0, 0]))]);
    assert_eq!(feed(&mut server, &bad).unwrap_err().code, Code::Protocol);
    let good = frame_of(Some(1), None, &[request(7)]);
    assert_eq!(numbers(&feed(&mut server, &good).unwrap()).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_frame_of_tiny_records_is_bounded_and_no_half_writes_a_longer_one() {
    let (mut client, mut server) = greeted(Limits::default(), Limits::default());
    let mut frame = frame_of(None, None, &[]);
    for _ in 0..=FRAME_RECORDS {
        frame.extend([4, 0]);
    }
    assert_eq!(feed(&mut server, &frame).unwrap_err().code, Code::TooBig);
    frame.truncate(1 + 2 * FRAME_RECORDS);
    assert_eq!(feed(&mut server, &frame).unwrap().len(), FRAME_RECORDS);
    for _ in 0..3 * FRAME_RECORDS {
        client.message(text(b""));
    }
    let (up, _) = talk(&mut client, &mut server);
    assert!(numbers(&up).eq(1..=3 * FRAME_RECORDS as u64));
}

#[test]
fn who_never_hears_its_refusals_is_closed_as_a_slow_consumer_and_goes_on_when_it_has_heard_them() {
    let limits = Limits { max_requests: 0, ..Limits::default() };
    let (mut client, mut server) = greeted(Limits::default(), limits);
    let mut id = 0;
    let violation = loop {
        id += 1;
        if let Err(violation) = feed(&mut server, &frame_of(Some(id), None, &[request(id)])) {
            break violation;
        }
        // The credit that the client needs to go on.
        server.frame(1 << 16, &mut Vec::new());
    };
    assert_eq!(violation.code, Code::SlowConsumer);
    assert!(Closing::for_violation(violation).retry);
    assert_eq!(id, 16_385);
    assert_eq!(server.incoming().0, id - 1);

    let (fence, position) = (client.fence(), Position { first: id, next: id + 1, ..position(0) });
    let heard = Position { recv: id - 1, ..position };
    let hello = client.hello(b"", 0).1;
    let mut hello = read_hello(&hello, 4_096).unwrap();
    (hello.fence, hello.position) = (fence + 1, heard);
    server.resume(&hello, TIMES, &mut Vec::new()).unwrap();
    let mut events = Vec::new();
    server.receive(fence + 1, &frame_of(Some(id), None, &[request(id)]), &mut events).unwrap();
    assert_eq!(server.incoming(), (id, id));
}

fn position(recv: u64) -> Position {
    Position { first: 1, next: 1, recv, credit: 1 << 30, max_frame: 1 << 20 }
}

#[test]
fn what_waits_and_never_fits_ends_the_session_with_proof() {
    let (mut client, mut server) = greeted(Limits::default(), Limits::default());
    server.message(text(&[b'x'; 2_000]));
    let mut hello = read_hello(&client.hello(b"", 0).1, 4_096).unwrap();
    hello.position.max_frame = 1_024;
    let stone = Tombstone { recv: 0, next: 2 };
    let verdict = Verdict::Create { status: Status::Expired, tombstone: Some(stone) };
    assert_eq!(server.judge(&hello, b"ann"), verdict);
    assert_eq!(server.resume(&hello, TIMES, &mut Vec::new()).unwrap_err().code, Code::SessionLost);
}

#[test]
fn a_large_message_does_not_push_a_frame_over_what_the_peer_takes() {
    let (mut client, mut server) = greeted(SMALL, SMALL);
    talk(&mut client, &mut server);
    let large = vec![b'x'; 930];
    assert_eq!(client.room(large.len()), Room::Now);
    client.message(text(&large));
    assert!(client.volatile(text(&[b'y'; 200])));
    let mut frame = Vec::new();
    let mut frames = 0;
    while client.frame(1 << 16, &mut frame) {
        frames += 1;
        assert!(frame.len() <= 1_024);
        server.receive(client.fence(), &frame, &mut Vec::new()).unwrap();
    }
    assert_eq!((frames, server.incoming().0), (2, 1));
}

#[test]
fn nothing_counts_after_close() {
    let close = || record_of(15, &integers(&[1, 0, 0, 0]));
    let (_, mut server) = greeted(Limits::default(), Limits::default());
    let after = frame_of(Some(1), None, &[record_of(3, b"before"), close(), record_of(3, b"after")]);
    assert_eq!(feed(&mut server, &after).unwrap().len(), 2);
    assert_eq!(server.incoming(), (1, 0));

    let (_, mut server) = greeted(Limits::default(), Limits::default());
    server.message(text(b"never written"));
    feed(&mut server, &frame_of(None, None, &[close()])).unwrap();
    let before = server.clone();
    assert_eq!(feed(&mut server, &frame_of(Some(1), None, &[record_of(3, b"x")])).unwrap(), []);
    assert_eq!((server.due(), &server), (Due::Nothing, &before));

    let (_, mut server) = greeted(Limits::default(), Limits::default());
    server.message(text(b"written"));
    assert!(server.frame(1_024, &mut Vec::new()));
    feed(&mut server, &frame_of(None, None, &[close()])).unwrap();
    assert_eq!(feed(&mut server, &frame_of(None, Some((1, 1 << 20)), &[])).unwrap(), []);
    assert_eq!(server.outgoing(), (1, 0));
}

#[test]
fn what_has_no_number_dies_with_its_connection() {
    let (mut client, mut server) = greeted(Limits::default(), Limits::default());
    client.control(Control::Ping { token: 1 });
    assert!(client.volatile(text(b"once or never")));
    server.control(Control::Ping { token: 2 });
    client.gone(1);
    resume(&mut client, &mut server);
    assert_eq!(talk(&mut client, &mut server), (vec![], vec![]));
}

#[test]
fn a_cancellation_of_what_was_never_asked_is_illegal_and_a_late_one_is_not() {
    let (_, mut server) = greeted(Limits::default(), Limits::default());
    let cancel = |id| record_of(7, &integers(&[id]));
    feed(&mut server, &frame_of(Some(1), None, &[request(5)])).unwrap();
    server.accept(1);
    server.respond(5, Answer::Ok as u64, false, text(b"")).unwrap();
    assert_eq!(feed(&mut server, &frame_of(Some(2), None, &[cancel(5)])).unwrap(), []);
    assert_eq!(feed(&mut server, &frame_of(Some(3), None, &[cancel(6)])).unwrap_err().code, Code::Protocol);
}

#[test]
fn what_the_peer_would_not_take_never_leaves() {
    let (mut client, mut server) = greeted(SMALL, SMALL);
    talk(&mut client, &mut server);
    let long = "x".repeat(NAME_MAX + 1);
    assert_eq!(client.request(0, &long, text(b"")), None);
    assert!(client.request(0, "echo", text(b"")).is_some());
    talk(&mut client, &mut server);
    client.control(Control::Auth { token: &[b'x'; 1_010] });
    server.control(Control::Ext { id: 1, body: &[b'x'; 1_010] });
    assert_eq!((client.due(), server.due()), (Due::Nothing, Due::Nothing));
    assert_eq!(client.room(2_000), Room::Never);
    client.gone(1);
    client.control(Control::Ping { token: 1 });
    assert_eq!(client.due(), Due::Nothing);
    assert_eq!((client.room(2_000), client.room(10)), (Room::Never, Room::Later));
}

#[test]
fn limits_that_no_peer_would_take_are_mended() {
    let odd = Limits { max_frame: 1, window: 0, ..Limits::default() };
    let (mut client, _) = greeted(odd, odd);
    let hello = read_hello(&client.hello(b"", 0).1, 4_096).unwrap();
    assert_eq!((hello.position.max_frame, hello.position.credit), (FRAME_LIMITS.0, FRAME_LIMITS.0));
}

#[test]
fn a_cancelled_request_and_what_does_not_fit_the_new_server_are_not_carried() {
    let (mut client, mut server) = greeted(Limits::default(), Limits::default());
    talk(&mut client, &mut server);
    client.gone(1);
    let (cancelled, _) = client.request(0, "a", text(b"")).unwrap();
    let (kept, _) = client.request(0, "b", text(b"")).unwrap();
    client.message(text(&[b'x'; 2_000]));
    client.message(text(b"last"));
    client.cancel(cancelled);
    let mut server = Session::new(identity(2), b"ann".to_vec(), SMALL, false);
    let events = welcome(&mut client, &mut server, Status::Unknown);
    let [Event::Lost(loss), Event::Welcomed { .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((loss.carried.as_slice(), loss.requests.as_slice()), (&[2, 4][..], &[kept][..]));
    assert_eq!((loss.in_doubt, loss.last), (0, 5));
    let (up, _) = talk(&mut client, &mut server);
    assert_eq!(numbers(&up).collect::<Vec<_>>(), [1, 2]);
}

// Stores.

#[test]
fn a_store_is_told_of_a_channel_when_it_is_opened_and_when_it_is_shut_and_never_again() {
    let session = Session::new(identity(1), b"ann".to_vec(), Limits::default(), true);
    let (mut client, mut server) = greet(Client::new(Limits::default(), true, false), session);
    let mut stored = Stored::new(identity(1), b"ann".to_vec());
    let mut tell = |client: &mut Client, server: &mut Session| {
        let mut told = Vec::new();
        talk(client, server);
        while let Some(delta) = server.delta() {
            stored.apply(&delta);
            server.keep(&delta);
            told.extend(delta.channels.keys().copied());
            talk(client, server);
        }
        (told, stored.channels.keys().copied().collect::<Vec<_>>())
    };
    let (first, _) = client.open("a", text(b"")).unwrap();
    let (second, _) = client.open("b", text(b"")).unwrap();
    assert_eq!(tell(&mut client, &mut server), (vec![first, second], vec![first, second]));
    client.message(text(b"x"));
    assert_eq!(tell(&mut client, &mut server), (vec![], vec![first, second]));
    client.shut(first, 0, "").unwrap();
    assert_eq!(tell(&mut client, &mut server), (vec![first], vec![second]));
    server.shut(second, 0, "").unwrap();
    assert_eq!(tell(&mut client, &mut server), (vec![second], vec![]));
}

#[test]
fn a_response_that_arrived_and_was_not_accepted_comes_again_after_a_restart() {
    let mut server = Session::new(identity(1), b"ann".to_vec(), Limits::default(), false);
    let mut client = Client::new(Limits::default(), true, true);
    let mut store = MemoryStore::default();
    welcome(&mut client, &mut server, Status::New);
    store.begin(Some(&Stored::new(identity(1), Vec::new()))).unwrap();
    let mut commit = |client: &mut Client| {
        let delta = client.delta().unwrap();
        store.commit(&delta).unwrap();
        client.keep(&delta);
        store.load().unwrap()
    };
    let (id, _) = client.request(0, "echo", text(b"")).unwrap();
    commit(&mut client);
    talk(&mut client, &mut server);
    server.message(text(b"one"));
    server.respond(id, Answer::Ok as u64, false, text(b"")).unwrap();
    let (mut frame, mut events) = (Vec::new(), Vec::new());
    assert!(server.frame(1 << 16, &mut frame));
    client.receive(client.fence(), &frame, &mut events).unwrap();
    assert!(numbers(&events).eq(1..=2));
    client.accept(1);
    let stored = commit(&mut client).unwrap();
    let mut client = Client::restored(Limits::default(), true, &stored);
    resume(&mut client, &mut server);
    commit(&mut client);
    let (_, down) = talk(&mut client, &mut server);
    assert_eq!(responses(&down), [(id, Answer::Ok as u64)]);
}

#[test]
fn nobody_learns_of_a_session_whose_secret_or_name_is_not_theirs() {
    let (mut client, _) = greeted(Limits::default(), Limits::default());
    let hello = read_hello(&client.hello(b"", 0).1, 4_096).unwrap();
    let mut stored = Stored::new(identity(1), b"ann".to_vec());
    let found = Found::Session(Box::new(stored.clone()));
    assert_eq!(judge(&hello, b"ann", Some(&found)), Verdict::Resume);
    let create = |status| Verdict::Create { status, tombstone: None };
    assert_eq!(judge(&hello, b"bob", Some(&found)), create(Status::Forbidden));
    assert_eq!(judge(&hello, b"ann", None), create(Status::Unknown));
    let mut guess = hello.clone();
    for byte in [0, 15] {
        guess.session.as_mut().unwrap().secret[byte] ^= 1;
        assert_eq!(judge(&guess, b"ann", Some(&found)), create(Status::Unknown));
        guess = hello.clone();
    }
    let stone = Tombstone { recv: 1, next: 1 };
    let grave = |principal: &[u8]| Found::Grave {
        identity: identity(1),
        principal: principal.to_vec(),
        tombstone: stone,
    };
    let expired = Verdict::Create { status: Status::Expired, tombstone: Some(stone) };
    assert_eq!(judge(&hello, b"ann", Some(&grave(b"ann"))), expired);
    assert_eq!(judge(&hello, b"ann", Some(&grave(b"bob"))), create(Status::Unknown));
    guess.session.as_mut().unwrap().secret[15] ^= 1;
    assert_eq!(judge(&guess, b"ann", Some(&grave(b"ann"))), create(Status::Unknown));
    stored.state.fence = hello.fence;
    let found = Found::Session(Box::new(stored));
    assert_eq!(judge(&hello, b"ann", Some(&found)), Verdict::Superseded);
}

#[test]
fn a_payload_that_calls_itself_text_is_text() {
    for kind in [0x23, 0x24] {
        let frame = frame_of(Some(1), None, &[record_of(kind, &[0xff])]);
        let read = Frame::read(&frame).unwrap().next().unwrap();
        assert_eq!(read.unwrap_err().code, Code::Protocol);
        let frame = frame_of(Some(1), None, &[record_of(kind & !0x20, &[0xff])]);
        assert!(Frame::read(&frame).unwrap().next().unwrap().is_ok());
    }
}
