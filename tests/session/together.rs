//! The two halves of a session talk, without a network between them.

use everwire::session::{
    Client, Closing, Code, Due, Event, Identity, Limits, MemoryStore, Payload, Record, Session, Status,
    Store, Stored, Times, Tombstone, Verdict, read_hello,
};

const TIMES: Times = Times { resume_ms: 60_000, ping_ms: 25_000, idle_ms: 60_000, auth_ttl_ms: 0 };

fn identity(number: u8) -> Identity {
    Identity { id: [number; 16], secret: [number ^ 0xff; 16] }
}

fn text(bytes: &[u8]) -> Payload<'_> {
    Payload { channel: 0, text: std::str::from_utf8(bytes).is_ok(), bytes }
}

/// A client and a server that have greeted each other.
fn greeted() -> (Client, Session) {
    let mut client = Client::new(Limits::default(), true, false);
    let mut server = Session::new(identity(1), b"ann".to_vec(), Limits::default(), false);
    let (fence, hello) = client.hello(b"token", 0);
    let hello = read_hello(&hello, 4096).unwrap();
    let welcome = server.welcome_new(&hello, TIMES, Status::New, None).unwrap();
    let mut events = Vec::new();
    client.receive(fence, &welcome, &mut events).unwrap();
    assert!(matches!(events.as_slice(), [Event::Welcomed { .. }]));
    (client, server)
}

/// Everything either has to say, until both are silent. What arrived: at the server, at the client.
fn talk(client: &mut Client, server: &mut Session) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let mut frame = Vec::new();
    while client.due() != Due::Nothing || server.due() != Due::Nothing {
        let mut events = Vec::new();
        if client.frame(1024, &mut frame) {
            server.receive(client.fence(), &frame, &mut events).unwrap();
            for event in events.drain(..) {
                if let Event::Numbered { seq, record } = event
                    && let Record::Message { payload, .. } = record.says()
                {
                    up.push(payload.of(&frame).to_vec());
                    server.accept(seq);
                }
            }
        }
        if server.frame(1024, &mut frame) {
            client.receive(client.fence(), &frame, &mut events).unwrap();
            for event in events.drain(..) {
                if let Event::Numbered { seq, record } = event
                    && let Record::Message { payload, .. } = record.says()
                {
                    down.push(payload.of(&frame).to_vec());
                    client.accept(seq);
                }
            }
        }
    }
    (up, down)
}

#[test]
fn messages_arrive_in_order_both_ways_and_are_acknowledged() {
    let (mut client, mut server) = greeted();
    let sent: Vec<Vec<u8>> = (0..1000_u32).map(|i| i.to_le_bytes().to_vec()).collect();
    for message in &sent {
        client.message(text(message));
        server.message(text(message));
    }
    let (up, down) = talk(&mut client, &mut server);
    assert_eq!(up, sent);
    assert_eq!(down, sent);
    assert_eq!(client.outgoing(), (1000, 1000));
    assert_eq!(server.outgoing(), (1000, 1000));
    assert_eq!((client.held(), server.held()), (0, 0));
    assert!(server.is_confirmed());
}

#[test]
fn a_resumed_session_resends_what_was_not_accepted_and_nothing_else() {
    let (mut client, mut server) = greeted();
    talk(&mut client, &mut server);
    client.message(text(b"one"));
    talk(&mut client, &mut server);
    client.message(text(b"two"));
    server.message(text(b"zwei"));
    let mut lost = Vec::new();
    assert!(client.frame(1024, &mut lost));
    assert!(server.frame(1024, &mut lost));
    client.gone(1);
    let (fence, hello) = client.hello(b"", 0);
    let hello = read_hello(&hello, 4096).unwrap();
    assert_eq!(server.judge(&hello, b"ann"), Verdict::Resume);
    let welcome = server.resume(&hello, TIMES, &mut Vec::new()).unwrap();
    client.receive(fence, &welcome, &mut Vec::new()).unwrap();
    assert_eq!(talk(&mut client, &mut server), (vec![b"two".to_vec()], vec![b"zwei".to_vec()]));
}

