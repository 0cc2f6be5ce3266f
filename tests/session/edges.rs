//! Where the two halves of a session could disagree: late handshakes, restarts, losses, and what crosses.

use everwire::session::{
    Answer, Client, Closing, Code, Event, Identity, Limits, Payload, Record, Session, Status, Stored, Times,
    Tombstone, Verdict, read_hello,
};

const TIMES: Times = Times { resume_ms: 60_000, ping_ms: 25_000, idle_ms: 60_000, auth_ttl_ms: 0 };
const SMALL: Limits = Limits { max_frame: 1_024, window: 1_024, max_requests: 1, max_channels: 1 };

fn identity(number: u8) -> Identity {
    Identity { id: [number; 16], secret: [number ^ 0xff; 16] }
}

fn text(bytes: &[u8]) -> Payload<'_> {
    Payload { channel: 0, text: true, bytes }
}

fn on(channel: u64, bytes: &[u8]) -> Payload<'_> {
    Payload { channel, text: true, bytes }
}

fn closing(code: Code, forget: bool) -> Closing<'static> {
    Closing { code, retry: false, forget, retry_after_ms: 0, reason: "" }
}

/// A client and a server that have greeted each other.
fn greeted(limits: Limits, durable: bool) -> (Client, Session) {
    let mut client = Client::new(limits, true, durable);
    let server = Session::new(identity(1), b"ann".to_vec(), limits, durable);
    let server = begin(&mut client, server, Status::New, None).0;
    (client, server)
}

/// The client comes to a session that begins.
fn begin(
    client: &mut Client,
    mut server: Session,
    status: Status,
    tombstone: Option<Tombstone>,
) -> (Session, Vec<Event>) {
    let (fence, hello) = client.hello(b"", 0);
    let hello = read_hello(&hello, 4096).unwrap();
    let welcome = server.welcome_new(&hello, TIMES, status, tombstone).unwrap();
    let mut events = Vec::new();
    client.receive(fence, &welcome, &mut events).unwrap();
    keep(client, &mut server);
    up(client, &mut server);
    (server, events)
}

fn keep(client: &mut Client, server: &mut Session) {
    if let Some(delta) = client.delta() {
        client.keep(&delta);
    }
    if let Some(delta) = server.delta() {
        server.keep(&delta);
    }
}

/// The client dials again and goes on.
fn resume(client: &mut Client, server: &mut Session) {
    let (fence, hello) = client.hello(b"", 0);
    let hello = read_hello(&hello, 4096).unwrap();
    assert_eq!(server.judge(&hello, b"ann"), Verdict::Resume);
    let welcome = server.resume(&hello, TIMES, &mut Vec::new()).unwrap();
    client.receive(fence, &welcome, &mut Vec::new()).unwrap();
}

/// One frame to the server: what came of it.
fn up(client: &mut Client, server: &mut Session) -> Vec<Event> {
    let (mut frame, mut events) = (Vec::new(), Vec::new());
    assert!(client.frame(16_384, &mut frame));
    server.receive(client.link().unwrap(), &frame, &mut events).unwrap();
    events
}

/// One frame to the client: what came of it.
fn down(client: &mut Client, server: &mut Session) -> Vec<Event> {
    let (mut frame, mut events) = (Vec::new(), Vec::new());
    assert!(server.frame(16_384, &mut frame));
    client.receive(server.link().unwrap(), &frame, &mut events).unwrap();
    events
}

/// The numbers of what arrived.
fn numbers(events: &[Event]) -> Vec<u64> {
    let number = |event: &Event| if let Event::Numbered { seq, .. } = event { Some(*seq) } else { None };
    events.iter().filter_map(number).collect()
}

/// A response's request and status.
fn answer(events: &[Event]) -> Option<(u64, u64)> {
    events.iter().find_map(|event| match event {
        Event::Numbered { record, .. } => match record.says() {
            Record::Response { id, status, .. } => Some((id, status)),
            _ => None,
        },
        _ => None,
    })
}

/// A store that has kept everything, and the process that used it is gone.
fn restarted_server(server: &mut Session, stored: &mut Stored) -> Session {
    if let Some(delta) = server.delta() {
        stored.apply(&delta);
    }
    Session::restored(Limits::default(), stored)
}

