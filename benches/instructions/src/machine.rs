//! The machine in session mode, from a send to its settling and from a frame to its last event.

use everwire::core::{
    Config, Event, Input, Item, Machine, Micros, Outcome, Output, SendOptions, SessionConfig, SessionEvent,
    Transmit,
};
use everwire::session::{Event as Arrived, Identity, Limits, Payload, Session, Status, Times, read_hello};

use crate::session::sound;
use crate::{MESSAGE, MESSAGES, count};

const NOW: Micros = Micros::from_millis(1_000);
const TIMES: Times = Times { resume_ms: 60_000, ping_ms: 25_000, idle_ms: 60_000, auth_ttl_ms: 0 };

struct Pair {
    machine: Machine<Vec<u8>>,
    server: Session,
    fence: u64,
    delivered: usize,
    heard: usize,
}

pub fn both_ways() {
    let mut pair = Pair::open();
    let messages = vec![MESSAGE.to_vec(); MESSAGES];
    let frames = count("session machine: send, bind, write", MESSAGES, || {
        for message in &messages {
            let _ = pair.machine.send(NOW, message.clone(), SendOptions::default());
            pair.bind();
        }
        pair.frames()
    });
    let acks = pair.server_takes(&frames);
    count("session machine: delivered", MESSAGES, || {
        pair.take(&acks);
        pair.obey();
    });
    assert_eq!(pair.delivered, MESSAGES, "not everything was delivered");

    for _ in 0..MESSAGES {
        pair.server.message(Payload { channel: 0, text: true, bytes: MESSAGE });
    }
    let frames = pair.server_frames();
    count("session machine: receive", MESSAGES, || {
        pair.take(&frames);
        pair.obey();
    });
    assert_eq!(pair.heard, MESSAGES, "not everything arrived");
}

impl Pair {
    fn open() -> Self {
        let mut machine = Machine::with_session(Config::default(), SessionConfig::default(), 7);
        machine.connect(NOW);
        let identity = Identity { id: [1; 16], secret: [2; 16] };
        let server = Session::new(identity, b"ann".to_vec(), Limits::default(), false);
        let mut pair = Self { machine, server, fence: 0, delivered: 0, heard: 0 };
        pair.obey();
        let confirmation = pair.frames();
        pair.server_takes(&confirmation);
        assert!(pair.server.is_confirmed(), "the session did not begin");
        pair
    }

    /// Does what the machine says; the server welcomes it, and the application takes what it hears.
    fn obey(&mut self) {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Resolve { ticket, .. } => {
                    self.machine.handle(NOW, Input::Target { ticket, local: false })
                }
                Output::Dial { link } => self.machine.handle(NOW, Input::Opened { link }),
                Output::Greet { link, .. } => self.machine.hello(NOW, link, b"token"),
                Output::Frame { link, bytes } => {
                    let hello = sound(read_hello(&bytes, 4_096));
                    self.fence = hello.fence;
                    let welcome = sound(self.server.welcome_new(&hello, TIMES, Status::New, None));
                    self.machine.received_frame(NOW, link, &welcome);
                }
                Output::Settled { outcome: Outcome::Delivered, .. } => self.delivered += 1,
                Output::Event(Event::Session(SessionEvent::Record(everwire::core::Arrived {
                    seq, ..
                }))) => {
                    self.heard += 1;
                    self.machine.accept(NOW, seq);
                }
                _ => {}
            }
        }
    }

    /// As many as the server has granted room for.
    fn bind(&mut self) {
        while let Some((_, message)) = self.machine.peek_transmit(NOW) {
            let message = message.clone();
            self.machine.bind(NOW, Item::Message, 0, true, &message);
        }
    }

    fn frames(&mut self) -> Vec<Vec<u8>> {
        let (mut frames, mut out) = (Vec::new(), Vec::new());
        while let Some(link) = self.machine.next_frame(NOW, &mut out) {
            self.machine.written(NOW, link, Transmit::Accepted, 0);
            frames.push(core::mem::take(&mut out));
        }
        frames
    }

    fn take(&mut self, frames: &[Vec<u8>]) {
        for frame in frames {
            if let Some(link) = self.machine.link() {
                self.machine.received_frame(NOW, link, frame);
            }
        }
    }

    /// What the server answers to these frames.
    fn server_takes(&mut self, frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut events = Vec::new();
        for frame in frames {
            sound(self.server.receive(self.fence, frame, &mut events));
        }
        for event in events {
            if let Arrived::Numbered { seq, .. } = event {
                self.server.accept(seq);
            }
        }
        self.server_frames()
    }

    fn server_frames(&mut self) -> Vec<Vec<u8>> {
        let (mut frames, mut out) = (Vec::new(), Vec::new());
        while self.server.frame(64 * 1024, &mut out) {
            frames.push(core::mem::take(&mut out));
        }
        frames
    }
}
