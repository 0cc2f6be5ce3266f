//! The rules of the class `WebSocket`, where they are not a wire's own.

use everwire::core::{
    Cause, Close, Config, Event, Input, LinkId, Machine, Micros, Output, Page, Reason, SendOptions, State,
    WEB_SOCKET_OPTIONS,
};

fn config(options: &[(&str, f64)]) -> Config {
    Config::web_socket(|index| {
        options.iter().find(|(name, _)| *name == WEB_SOCKET_OPTIONS[index]).map(|(_, value)| *value)
    })
}

fn close(code: u16, reason: &str) -> Close {
    Close { code, reason: reason.into(), clean: true }
}

/// A machine and its clock. Targets are there at once.
struct Bench {
    machine: Machine<String>,
    now: Micros,
    link: LinkId,
    /// Ends that were told: the code, and whether it was the last.
    ends: Vec<(u16, bool)>,
}

impl Bench {
    fn new(options: &[(&str, f64)], seed: u64) -> Self {
        let machine = Machine::new(config(options), seed);
        Self { machine, now: Micros::from_millis(1_000), link: LinkId(0), ends: Vec::new() }
    }

    fn connecting(options: &[(&str, f64)]) -> Self {
        let mut bench = Self::new(options, 1);
        bench.machine.connect(bench.now);
        bench.drain();
        bench
    }

    fn open(options: &[(&str, f64)]) -> Self {
        let mut bench = Self::connecting(options);
        bench.opens();
        bench
    }

    fn opens(&mut self) {
        self.handle(Input::Opened { link: self.link });
        assert_eq!(self.machine.state(), State::Open);
    }

    fn handle(&mut self, input: Input) {
        self.machine.handle(self.now, input);
        self.drain();
    }

    fn ends(&mut self, code: u16) {
        self.handle(Input::Closed { link: self.link, close: close(code, "") });
    }

    fn drain(&mut self) {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Resolve { ticket, .. } => {
                    self.machine.handle(self.now, Input::Target { ticket, local: false });
                }
                Output::Dial { link } => self.link = link,
                Output::Event(Event::Closed { close, last, .. }) => self.ends.push((close.code, last)),
                _ => {}
            }
        }
    }

    fn advance(&mut self, millis: u64) {
        let end = self.now.plus(Micros::from_millis(millis));
        while let Some(due) = self.machine.next_wake().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.handle(Input::Timeout);
        }
        self.now = end;
    }

    fn retry(&mut self) {
        let State::Waiting { until, .. } = self.machine.state() else { panic!("it does not wait") };
        self.now = until;
        self.handle(Input::Timeout);
    }

    fn delay(&self) -> Micros {
        match self.machine.state() {
            State::Waiting { delay, .. } => delay,
            state => panic!("it does not wait: {state:?}"),
        }
    }

    fn send(&mut self, text: &str) -> Result<(), Reason> {
        let sent = self.machine.send(self.now, text.into(), SendOptions::default());
        self.drain();
        sent.map(|_| ()).map_err(|refused| refused.reason)
    }
}

#[test]
fn every_attempt_ends_with_one_close_and_only_the_last_is_final() {
    let mut bench = Bench::connecting(&[("maxRetries", 2.0)]);
    bench.ends(1006);
    bench.retry();
    bench.opens();
    bench.ends(1001);
    bench.retry();
    bench.ends(1006);
    assert_eq!(bench.ends, [(1006, false), (1001, false), (1006, true)]);
    assert!(matches!(bench.machine.state(), State::Closed { cause: Cause::GaveUp, .. }));
}

#[test]
fn a_retry_is_never_sooner_than_the_least_delay_nor_later_than_the_ladder_of_the_peers() {
    let (least, factor, most) = (100.0, 2.0, 1_000.0);
    let options = [
        ("minReconnectionDelay", least),
        ("reconnectionDelayGrowFactor", factor),
        ("maxReconnectionDelay", most),
    ];
    let mut longest = [0.0_f64; 6];
    for seed in 0..200 {
        let mut bench = Bench::new(&options, seed);
        bench.machine.connect(bench.now);
        bench.drain();
        for (retry, longest) in (1..).zip(&mut longest) {
            bench.ends(1006);
            let delay = bench.delay().as_millis_f64();
            let ceiling = (least * factor.powi(retry)).min(most);
            assert!((least..=ceiling).contains(&delay), "retry {retry} waited {delay} ms");
            *longest = longest.max(delay);
            bench.retry();
        }
    }
    // It spreads over the whole of it.
    assert!(longest[0] > 190.0 && longest[5] > 950.0, "{longest:?}");
}

#[test]
fn equal_delays_are_kept_to_the_letter() {
    let mut bench = Bench::connecting(&[("minReconnectionDelay", 70.0), ("maxReconnectionDelay", 70.0)]);
    for _ in 0..5 {
        bench.ends(1006);
        assert_eq!(bench.delay(), Micros::from_millis(70));
        bench.retry();
    }
    let mut bench = Bench::connecting(&[("minReconnectionDelay", 70.0), ("maxReconnectionDelay", 20.0)]);
    bench.ends(1006);
    assert_eq!(bench.delay(), Micros::from_millis(20));
}

