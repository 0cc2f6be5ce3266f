//! The client's host: its sockets, and the application.

use everwire::core::{Close, Input, Kind, LinkId, Micros, Outcome, Output, SendOptions, Transmit};

use super::agenda::Happening;
use super::faults::Fault;
use super::network::{Item, Pipe};
use super::support::{Letter, ms};
use super::world::World;

impl World {
    pub(super) fn input(&mut self, input: Input) {
        self.machine.handle(self.now, input);
        self.drain();
    }

    /// The application's own wish goes before the server's.
    pub(super) fn reconnect(&mut self) {
        self.stay_away = Micros::ZERO;
        self.machine.reconnect(self.now);
    }

    pub(super) fn drain(&mut self) {
        loop {
            self.pump();
            let Some(output) = self.machine.poll() else { break };
            self.promises.output(&output);
            self.obey(output);
        }
        self.promises.check(&self.machine, &self.config);
        self.promises.check_told(&self.machine);
    }

    fn pump(&mut self) {
        loop {
            let offer = self.machine.peek_transmit(self.now).map(|(link, letter)| (link, letter.clone()));
            let Some((link, letter)) = offer else { break };
            self.promises.offered(&self.machine, link, &letter);
            let what = self.socket_send(link, Some(&letter));
            let buffered = self.pipe(link).buffered;
            self.machine.transmitted(self.now, what, buffered);
        }
    }

    /// A letter, or a ping.
    fn socket_send(&mut self, link: LinkId, letter: Option<&Letter>) -> Transmit {
        let pipe = self.pipes.get_mut(&link).expect("a link that was dialed");
        if !pipe.client {
            return Transmit::NotOpen;
        }
        let (item, len) = match letter {
            Some(letter) => {
                assert!(self.taken.insert(letter.id), "message {} was sent twice", letter.id);
                pipe.handed.push(letter.id);
                (Item::Letter(letter.id), letter.len as u64)
            }
            None => (Item::Ping, 10),
        };
        pipe.buffer.push_back((item, len));
        pipe.buffered += len;
        if !core::mem::replace(&mut pipe.leaving, true) {
            self.plan(0, Happening::Leaves(link));
        }
        Transmit::Accepted
    }

    fn obey(&mut self, output: Output<Letter>) {
        match output {
            Output::Resolve { ticket, .. } => {
                let after = self.dice.between(0, 200);
                let known = !self.is(Fault::NoTarget);
                if known || self.dice.one_in(2) {
                    self.plan(after, Happening::Answer(ticket, known));
                }
            }
            Output::Dial { link } => self.dial(link),
            Output::Greet { link, .. } => self.plan(1, Happening::Greeted(link)),
            Output::Ping { link } => drop(self.socket_send(link, None)),
            Output::Hangup { link, forget, .. } => {
                // The server hears of it if anything gets through.
                let pipe = self.pipe(link);
                let latency = pipe.latency;
                (pipe.client, pipe.server) = (false, false);
                if !forget {
                    self.plan(2 * latency, Happening::Closes(link, Close { code: 1000, ..Close::default() }));
                }
            }
            Output::Sample { link } => self.plan(0, Happening::Sampled(link)),
            Output::Decide { ticket, delay, fatal, .. } => {
                let delay = (!fatal).then_some(delay);
                self.machine.handle(self.now, Input::Decided { ticket, delay });
            }
            Output::Settled { payload, outcome } => {
                let taken = self.taken.remove(&payload.id);
                assert_eq!(taken, outcome == Outcome::HandedOver, "message {} got a lie", payload.id);
                *if taken { &mut self.tally.handed } else { &mut self.tally.not_sent } += 1;
            }
            Output::AbortResolve | Output::Event(_) => {}
            #[cfg(feature = "session")]
            Output::Frame { .. } | Output::Forget { .. } => panic!("a plain wire has no frames: {output:?}"),
        }
    }

    fn dial(&mut self, link: LinkId) {
        assert!(self.now >= self.stay_away, "dialed before the server's retry-after was over");
        let latency = self.dice.between(5, 300);
        self.pipes.insert(link, Pipe { latency, ..Pipe::default() });
        if self.is(Fault::Blackhole) || self.is(Fault::Offline) {
            return;
        }
        if self.is(Fault::Refuses) {
            self.plan(2 * latency, Happening::Closes(link, Close::abnormal()));
            return;
        }
        self.pipe(link).server = true;
        self.plan(2 * latency, Happening::Opens(link));
        if self.config.awaits_welcome {
            self.plan(3 * latency, Happening::Arrives(link, Kind::Welcome));
        }
    }

    pub(super) fn client_closes(&mut self, link: LinkId, close: Close) {
        let pipe = self.pipe(link);
        (pipe.client, pipe.server) = (false, false);
        // A socket that fails may say so first.
        if self.dice.one_in(2) {
            self.machine.handle(self.now, Input::Errored { link });
        }
        self.promises.socket_closed(link);
        let after = close.retry_after();
        if after > Micros::ZERO && self.machine.link() == Some(link) {
            self.stay_away = self.now.plus(after);
        }
        self.input(Input::Closed { link, close });
    }

    /// The application sends something, and at times does something else.
    pub(super) fn burst(&mut self) {
        let count = if self.dice.one_in(10) { self.dice.between(20, 150) } else { self.dice.between(1, 10) };
        for _ in 0..count {
            self.send();
        }
        if self.dice.one_in(4)
            && let Some(id) = self.names.back().copied()
        {
            self.machine.withdraw(id);
            self.drain();
        }
        match self.dice.between(0, 300) {
            0 => {
                self.good_since = None;
                self.reconnect();
            }
            1 => self.machine.clear(),
            2..=20 => drop(self.machine.watch_drain(self.now, Some(ms(5_000)))),
            _ => {}
        }
        self.drain();
        if let Some(link) = self.machine.link().filter(|_| self.dice.one_in(3))
            && !self.pipe(link).dead
            && self.pipe(link).server
        {
            let latency = self.pipe(link).latency;
            self.plan(latency, Happening::Arrives(link, Kind::Message));
        }
        let next = self.dice.between(1_000, 180_000);
        self.plan(next, Happening::Burst);
    }

    fn send(&mut self) {
        self.letters += 1;
        let options = SendOptions {
            key: self.dice.one_in(4).then(|| format!("key {}", self.dice.between(0, 5)).into()),
            ttl: self.dice.one_in(3).then(|| ms(self.dice.between(0, 60_000))),
            lane: self.dice.between(0, 2) as u8,
        };
        let len = if self.dice.one_in(50) { 30_000 } else { self.dice.between(0, 3_000) } as usize;
        let letter = Letter { id: self.letters, text: String::new(), len };
        if let Some(link) = self.machine.may_pass(len)
            && self.pipe(link).client
        {
            self.socket_send(link, Some(&letter));
            // Nobody settles what never queued.
            self.taken.remove(&letter.id);
            self.tally.handed += 1;
            let buffered = self.pipe(link).buffered;
            self.machine.passed(self.now, len, Transmit::Accepted, buffered);
            return self.drain();
        }
        match self.machine.send(self.now, letter.clone(), options.clone()) {
            Ok(id) => {
                self.promises.accepted(letter.id, &options);
                self.names.push_back(id);
                if self.names.len() > 10 {
                    self.names.pop_front();
                }
            }
            Err(refused) => {
                assert_eq!(refused.payload, letter);
                self.tally.refused += 1;
            }
        }
        self.drain();
    }
}