#[test]
fn a_hello_that_arrives_after_what_was_written_behind_it_loses_nothing() {
    let (mut client, mut server) = greeted(Limits::default(), false);
    let (fence, late) = client.hello(b"", 0);
    // The older connection goes on until the WELCOME.
    client.message(text(b"one"));
    server.message(text(b"eins"));
    assert_eq!(numbers(&up(&mut client, &mut server)), [1]);
    server.accept(1);
    assert_eq!(numbers(&down(&mut client, &mut server)), [1]);
    client.accept(1);
    up(&mut client, &mut server);
    assert_eq!(server.outgoing(), (1, 1));
    let late = read_hello(&late, 4096).unwrap();
    assert_eq!(server.judge(&late, b"ann"), Verdict::Resume);
    let welcome = server.resume(&late, TIMES, &mut Vec::new()).unwrap();
    let mut events = Vec::new();
    client.receive(fence, &welcome, &mut events).unwrap();
    assert!(matches!(events.as_slice(), [Event::Welcomed { .. }]), "{events:?}");
    client.message(text(b"two"));
    server.message(text(b"zwei"));
    assert_eq!(numbers(&up(&mut client, &mut server)), [2]);
    assert_eq!(numbers(&down(&mut client, &mut server)), [2]);
}

#[test]
fn a_server_that_forgot_what_it_had_acknowledged_proves_nothing() {
    let (mut client, mut server) = greeted(Limits::default(), false);
    let mut past = server.clone();
    client.message(text(b"one"));
    up(&mut client, &mut server);
    server.accept(1);
    down(&mut client, &mut server);
    client.gone(1);
    let (_, hello) = client.hello(b"", 0);
    let verdict = past.judge(&read_hello(&hello, 4096).unwrap(), b"ann");
    assert_eq!(verdict, Verdict::Create { status: Status::RolledBack, tombstone: None });
    // Nor does it go on where the client has heard more than it knows to have said.
    let mut heard = read_hello(&hello, 4096).unwrap();
    (heard.position.first, heard.position.recv) = (1, 1);
    assert_eq!(past.judge(&heard, b"ann"), verdict);
    // And a tombstone that knows less than this side was told is no proof.
    past.message(text(b"eins"));
    let mut client = greeted(Limits::default(), false).0;
    client.message(text(b"one"));
    assert!(client.frame(1_024, &mut Vec::new()));
    let mut frame = Vec::new();
    assert!(past.frame(1_024, &mut frame));
    client.receive(1, &frame, &mut Vec::new()).unwrap();
    let next = Session::new(identity(2), b"ann".to_vec(), Limits::default(), false);
    let forgetful = Some(Tombstone { recv: 0, next: 1 });
    let events = begin(&mut client, next, Status::Expired, forgetful).1;
    let Some(Event::Lost(loss)) = events.first() else { panic!("{events:?}") };
    assert_eq!((loss.delivered, loss.in_doubt, loss.carried.len()), (0, 1, 0));
}

#[test]
fn a_client_that_forgot_what_it_had_acknowledged_loses_its_session_aloud_and_begins_another() {
    let (mut client, mut server) = greeted(Limits::default(), false);
    let mut past = client.clone();
    server.message(text(b"eins"));
    down(&mut client, &mut server);
    client.accept(1);
    up(&mut client, &mut server);
    let (fence, hello) = past.hello(b"", 0);
    let hello = read_hello(&hello, 4096).unwrap();
    let welcome = server.resume(&hello, TIMES, &mut Vec::new()).unwrap();
    let mut events = Vec::new();
    let violation = past.receive(fence, &welcome, &mut events).unwrap_err();
    assert_eq!(violation.code, Code::SessionLost);
    assert!(matches!(events.as_slice(), [Event::Lost(_)]), "{events:?}");
    assert_eq!(past.identity(), None);
}

#[test]
fn a_client_that_dropped_what_was_never_accepted_is_not_taken_for_one_that_did_not() {
    let (mut client, mut server) = greeted(Limits::default(), false);
    client.message(text(b"one"));
    up(&mut client, &mut server);
    let (_, hello) = client.hello(b"", 0);
    let mut hello = read_hello(&hello, 4096).unwrap();
    hello.position.first = 2;
    let lost = Verdict::Create { status: Status::RolledBack, tombstone: None };
    assert_eq!(server.judge(&hello, b"ann"), lost);
}

#[test]
fn a_tombstone_outside_what_was_acknowledged_and_written_proves_nothing() {
    for recv in [0, 3] {
        let (mut client, mut server) = greeted(Limits::default(), false);
        client.message(text(b"one"));
        up(&mut client, &mut server);
        server.accept(1);
        down(&mut client, &mut server);
        client.message(text(b"two"));
        assert!(client.frame(1_024, &mut Vec::new()));
        let next = Session::new(identity(2), b"ann".to_vec(), Limits::default(), false);
        let events = begin(&mut client, next, Status::Expired, Some(Tombstone { recv, next: 1 })).1;
        let Some(Event::Lost(loss)) = events.first() else { panic!("{events:?}") };
        assert_eq!((loss.delivered, loss.in_doubt, loss.last), (1, 2, 2), "recv {recv}");
    }
}

