//! Any script of inputs and commands, sensible or not, keeps every promise.

use std::collections::BTreeMap;

use crate::support::{Letter, Promises, ms};
use everwire::core::{
    Cause, Close, Config, Heartbeat, Input, Kind, LANES, LinkId, Machine, MessageId, Micros, Outcome, Output,
    Overflow, Page, Phase, Queue, Reason, Reconnect, SendOptions, State, Ticket, Transmit,
};
use proptest::prelude::*;

/// More wake-ups than this at one moment are a busy loop.
const WAKES_AT_ONCE: u32 = 16;

/// Which link or ticket an input names.
#[derive(Clone, Copy, Debug)]
enum Which {
    Current,
    Former,
    Unknown,
}

#[derive(Clone, Debug)]
enum Op {
    /// What a well-behaved host would do next.
    Go,
    Connect,
    Reconnect,
    Suspend,
    Close,
    Send(Draft),
    Withdraw(usize),
    Clear,
    WatchDrain(Option<u64>),
    Target(Which, bool),
    TargetFailed(Which),
    DialFailed(Which),
    Opened(Which),
    Greeted(Which, bool),
    Errored(Which),
    Closed(Which, u16, &'static str),
    Buffered(Which, u64, bool),
    Decided(Which, Option<u64>),
    Online(bool),
    Page(Page),
    Received(Which, Kind),
    /// Offers one message and says what came of it.
    Transmit(Transmit, u64),
    /// Looks at what would leave and says nothing of it.
    Peek,
    /// Says what came of an offer that may never have been made.
    Transmitted(Transmit, u64),
    Passed(u64),
    /// Time passes, and no timer fires.
    Sleep(u64),
    /// Time passes to the next timer, which fires.
    Wake,
    Timeout,
}

#[derive(Clone, Debug)]
struct Draft {
    len: usize,
    lane: u8,
    key: Option<u8>,
    ttl: Option<u64>,
}

impl Draft {
    fn options(&self) -> SendOptions {
        SendOptions {
            key: self.key.map(|key| format!("key {key}").into()),
            ttl: self.ttl.map(ms),
            lane: self.lane,
        }
    }
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![6 => Just(Which::Current), 1 => Just(Which::Former), 1 => Just(Which::Unknown)]
}

fn draft() -> impl Strategy<Value = Draft> {
    let (key, ttl) = (prop::option::of(0u8..4), prop::option::of(prop_oneof![Just(0u64), 1u64..20_000]));
    (0usize..60, 0u8..4, key, ttl).prop_map(|(len, lane, key, ttl)| Draft { len, lane, key, ttl })
}

fn transmit() -> impl Strategy<Value = Transmit> {
    prop_oneof![
        6 => Just(Transmit::Accepted),
        1 => Just(Transmit::NotOpen),
        1 => Just(Transmit::Threw)
    ]
}

fn bytes() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0u64..100, 2 => 100u64..10_000, 1 => Just(u64::MAX)]
}

fn code() -> impl Strategy<Value = u16> {
    prop_oneof![Just(1000u16), Just(1001), Just(1006), Just(1012), Just(1008), Just(4404), any::<u16>()]
}

fn reason() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just(""), 1 => Just("retry-after=7000"), 1 => Just("retry-after=99999999999999")]
}

