//! Two halves that have greeted each other, and frames written by hand, as PROTOCOL.md describes them.
// Every test binary uses its own part of this.
#![allow(dead_code)]

use everwire::session::{
    Client, Due, Event, Frame, Hello, Identity, Limits, Payload, Position, Record, Session, Status, Times,
    Violation, Welcome, read_hello,
};

pub mod dump;

pub const TIMES: Times = Times { resume_ms: 60_000, ping_ms: 25_000, idle_ms: 60_000, auth_ttl_ms: 0 };

pub fn identity(number: u8) -> Identity {
    Identity { id: [number; 16], secret: [number ^ 0xff; 16] }
}

pub fn text(bytes: &[u8]) -> Payload<'_> {
    Payload { channel: 0, text: true, bytes }
}

/// A client and a server that have greeted each other.
pub fn greeted(client: Limits, server: Limits) -> (Client, Session) {
    greet(Client::new(client, true, false), Session::new(identity(1), b"ann".to_vec(), server, false))
}

pub fn greet(mut client: Client, mut server: Session) -> (Client, Session) {
    welcome(&mut client, &mut server, Status::New);
    (client, server)
}

/// A new session on a new connection.
pub fn welcome(client: &mut Client, server: &mut Session, status: Status) -> Vec<Event> {
    let (fence, hello) = client.hello(b"token", 0);
    let hello = read_hello(&hello, 4096).unwrap();
    let welcome = server.welcome_new(&hello, TIMES, status, None).unwrap();
    let mut events = Vec::new();
    client.receive(fence, &welcome, &mut events).unwrap();
    events
}

/// The same session on a new connection.
pub fn resume(client: &mut Client, server: &mut Session) {
    let (fence, hello) = client.hello(b"token", 0);
    let hello = read_hello(&hello, 4096).unwrap();
    let welcome = server.resume(&hello, TIMES, &mut Vec::new()).unwrap();
    client.receive(fence, &welcome, &mut Vec::new()).unwrap();
}

/// What a server takes in from a client that has acknowledged its WELCOME.
pub fn feed(server: &mut Session, frame: &[u8]) -> Result<Vec<Event>, Violation> {
    let mut events = Vec::new();
    let fence = server.link().unwrap();
    let confirm = frame_of(None, Some((0, 1 << 20)), &[]);
    server.receive(fence, &confirm, &mut events).unwrap();
    server.receive(fence, frame, &mut events).map(|()| events)
}

/// Everything either has to say, until both are silent; numbered records are accepted as they come.
pub fn talk(client: &mut Client, server: &mut Session) -> (Vec<Event>, Vec<Event>) {
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let mut frame = Vec::new();
    while client.due() != Due::Nothing || server.due() != Due::Nothing {
        let (from, fence) = (up.len(), client.fence());
        if client.frame(1 << 16, &mut frame) {
            server.receive(fence, &frame, &mut up).unwrap();
            numbers(&up[from..]).for_each(|seq| server.accept(seq));
        }
        let from = down.len();
        if server.frame(1 << 16, &mut frame) {
            client.receive(fence, &frame, &mut down).unwrap();
            numbers(&down[from..]).for_each(|seq| client.accept(seq));
        }
    }
    (up, down)
}

pub fn numbers(events: &[Event]) -> impl Iterator<Item = u64> + '_ {
    events.iter().filter_map(|event| match event {
        Event::Numbered { seq, .. } => Some(*seq),
        _ => None,
    })
}

/// Reads a frame to its end, and checks that nothing reaches past it.
pub fn read(frame: &[u8]) -> Result<Vec<Record>, Violation> {
    let mut records = Vec::new();
    for framed in Frame::read(frame)? {
        let framed = framed?;
        assert!(framed.span.start < framed.span.end && framed.span.end <= frame.len());
        match framed.says() {
            Record::Hello { body } => Hello::read(frame, body).map(|_| ())?,
            Record::Welcome { body } => Welcome::read(frame, body).map(|_| ())?,
            _ => {}
        }
        records.push(framed.says());
    }
    Ok(records)
}

/// What the WELCOME that is all this frame holds says.
pub fn welcome_in(frame: &[u8]) -> Welcome {
    match read(frame).unwrap()[..] {
        [Record::Welcome { body }] => Welcome::read(frame, body).unwrap(),
        ref others => panic!("{others:?}"),
    }
}

// Bytes, written a second time: from the document, without the code under test.

pub fn integer(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 127 {
        bytes.push(value as u8 % 128 + 128);
        value /= 128;
    }
    bytes.push(value as u8);
    bytes
}

