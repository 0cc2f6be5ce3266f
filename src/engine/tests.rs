//! The engine in a session, on a platform of paper.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::core::{Owned, SendOptions};
use crate::session::{Event as Heard, Frame, Identity, Limits, Session, Status, Times, read_hello};

#[derive(Default)]
struct Paper {
    now: Cell<u64>,
    /// What the socket buffers, and adds to that with every frame.
    buffered: Cell<u64>,
    written: RefCell<Vec<Vec<u8>>>,
    /// How often a flush was asked for, and a look at the buffer.
    flushes: Cell<u32>,
    looks: Cell<u32>,
    told: RefCell<Vec<u64>>,
    delivered: Cell<usize>,
    /// The application closes the wire when it hears the message of this number.
    closes_at: Cell<u64>,
}

impl Platform for Paper {
    type Payload = Vec<u8>;
    type Texts = Owned;
    type Data = Vec<u8>;

    fn now(&self) -> Micros {
        Micros(self.now.get())
    }

    fn data(payload: &Vec<u8>) -> Vec<u8> {
        payload.clone()
    }

    fn offer(&self, _: LinkId, _: &Vec<u8>) -> (Transmit, u64) {
        panic!("a session has frames alone")
    }

    fn buffered(&self) -> u64 {
        self.buffered.get()
    }

    fn obey(&self, engine: &Engine<Self>, output: Output<Vec<u8>>) {
        match output {
            Output::Resolve { ticket, .. } => engine.input(Input::Target { ticket, local: true }),
            Output::Dial { link } => engine.dial(link),
            Output::Greet { link, .. } => engine.with(|machine, now| machine.hello(now, link, b"")),
            Output::Sample { .. } => self.looks.set(self.looks.get() + 1),
            Output::Event(event) => engine.tell(event),
            _ => {}
        }
    }

    fn dial(&self, _: LinkId) -> Result<(), Cause> {
        Ok(())
    }

    fn hang_up(&self, _: LinkId, _: Option<Close>, _: bool) {}

    fn event(&self, _: Event, _: bool) {}

    fn release(&self) {}

    fn alarm(&self, _: Option<f64>) {}

    fn encode(&self, payload: &Vec<u8>, out: &mut Vec<u8>) -> Encoded {
        out.extend_from_slice(payload);
        Encoded::default()
    }

    fn asked(&self, _: u32, _: u64) {}

    fn write(&self, _: LinkId, frame: &[u8]) -> (Transmit, u64) {
        self.written.borrow_mut().push(frame.to_vec());
        (Transmit::Accepted, self.buffered.get())
    }

    fn soon(&self) {
        self.flushes.set(self.flushes.get() + 1);
    }

    fn messages(&self, engine: &Engine<Self>, message: Arrived) {
        let mut next = Some(message);
        while let Some(message) = next {
            if !engine.took(message.seq..message.seq + 1) {
                return;
            }
            self.told.borrow_mut().push(message.seq);
            if message.seq == self.closes_at.get() {
                engine.with(|machine, now| machine.close(now, Close::default()));
            }
            next = engine.more_message(&message);
        }
    }

    fn delivered(&self, engine: &Engine<Self>, _: Vec<u8>) {
        let more = core::iter::from_fn(|| engine.more_delivered()).count();
        self.delivered.set(self.delivered.get() + 1 + more);
    }

    fn keep(&self, _: u32) {}

    fn forget(&self, _: u32) {}
}

struct Pair {
    engine: Engine<Paper>,
    server: Session,
    link: LinkId,
}

impl Pair {
    /// Open, and the WELCOME acknowledged.
    fn new() -> Self {
        let engine = Engine::with_session(Config::default(), SessionConfig::default(), 0.5, Paper::default());
        engine.with(|machine, now| machine.connect(now));
        let link = engine.read(Machine::link).unwrap();
        engine.input(Input::Opened { link });
        let hello = read_hello(&engine.platform.written.take()[0], 4_096).unwrap();
        let identity = Identity { id: [1; 16], secret: [2; 16] };
        let mut server = Session::new(identity, Vec::new(), Limits::default(), false);
        let times = Times { resume_ms: 60_000, ping_ms: 0, idle_ms: 0, auth_ttl_ms: 0 };
        let welcome = server.welcome_new(&hello, times, Status::New, None).unwrap();
        engine.take_frame(link, &welcome);
        engine.run();
        let mut pair = Self { engine, server, link };
        pair.task_ends();
        pair.arrive();
        pair.paper().flushes.set(0);
        pair
    }

    fn paper(&self) -> &Paper {
        &self.engine.platform
    }

    fn send(&self, len: usize) {
        let sent = self.engine.with(|machine, now| machine.send(now, vec![0; len], SendOptions::default()));
        sent.unwrap();
    }