fn op() -> impl Strategy<Value = Op> {
    let kind = prop_oneof![Just(Kind::Message), Just(Kind::Pong), Just(Kind::Welcome)];
    let online = prop_oneof![2 => Just(true), 1 => Just(false)];
    let page = prop_oneof![
        Just(Page::Shown),
        Just(Page::Hidden),
        Just(Page::Cached),
        Just(Page::Restored),
        Just(Page::Frozen),
        Just(Page::Resumed),
    ];
    let ops = prop_oneof![
        30 => Just(Op::Go),
        3 => Just(Op::Connect),
        2 => Just(Op::Reconnect),
        1 => Just(Op::Suspend),
        1 => Just(Op::Close),
        20 => draft().prop_map(Op::Send),
        3 => (0usize..50).prop_map(Op::Withdraw),
        1 => Just(Op::Clear),
        2 => prop::option::of(0u64..20_000).prop_map(Op::WatchDrain),
        2 => (which(), any::<bool>()).prop_map(|(which, local)| Op::Target(which, local)),
        1 => which().prop_map(Op::TargetFailed),
        1 => which().prop_map(Op::DialFailed),
        2 => which().prop_map(Op::Opened),
        1 => (which(), any::<bool>()).prop_map(|(which, ok)| Op::Greeted(which, ok)),
    ];
    let more = prop_oneof![
        1 => which().prop_map(Op::Errored),
        4 => (which(), code(), reason()).prop_map(|(which, code, reason)| Op::Closed(which, code, reason)),
        3 => (which(), bytes(), any::<bool>()).prop_map(|(which, n, asked)| Op::Buffered(which, n, asked)),
        1 => (which(), prop::option::of(0u64..60_000)).prop_map(|(which, delay)| Op::Decided(which, delay)),
        4 => online.prop_map(Op::Online),
        6 => page.prop_map(Op::Page),
        6 => (which(), kind).prop_map(|(which, kind)| Op::Received(which, kind)),
        15 => (transmit(), bytes()).prop_map(|(what, n)| Op::Transmit(what, n)),
        1 => Just(Op::Peek),
        1 => (transmit(), bytes()).prop_map(|(what, n)| Op::Transmitted(what, n)),
        1 => bytes().prop_map(Op::Passed),
        4 => prop_oneof![4 => 0u64..5_000, 1 => 5_000u64..100_000_000].prop_map(Op::Sleep),
        20 => Just(Op::Wake),
        2 => Just(Op::Timeout),
    ];
    prop_oneof![ops, more]
}

prop_compose! {
    fn queue()(
        max_messages in 0u32..8,
        max_bytes in 0u64..150,
        ttl in prop::option::of(0u64..30_000),
        overflow in prop_oneof![Just(Overflow::Reject), Just(Overflow::DropOldest), Just(Overflow::DropNewest)],
    ) -> Queue {
        Queue { max_messages, max_bytes, ttl: ttl.map(ms), overflow }
    }
}

prop_compose! {
    fn config()(
        queue in queue(),
        (base, max_delay, attempts) in (0u64..2_000, 0u64..60_000, prop::option::of(1u32..6)),
        (connect, stable, close) in (1u64..20_000, 0u64..10_000, 0u64..5_000),
        heartbeat in prop::option::of((10u64..60_000, 10u64..60_000)),
        idle in prop::option::of(10u64..90_000),
        high_water in 0u64..500,
        (greets, awaits_welcome, decides, local) in any::<(bool, bool, bool, bool)>(),
    ) -> Config {
        Config {
            reconnect: Reconnect {
                base_delay: ms(base),
                max_delay: ms(max_delay),
                max_attempts: attempts,
                connect_timeout: ms(connect),
                stable_after: ms(stable),
                ..Reconnect::default()
            },
            heartbeat: heartbeat
                .map(|(interval, timeout)| Heartbeat { interval: ms(interval), timeout: ms(timeout) }),
            idle_timeout: idle.map(ms),
            close_timeout: ms(close),
            queue,
            high_water,
            greets,
            awaits_welcome,
            decides,
            local,
            #[cfg(feature = "websocket")]
            web_socket: None,
        }
    }
}

/// One machine under a script.
struct Run {
    machine: Machine<Letter>,
    config: Config,
    now: Micros,
    promises: Promises,
    letters: u32,
    ids: Vec<MessageId>,
    resolve: Ticket,
    decide: Ticket,
}

impl Run {
    fn new(config: Config, seed: u64) -> Self {
        Self {
            machine: Machine::new(config.clone(), seed),
            config,
            now: ms(1_000),
            promises: Promises::default(),
            letters: 0,
            ids: Vec::new(),
            resolve: Ticket(0),
            decide: Ticket(0),
        }
    }

    fn link(&self, which: Which) -> LinkId {
        let current = self.machine.link().unwrap_or(LinkId(0));
        match which {
            Which::Current => current,
            Which::Former => LinkId(current.0.wrapping_sub(1)),
            Which::Unknown => LinkId(u32::MAX / 2),
        }
    }

