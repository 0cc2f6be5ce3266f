//! Whole days on a bad network, on a fake clock. `EVERWIRE_SIM_SEEDS` sets how many days,

#![cfg(not(target_arch = "wasm32"))]
// A test that meets the unexpected must stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

use everwire::core::{
    Close, Config, Heartbeat, Input, Kind, LinkId, Machine, MessageId, Micros, Outcome, Output, Overflow,
    Page, Queue, SendOptions, State, Ticket, Transmit,
};
use support::{Letter, Promises, REASONS, ms};

const DAY: Micros = ms(86_400_000);
const MINUTE: Micros = ms(60_000);
const SEEDS: u64 = 24;
/// Once everything is well again, the wire is open again within: finding out (25 + 10 + 10 s), an
/// attempt that was hanging (10 s), the longest wait (20 s asked for, 30 s drawn), one attempt.
const BOUND: Micros = ms(110_000);
/// More wake-ups than this at one moment are a busy loop.
const WAKES_AT_ONCE: u32 = 16;

#[test]
fn a_day_on_a_bad_network_breaks_no_promise() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seeds = match number("EVERWIRE_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("EVERWIRE_SIM_SEEDS").unwrap_or(SEEDS),
    };
    let mut total = Tally::default();
    for seed in seeds {
        match std::panic::catch_unwind(|| World::new(seed).day()) {
            Ok(tally) => total.add(&tally),
            Err(panic) => {
                eprintln!("replay with EVERWIRE_SIM_SEED={seed}");
                std::panic::resume_unwind(panic);
            }
        }
    }
    println!("{total:?}");
    if total.days >= SEEDS {
        // A simulator in which nothing happens proves nothing.
        assert!(total.links > 50 * total.days && total.handed > 1_000 * total.days, "{total:?}");
        assert!(total.not_sent > 100 * total.days, "{total:?}");
    }
}

/// What happened.
#[derive(Debug, Default)]
struct Tally {
    days: u64,
    links: u64,
    handed: u64,
    arrived: u64,
    not_sent: u64,
    refused: u64,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.days += other.days;
        self.links += other.links;
        self.handed += other.handed;
        self.arrived += other.arrived;
        self.not_sent += other.not_sent;
        self.refused += other.refused;
    }
}

/// The simulator's own randomness (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both included.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll() % (high - low + 1)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.roll().is_multiple_of(n)
    }
}

/// What is wrong at the moment; each may be wrong more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// The server answers every dial with a refusal.
    Refuses,
    /// Nothing that is dialed is ever answered.
    Blackhole,
    /// The browser knows that there is no network.
    Offline,
    /// The application cannot tell where to connect, or never says.
    NoTarget,
    /// 2 kB/s.
    Slow,
    /// The application has suspended the wire.
    Suspended,
    /// The host sleeps.
    Asleep,
    /// Nobody sees the page, and its timers come once a minute.
    Hidden,
    /// The page is in the back/forward cache.
    Cached,
    /// The browser has frozen the page.
    Frozen,
}

const FAULTS: [Fault; 10] = [
    Fault::Refuses,
    Fault::Blackhole,
    Fault::Offline,
    Fault::NoTarget,
    Fault::Slow,
    Fault::Suspended,
    Fault::Asleep,
    Fault::Hidden,
    Fault::Cached,
    Fault::Frozen,
];

/// What travels from the client to the server.
#[derive(Clone, Copy, Debug)]
enum Item {
    Letter(u32),
    Ping,
}

#[derive(Debug)]
enum Happening {
    // To the client; while the host sleeps they wait.
    Answer(Ticket, bool),
    Opens(LinkId),
    Closes(LinkId, Close),
    Arrives(LinkId, Kind),
    Sampled(LinkId),
    Greeted(LinkId),
    Burst,
    // Elsewhere.
    Leaves(LinkId),
    Reaches(LinkId, Item),
    Breaks,
    Heals(Fault),
}

impl Happening {
    fn is_at_the_client(&self) -> bool {
        !matches!(self, Self::Leaves(_) | Self::Reaches(..) | Self::Breaks | Self::Heals(_))
    }
}

/// One connection, seen from both ends.
#[derive(Debug, Default)]
struct Pipe {
    /// The client's socket is open.
    client: bool,
    /// The server's end is.
    server: bool,
    /// Neither end knows, but nothing gets through any more.
    dead: bool,
    latency: u64,
    /// The client's buffer.
    buffer: VecDeque<(Item, u64)>,
    buffered: u64,
    leaving: bool,
    /// What the client's socket took.
    handed: Vec<u32>,
    /// How much of it the server has.
    received: usize,
}

