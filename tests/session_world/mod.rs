//! A machine in session mode, its server, and the network between them, on a clock that stands still.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod server;

use std::collections::BTreeMap;

use everwire::core::{
    Arrived, Cause, Close, Config, Event, Input, Item, LinkId, LostSession, Machine, Micros, Outcome, Output,
    Payload, SendOptions, SessionConfig, SessionEvent, State, Transmit,
};
use everwire::session::{Closing, Code, Control, Limits, Payload as Bytes, Session, Times, Tombstone};
use server::words;

/// What leaves: a message, or a request for a method.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Letter {
    pub text: String,
    pub channel: u64,
    pub method: Option<&'static str>,
    pub deadline: Option<Micros>,
}

impl Payload for Letter {
    fn byte_len(&self) -> usize {
        self.text.len()
    }
}

pub const TIMES: Times = Times { resume_ms: 60_000, ping_ms: 25_000, idle_ms: 60_000, auth_ttl_ms: 0 };

pub struct World {
    pub now: Micros,
    pub machine: Machine<Letter>,
    pub server: Option<Session>,
    pub times: Times,
    pub limits: Limits,
    /// What the server's store proves of a session that it has forgotten.
    pub proof: Option<Tombstone>,
    graves: Vec<([u8; 16], Tombstone)>,
    sessions: u8,
    /// Frames reach the server.
    pub up: bool,
    /// Frames reach the machine.
    pub down: bool,
    /// A socket opens.
    pub opens: bool,
    /// A HELLO is answered.
    pub welcomes: bool,
    /// The server resumes a session of which it has forgotten everything but the name.
    pub forgets: bool,
    /// With this CLOSE in place of a WELCOME.
    pub refusal: Option<Closing<'static>>,
    /// What the application says who it is; nothing while it is still finding out.
    pub token: Option<&'static str>,
    /// The server accepts what arrives, and answers requests with what they said.
    pub accepts: bool,
    pub answers: bool,
    /// The server answers the machine's CLOSE.
    pub parts: bool,
    /// The application takes what it is told of.
    pub takes: bool,
    /// Of each link: its fence, once greeted.
    pub fences: Vec<(LinkId, u64)>,
    /// Links on which frames were lost, upwards or not.
    broken: Vec<(LinkId, bool)>,
    frames: BTreeMap<u32, Vec<u8>>,
    /// Requests as they were bound.
    pub asked: Vec<u64>,
    pub settled: Vec<(String, Outcome)>,
    /// What reached the server, in its order, as words.
    pub arrived: Vec<String>,
    /// What of that was said and not accepted yet, and what was.
    pending: Vec<(u64, String)>,
    pub accepted: Vec<String>,
    /// What the application was told.
    pub told: Vec<String>,
    /// What it has not accepted yet.
    pub unaccepted: Vec<u64>,
    pub losses: Vec<LostSession>,
    pub causes: Vec<Cause>,
    pub opened: u32,
    pub hung_up: Vec<LinkId>,
    pub dialed: Vec<LinkId>,
    /// Frames that the machine wrote.
    pub written: u32,
    pub rtts: Vec<u64>,
}

impl World {
    /// With its connection open, and the WELCOME acknowledged.
    pub fn new() -> Self {
        Self::with(Config::default(), SessionConfig::default())
    }

    pub fn with(config: Config, session: SessionConfig) -> Self {
        let mut world = Self::idle(config, session);
        world.connect();
        assert_eq!(world.machine.state(), State::Open);
        world
    }

    pub fn idle(config: Config, session: SessionConfig) -> Self {
        Self {
            now: Micros::from_millis(1_000),
            machine: Machine::with_session(config, session, 7),
            server: None,
            times: TIMES,
            limits: Limits::default(),
            proof: None,
            graves: Vec::new(),
            sessions: 0,
            up: true,
            down: true,
            opens: true,
            welcomes: true,
            forgets: false,
            refusal: None,
            token: Some("ann"),
            accepts: true,
            answers: true,
            parts: true,
            takes: true,
            fences: Vec::new(),
            broken: Vec::new(),
            frames: BTreeMap::new(),
            asked: Vec::new(),
            settled: Vec::new(),
            arrived: Vec::new(),
            pending: Vec::new(),
            accepted: Vec::new(),
            told: Vec::new(),
            unaccepted: Vec::new(),
            losses: Vec::new(),
            causes: Vec::new(),
            opened: 0,
            hung_up: Vec::new(),
            dialed: Vec::new(),
            written: 0,
            rtts: Vec::new(),
        }
    }