    fn ticket(which: Which, current: Ticket) -> Ticket {
        match which {
            Which::Current => current,
            Which::Former => Ticket(current.0.wrapping_sub(1)),
            Which::Unknown => Ticket(u32::MAX / 2),
        }
    }

    fn step(&mut self, op: &Op) {
        let now = self.now;
        match op {
            Op::Go => self.go(),
            Op::Connect => self.machine.connect(now),
            Op::Reconnect => self.machine.reconnect(now),
            Op::Suspend => self.machine.suspend(),
            Op::Close => self.close(),
            Op::Send(draft) => self.send(draft),
            Op::Withdraw(index) => self.withdraw(*index),
            Op::Clear => self.machine.clear(),
            Op::WatchDrain(timeout) => drop(self.machine.watch_drain(now, timeout.map(ms))),
            Op::Target(which, local) => {
                let ticket = Self::ticket(*which, self.resolve);
                self.input(Input::Target { ticket, local: *local });
            }
            Op::TargetFailed(which) => {
                let ticket = Self::ticket(*which, self.resolve);
                self.input(Input::TargetFailed { ticket });
            }
            Op::DialFailed(which) => {
                let link = self.link(*which);
                self.input(Input::DialFailed { link, cause: Cause::InvalidUrl });
            }
            Op::Opened(which) => self.input(Input::Opened { link: self.link(*which) }),
            Op::Greeted(which, ok) => self.input(Input::Greeted { link: self.link(*which), ok: *ok }),
            Op::Errored(which) => self.input(Input::Errored { link: self.link(*which) }),
            Op::Closed(which, code, reason) => {
                let close = Close { code: *code, reason: (*reason).into(), clean: false };
                self.input(Input::Closed { link: self.link(*which), close });
            }
            Op::Buffered(which, bytes, asked) => {
                self.input(Input::Buffered { link: self.link(*which), bytes: *bytes, asked: *asked });
            }
            Op::Decided(which, delay) => {
                let ticket = Self::ticket(*which, self.decide);
                self.input(Input::Decided { ticket, delay: delay.map(ms) });
            }
            Op::Online(online) => self.input(Input::Online(*online)),
            Op::Page(page) => self.input(Input::Page(*page)),
            Op::Received(which, kind) => self.receive(self.link(*which), *kind),
            Op::Transmit(what, buffered) => self.transmit(*what, *buffered),
            Op::Peek => drop(self.machine.peek_transmit(now).is_some()),
            Op::Transmitted(what, buffered) => self.machine.transmitted(now, *what, *buffered),
            Op::Passed(buffered) => self.machine.passed(now, 1, Transmit::Accepted, *buffered),
            Op::Sleep(millis) => self.now = now.plus(ms(*millis)),
            Op::Wake => self.wake(),
            Op::Timeout => self.timeout(),
        }
        self.drain();
    }

    fn input(&mut self, input: Input) {
        let dialing = matches!(self.machine.state(), State::Connecting { phase: Phase::Dialing, .. });
        match &input {
            Input::Opened { link } if dialing => self.promises.socket_opened(*link),
            Input::DialFailed { link, .. } if dialing => self.promises.socket_closed(*link),
            Input::Closed { link, .. } => self.promises.socket_closed(*link),
            _ => {}
        }
        self.machine.handle(self.now, input);
    }

    /// Answers whatever the machine waits for.
    fn go(&mut self) {
        match self.machine.state() {
            State::Idle => self.machine.connect(self.now),
            State::Connecting { phase: Phase::Resolving, .. } => {
                self.input(Input::Target { ticket: self.resolve, local: false });
            }
            State::Connecting { phase: Phase::Dialing, .. } => {
                self.input(Input::Opened { link: self.link(Which::Current) });
            }
            State::Connecting { phase: Phase::Handshaking, .. } => {
                let link = self.link(Which::Current);
                self.input(Input::Greeted { link, ok: true });
                self.receive(link, Kind::Welcome);
            }
            State::Waiting { delay, .. } => {
                self.input(Input::Decided { ticket: self.decide, delay: Some(delay) });
                self.wake();
            }
            State::Open => self.transmit(Transmit::Accepted, 0),
            State::Suspended { cause: Cause::Cached } => self.input(Input::Page(Page::Restored)),
            State::Suspended { cause: Cause::Frozen } => self.input(Input::Page(Page::Resumed)),
            State::Suspended { .. } => self.input(Input::Online(true)),
            State::Closing => {
                let close = Close { code: 1000, ..Close::default() };
                self.input(Input::Closed { link: self.link(Which::Current), close });
            }
            State::Closed { .. } => self.machine.reconnect(self.now),
        }
    }

