//! The halves of a session: frames written, read, acknowledged and sent again.

use everwire::session::{
    Client, Due, Event, Identity, Limits, Payload, Record, Session, Status, Times, read_hello,
};

use crate::{MESSAGE, MESSAGES, count};

const TIMES: Times = Times { resume_ms: 60_000, ping_ms: 25_000, idle_ms: 60_000, auth_ttl_ms: 0 };
const FRAME: usize = 64 * 1024;
const PAYLOAD: Payload<'_> = Payload { channel: 0, text: true, bytes: MESSAGE };

pub fn client_to_server() {
    let (mut client, mut server) = greeted();
    count("session: client binds", MESSAGES, || {
        for _ in 0..MESSAGES {
            client.message(PAYLOAD);
        }
    });
    let frames = count("session: client writes frames", MESSAGES, || written(|out| client.frame(FRAME, out)));
    let fence = client.fence();
    let events = count("session: server reads and accepts", MESSAGES, || {
        let mut events = Vec::new();
        for frame in &frames {
            sound(server.receive(fence, frame, &mut events));
            accept(&mut events, |seq| server.accept(seq));
        }
        events
    });
    drop(events);
    let acks = written(|out| server.frame(FRAME, out));
    count("session: client is acknowledged", MESSAGES, || {
        let mut events = Vec::new();
        for frame in &acks {
            sound(client.receive(fence, frame, &mut events));
        }
        events
    });
    assert_eq!(client.outgoing(), (MESSAGES as u64, MESSAGES as u64), "not everything was delivered");
}

pub fn server_to_client() {
    let (mut client, mut server) = greeted();
    let frames = count("session: server binds and writes frames", MESSAGES, || {
        for _ in 0..MESSAGES {
            server.message(PAYLOAD);
        }
        written(|out| server.frame(FRAME, out))
    });
    let fence = client.fence();
    count("session: client reads and accepts", MESSAGES, || {
        let mut events = Vec::new();
        for frame in &frames {
            sound(client.receive(fence, frame, &mut events));
            accept(&mut events, |seq| client.accept(seq));
        }
        events
    });
    assert_eq!(client.incoming(), (MESSAGES as u64, MESSAGES as u64), "not everything arrived");
}

pub fn resend() {
    let (mut client, mut server) = greeted();
    for _ in 0..MESSAGES {
        client.message(PAYLOAD);
    }
    let lost = written(|out| client.frame(FRAME, out));
    client.gone(client.fence());
    resumed(&mut client, &mut server);
    let again =
        count("session: client sends frames again", MESSAGES, || written(|out| client.frame(FRAME, out)));
    // Up to the acknowledgement in the first of a connection's frames they are the same slices.
    let len = |frames: &[Vec<u8>]| frames.iter().map(Vec::len).sum::<usize>();
    assert!(len(&again).abs_diff(len(&lost)) < 64, "not everything was sent again");
}

pub fn requests() {
    let (mut client, mut server) = greeted();
    let answered = count("session: requests and their answers", MESSAGES, || {
        for _ in 0..MESSAGES {
            client.request(1_000, "echo", PAYLOAD);
        }
        talk(&mut client, &mut server)
    });
    assert_eq!(answered, MESSAGES, "not every request was answered");
}

pub fn resume() {
    let (mut client, mut server) = greeted();
    count("session: connections resumed", 100, || {
        for _ in 0..100 {
            client.gone(client.fence());
            resumed(&mut client, &mut server);
            talk(&mut client, &mut server);
        }
    });
}

/// A client and a server that have greeted each other and have nothing more to say.
pub fn greeted() -> (Client, Session) {
    let mut client = Client::new(Limits::default(), true, false);
    let identity = Identity { id: [1; 16], secret: [2; 16] };
    let mut server = Session::new(identity, b"ann".to_vec(), Limits::default(), false);
    let (fence, hello) = client.hello(b"token", 0);
    let hello = sound(read_hello(&hello, 4_096));
    let welcome = sound(server.welcome_new(&hello, TIMES, Status::New, None));
    sound(client.receive(fence, &welcome, &mut Vec::new()));
    talk(&mut client, &mut server);
    (client, server)
}

fn resumed(client: &mut Client, server: &mut Session) {
    let (fence, hello) = client.hello(b"token", 0);
    let hello = sound(read_hello(&hello, 4_096));
    let welcome = sound(server.resume(&hello, TIMES, &mut Vec::new()));
    sound(client.receive(fence, &welcome, &mut Vec::new()));
}

/// Everything either has to say; requests are answered with what they said. How many answers arrived.
fn talk(client: &mut Client, server: &mut Session) -> usize {
    let fence = client.fence();
    let (mut frame, mut events, mut answers) = (Vec::new(), Vec::new(), 0);
    while client.due() != Due::Nothing || server.due() != Due::Nothing {
        if client.frame(FRAME, &mut frame) {
            sound(server.receive(fence, &frame, &mut events));
            for event in events.drain(..) {
                let Event::Numbered { seq, record } = event else { continue };
                server.accept(seq);
                if let Record::Request { id, payload, .. } = record.says() {
                    let answer = Payload { channel: 0, text: true, bytes: payload.of(&frame) };
                    server.respond(id, 0, false, answer);
                }
            }
        }
        if server.frame(FRAME, &mut frame) {
            sound(client.receive(fence, &frame, &mut events));
            for event in events.drain(..) {
                let Event::Numbered { seq, record } = event else { continue };
                client.accept(seq);
                answers += usize::from(matches!(record.says(), Record::Response { .. }));
            }
        }
    }
    answers
}

/// The frames that a half writes until it has nothing more to say.
fn written(mut write: impl FnMut(&mut Vec<u8>) -> bool) -> Vec<Vec<u8>> {
    let (mut frames, mut out) = (Vec::new(), Vec::new());
    while write(&mut out) {
        frames.push(core::mem::take(&mut out));
    }
    frames
}

fn accept(events: &mut Vec<Event>, mut accept: impl FnMut(u64)) {
    for event in events.drain(..) {
        if let Event::Numbered { seq, .. } = event {
            accept(seq);
        }
    }
}

pub fn sound<T, E: core::fmt::Debug>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| unreachable!("both ends are sound: {error:?}"))
}