#[test]
fn a_stable_connection_that_is_lost_counts_as_the_first_failure() {
    let mut bench = Bench::open(&[("minUptime", 500.0), ("maxRetries", 1.0)]);
    for _ in 0..3 {
        bench.advance(600);
        assert_eq!(bench.machine.retries(), 0);
        bench.ends(1006);
        assert_eq!(bench.machine.retries(), 1);
        bench.retry();
        bench.opens();
        assert_eq!(bench.machine.retries(), 1);
    }
    bench.ends(1006);
    assert_eq!(bench.ends.last(), Some(&(1006, true)));
}

#[test]
fn no_close_code_is_final() {
    for code in [1000, 1002, 1003, 1007, 1008, 1010, 4000, 4401] {
        let mut bench = Bench::open(&[]);
        bench.ends(code);
        assert_eq!(bench.ends, [(code, false)]);
    }
}

#[test]
fn close_takes_its_time_wherever_it_is_called_but_before_the_first_attempt() {
    let mut idle = Bench::new(&[], 1);
    idle.machine.close(idle.now, close(1000, ""));
    assert_eq!(idle.machine.state(), State::Idle);

    let mut dialing = Bench::connecting(&[]);
    dialing.machine.close(dialing.now, close(4000, ""));
    dialing.drain();
    assert_eq!((dialing.machine.state(), dialing.ends.as_slice()), (State::Closing, [].as_slice()));
    dialing.ends(1006);
    assert_eq!(dialing.ends, [(1006, true)]);

    let mut waiting = Bench::open(&[]);
    waiting.ends(1001);
    waiting.machine.close(waiting.now, close(4000, ""));
    waiting.drain();
    assert_eq!(
        (waiting.machine.state(), waiting.ends.as_slice()),
        (State::Closing, [(1001, false)].as_slice())
    );
    waiting.advance(0);
    assert_eq!(waiting.ends, [(1001, false), (1006, true)]);
    waiting.advance(100_000);
    assert!(matches!(waiting.machine.state(), State::Closed { .. }));
}

#[test]
fn what_waits_at_the_end_is_kept_for_another_beginning_and_nothing_joins_it() {
    let mut bench = Bench::connecting(&[("maxEnqueuedMessages", 2.0)]);
    bench.send("a").unwrap();
    bench.send("b").unwrap();
    assert_eq!(bench.send("c"), Err(Reason::Full));
    bench.machine.close(bench.now, close(1000, ""));
    bench.drain();
    assert_eq!(bench.send("d"), Err(Reason::Closed));
    bench.ends(1006);
    assert_eq!(bench.send("e"), Err(Reason::Closed));
    assert_eq!((bench.machine.queued(), bench.machine.queued_bytes()), (2, 2));
    bench.machine.reconnect_with(bench.now, close(1000, ""));
    bench.drain();
    bench.opens();
    assert_eq!(bench.machine.peek_transmit(bench.now).map(|(_, text)| text.as_str()), Some("a"));
}

#[test]
fn reconnect_tells_of_the_connection_it_ends_and_forgives_what_failed() {
    let mut bench = Bench::connecting(&[("maxRetries", 5.0)]);
    bench.ends(1006);
    bench.retry();
    bench.opens();
    assert_eq!(bench.machine.retries(), 1);
    let before = bench.link;
    bench.machine.reconnect_with(bench.now, close(4001, "again"));
    bench.drain();
    assert!(bench.link > before);
    assert_eq!(
        (bench.machine.retries(), bench.ends.as_slice()),
        (0, [(1006, false), (4001, false)].as_slice())
    );
}

#[test]
fn one_that_is_never_replaced_has_no_deadline_but_those_that_are_asked_for() {
    let year = 300 * 86_400_000;
    let mut patient = Bench::connecting(&[("maxRetries", 0.0)]);
    patient.advance(year);
    patient.opens();
    patient.advance(year);
    // The machine slept for a day.
    patient.now = patient.now.plus(Micros::from_millis(86_400_000));
    patient.handle(Input::Timeout);
    assert_eq!(patient.machine.state(), State::Open);
    assert!(!patient.machine.minds_page());
    patient.machine.close(patient.now, close(1000, ""));
    patient.drain();
    patient.advance(year);
    assert_eq!(patient.machine.state(), State::Closing);

    let mut hasty = Bench::connecting(&[("maxRetries", 0.0), ("connectionTimeout", 50.0)]);
    hasty.advance(50);
    assert_eq!(hasty.ends, [(1006, true)]);

    let mut usual = Bench::connecting(&[]);
    usual.advance(4_000);
    assert_eq!(usual.ends, [(1006, false)]);
}

#[test]
fn the_network_and_the_page_end_a_connection_that_can_be_replaced() {
    let mut bench = Bench::open(&[]);
    bench.handle(Input::Page(Page::Frozen));
    assert_eq!(bench.ends, [(1006, false)]);
    bench.handle(Input::Page(Page::Resumed));
    bench.opens();
    assert!(bench.machine.minds_page());
}

#[test]
fn a_full_socket_holds_nothing_back() {
    let mut bench = Bench::open(&[]);
    bench.handle(Input::Buffered { link: bench.link, bytes: 1 << 40, asked: false });
    assert_eq!(bench.machine.may_pass(0), Some(bench.link));
}