    pub fn connect(&mut self) {
        self.machine.connect(self.now);
        self.run();
    }

    pub fn queue(&mut self, letter: Letter, options: SendOptions) {
        if let Err(refused) = self.machine.send(self.now, letter, options) {
            self.settled.push((refused.payload.text, Outcome::NotSent(refused.reason)));
        }
        self.run();
    }

    pub fn send(&mut self, text: impl Into<String>) {
        self.queue(Letter { text: text.into(), ..Letter::default() }, SendOptions::default());
    }

    pub fn send_on(&mut self, channel: u64, text: &str) {
        self.queue(Letter { text: text.into(), channel, ..Letter::default() }, SendOptions::default());
    }

    /// Asks, for so many milliseconds; 0 for ever.
    pub fn ask(&mut self, text: &str, millis: u64) {
        let ttl = (millis > 0).then(|| Micros::from_millis(millis));
        let deadline = ttl.map(|ttl| self.now.plus(ttl));
        let letter = Letter { text: text.into(), method: Some("echo"), deadline, channel: 0 };
        self.queue(letter, SendOptions { ttl, ..SendOptions::default() });
    }

    pub fn server(&mut self) -> &mut Session {
        self.server.as_mut().unwrap()
    }

    /// The server says this, then everything that follows.
    pub fn says(&mut self, text: &str) {
        self.server().message(Bytes { channel: 0, text: true, bytes: text.as_bytes() });
        self.run();
    }

    pub fn control(&mut self, control: Control<'_>) {
        self.server().control(control);
        self.run();
    }

    pub fn go_away(&mut self) {
        self.control(Control::GoAway {
            code: Code::Draining,
            grace_ms: 10_000,
            min_ms: 100,
            jitter_ms: 0,
            reason: "",
        });
    }

    /// The server's CLOSE on the current link; its socket closes afterwards, if that is `ended`.
    pub fn server_closes(&mut self, closing: Closing<'_>, ended: bool) {
        let link = self.machine.link().unwrap();
        let frame = self.server().close(closing);
        if closing.forget {
            self.forget(true);
        }
        self.deliver(link, frame);
        self.run();
        if ended && self.machine.link() == Some(link) {
            self.end(link, closing.code.websocket());
        }
    }

    pub fn deliver(&mut self, link: LinkId, frame: Vec<u8>) {
        if !self.down {
            self.broken.push((link, false));
        }
        if self.broken.contains(&(link, false)) {
            return;
        }
        if let Some(number) = self.machine.received_frame(self.now, link, &frame) {
            self.frames.insert(number, frame);
        }
    }

    /// Does what the machine says and what the server answers, until both are silent.
    pub fn run(&mut self) {
        loop {
            self.bind();
            let mut frame = Vec::new();
            if let Some(output) = self.machine.poll() {
                self.obey(output);
            } else if let Some(link) = self.machine.next_frame(self.now, &mut frame) {
                self.written += 1;
                self.machine.written(self.now, link, Transmit::Accepted, 0);
                self.arrive(link, &frame);
            } else if !self.answer() {
                break;
            }
        }
        assert!(self.frames.is_empty(), "a frame of which no event speaks is forgotten");
    }

    /// Binds what may leave, and does nothing else.
    pub fn bind(&mut self) {
        while let Some((_, letter)) = self.machine.peek_transmit(self.now) {
            let letter = letter.clone();
            let item = match letter.method {
                Some(method) => Item::Request { method, deadline: letter.deadline },
                None => Item::Message,
            };
            let bytes = letter.text.as_bytes();
            self.asked.extend(self.machine.bind(self.now, item, letter.channel, true, bytes));
        }
    }