pub fn integers(values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|value| integer(*value)).collect()
}

pub fn record_of(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &integer(body.len() as u64), body].concat()
}

pub fn frame_of(base: Option<u64>, ack: Option<(u64, u64)>, records: &[Vec<u8>]) -> Vec<u8> {
    let mut frame = vec![u8::from(base.is_some()) + 2 * u8::from(ack.is_some())];
    base.iter().for_each(|base| frame.extend(integer(*base)));
    ack.iter().for_each(|(to, credit)| frame.extend(integers(&[*to, *credit])));
    records.iter().for_each(|record| frame.extend(record));
    frame
}

fn position(position: &Position) -> Vec<u8> {
    let Position { first, next, recv, credit, max_frame } = *position;
    integers(&[first, next, recv, credit, max_frame])
}

pub fn hello_body(hello: &Hello, frame: &[u8]) -> Vec<u8> {
    let named = hello
        .session
        .map_or([0; 32], |session| <[u8; 32]>::try_from([session.id, session.secret].concat()).unwrap());
    [
        &integers(&[hello.version_min, hello.version_max])[..],
        &named,
        &integer(hello.fence),
        &position(&hello.position),
        &integer(hello.idle_ms),
        hello.token.of(frame),
    ]
    .concat()
}

pub fn welcome_body(welcome: &Welcome) -> Vec<u8> {
    let proof = welcome.tombstone.map_or(vec![0], |stone| integers(&[stone.recv + 1, stone.next]));
    [
        &integers(&[welcome.version, welcome.status as u64])[..],
        &welcome.session.id,
        &welcome.session.secret,
        &position(&welcome.position),
        &integers(&[welcome.resume_ms, welcome.ping_ms, welcome.idle_ms, welcome.auth_ttl_ms]),
        &proof,
    ]
    .concat()
}

/// A record's bytes; its texts and payloads are places in `frame`.
pub fn encode(record: &Record, frame: &[u8]) -> Vec<u8> {
    let of = |span: &everwire::session::Span| span.of(frame).to_vec();
    let named = |span: &everwire::session::Span| [integer(span.len() as u64), of(span)].concat();
    let on = |channel: u64| if channel > 0 { integer(channel) } else { Vec::new() };
    let flags = |text: bool, channel: u64, more: bool| {
        32 * u8::from(text) + 64 * u8::from(channel > 0) + 128 * u8::from(more)
    };
    let (kind, body) = match record {
        Record::Hello { body } => (1, hello_body(&Hello::read(frame, *body).unwrap(), frame)),
        Record::Welcome { body } => (2, welcome_body(&Welcome::read(frame, *body).unwrap())),
        Record::Message { channel, text, payload } => {
            (3 + flags(*text, *channel, false), [on(*channel), of(payload)].concat())
        }
        Record::Volatile { channel, text, payload } => {
            (4 + flags(*text, *channel, false), [on(*channel), of(payload)].concat())
        }
        Record::Request { id, timeout_ms, channel, method, text, payload } => (
            5 + flags(*text, *channel, false),
            [on(*channel), integers(&[*id, *timeout_ms]), named(method), of(payload)].concat(),
        ),
        Record::Response { id, status, more, text, payload } => {
            (6 + flags(*text, 0, *more), [integers(&[*id, *status]), of(payload)].concat())
        }
        Record::Cancel { id } => (7, integer(*id)),
        Record::Open { channel, name, text, payload } => {
            (8 + flags(*text, 0, false), [integer(*channel), named(name), of(payload)].concat())
        }
        Record::Shut { channel, code, reason } => (9, [integers(&[*channel, *code]), of(reason)].concat()),
        Record::Ping { token } => (10, integer(*token)),
        Record::Pong { token, hold_us } => (11, integers(&[*token, *hold_us])),
        Record::Auth { token } => (12, of(token)),
        Record::Authed { status, ttl_ms } => (13, integers(&[*status, *ttl_ms])),
        Record::GoAway { code, grace_ms, min_ms, jitter_ms, reason } => {
            (14, [integers(&[*code, *grace_ms, *min_ms, *jitter_ms]), of(reason)].concat())
        }
        Record::Close { code, retry, forget, retry_after_ms, recv, reason } => {
            let flags = u64::from(*retry) + 2 * u64::from(*forget);
            (15, [integers(&[*code, flags, *retry_after_ms, *recv]), of(reason)].concat())
        }
        Record::Ext { id, body } => (16, [integer(*id), of(body)].concat()),
    };
    record_of(kind, &body)
}