#[test]
fn a_restarted_server_takes_again_what_had_arrived_and_was_not_accepted() {
    let (mut client, mut server) = greeted(Limits::default(), true);
    let mut stored = Stored::new(identity(1), b"ann".to_vec());
    let (channel, _) = client.open("room", text(b"")).unwrap();
    client.message(on(channel, b"hello"));
    let (id, _) = client.request(0, "sum", text(b"")).unwrap();
    client.shut(channel, 0, "");
    keep(&mut client, &mut server);
    assert_eq!(numbers(&up(&mut client, &mut server)), [1, 2, 3, 4]);
    // The server keeps what it knows before it has accepted any of it, and dies.
    server.message(text(b"eins"));
    let mut server = restarted_server(&mut server, &mut stored);
    client.gone(1);
    resume(&mut client, &mut server);
    assert_eq!(numbers(&up(&mut client, &mut server)), [1, 2, 3, 4]);
    for seq in 1..=4 {
        server.accept(seq);
    }
    assert!(server.respond(id, Answer::Ok as u64, false, text(b"")).is_some());
    assert_eq!(server.incoming(), (4, 4));
}

#[test]
fn what_was_accepted_before_a_restart_is_not_taken_again_and_its_request_is_answered() {
    let (mut client, mut server) = greeted(Limits::default(), true);
    let mut stored = Stored::new(identity(1), b"ann".to_vec());
    let (id, seq) = client.request(0, "sum", text(b"")).unwrap();
    keep(&mut client, &mut server);
    up(&mut client, &mut server);
    server.accept(seq);
    let mut server = restarted_server(&mut server, &mut stored);
    client.gone(1);
    resume(&mut client, &mut server);
    assert_eq!(numbers(&up(&mut client, &mut server)), [0; 0]);
    keep(&mut client, &mut server);
    assert_eq!(answer(&down(&mut client, &mut server)), Some((id, Answer::Interrupted as u64)));
}

#[test]
fn a_restarted_client_answers_the_requests_whose_handler_is_gone() {
    let (mut client, mut server) = greeted(Limits::default(), true);
    let mut stored = Stored::new(identity(1), Vec::new());
    let (id, seq) = server.request(0, "ask", text(b"")).unwrap();
    keep(&mut client, &mut server);
    down(&mut client, &mut server);
    client.accept(seq);
    stored.apply(&client.delta().unwrap());
    let mut client = Client::restored(Limits::default(), true, &stored);
    resume(&mut client, &mut server);
    keep(&mut client, &mut server);
    assert_eq!(answer(&up(&mut client, &mut server)), Some((id, Answer::Interrupted as u64)));
}

#[test]
fn what_is_kept_late_takes_no_fence_back() {
    let (mut client, mut server) = greeted(Limits::default(), true);
    let mut stored = Stored::new(identity(1), b"ann".to_vec());
    server.message(text(b"on its way to the store when the next connection comes"));
    let late = server.delta().unwrap();
    resume(&mut client, &mut server);
    stored.state.fence = server.fence();
    stored.apply(&late);
    assert_eq!((late.state.fence, stored.state.fence, stored.records.len()), (1, 2, 1));
}

#[test]
fn a_restarted_client_is_not_taken_for_an_older_connection() {
    let (mut client, mut server) = greeted(Limits::default(), true);
    let mut stored = Stored::new(identity(1), Vec::new());
    for _ in 0..3 {
        let (_, hello) = client.hello(b"", 0);
        // What a store has to keep before the HELLO leaves.
        let delta = client.delta().unwrap();
        stored.apply(&delta);
        client.keep(&delta);
        server.resume(&read_hello(&hello, 4096).unwrap(), TIMES, &mut Vec::new()).unwrap();
    }
    let mut client = Client::restored(Limits::default(), true, &stored);
    let (_, hello) = client.hello(b"", 0);
    assert_eq!(server.judge(&read_hello(&hello, 4096).unwrap(), b"ann"), Verdict::Resume);
}