    fn close(&mut self) {
        self.machine.close(self.now, Close { code: 1000, reason: "bye".into(), clean: true });
    }

    fn send(&mut self, draft: &Draft) {
        self.letters += 1;
        let letter = Letter { id: self.letters, text: String::new(), len: draft.len };
        let options = draft.options();
        match self.machine.send(self.now, letter.clone(), options.clone()) {
            Ok(id) => {
                assert!(!self.ids.contains(&id), "{id:?} named two messages");
                self.ids.push(id);
                self.promises.accepted(letter.id, &options);
            }
            Err(refused) => assert_eq!(refused.payload, letter, "another message was given back"),
        }
    }

    fn withdraw(&mut self, index: usize) {
        if let Some(id) = self.ids.iter().rev().nth(index).copied() {
            let waits = self.machine.is_queued(id);
            assert_eq!(self.machine.withdraw(id), waits);
            assert!(!self.machine.is_queued(id));
        }
    }

    fn receive(&mut self, link: LinkId, kind: Kind) {
        let ends = matches!(self.machine.state(), State::Closing | State::Closed { .. });
        let delivered = self.machine.received(self.now, link, kind, 1);
        assert!(!(ends && delivered), "a message after close()");
    }

    fn transmit(&mut self, what: Transmit, buffered: u64) {
        let offer = self.machine.peek_transmit(self.now).map(|(link, letter)| (link, letter.clone()));
        let Some((link, letter)) = offer else { return };
        self.promises.offered(&self.machine, link, &letter);
        let before = self.machine.queued();
        self.machine.transmitted(self.now, what, buffered);
        let gone = usize::from(what != Transmit::NotOpen);
        assert_eq!(self.machine.queued(), before - gone);
    }

    fn wake(&mut self) {
        if let Some(due) = self.machine.next_wake() {
            self.now = self.now.max(due);
            self.timeout();
        }
    }

    /// Every timer that is due fires, and then none is.
    fn timeout(&mut self) {
        for _ in 0..WAKES_AT_ONCE {
            self.input(Input::Timeout);
            self.drain();
            if self.machine.next_wake().is_none_or(|due| due > self.now) {
                return;
            }
        }
        panic!("a busy loop at {:?} in {:?}", self.now, self.machine.state());
    }

    fn drain(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.machine.poll() {
            outputs += 1;
            assert!(outputs < 200, "outputs without end");
            self.promises.output(&output);
            match output {
                Output::Resolve { ticket, .. } => self.resolve = ticket,
                Output::Decide { ticket, .. } => self.decide = ticket,
                _ => {}
            }
        }
        self.promises.check(&self.machine, &self.config);
        self.promises.check_told(&self.machine);
    }

    /// Closes the wire, and nothing is left of it.
    fn end(&mut self) {
        self.close();
        self.drain();
        assert_eq!(self.promises.unsettled(), 0, "close() leaves nothing unsettled");
        if self.machine.state() == State::Closing {
            self.now = self.now.max(self.machine.next_wake().expect("a close deadline runs"));
            self.timeout();
        }
        assert!(matches!(self.machine.state(), State::Closed { .. }));
        assert_eq!(self.machine.next_wake(), None, "a closed wire runs no timer");
        assert_eq!((self.machine.queued(), self.machine.queued_bytes()), (0, 0));
        assert!(!self.machine.is_watched());
    }
}

/// The queue as a list that is searched from end to end.
struct Model {
    limits: Queue,
    /// In the order in which they came, within a lane.
    waiting: Vec<Modelled>,
    settled: BTreeMap<u32, Outcome>,
}

#[derive(Clone, Debug)]
struct Modelled {
    letter: u32,
    len: u64,
    lane: u8,
    key: Option<Box<str>>,
    expires: Option<Micros>,
}