struct World {
    machine: Machine<Letter>,
    config: Config,
    promises: Promises,
    dice: Dice,
    now: Micros,
    agenda: BinaryHeap<Reverse<(Micros, u64)>>,
    happenings: BTreeMap<u64, Happening>,
    planned: u64,
    faults: BTreeMap<Fault, u32>,
    thaws: Micros,
    good_since: Option<Micros>,
    /// Until when the server asked not to be dialed.
    stay_away: Micros,
    pipes: BTreeMap<LinkId, Pipe>,
    letters: u32,
    names: VecDeque<MessageId>,
    /// Taken by a socket, and not yet settled.
    taken: BTreeSet<u32>,
    arrived: BTreeSet<u32>,
    /// The application has closed the wire.
    over: bool,
    tally: Tally,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let overflow = [Overflow::Reject, Overflow::DropOldest, Overflow::DropNewest];
        // Without a heartbeat an idle limit would end links that are well: this server speaks seldom.
        let heartbeat = (!dice.one_in(4)).then(Heartbeat::default);
        let config = Config {
            idle_timeout: (heartbeat.is_some() && dice.one_in(2)).then_some(ms(90_000)),
            heartbeat,
            queue: Queue {
                max_messages: dice.between(5, 120) as u32,
                max_bytes: dice.between(20_000, 200_000),
                ttl: dice.one_in(3).then_some(ms(120_000)),
                overflow: overflow[dice.between(0, 2) as usize],
            },
            high_water: dice.between(1_000, 60_000),
            greets: dice.one_in(2),
            awaits_welcome: dice.one_in(2),
            decides: dice.one_in(2),
            ..Config::default()
        };
        Self {
            machine: Machine::new(config.clone(), seed),
            config,
            promises: Promises::default(),
            dice,
            now: ms(5_000),
            agenda: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            planned: 0,
            faults: BTreeMap::new(),
            thaws: Micros::ZERO,
            good_since: None,
            stay_away: Micros::ZERO,
            pipes: BTreeMap::new(),
            letters: 0,
            names: VecDeque::new(),
            taken: BTreeSet::new(),
            arrived: BTreeSet::new(),
            over: false,
            tally: Tally { days: 1, ..Tally::default() },
        }
    }

    fn day(mut self) -> Tally {
        self.good_since = Some(self.now);
        self.machine.connect(self.now);
        self.drain();
        self.plan(1_000, Happening::Burst);
        self.plan(60_000, Happening::Breaks);
        self.run(self.now.plus(DAY));
        self.heal_everything();
        self.run(self.now.plus(BOUND));
        assert_eq!(self.machine.state(), State::Open, "everything is well, and still not open");
        // What is left has an hour to leave and to arrive.
        self.run(self.now.plus(ms(3_600_000)));
        self.check_quiet();
        self.over = true;
        self.machine.close(self.now, Close { code: 1000, ..Close::default() });
        self.drain();
        self.run(self.now.plus(ms(10_000)));
        assert!(matches!(self.machine.state(), State::Closed { .. }));
        assert_eq!(self.machine.next_wake(), None);
        assert_eq!((self.promises.unsettled(), self.taken.len()), (0, 0));
        self.check_stats();
        self.tally.links = self.pipes.len() as u64;
        self.tally.arrived = self.arrived.len() as u64;
        self.tally
    }

    /// Nothing is on its way.
    fn check_quiet(&self) {
        assert_eq!(self.machine.state(), State::Open);
        assert_eq!(self.machine.queued(), 0, "the queue does not drain");
        let pipe = &self.pipes[&self.machine.link().expect("a link")];
        assert_eq!(pipe.received, pipe.handed.len(), "a living link lost a message");
    }

    /// The machine has counted what the simulator has seen.
    fn check_stats(&self) {
        let stats = self.machine.stats();
        let not_sent: u64 = REASONS.map(|reason| stats.settled(Outcome::NotSent(reason))).iter().sum();
        assert_eq!(stats.messages_out(), self.tally.handed);
        assert_eq!(not_sent, self.tally.not_sent + self.tally.refused);
        assert_eq!(stats.messages_out() + not_sent, u64::from(self.letters), "every send settles once");
    }

    fn run(&mut self, end: Micros) {
        let mut at_once = 0;
        loop {
            let event = self.agenda.peek().map(|Reverse((at, _))| *at);
            let wake = self.machine.next_wake().map(|at| self.throttled(at).max(self.thaws).max(self.now));
            let Some(next) = [event, wake].into_iter().flatten().min().filter(|at| *at <= end) else {
                break;
            };
            if next > self.now {
                (self.now, at_once) = (next, 0);
            }
            // What comes first after a sleep, the timer or the network, is for the dice to say.
            let timer_first = wake == Some(self.now) && (event != wake || self.dice.one_in(2));
            if timer_first {
                at_once += 1;
                assert!(at_once < WAKES_AT_ONCE, "a busy loop in {:?}", self.machine.state());
                self.machine.handle(self.now, Input::Timeout);
                self.drain();
            } else {
                self.happen();
            }
            self.check_progress();
        }
        self.now = self.now.max(end);
    }

    /// When a timer comes that was asked for `at`.
    fn throttled(&self, at: Micros) -> Micros {
        if self.is(Fault::Hidden) { Micros(at.0.next_multiple_of(MINUTE.0)) } else { at }
    }

    fn check_progress(&mut self) {
        let good = self.faults.values().all(|count| *count == 0) && self.now >= self.thaws;
        if !good {
            self.good_since = None;
            return;
        }
        let since = *self.good_since.get_or_insert(self.now);
        if !self.over && self.now.since(since) > BOUND {
            assert_eq!(self.machine.state(), State::Open, "well since {since:?}, now {:?}", self.now);
        }
    }

    // The agenda.

    fn plan(&mut self, after_millis: u64, what: Happening) {
        self.plan_at(self.now.plus(ms(after_millis)), what);
    }

    fn plan_at(&mut self, at: Micros, what: Happening) {
        self.planned += 1;
        self.agenda.push(Reverse((at, self.planned)));
        self.happenings.insert(self.planned, what);
    }

    fn happen(&mut self) {
        let Some(Reverse((_, id))) = self.agenda.pop() else { return };
        let Some(what) = self.happenings.remove(&id) else { return };
        if what.is_at_the_client() && self.now < self.thaws {
            self.plan_at(self.thaws, what);
            return;
        }
        match what {
            Happening::Answer(ticket, true) => self.input(Input::Target { ticket, local: false }),
            Happening::Answer(ticket, false) => self.input(Input::TargetFailed { ticket }),
            Happening::Opens(link) => {
                self.pipe(link).client = true;
                self.promises.socket_opened(link);
                self.input(Input::Opened { link });
            }
            Happening::Closes(link, close) => self.client_closes(link, close),
            Happening::Arrives(link, kind) => {
                if self.pipe(link).client {
                    // As the browser driver does: whatever happens is a chance to look.
                    if self.machine.is_paused() {
                        let bytes = self.pipe(link).buffered;
                        self.machine.handle(self.now, Input::Buffered { link, bytes, asked: false });
                    }
                    self.machine.received(self.now, link, kind, 4);
                    self.drain();
                }
            }
            Happening::Sampled(link) => {
                let bytes = self.pipe(link).buffered;
                self.input(Input::Buffered { link, bytes, asked: true });
            }
            Happening::Greeted(link) => self.input(Input::Greeted { link, ok: true }),
            Happening::Burst => self.burst(),
            Happening::Leaves(link) => self.leaves(link),
            Happening::Reaches(link, item) => self.reaches(link, item),
            Happening::Breaks => self.breaks(),
            Happening::Heals(fault) => self.heals(fault),
        }
    }

    /// The application's own wish goes before the server's.
    fn reconnect(&mut self) {
        self.stay_away = Micros::ZERO;
        self.machine.reconnect(self.now);
    }

    fn input(&mut self, input: Input) {
        self.machine.handle(self.now, input);
        self.drain();
    }

    fn pipe(&mut self, link: LinkId) -> &mut Pipe {
        self.pipes.get_mut(&link).expect("a link that was dialed")
    }

    fn is(&self, fault: Fault) -> bool {
        self.faults.get(&fault).is_some_and(|count| *count > 0)
    }

    // The client's host.

    fn drain(&mut self) {
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

    fn client_closes(&mut self, link: LinkId, close: Close) {
        let pipe = self.pipe(link);
        (pipe.client, pipe.server) = (false, false);
        // A socket that fails may say so first.
        if self.dice.one_in(2) {
            self.machine.handle(self.now, Input::Errored { link });
        }
        self.promises.socket_closed(link);
        if let Some(after) = close.retry_after().filter(|_| self.machine.link() == Some(link)) {
            self.stay_away = self.now.plus(after);
        }
        self.input(Input::Closed { link, close });
    }

    /// The application sends something, and at times does something else.
    fn burst(&mut self) {
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

    // The network and the server.

    fn leaves(&mut self, link: LinkId) {
        let (offline, slow) = (self.is(Fault::Offline), self.is(Fault::Slow));
        let pipe = self.pipe(link);
        if !pipe.client || pipe.dead {
            return;
        }
        if offline {
            return self.plan(500, Happening::Leaves(link));
        }
        let Some((item, len)) = pipe.buffer.pop_front() else {
            pipe.leaving = false;
            return;
        };
        pipe.buffered -= len;
        let latency = pipe.latency;
        let millis = if slow { len / 2 } else { len / 1_000 };
        self.plan(latency, Happening::Reaches(link, item));
        self.plan(millis, Happening::Leaves(link));
    }

    fn reaches(&mut self, link: LinkId, item: Item) {
        let pipe = self.pipe(link);
        if !pipe.server || pipe.dead {
            return;
        }
        match item {
            Item::Letter(letter) => {
                assert_eq!(pipe.handed.get(pipe.received), Some(&letter), "out of order on {link:?}");
                pipe.received += 1;
                assert!(self.arrived.insert(letter), "message {letter} arrived twice");
            }
            Item::Ping => {
                let latency = pipe.latency;
                self.plan(latency, Happening::Arrives(link, Kind::Pong));
            }
        }
    }

    fn breaks(&mut self) {
        // Troubles come in company.
        let limit = if self.dice.one_in(3) { 10_000 } else { 1_200_000 };
        let next = self.dice.between(500, limit);
        self.plan(next, Happening::Breaks);
        self.good_since = None;
        match self.dice.between(0, 14) {
            // The link dies, and both ends learn of it.
            0 | 1 => self.server_closes(Close::abnormal()),
            // It dies, and neither does.
            2 | 3 if self.config.heartbeat.is_some() => self.link_dies(),
            2 | 3 => self.server_closes(Close::abnormal()),
            4 => {
                let wait = self.dice.between(0, 20_000);
                self.begin(Fault::Refuses);
                let reason = format!("restart, retry-after={wait}").into();
                self.server_closes(Close { code: 1012, reason, clean: true });
            }
            n => {
                let fault = FAULTS[(n - 5) as usize];
                let away = self.is_away();
                if away && matches!(fault, Fault::Cached | Fault::Frozen) {
                    return;
                }
                self.begin(fault);
                match fault {
                    Fault::Offline => {
                        // Some links survive a network that is gone for a while.
                        if self.dice.one_in(2) {
                            self.link_dies();
                        }
                        self.tell_network();
                    }
                    Fault::Suspended if !away => {
                        self.machine.suspend();
                        self.drain();
                    }
                    Fault::Hidden if !away => self.input(Input::Page(Page::Hidden)),
                    Fault::Cached => self.input(Input::Page(Page::Cached)),
                    Fault::Frozen => self.input(Input::Page(Page::Frozen)),
                    _ => {}
                }
            }
        }
    }

    fn server_closes(&mut self, close: Close) {
        let Some(link) = self.machine.link() else { return };
        let pipe = self.pipe(link);
        if pipe.server && !pipe.dead {
            pipe.server = false;
            let latency = pipe.latency;
            // Not before it is open.
            self.plan(3 * latency, Happening::Closes(link, close));
        }
    }

    fn begin(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
        let limit = if self.dice.one_in(8) { 3_600_000 } else { 60_000 };
        let millis = self.dice.between(100, limit);
        if matches!(fault, Fault::Asleep | Fault::Cached | Fault::Frozen) {
            self.thaws = self.thaws.max(self.now.plus(ms(millis)));
        }
        // A sleep that cannot be mistaken for a late timer may have cost the link.
        if fault == Fault::Asleep && millis > 110_000 {
            self.link_dies();
        }
        self.plan(millis, Happening::Heals(fault));
    }

    fn heals(&mut self, fault: Fault) {
        if self.now < self.thaws {
            // Nobody is there to be told.
            return self.plan_at(self.thaws, Happening::Heals(fault));
        }
        let Some(count) = self.faults.get_mut(&fault).filter(|count| **count > 0) else { return };
        *count -= 1;
        if *count > 0 {
            return;
        }
        match fault {
            Fault::Offline => self.tell_network(),
            Fault::Hidden => self.input(Input::Page(Page::Shown)),
            Fault::Cached | Fault::Frozen => {
                self.tell_network();
                let page = if fault == Fault::Cached { Page::Restored } else { Page::Resumed };
                self.input(Input::Page(page));
            }
            Fault::Suspended => {
                self.reconnect();
                self.drain();
            }
            _ => {}
        }
    }

    /// Whether the page runs at all.
    fn is_away(&self) -> bool {
        self.now < self.thaws || self.is(Fault::Cached) || self.is(Fault::Frozen)
    }

    /// A page that is away is not told, but asks when it is back.
    fn tell_network(&mut self) {
        if !self.is_away() {
            let online = !self.is(Fault::Offline);
            self.input(Input::Online(online));
        }
    }

    fn link_dies(&mut self) {
        if let Some(link) = self.machine.link() {
            self.pipe(link).dead = true;
        }
    }

    /// No more faults, no more bursts.
    fn heal_everything(&mut self) {
        self.happenings.retain(|_, what| !matches!(what, Happening::Breaks | Happening::Burst));
        self.thaws = Micros::ZERO;
        for fault in FAULTS {
            while self.is(fault) {
                self.heals(fault);
            }
        }
    }
}