#[test]
fn what_a_store_kept_of_one_session_lets_nothing_of_the_next_one_out() {
    let (mut client, mut server) = greeted(Limits::default(), true);
    for payload in [b"one", b"two"] {
        client.message(text(payload));
        server.message(text(payload));
    }
    if let Some(delta) = server.delta() {
        server.keep(&delta);
    }
    down(&mut client, &mut server);
    client.accept(1);
    client.accept(2);
    let late = client.delta().unwrap();
    client.gone(1);
    // The commit is under way when the session is lost; both messages go on in the next one.
    let (fence, hello) = client.hello(b"", 0);
    let mut next = Session::new(identity(2), b"ann".to_vec(), Limits::default(), false);
    let hello = read_hello(&hello, 4096).unwrap();
    let proof = Some(Tombstone { recv: 0, next: 3 });
    let welcome = next.welcome_new(&hello, TIMES, Status::Expired, proof).unwrap();
    let mut events = Vec::new();
    client.receive(fence, &welcome, &mut events).unwrap();
    assert!(matches!(&events[0], Event::Lost(loss) if loss.carried == [1, 2]), "{events:?}");
    client.keep(&late);
    assert_eq!(numbers(&up(&mut client, &mut next)), [0; 0]);
    let first = client.delta().unwrap();
    client.keep(&first);
    assert_eq!(numbers(&up(&mut client, &mut next)), [1, 2]);
}

#[test]
fn a_delta_is_told_once_and_nothing_is_kept_before_there_is_a_session() {
    let mut client = Client::new(Limits::default(), true, true);
    client.message(text(b"early"));
    assert_eq!(client.delta(), None);
    let server = Session::new(identity(1), b"ann".to_vec(), Limits::default(), false);
    let (fence, hello) = client.hello(b"", 0);
    let mut server = server;
    let hello = read_hello(&hello, 4096).unwrap();
    let welcome = server.welcome_new(&hello, TIMES, Status::New, None).unwrap();
    client.receive(fence, &welcome, &mut Vec::new()).unwrap();
    let mut stored = Stored::new(identity(1), Vec::new());
    stored.apply(&client.delta().unwrap());
    assert_eq!((stored.records.len(), stored.state.fence), (1, fence));
    assert_eq!(client.delta(), None);
}

#[test]
fn channels_outlive_a_loss_in_the_store_too() {
    let (mut client, _) = greeted(Limits::default(), true);
    client.open("room", text(b"")).unwrap();
    let first = client.delta().unwrap();
    client.keep(&first);
    let next = Session::new(identity(2), b"ann".to_vec(), Limits::default(), false);
    let (fence, hello) = client.hello(b"", 0);
    let mut next = next;
    let welcome = next.welcome_new(&read_hello(&hello, 4096).unwrap(), TIMES, Status::Unknown, None);
    client.receive(fence, &welcome.unwrap(), &mut Vec::new()).unwrap();
    let mut stored = Stored::new(identity(2), Vec::new());
    stored.apply(&client.delta().unwrap());
    assert_eq!(stored.channels.len(), 1);
}

#[test]
fn a_new_session_is_not_sent_more_than_its_window_by_the_credit_of_an_old_one() {
    let limits = Limits { window: 2_048, ..SMALL };
    let (mut client, mut server) = greeted(limits, false);
    // A long session: the credit is far above one window.
    for seq in 1..=20 {
        server.message(text(&[b'x'; 900]));
        assert_eq!(numbers(&down(&mut client, &mut server)), [seq]);
        client.accept(seq);
        up(&mut client, &mut server);
    }
    client.gone(1);
    let next = Session::new(identity(2), b"ann".to_vec(), limits, false);
    let mut server = begin(&mut client, next, Status::Unknown, None).0;
    for _ in 0..20 {
        server.message(text(&[b'x'; 900]));
    }
    let mut arrived = Vec::new();
    let mut frame = Vec::new();
    while server.frame(16_384, &mut frame) {
        client.receive(server.link().unwrap(), &frame, &mut arrived).unwrap();
    }
    assert_eq!(numbers(&arrived), [1, 2]);
}

#[test]
fn what_a_smaller_window_had_granted_before_a_restart_may_still_be_sent() {
    let wide = Limits { window: 4_096, ..SMALL };
    let (mut client, mut server) = greeted(wide, true);
    let mut stored = Stored::new(identity(1), b"ann".to_vec());
    stored.apply(&server.delta().unwrap_or_else(|| panic!("a session that begins is kept")));
    for _ in 0..4 {
        client.message(text(&[b'x'; 900]));
    }
    keep(&mut client, &mut server);
    let mut server = Session::restored(SMALL, &stored);
    client.gone(1);
    resume(&mut client, &mut server);
    for seq in 1..=4 {
        assert_eq!(numbers(&up(&mut client, &mut server)), [seq]);
    }
}

