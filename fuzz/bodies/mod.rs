//! What the fuzz targets do with their bytes. tests/session/fuzz.rs does the same with the corpora.
// A body that meets the unexpected must stop, and every target has its own.
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../../tests/halves/mod.rs"]
pub mod halves;
mod pair;

use everwire::session::{Client, Closing, Code, Event, Frame, Limits, Session, Status, Verdict, read_hello};
use halves::{TIMES, encode, frame_of, greet, identity, numbers};

pub use halves::dump::bytes;
pub use pair::halves;

/// Small, so that bytes reach the bounds.
const SMALL: Limits = Limits { max_frame: 1_024, window: 2_048, max_requests: 3, max_channels: 3 };

/// Any bytes are records or an error, and records have one form.
pub fn decoder(bytes: &[u8]) {
    let _ = read_hello(bytes, 4_096);
    let Ok(records) = halves::read(bytes) else { return };
    let head = Frame::read(bytes).unwrap().head;
    let records: Vec<_> = records.iter().map(|record| encode(record, bytes)).collect();
    assert_eq!(frame_of(head.base, head.ack.map(|ack| (ack.to, ack.credit)), &records), bytes);
}

/// Bytes as frames: each has its length before it, in two octets.
pub fn frames(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    core::iter::from_fn(move || {
        let (len, rest) = bytes.split_first_chunk::<2>()?;
        let len = usize::from(u16::from_le_bytes(*len)).min(rest.len());
        let (frame, rest) = rest.split_at(len);
        bytes = rest;
        Some(frame)
    })
}

/// What a half writes, its peer reads: well formed, and no larger than it takes.
fn check(frame: &[u8]) {
    halves::read(frame).unwrap();
    assert!(frame.len() <= SMALL.max_frame as usize);
}

/// A client takes anything in place of a WELCOME, and after one.
pub fn client(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let mut client = Client::new(SMALL, true, first & 2 > 0);
    if first & 1 > 0 {
        client.hello(b"", 0);
    } else {
        let server = Session::new(identity(1), Vec::new(), SMALL, false);
        client = greet(client, server).0;
    }
    client.message(halves::text(b"one"));
    client.open("channel", halves::text(b""));
    client.request(0, "method", halves::text(b""));
    let (fence, mut written) = (client.fence(), Vec::new());
    for frame in frames(bytes) {
        let mut events = Vec::new();
        let result = client.receive(fence, frame, &mut events);
        assert!(events.len() <= frame.len() + 2);
        numbers(&events).for_each(|seq| client.accept(seq));
        if let Some(delta) = client.delta() {
            client.keep(&delta);
        }
        if let Err(violation) = result {
            check(&client.violated(fence, violation));
            return;
        }
        for _ in 0..4 {
            if client.frame(512, &mut written) {
                check(&written);
            }
        }
    }
    check(&client.close(DONE));
    client.end(None, true);
}

const DONE: Closing<'_> =
    Closing { code: Code::Normal, retry: false, forget: true, retry_after_ms: 0, reason: "done" };

/// A server takes anything in place of a HELLO, and after one.
pub fn server(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let mut frames = frames(bytes);
    let mut server = Session::new(identity(1), b"ann".to_vec(), SMALL, first & 2 > 0);
    if first & 1 > 0 {
        // The name and secret of a session that the bytes may ask for.
        let Some(Ok(hello)) = frames.next().map(|frame| read_hello(frame, 4_096)) else { return };
        let welcome = match server.judge(&hello, b"ann") {
            Verdict::Resume => server.resume(&hello, TIMES, &mut Vec::new()),
            Verdict::Create { .. } => {
                server = Session::new(identity(2), b"ann".to_vec(), SMALL, first & 2 > 0);
                server.welcome_new(&hello, TIMES, Status::Unknown, None)
            }
            Verdict::Superseded => return,
        };
        let Ok(welcome) = welcome else { return };
        check(&welcome);
    } else {
        server = greet(Client::new(SMALL, true, false), server).1;
    }
    server.message(halves::text(b"one"));
    let (fence, mut written) = (server.link().unwrap(), Vec::new());
    for frame in frames {
        let mut events = Vec::new();
        let result = server.receive(fence, frame, &mut events);
        assert!(events.len() <= frame.len() + 2);
        for event in &events {
            if let Event::Numbered { seq, .. } = event {
                server.accept(*seq);
            }
        }
        if let Some(delta) = server.delta() {
            server.keep(&delta);
        }
        let (last, acked) = server.outgoing();
        assert!(acked <= last && server.channels().len() <= SMALL.max_channels);
        if let Err(violation) = result {
            check(&server.violated(violation));
            return;
        }
        for _ in 0..4 {
            if server.frame(512, &mut written) {
                check(&written);
            }
        }
    }
    check(&server.close(DONE));
}