    fn obey(&mut self, output: Output<Letter>) {
        let now = self.now;
        match output {
            Output::Resolve { ticket, .. } => {
                self.machine.handle(now, Input::Target { ticket, local: false })
            }
            Output::Dial { link } => {
                self.dialed.push(link);
                if self.opens {
                    self.machine.handle(now, Input::Opened { link });
                }
            }
            Output::Greet { link, .. } => {
                if let Some(token) = self.token {
                    self.machine.hello(now, link, token.as_bytes());
                }
            }
            Output::Frame { link, bytes } => self.arrive(link, &bytes),
            Output::Hangup { link, forget, .. } => {
                self.hung_up.push(link);
                self.leave(link);
                if !forget {
                    let close = Close { code: 1000, reason: "".into(), clean: true };
                    self.machine.handle(now, Input::Closed { link, close });
                }
            }
            Output::Settled { payload, outcome } => self.settled.push((payload.text, outcome)),
            Output::Event(Event::Failed { cause, .. } | Event::Closed { cause, .. }) => {
                self.causes.push(cause);
            }
            Output::Event(Event::Opened) => self.opened += 1,
            Output::Event(Event::Pong { rtt, .. }) => self.rtts.push(rtt.0 / 1_000),
            Output::Event(Event::Session(event)) => self.tell(event),
            Output::Forget { frame } => drop(self.frames.remove(&frame)),
            _ => {}
        }
    }

    fn tell(&mut self, event: SessionEvent) {
        let words = match event {
            SessionEvent::Record(Arrived { seq, frame, record }) => {
                if seq > 0 {
                    self.unaccepted.push(seq);
                    if self.takes {
                        self.take();
                    }
                }
                words(&record.says(), &self.frames[&frame])
            }
            SessionEvent::Welcomed { resumed } => if resumed { "resumed" } else { "new" }.to_owned(),
            SessionEvent::Lost(lost) => {
                self.losses.push(lost);
                "lost".to_owned()
            }
            SessionEvent::Unanswered { id, timed_out } => {
                format!("unanswered {id}{}", if timed_out { " in time" } else { "" })
            }
            SessionEvent::TokenWanted => "token".to_owned(),
        };
        self.told.push(words);
    }

    /// The application takes what it was told of.
    pub fn take(&mut self) {
        for seq in core::mem::take(&mut self.unaccepted) {
            self.machine.accept(self.now, seq);
        }
    }

    fn leave(&mut self, link: LinkId) {
        if let Some((_, fence)) = self.fences.iter().find(|(of, _)| *of == link)
            && let Some(server) = &mut self.server
        {
            server.gone(*fence);
        }
    }

    /// The current link breaks.
    pub fn cut(&mut self) {
        let link = self.machine.link().unwrap();
        self.end(link, 1006);
    }

    /// This link's socket closes.
    pub fn end(&mut self, link: LinkId, code: u16) {
        self.leave(link);
        let close = Close { code, reason: "".into(), clean: code != 1006 };
        self.machine.handle(self.now, Input::Closed { link, close });
        self.run();
    }

    pub fn input(&mut self, input: Input) {
        self.machine.handle(self.now, input);
        self.run();
    }

    pub fn close(&mut self) {
        self.machine.close(self.now, Close { code: 1000, reason: "".into(), clean: true });
        self.run();
    }

    /// So much time passes, and every timer is in time.
    pub fn pass(&mut self, millis: u64) {
        let until = self.now.plus(Micros::from_millis(millis));
        loop {
            let wake = self.machine.next_wake().filter(|wake| *wake <= until);
            self.now = wake.unwrap_or(until).max(self.now);
            self.machine.handle(self.now, Input::Timeout);
            self.run();
            if wake.is_none() {
                break;
            }
        }
    }

    /// So much time passes before the next timer comes.
    pub fn oversleep(&mut self, millis: u64) {
        self.now = self.now.plus(Micros::from_millis(millis));
        self.machine.handle(self.now, Input::Timeout);
        self.run();
    }

    pub fn outcomes(&self) -> Vec<Outcome> {
        self.settled.iter().map(|(_, outcome)| *outcome).collect()
    }

    pub fn outcome_of(&self, text: &str) -> Option<Outcome> {
        self.settled.iter().find(|(of, _)| of == text).map(|(_, outcome)| *outcome)
    }

    /// What the application was told since the last time.
    pub fn news(&mut self) -> Vec<String> {
        core::mem::take(&mut self.told)
    }

    pub fn is_closed_for(&self, why: Cause) -> bool {
        matches!(self.machine.state(), State::Closed { cause, .. } if cause == why)
    }
}

pub fn text(bytes: &str) -> Bytes<'_> {
    Bytes { channel: 0, text: true, bytes: bytes.as_bytes() }
}

pub const fn closing(code: Code, retry: bool, forget: bool) -> Closing<'static> {
    Closing { code, retry, forget, retry_after_ms: 0, reason: "" }
}