impl Model {
    fn send(&mut self, now: Micros, letter: u32, draft: &Draft) -> Result<(), Reason> {
        self.expire(now);
        let SendOptions { key, ttl, lane } = draft.options();
        let lane = lane.min(LANES as u8 - 1);
        let len = draft.len as u64;
        let expires = ttl.or(self.limits.ttl).map(|ttl| now.plus(ttl));
        let message = Modelled { letter, len, lane, key, expires };
        if len > self.limits.max_bytes || self.limits.max_messages == 0 {
            return Err(Reason::Full);
        }
        let like = |other: &Modelled| {
            other.key.is_some() && (&other.key, other.lane) == (&message.key, message.lane)
        };
        let replaced = self.waiting.iter().position(like);
        let mut rest = self.waiting.clone();
        if let Some(replaced) = replaced {
            rest[replaced] = message.clone();
        } else {
            rest.push(message.clone());
        }
        let mut gone = Vec::new();
        while !self.fits(&rest) {
            let policy = self.limits.overflow;
            if policy == Overflow::Reject {
                return Err(Reason::Full);
            }
            let mut victims: Vec<_> = (0..rest.len()).filter(|i| rest[*i].letter != letter).collect();
            victims.retain(|i| match policy {
                Overflow::DropNewest => rest[*i].lane > lane,
                _ => rest[*i].lane >= lane,
            });
            let lowest = victims.iter().map(|i| rest[*i].lane).max();
            victims.retain(|i| Some(rest[*i].lane) == lowest);
            let victim = if policy == Overflow::DropOldest { victims.first() } else { victims.last() };
            let Some(victim) = victim else { return Err(Reason::Evicted) };
            gone.push(rest.remove(*victim).letter);
        }
        if let Some(replaced) = replaced {
            self.settle(self.waiting[replaced].letter, Outcome::NotSent(Reason::Superseded));
        }
        for letter in gone {
            self.settle(letter, Outcome::NotSent(Reason::Evicted));
        }
        self.waiting = rest;
        Ok(())
    }

    fn fits(&self, waiting: &[Modelled]) -> bool {
        waiting.len() <= self.limits.max_messages as usize
            && waiting.iter().map(|message| message.len).sum::<u64>() <= self.limits.max_bytes
    }

    fn expire(&mut self, now: Micros) {
        let (expired, rest) = core::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|message| message.expires.is_some_and(|at| at <= now));
        self.waiting = rest;
        for message in Vec::from_iter::<Vec<Modelled>>(expired) {
            self.settle(message.letter, Outcome::NotSent(Reason::Expired));
        }
    }

    fn leave(&mut self, now: Micros, outcome: Option<Outcome>) {
        self.expire(now);
        if let (Some(first), Some(outcome)) = (self.in_order().first().copied(), outcome) {
            self.take(first, outcome);
        }
    }

    fn take(&mut self, letter: u32, outcome: Outcome) {
        self.waiting.retain(|message| message.letter != letter);
        self.settle(letter, outcome);
    }

    fn settle(&mut self, letter: u32, outcome: Outcome) {
        assert!(self.settled.insert(letter, outcome).is_none());
    }

    fn in_order(&self) -> Vec<u32> {
        let mut waiting: Vec<_> = self.waiting.iter().map(|message| (message.lane, message.letter)).collect();
        waiting.sort_by_key(|(lane, _)| *lane);
        waiting.into_iter().map(|(_, letter)| letter).collect()
    }
}

#[derive(Clone, Debug)]
enum QueueOp {
    Send(Draft),
    Transmit(Transmit),
    Withdraw(usize),
    Clear,
    Sleep(u64),
    Wake,
}

fn queue_op() -> impl Strategy<Value = QueueOp> {
    prop_oneof![
        20 => draft().prop_map(QueueOp::Send),
        4 => prop_oneof![4 => Just(Transmit::Accepted), 1 => Just(Transmit::Threw)].prop_map(QueueOp::Transmit),
        4 => (0usize..12).prop_map(QueueOp::Withdraw),
        1 => Just(QueueOp::Clear),
        3 => (0u64..10_000).prop_map(QueueOp::Sleep),
        3 => Just(QueueOp::Wake),
    ]
}