#[test]
fn volatile_and_numbered_records_together_stay_within_a_frame() {
    let (mut client, mut server) = greeted(SMALL, false);
    assert!(client.volatile(text(&[b'v'; 500])));
    client.message(text(&[b'm'; 900]));
    let events = up(&mut client, &mut server);
    let [Event::Plain(first)] = events.as_slice() else { panic!("{events:?}") };
    assert!(matches!(first.says(), Record::Volatile { .. }));
    assert_eq!(numbers(&up(&mut client, &mut server)), [1]);
}

#[test]
fn a_volatile_message_before_its_channel_is_open_or_after_it_is_shut_is_dropped() {
    let (mut client, mut server) = greeted(Limits::default(), false);
    let (channel, _) = client.open("room", text(b"")).unwrap();
    assert!(client.volatile(on(channel, b"before")));
    let events = up(&mut client, &mut server);
    assert!(matches!(&events[..], [Event::Numbered { seq: 1, .. }]), "{events:?}");
    assert!(client.volatile(on(channel, b"meanwhile")));
    let events = up(&mut client, &mut server);
    let [Event::Plain(first)] = events.as_slice() else { panic!("{events:?}") };
    assert!(matches!(first.says(), Record::Volatile { .. }));
    assert!(client.volatile(on(channel, b"after")));
    server.shut(channel, 0, "").unwrap();
    assert_eq!(up(&mut client, &mut server), []);
}

#[test]
fn a_record_at_fault_has_not_come() {
    let (mut client, mut server) = greeted(Limits::default(), false);
    client.message(on(7, b"a channel that is not there"));
    let mut frame = Vec::new();
    for _ in 0..2 {
        assert!(client.frame(1_024, &mut frame));
        assert!(server.receive(client.fence(), &frame, &mut Vec::new()).is_err());
        assert_eq!(server.incoming(), (0, 0));
        client.gone(client.fence());
        resume(&mut client, &mut server);
    }
}

#[test]
fn a_request_cancelled_before_a_loss_does_not_go_on_in_the_next_session() {
    let (mut client, _) = greeted(Limits::default(), false);
    let (id, _) = client.request(0, "sum", text(b"")).unwrap();
    let (other, _) = client.request(0, "sum", text(b"")).unwrap();
    client.cancel(id);
    client.gone(1);
    let next = Session::new(identity(2), b"ann".to_vec(), Limits::default(), false);
    let events = begin(&mut client, next, Status::Unknown, None).1;
    let Some(Event::Lost(loss)) = events.first() else { panic!("{events:?}") };
    assert_eq!((loss.carried.as_slice(), loss.requests.as_slice()), ([2].as_slice(), [other].as_slice()));
}

#[test]
fn the_close_that_ends_a_session_proves_all_that_was_accepted() {
    let (mut client, mut server) = greeted(Limits::default(), true);
    client.message(text(b"one"));
    keep(&mut client, &mut server);
    up(&mut client, &mut server);
    server.accept(1);
    let link = server.link().unwrap();
    // No store has kept it, and none will.
    let last = server.close(closing(Code::Normal, true));
    let mut events = Vec::new();
    client.receive(link, &last, &mut events).unwrap();
    assert!(events.contains(&Event::Acked { to: 1 }), "{events:?}");
}

#[test]
fn a_refused_request_is_answered_when_what_stands_before_it_is_accepted() {
    let (mut client, mut server) = greeted(SMALL, false);
    let (first, _) = client.request(0, "a", text(b"")).unwrap();
    let (second, _) = client.request(0, "b", text(b"")).unwrap();
    assert_eq!(numbers(&up(&mut client, &mut server)), [1]);
    assert_eq!(server.outgoing(), (0, 0));
    server.accept(1);
    assert_eq!(answer(&down(&mut client, &mut server)), Some((second, Answer::Busy as u64)));
    assert!(server.respond(first, 0, false, text(b"")).is_some());
}

#[test]
fn a_channel_shut_behind_what_was_accepted_is_open_again_after_a_restart() {
    let (mut client, mut server) = greeted(Limits::default(), true);
    let mut stored = Stored::new(identity(1), b"ann".to_vec());
    let (channel, _) = client.open("room", text(b"")).unwrap();
    client.message(on(channel, b"hello"));
    client.shut(channel, 0, "");
    keep(&mut client, &mut server);
    assert_eq!(numbers(&up(&mut client, &mut server)), [1, 2, 3]);
    // All three have arrived, and the first alone is accepted.
    server.accept(1);
    let mut server = restarted_server(&mut server, &mut stored);
    client.gone(1);
    resume(&mut client, &mut server);
    assert_eq!(numbers(&up(&mut client, &mut server)), [2, 3]);
}
