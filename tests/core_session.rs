//! The machine in session mode, against the server's half, on a clock that stands still.

#![cfg(all(feature = "session", not(target_arch = "wasm32")))]
// A test that meets the unexpected must stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use everwire::core::{
    Cause, Close, Config, Event, Input, Item, LinkId, Machine, Micros, Outcome, Output, Payload, Reason,
    SendOptions, SessionConfig, SessionEvent, State, Transmit,
};
use everwire::session::{
    Closing, Code, Control, Due, Event as Heard, Identity, Limits, Payload as Bytes, Record, Session, Status,
    Times, Verdict, read_hello,
};

#[derive(Debug, Clone, PartialEq)]
struct Text(&'static str);

impl Payload for Text {
    fn byte_len(&self) -> usize {
        self.0.len()
    }
}

const TIMES: Times = Times { resume_ms: 60_000, ping_ms: 25_000, idle_ms: 60_000, auth_ttl_ms: 0 };

/// A machine, its server, and the network between them.
struct World {
    now: Micros,
    machine: Machine<Text>,
    server: Option<Session>,
    /// What the server's store would know of sessions that are over.
    sessions: u8,
    /// Answers no HELLO.
    silent: bool,
    /// Of each link: its fence, once greeted.
    fences: Vec<(LinkId, u64)>,
    settled: Vec<(Text, Outcome)>,
    events: Vec<SessionEvent>,
    causes: Vec<Cause>,
    arrived: Vec<String>,
    received: Vec<String>,
    hung_up: Vec<LinkId>,
    dialed: Vec<LinkId>,
}

impl World {
    fn new() -> Self {
        Self::with(SessionConfig::default())
    }

    fn with(session: SessionConfig) -> Self {
        let mut world = Self {
            now: Micros::from_millis(1_000),
            machine: Machine::with_session(Config::default(), session, 7),
            server: None,
            sessions: 0,
            silent: false,
            fences: Vec::new(),
            settled: Vec::new(),
            events: Vec::new(),
            causes: Vec::new(),
            arrived: Vec::new(),
            received: Vec::new(),
            hung_up: Vec::new(),
            dialed: Vec::new(),
        };
        world.machine.connect(world.now);
        world.run();
        world
    }

    fn send(&mut self, text: &'static str) {
        self.machine.send(self.now, Text(text), SendOptions::default()).unwrap();
        self.run();
    }

    fn server(&mut self) -> &mut Session {
        self.server.as_mut().unwrap()
    }

    /// Does what the machine says and what the server answers, until both are silent.
    fn run(&mut self) {
        loop {
            while let Some((_, Text(text))) = self.machine.peek_transmit(self.now) {
                let text = *text;
                self.machine.bind(self.now, Item::Message, 0, true, text.as_bytes());
            }
            let mut frame = Vec::new();
            if let Some(output) = self.machine.poll() {
                self.obey(output);
            } else if let Some(link) = self.machine.next_frame(&mut frame) {
                self.machine.written(self.now, link, Transmit::Accepted, 0);
                self.arrive(link, &frame);
            } else if !self.answer() {
                break;
            }
        }
    }

    fn obey(&mut self, output: Output<Text>) {
        let now = self.now;
        match output {
            Output::Resolve { ticket, .. } => self.machine.handle(now, Input::Target { ticket, local: true }),
            Output::Dial { link } => {
                self.dialed.push(link);
                self.machine.handle(now, Input::Opened { link });
            }
            Output::Greet { link, .. } => self.machine.hello(now, link, b"token"),
            Output::Frame { link, bytes } => self.arrive(link, &bytes),
            Output::Hangup { link, forget, .. } => {
                self.hung_up.push(link);
                if !forget {
                    let close = Close { code: 1000, reason: "".into(), clean: true };
                    self.machine.handle(now, Input::Closed { link, close });
                }
            }
            Output::Settled { payload, outcome } => self.settled.push((payload, outcome)),
            Output::Event(Event::Failed { cause, .. } | Event::Closed { cause, .. }) => {
                self.causes.push(cause)
            }
            Output::Event(Event::Session(event)) => {
                if let SessionEvent::Record { seq, .. } = &event
                    && *seq > 0
                {
                    self.machine.accept(now, *seq);
                }
                self.events.push(event);
            }
            _ => {}
        }
    }

    /// A frame reaches the server.
    fn arrive(&mut self, link: LinkId, frame: &[u8]) {
        if let Some((_, fence)) = self.fences.iter().find(|(of, _)| *of == link) {
            let mut events = Vec::new();
            let Some(server) = &mut self.server else { return };
            server.receive(*fence, frame, &mut events).unwrap();
            for event in events {
                match event {
                    Heard::Numbered { seq, record: Record::Message { payload, .. } } => {
                        self.arrived.push(payload.text(frame).to_owned());
                        server.accept(seq);
                    }
                    Heard::Numbered { seq, record: Record::Request { id, payload, .. } } => {
                        server.accept(seq);
                        let bytes = payload.of(frame).to_vec();
                        server.respond(id, 0, false, Bytes { channel: 0, text: true, bytes: &bytes });
                    }
                    Heard::Numbered { seq, .. } => server.accept(seq),
                    Heard::Plain(Record::Close { .. }) => {
                        let frame = server.close(Closing {
                            code: Code::Normal,
                            retry: false,
                            forget: true,
                            retry_after_ms: 0,
                            reason: "",
                        });
                        self.machine.received_frame(self.now, link, &frame);
                    }
                    _ => {}
                }
            }
            return;
        }
        if self.silent {
            return;
        }
        let hello = read_hello(frame, 4_096).unwrap();
        self.fences.push((link, hello.fence));
        let verdict = self.server.as_ref().map(|server| server.judge(&hello, b"ann"));
        let welcome = match verdict {
            Some(Verdict::Resume) => self.server().resume(&hello, TIMES, &mut Vec::new()).unwrap(),
            _ => {
                self.sessions += 1;
                let identity = Identity { id: [self.sessions; 16], secret: [9; 16] };
                let mut session = Session::new(identity, b"ann".to_vec(), Limits::default(), false);
                let status = if hello.session.is_some() { Status::Unknown } else { Status::New };
                let welcome = session.welcome_new(&hello, TIMES, status, None).unwrap();
                self.server = Some(session);
                welcome
            }
        };
        self.machine.received_frame(self.now, link, &welcome);
    }

    fn answer(&mut self) -> bool {
        let mut frame = Vec::new();
        let Some(server) = &mut self.server else { return false };
        if server.due() == Due::Nothing || !server.frame(65_536, &mut frame) {
            return false;
        }
        let fence = server.link();
        let Some((link, _)) = self.fences.iter().find(|(_, of)| Some(*of) == fence) else { return false };
        let link = *link;
        let before = self.events.len();
        self.machine.received_frame(self.now, link, &frame);
        while let Some(output) = self.machine.poll() {
            self.obey(output);
        }
        for event in self.events.get(before..).unwrap_or_default() {
            if let SessionEvent::Record { record: Record::Message { payload, .. }, .. } = event {
                self.received.push(payload.text(&frame).to_owned());
            }
        }
        true
    }

    fn cut(&mut self) {
        let link = self.machine.link().unwrap();
        let close = Close { code: 1006, reason: "".into(), clean: false };
        self.machine.handle(self.now, Input::Closed { link, close });
        self.run();
    }

    fn pass(&mut self, millis: u64) {
        self.now = self.now.plus(Micros::from_millis(millis));
        self.machine.handle(self.now, Input::Timeout);
        self.run();
    }

    fn outcomes(&self) -> Vec<Outcome> {
        self.settled.iter().map(|(_, outcome)| *outcome).collect()
    }
}

#[test]
fn a_message_settles_as_delivered_when_the_server_has_accepted_it_and_not_before() {
    let mut world = World::new();
    assert_eq!(world.machine.state(), State::Open);
    world.send("one");
    world.send("two");
    assert_eq!(world.arrived, ["one", "two"]);
    world.pass(30);
    assert_eq!(world.outcomes(), [Outcome::Delivered, Outcome::Delivered]);
}

#[test]
fn what_was_sent_before_a_cut_is_delivered_once_after_it() {
    let mut world = World::new();
    world.pass(30);
    world.machine.send(world.now, Text("one"), SendOptions::default()).unwrap();
    world.machine.peek_transmit(world.now).unwrap();
    world.machine.bind(world.now, Item::Message, 0, true, b"one");
    let mut lost = Vec::new();
    assert!(world.machine.next_frame(&mut lost).is_some());
    world.cut();
    world.pass(2_000);
    assert_eq!(world.arrived, ["one"]);
    world.pass(30);
    assert_eq!(world.outcomes(), [Outcome::Delivered]);
    assert!(world.events.contains(&SessionEvent::Welcomed { resumed: true }));
}

#[test]
fn a_server_that_forgot_the_session_leaves_in_doubt_what_was_sent_and_gets_what_was_not() {
    let mut world = World::new();
    world.pass(30);
    world.send("told");
    world.machine.send(world.now, Text("sent"), SendOptions::default()).unwrap();
    world.machine.peek_transmit(world.now).unwrap();
    world.machine.bind(world.now, Item::Message, 0, true, b"sent");
    assert!(world.machine.next_frame(&mut Vec::new()).is_some());
    world.server = None;
    world.cut();
    world.machine.send(world.now, Text("queued"), SendOptions::default()).unwrap();
    world.pass(2_000);
    assert_eq!(world.arrived, ["told", "queued"]);
    world.pass(30);
    let doubt: Vec<_> = world.settled.iter().map(|(text, outcome)| (text.0, *outcome)).collect();
    assert_eq!(doubt[0], ("told", Outcome::Delivered));
    assert_eq!(doubt[1], ("sent", Outcome::InDoubt));
    assert_eq!(doubt[2], ("queued", Outcome::Delivered));
    assert!(world.events.iter().any(|event| matches!(event, SessionEvent::Lost(lost) if lost.in_doubt == 2)));
}

#[test]
fn a_close_waits_for_the_servers_last_word_and_leaves_nothing_in_doubt() {
    let mut world = World::new();
    world.send("one");
    world.machine.send(world.now, Text("two"), SendOptions::default()).unwrap();
    world.machine.peek_transmit(world.now).unwrap();
    world.machine.bind(world.now, Item::Message, 0, true, b"two");
    world.machine.close(world.now, Close { code: 1000, reason: "".into(), clean: true });
    world.run();
    assert_eq!(world.outcomes(), [Outcome::Delivered, Outcome::Delivered]);
    assert!(matches!(world.machine.state(), State::Closed { cause: Cause::ClosedByApplication, .. }));
}

#[test]
fn a_close_that_the_server_never_answers_leaves_in_doubt_what_was_sent() {
    let mut world = World::new();
    world.pass(30);
    world.server = None;
    world.send("one");
    world.machine.close(world.now, Close { code: 1000, reason: "".into(), clean: true });
    world.run();
    assert_eq!(world.outcomes(), []);
    world.pass(3_000);
    assert_eq!(world.outcomes(), [Outcome::InDoubt]);
}

#[test]
fn a_server_that_drains_is_left_for_another_connection_before_it_breaks() {
    let mut world = World::new();
    world.send("one");
    let away = Control::GoAway {
        code: Code::Draining,
        grace_ms: 10_000,
        min_ms: 100,
        jitter_ms: 0,
        url: "",
        reason: "",
    };
    world.server().control(away);
    world.run();
    world.pass(100);
    assert_eq!(world.dialed.len(), 2);
    assert_eq!(world.hung_up, [world.dialed[0]]);
    assert_eq!(world.machine.link(), Some(world.dialed[1]));
    assert_eq!(world.machine.state(), State::Open);
    world.send("two");
    world.pass(30);
    assert_eq!(world.arrived, ["one", "two"]);
    assert_eq!(world.outcomes(), [Outcome::Delivered, Outcome::Delivered]);
    assert_eq!(world.causes, []);
}

#[test]
fn a_server_that_never_welcomes_is_named_as_such_and_tried_again() {
    let mut world = World::new();
    world.cut();
    world.silent = true;
    world.pass(2_000);
    world.pass(10_000);
    assert_eq!(world.causes.last(), Some(&Cause::NoWelcome));
    world.silent = false;
    world.pass(30_000);
    assert_eq!(world.machine.state(), State::Open);
}

#[test]
fn a_message_that_the_server_would_never_take_is_given_back() {
    let mut world = World::new();
    let large: &'static str = Box::leak("x".repeat(1 << 20).into_boxed_str());
    world.send(large);
    assert_eq!(world.outcomes(), [Outcome::NotSent(Reason::TooLarge)]);
    world.send("small");
    assert_eq!(world.arrived, ["small"]);
}

#[test]
fn what_the_server_sends_arrives_and_is_acknowledged() {
    let mut world = World::new();
    for text in ["a", "b", "c"] {
        world.server().message(Bytes { channel: 0, text: true, bytes: text.as_bytes() });
    }
    world.run();
    assert_eq!(world.received, ["a", "b", "c"]);
    world.pass(30);
    assert_eq!(world.server().outgoing(), (3, 3));
}

#[test]
fn a_garbled_frame_ends_the_link_and_not_the_session() {
    let mut world = World::new();
    world.send("one");
    let link = world.machine.link().unwrap();
    world.machine.received_frame(world.now, link, &[0x80]);
    world.server().gone(1);
    world.run();
    assert_eq!(world.causes, [Cause::ProtocolViolated, Cause::ProtocolViolated]);
    world.pass(2_000);
    world.send("two");
    world.pass(30);
    assert_eq!(world.arrived, ["one", "two"]);
    assert_eq!(world.outcomes(), [Outcome::Delivered, Outcome::Delivered]);
}