/// A machine that is open, stable, bounded by `queue`, and has no timers but those of the queue.
fn open_machine(queue: Queue, now: Micros) -> Machine<Letter> {
    let reconnect = Reconnect { stable_after: Micros::ZERO, ..Reconnect::default() };
    let never = Micros(u64::MAX);
    let heartbeat = Some(Heartbeat { interval: never, timeout: never });
    let mut machine = Machine::new(Config { queue, reconnect, heartbeat, ..Config::default() }, 1);
    machine.connect(now);
    machine.handle(now, Input::Target { ticket: Ticket(1), local: false });
    machine.handle(now, Input::Opened { link: LinkId(1) });
    machine.handle(now, Input::Timeout);
    assert_eq!((machine.state(), machine.next_wake()), (State::Open, None));
    machine
}

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { cases: count, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn any_script_keeps_every_promise(
        config in config(),
        seed in any::<u64>(),
        script in prop::collection::vec(op(), 0..80),
    ) {
        let mut run = Run::new(config, seed);
        for op in &script {
            run.step(op);
        }
        run.end();
    }

    #[test]
    fn the_queue_does_what_a_plain_list_would(
        queue in queue(),
        script in prop::collection::vec(queue_op(), 0..60),
    ) {
        let mut now = ms(1_000);
        let mut machine = open_machine(queue.clone(), now);
        let mut model = Model { limits: queue, waiting: Vec::new(), settled: BTreeMap::new() };
        let mut letters = 0;
        let mut ids = Vec::new();
        let mut settled = BTreeMap::new();
        for op in script {
            match op {
                QueueOp::Send(draft) => {
                    letters += 1;
                    let letter = Letter { id: letters, text: String::new(), len: draft.len };
                    let sent = machine.send(now, letter, draft.options());
                    prop_assert_eq!(
                        sent.as_ref().map(drop).map_err(|refused| refused.reason),
                        model.send(now, letters, &draft)
                    );
                    ids.extend(sent.ok().map(|id| (id, letters)));
                }
                QueueOp::Transmit(what) => {
                    let outcome = match what {
                        Transmit::Threw => Outcome::NotSent(Reason::Refused),
                        _ => Outcome::HandedOver,
                    };
                    let offered = machine.peek_transmit(now).is_some();
                    model.leave(now, offered.then_some(outcome));
                    machine.transmitted(now, what, 0);
                }
                QueueOp::Withdraw(index) => {
                    if let Some((id, letter)) = ids.iter().rev().nth(index).copied() {
                        let waits = model.waiting.iter().any(|message| message.letter == letter);
                        prop_assert_eq!(machine.withdraw(id), waits);
                        if waits {
                            model.take(letter, Outcome::NotSent(Reason::Withdrawn));
                        }
                    }
                }
                QueueOp::Clear => {
                    machine.clear();
                    for letter in model.in_order() {
                        model.take(letter, Outcome::NotSent(Reason::Withdrawn));
                    }
                }
                QueueOp::Sleep(millis) => now = now.plus(ms(millis)),
                QueueOp::Wake => {
                    let due = model.waiting.iter().filter_map(|message| message.expires).min();
                    prop_assert_eq!(machine.next_wake(), due);
                    now = now.max(due.unwrap_or(now));
                    machine.handle(now, Input::Timeout);
                    model.expire(now);
                }
            }
            while let Some(output) = machine.poll() {
                if let Output::Settled { payload, outcome } = output {
                    prop_assert_eq!(settled.insert(payload.id, outcome), None, "settled twice");
                }
            }
            prop_assert_eq!(&settled, &model.settled);
            let waiting: Vec<_> = machine.waiting_messages().map(|waiting| waiting.payload.id).collect();
            prop_assert_eq!(waiting, model.in_order());
            for waiting in machine.waiting_messages() {
                let modelled = model.waiting.iter().find(|m| m.letter == waiting.payload.id).unwrap();
                prop_assert_eq!(
                    (waiting.lane, waiting.key, waiting.expires),
                    (modelled.lane, modelled.key.as_deref(), modelled.expires)
                );
            }
        }
    }
}