    fn task_ends(&self) {
        self.engine.flush();
    }

    /// How many records stand in each frame that was written, which the server now has.
    fn arrive(&mut self) -> Vec<usize> {
        let frames = self.engine.platform.written.take();
        let fence = self.server.fence();
        for frame in &frames {
            let mut heard = Vec::new();
            self.server.receive(fence, frame, &mut heard).unwrap();
            for event in heard {
                if let Heard::Numbered { seq, .. } = event {
                    self.server.accept(seq);
                }
            }
        }
        frames.iter().map(|frame| Frame::read(frame).unwrap().count()).collect()
    }

    /// The server says whatever it has to say.
    fn answer(&mut self) {
        let mut frame = Vec::new();
        while self.server.frame(1 << 16, &mut frame) {
            self.engine.take_frame(self.link, &frame);
            self.engine.run();
        }
    }

    fn buffer(&self, bytes: u64) {
        self.paper().buffered.set(bytes);
    }

    /// The look at the buffer that was asked for.
    fn look(&self) {
        let bytes = self.paper().buffered.get();
        self.engine.input(Input::Buffered { link: self.link, bytes, asked: true });
    }
}

#[test]
fn what_one_task_sends_leaves_in_one_frame_when_it_is_over() {
    let mut pair = Pair::new();
    (0..100).for_each(|_| pair.send(10));
    assert_eq!(pair.paper().flushes.get(), 1, "asked for once");
    assert_eq!(pair.arrive(), [0; 0], "not in the middle of the task");
    pair.task_ends();
    assert_eq!(pair.arrive(), [100]);
    pair.task_ends();
    assert_eq!(pair.arrive(), [0; 0], "nothing is left");
    pair.answer();
    assert_eq!(pair.paper().delivered.get(), 100, "one acknowledgement settles them all");
}

#[test]
fn a_frame_that_is_full_leaves_in_the_middle_of_the_task() {
    let mut pair = Pair::new();
    // The first frames of a link are small.
    (0..100).for_each(|_| pair.send(1_000));
    pair.task_ends();
    pair.arrive();
    // Even if the socket has not given away what it took before.
    pair.buffer(1_000);
    pair.send(10);
    pair.task_ends();
    pair.arrive();
    (0..100).for_each(|_| pair.send(1_000));
    let frames = pair.arrive();
    assert_eq!((frames.len(), frames[0]), (1, 65), "64 KiB of the 100 kB, and the rest waits for the end");
}

#[test]
fn while_the_socket_buffers_a_frame_grows_until_it_is_given_away() {
    let mut pair = Pair::new();
    pair.buffer(500);
    pair.send(10);
    pair.task_ends();
    assert_eq!(pair.arrive(), [1], "nothing stood before this one");
    let looks = pair.paper().looks.get();
    for _ in 0..3 {
        pair.paper().now.set(pair.paper().now.get() + 1_000);
        pair.send(10);
        pair.task_ends();
        assert_eq!(pair.arrive(), [0; 0]);
    }
    assert_eq!(pair.paper().looks.get(), looks + 1, "one look at the buffer is on its way");
    pair.look();
    pair.task_ends();
    assert_eq!(pair.arrive(), [0; 0], "it is still there");
    assert_eq!(pair.paper().looks.get(), looks + 2);
    pair.buffer(0);
    let flushes = pair.paper().flushes.get();
    pair.look();
    assert_eq!(pair.paper().flushes.get(), flushes + 1);
    pair.task_ends();
    assert_eq!(pair.arrive(), [3]);
}

#[test]
fn a_frame_is_held_for_four_milliseconds_at_most() {
    let mut pair = Pair::new();
    pair.buffer(500);
    pair.send(10);
    pair.task_ends();
    pair.arrive();
    pair.send(10);
    pair.task_ends();
    pair.paper().now.set(3_999);
    pair.look();
    pair.task_ends();
    assert_eq!(pair.arrive(), [0; 0]);
    pair.paper().now.set(4_000);
    pair.look();
    pair.task_ends();
    assert_eq!(pair.arrive(), [1]);
}

#[test]
fn a_listener_that_closes_the_wire_hears_no_more_of_the_frame_and_accepts_no_more() {
    let mut pair = Pair::new();
    let text = crate::session::Payload { channel: 0, text: true, bytes: b"hello" };
    (0..10).for_each(|_| _ = pair.server.message(text));
    pair.paper().closes_at.set(4);
    pair.answer();
    assert_eq!(*pair.paper().told.borrow(), [1, 2, 3, 4]);
    assert_eq!(pair.engine.read(|machine| machine.session().unwrap().incoming()), (10, 4));
}