#[test]
fn a_lost_session_says_what_is_in_doubt_and_carries_on_with_what_was_never_sent() {
    let (mut client, mut server) = greeted();
    talk(&mut client, &mut server);
    client.message(text(b"one"));
    talk(&mut client, &mut server);
    client.message(text(b"two"));
    assert!(client.frame(1024, &mut Vec::new()));
    client.message(text(b"three"));
    client.gone(1);
    // Another server, which knows nothing.
    let mut server = Session::new(identity(2), b"ann".to_vec(), Limits::default(), false);
    let (fence, hello) = client.hello(b"", 0);
    let hello = read_hello(&hello, 4096).unwrap();
    let welcome = server.welcome_new(&hello, TIMES, Status::Unknown, None).unwrap();
    let mut events = Vec::new();
    client.receive(fence, &welcome, &mut events).unwrap();
    let [Event::Lost(loss), Event::Welcomed { .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((loss.delivered, loss.in_doubt, loss.last), (1, 2, 3));
    assert_eq!(loss.carried, [3]);
    assert!(loss.missing);
    assert_eq!(talk(&mut client, &mut server).0, [b"three".to_vec()]);
}

#[test]
fn an_older_connection_is_told_that_it_is_superseded_and_changes_nothing() {
    let (mut client, mut server) = greeted();
    talk(&mut client, &mut server);
    let mut old = Vec::new();
    client.message(text(b"old"));
    assert!(client.frame(1024, &mut old));
    let (fence, hello) = client.hello(b"", 0);
    let hello = read_hello(&hello, 4096).unwrap();
    let welcome = server.resume(&hello, TIMES, &mut Vec::new()).unwrap();
    let before = server.clone();
    server.receive(1, &old, &mut Vec::new()).unwrap();
    assert_eq!(server, before);
    assert_eq!(server.judge(&hello, b"ann"), Verdict::Superseded);
    client.receive(fence, &welcome, &mut Vec::new()).unwrap();
    assert_eq!(talk(&mut client, &mut server).0, [b"old".to_vec()]);
    let frame = server.close(Closing {
        code: Code::Normal,
        retry: false,
        forget: true,
        retry_after_ms: 0,
        reason: "",
    });
    let mut events = Vec::new();
    client.receive(fence, &frame, &mut events).unwrap();
    let [Event::Plain(last)] = events.as_slice() else { panic!("{events:?}") };
    assert!(matches!(last.says(), Record::Close { recv: 1, forget: true, .. }));
}

/// What a host that keeps its session does before anything of it leaves.
fn keep<S: Store<Error: std::fmt::Debug>>(client: &mut Client, store: &mut S) {
    if let Some(delta) = client.delta() {
        store.commit(&delta).unwrap();
        client.keep(&delta);
    }
}

/// What such a host does when another session begins.
fn begin<S: Store<Error: std::fmt::Debug>>(client: &mut Client, store: &mut S) {
    let mut stored = Stored::new(client.identity().unwrap(), Vec::new());
    let first = client.delta().unwrap();
    stored.apply(&first);
    store.begin(Some(&stored)).unwrap();
    client.keep(&first);
}

/// The client's next connection, and what it makes of the answer.
fn dial(
    client: &mut Client,
    store: &mut impl Store<Error: std::fmt::Debug>,
    answer: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Vec<Event> {
    let (fence, hello) = client.hello(b"", 0);
    keep(client, store);
    let mut events = Vec::new();
    client.receive(fence, &answer(&hello), &mut events).unwrap();
    events
}

fn resumes(server: &mut Session) -> impl FnOnce(&[u8]) -> Vec<u8> {
    |hello| {
        let hello = read_hello(hello, 4096).unwrap();
        assert_eq!(server.judge(&hello, b"ann"), Verdict::Resume);
        server.resume(&hello, TIMES, &mut Vec::new()).unwrap()
    }
}

fn welcomes(server: &mut Session, status: Status, stone: Option<Tombstone>) -> impl FnOnce(&[u8]) -> Vec<u8> {
    move |hello| server.welcome_new(&read_hello(hello, 4096).unwrap(), TIMES, status, stone).unwrap()
}

#[test]
fn a_client_that_a_store_keeps_goes_on_in_another_process_and_in_the_session_after_a_loss() {
    let mut store = MemoryStore::default();
    let mut client = Client::new(Limits::default(), true, true);
    let mut server = Session::new(identity(1), b"ann".to_vec(), Limits::default(), false);
    dial(&mut client, &mut store, welcomes(&mut server, Status::New, None));
    begin(&mut client, &mut store);
    client.message(text(b"one"));
    assert_eq!(talk(&mut client, &mut server).0, Vec::<Vec<u8>>::new(), "no store has it yet");
    keep(&mut client, &mut store);
    assert_eq!(talk(&mut client, &mut server).0, [b"one"]);
    client.message(text(b"two"));
    keep(&mut client, &mut store);
    // It has left, or not: the process that knew is gone.
    assert!(client.frame(1024, &mut Vec::new()));

    let restored =
        |store: &mut MemoryStore| Client::restored(Limits::default(), true, &store.load().unwrap().unwrap());
    let mut client = restored(&mut store);
    dial(&mut client, &mut store, resumes(&mut server));
    assert_eq!(talk(&mut client, &mut server).0, [b"two"]);

    client.message(text(b"three"));
    keep(&mut client, &mut store);
    let stone = server.tombstone();
    let mut server = Session::new(identity(2), b"ann".to_vec(), Limits::default(), false);
    let events = dial(&mut client, &mut store, welcomes(&mut server, Status::Expired, Some(stone)));
    assert!(matches!(&events[0], Event::Lost(loss) if loss.carried == [3]), "{events:?}");
    begin(&mut client, &mut store);
    let mut client = restored(&mut store);
    dial(&mut client, &mut store, resumes(&mut server));
    assert_eq!(talk(&mut client, &mut server).0, [b"three"]);
    store.begin(None).unwrap();
    assert_eq!(store.load(), Ok(None));
}
