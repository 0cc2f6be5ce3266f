//! One client, the network and the server, and a day of theirs.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

use everwire::core::{
    Close, Config, Heartbeat, Input, LinkId, Machine, MessageId, Micros, Outcome, Overflow, Queue, State,
};

use super::Tally;
use super::agenda::Happening;
use super::dice::Dice;
use super::faults::Fault;
use super::network::Pipe;
use super::support::{Letter, Promises, REASONS, ms};

const DAY: Micros = ms(86_400_000);
const MINUTE: Micros = ms(60_000);
/// Once everything is well again, the wire is open again within: finding out (25 + 10 + 10 s), an
/// attempt that was hanging (10 s), the longest wait (20 s asked for, 30 s drawn), one attempt.
const BOUND: Micros = ms(110_000);
/// More wake-ups than this at one moment are a busy loop.
const WAKES_AT_ONCE: u32 = 16;

pub(super) struct World {
    pub(super) machine: Machine<Letter>,
    pub(super) config: Config,
    pub(super) promises: Promises,
    pub(super) dice: Dice,
    pub(super) now: Micros,
    pub(super) agenda: BinaryHeap<Reverse<(Micros, u64)>>,
    pub(super) happenings: BTreeMap<u64, Happening>,
    pub(super) planned: u64,
    pub(super) faults: BTreeMap<Fault, u32>,
    pub(super) thaws: Micros,
    pub(super) good_since: Option<Micros>,
    /// Until when the server asked not to be dialed.
    pub(super) stay_away: Micros,
    pub(super) pipes: BTreeMap<LinkId, Pipe>,
    pub(super) letters: u32,
    pub(super) names: VecDeque<MessageId>,
    /// Taken by a socket, and not yet settled.
    pub(super) taken: BTreeSet<u32>,
    pub(super) arrived: BTreeSet<u32>,
    /// The application has closed the wire.
    pub(super) over: bool,
    pub(super) tally: Tally,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
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

    pub(super) fn day(mut self) -> Tally {
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
}
