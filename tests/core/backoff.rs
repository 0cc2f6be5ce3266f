//! When the next attempt is made, and which closes are final.

use crate::support::{Asked, Dial, Host, Seen, Target, close, ms, open_host, with_reconnect};
use everwire::core::{Cause, Close, Config, Micros, OPTIONS, Outcome, Reason, State};

fn is_waiting(state: &State) -> bool {
    matches!(state, State::Waiting { .. })
}

/// The delays of the first `n` retries of a server that is never there.
fn delays(config: &Config, seed: u64, n: usize) -> Vec<Micros> {
    let mut host = Host::seeded(config.clone(), seed);
    host.dial = Dial::Closes(Close::abnormal());
    host.connect();
    let mut delays = Vec::new();
    while delays.len() < n {
        host.advance_until(10_000, is_waiting);
        delays.push(host.delay());
        host.advance_until(60_000, |state| !is_waiting(state));
    }
    delays
}

#[test]
fn each_delay_is_drawn_from_nothing_to_a_ceiling_that_doubles_up_to_the_limit() {
    let config = Config::default();
    let runs: Vec<_> = (0..100).map(|seed| delays(&config, seed, 10)).collect();
    for n in 0..10 {
        let ceiling = ms(250 * (1 << n)).min(ms(30_000));
        let drawn: Vec<_> = runs.iter().map(|delays| delays[n]).collect();
        let (lowest, highest) = (drawn.iter().min().unwrap(), drawn.iter().max().unwrap());
        assert!(*highest <= ceiling, "retry {n} waited {highest:?}, ceiling {ceiling:?}");
        assert!(highest.0 > ceiling.0 / 10 * 9, "retry {n} never came near its ceiling: {highest:?}");
        assert!(lowest.0 < ceiling.0 / 10, "retry {n} never came early: {lowest:?}");
    }
}

#[test]
fn the_application_sets_base_factor_and_limit() {
    let config = with_reconnect(|reconnect| {
        reconnect.base_delay = ms(1_000);
        reconnect.factor = 1.0;
        reconnect.max_delay = ms(600);
    });
    for delay in delays(&config, 3, 50) {
        assert!(delay <= ms(600));
    }
}

#[test]
fn the_same_seed_waits_the_same_and_another_does_not() {
    let config = Config::default();
    assert_eq!(delays(&config, 7, 8), delays(&config, 7, 8));
    assert_ne!(delays(&config, 7, 8), delays(&config, 8, 8));
}

#[test]
fn the_first_retry_after_a_stable_link_comes_within_a_second_spread_evenly() {
    let mut drawn = Vec::new();
    for seed in 0..200 {
        let mut host = Host::seeded(Config::default(), seed);
        host.connect();
        host.advance(10_000);
        host.drop_link();
        drawn.push(host.delay());
    }
    assert!(drawn.iter().all(|delay| *delay <= ms(1_000)));
    for tenth in 0..10 {
        let span = ms(tenth * 100)..ms((tenth + 1) * 100);
        assert!(drawn.iter().any(|delay| span.contains(delay)), "none in {span:?}");
    }
}

#[test]
fn the_second_retry_after_a_stable_link_starts_at_the_base() {
    for seed in 0..50 {
        let mut host = Host::seeded(Config::default(), seed);
        host.connect();
        host.advance(10_000);
        host.dial = Dial::Closes(Close::abnormal());
        host.drop_link();
        host.advance_until(1_001, |state| !is_waiting(state));
        host.advance_until(1_000, is_waiting);
        assert!(host.delay() <= ms(250));
    }
}

#[test]
fn a_link_that_is_not_stable_yet_does_not_reset_the_ceiling() {
    let mut highest = Micros::ZERO;
    for seed in 0..30 {
        let mut host = Host::seeded(Config::default(), seed);
        host.connect();
        for _ in 0..8 {
            host.advance_until(60_000, |state| *state == State::Open);
            host.advance(4_999);
            host.drop_link();
        }
        assert!(matches!(host.machine.state(), State::Waiting { attempt: 9, .. }));
        highest = highest.max(host.delay());
    }
    assert!(highest > ms(20_000), "the ceiling was reset: {highest:?}");
}

#[test]
fn a_link_is_stable_after_as_long_as_the_application_says() {
    let mut host = Host::new(with_reconnect(|reconnect| reconnect.stable_after = ms(60_000)));
    host.connect();
    host.advance_until(1_000, |state| *state == State::Open);
    host.advance(59_999);
    host.drop_link();
    assert!(matches!(host.machine.state(), State::Waiting { attempt: 2, .. }));
    host.advance_until(10_000, |state| *state == State::Open);
    host.advance(60_000);
    host.drop_link();
    assert!(matches!(host.machine.state(), State::Waiting { attempt: 1, .. }));
}

#[test]
fn the_state_says_which_attempt_comes_when_and_why() {
    let mut host = open_host(Config::default());
    host.advance(10_000);
    let left = host.now;
    host.server_closes(1012, "restart");
    let State::Waiting { attempt, delay, until, cause, close: was } = host.machine.state() else {
        panic!("{:?}", host.machine.state());
    };
    assert_eq!((attempt, cause, until), (1, Cause::ServerClosed, left.plus(delay)));
    assert_eq!(was, close(1012, "restart"));
    assert_eq!(host.machine.next_wake(), Some(until));
    let heard = host.heard();
    assert_eq!(heard[0], Seen::State(host.machine.state()));
    assert_eq!(heard[1], Seen::Closed { cause: Cause::ServerClosed, code: 1012, last: false });
    assert_eq!(heard.len(), 2, "the end of an open wire is no failed attempt besides: {heard:?}");
}

#[test]
fn only_the_codes_of_the_close_table_are_final() {
    let fatal = |code| matches!(code, 1002 | 1003 | 1007 | 1008 | 1010 | 4400..=4499);
    for code in (1000..=1015).chain(3000..=3010).chain(3990..=4510).chain(4990..=4999) {
        // Open, and refused on the way to it.
        let mut open = open_host(Config::default());
        open.server_closes(code, "why");
        let mut dialed = Host::new(Config::default());
        dialed.dial = Dial::Closes(close(code, "why"));
        dialed.connect();
        dialed.advance(100);
        for (host, cause) in [(open, Cause::ServerClosed), (dialed, Cause::DialFailed)] {
            if fatal(code) {
                let expected = State::Closed { cause, close: close(code, "why") };
                assert_eq!(host.machine.state(), expected, "code {code}");
            } else {
                assert!(!matches!(host.machine.state(), State::Closed { .. }), "code {code} must be retried");
            }
        }
    }
}

#[test]
fn a_fatal_close_gives_the_queue_back_and_tells_the_end_once() {
    let mut host = open_host(Config::default());
    host.buffer(2_000_000);
    host.send("finds the buffer full").unwrap();
    host.send("waits").unwrap();
    assert_eq!(host.waiting(), ["waits"]);
    host.server_closes(4401, "no token");
    assert_eq!(
        host.count(|seen| *seen == Seen::Closed { cause: Cause::ServerClosed, code: 4401, last: true }),
        1
    );
    assert_eq!(host.count(|seen| matches!(seen, Seen::Closed { .. })), 1);
    let settled = host.settled();
    assert_eq!(settled.last(), Some(&("waits".into(), Outcome::NotSent(Reason::Closed))));
    assert_eq!(host.machine.next_wake(), None);
}

#[test]
fn retry_after_is_a_floor_under_the_drawn_delay() {
    for seed in 0..50 {
        let mut host = Host::seeded(Config::default(), seed);
        host.connect();
        host.advance(10_000);
        host.server_closes(1013, "retry-after=60000");
        assert!((ms(60_000)..=ms(61_000)).contains(&host.delay()), "{:?}", host.delay());
    }
}

#[test]
fn retry_after_is_held_at_an_hour() {
    let mut host = open_host(Config::default());
    host.server_closes(1013, "retry-after=99999999999999999999999");
    assert!((ms(3_600_000)..=ms(3_601_000)).contains(&host.delay()), "{:?}", host.delay());
}

#[test]
fn an_online_event_does_not_undercut_retry_after() {
    let mut host = open_host(Config::default());
    host.advance(10_000);
    let left = host.now;
    host.server_closes(1013, "retry-after=60000");
    let State::Waiting { until, .. } = host.machine.state() else { panic!() };
    for _ in 0..5 {
        host.advance(1_000);
        host.online(false);
        assert_eq!(host.machine.state(), State::Suspended { cause: Cause::Offline });
        host.advance(1_000);
        host.online(true);
        assert!(is_waiting(&host.machine.state()), "{:?}", host.machine.state());
    }
    host.advance_to(left.plus(ms(59_999)));
    assert!(is_waiting(&host.machine.state()), "{:?}", host.machine.state());
    host.advance_to(until);
    assert!(!is_waiting(&host.machine.state()));
}

#[test]
fn being_offline_past_the_floor_resumes_at_once() {
    let mut host = open_host(Config::default());
    host.server_closes(1013, "retry-after=5000");
    host.online(false);
    host.advance(10_000);
    host.online(true);
    assert!(matches!(host.machine.state(), State::Connecting { .. }));
}

#[test]
fn a_server_that_took_us_back_has_lifted_its_floor() {
    let mut host = open_host(Config::default());
    host.server_closes(1013, "retry-after=3600000");
    host.reconnect();
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
    host.drop_link();
    host.online(false);
    host.online(true);
    assert!(matches!(host.machine.state(), State::Connecting { .. }));
}

fn deciding(decide: impl FnMut(&Asked) -> Option<Micros> + 'static) -> Host {
    let mut host = open_host(Config { decides: true, ..Config::default() });
    host.advance(10_000);
    host.decide = Box::new(decide);
    host
}

#[test]
fn the_application_decides_with_all_that_is_known() {
    let mut host = deciding(|asked| Some(asked.delay));
    host.server_closes(1013, "retry-after=7000");
    let Some(Seen::Decide(asked)) = host.take().into_iter().find(|seen| matches!(seen, Seen::Decide(_)))
    else {
        panic!("nobody asked");
    };
    assert_eq!((asked.attempt, asked.cause), (1, Cause::ServerClosed));
    assert_eq!(asked.close, close(1013, "retry-after=7000"));
    assert_eq!((asked.elapsed, asked.fatal), (Micros::ZERO, false));
    assert!((ms(7_000)..=ms(8_000)).contains(&asked.delay));
    assert_eq!(host.delay(), asked.delay);
}

#[test]
fn the_application_may_retry_what_the_table_calls_final() {
    let mut host = deciding(|asked| {
        assert!(asked.fatal);
        Some(ms(42))
    });
    host.server_closes(1008, "policy");
    assert_eq!(host.delay(), ms(42));
    host.advance_until(1_000, |state| *state == State::Open);
}

#[test]
fn the_application_may_end_what_the_table_would_retry() {
    let mut host = deciding(|_| None);
    host.server_closes(1006, "");
    assert!(matches!(host.machine.state(), State::Closed { cause: Cause::GaveUp, .. }));
}

#[test]
fn a_final_close_that_the_application_accepts_keeps_its_cause() {
    let mut host = deciding(|_| None);
    host.server_closes(4403, "forbidden");
    let expected = State::Closed { cause: Cause::ServerClosed, close: close(4403, "forbidden") };
    assert_eq!(host.machine.state(), expected);
}

#[test]
fn the_application_gives_any_delay_even_below_the_servers_floor() {
    let mut host = deciding(|_| Some(ms(100)));
    host.server_closes(1013, "retry-after=60000");
    assert_eq!(host.delay(), ms(100));
    host.advance(1_000);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn the_application_is_told_how_long_it_has_been_down() {
    let mut host = deciding(|asked| Some(asked.delay));
    host.dial = Dial::Closes(Close::abnormal());
    let left = host.now;
    host.drop_link();
    host.advance(300_000);
    let mut before = None;
    for seen in host.take() {
        let Seen::Decide(asked) = seen else { continue };
        assert!(before < Some(asked.elapsed) && asked.elapsed <= host.now.since(left));
        before = Some(asked.elapsed);
    }
    assert!(before > Some(ms(60_000)));
}

#[test]
fn a_decision_on_an_older_question_changes_nothing() {
    let mut host = deciding(|_| Some(ms(60_000)));
    host.server_closes(1012, "");
    let Some(Seen::Decide(asked)) = host.seen.iter().find(|seen| matches!(seen, Seen::Decide(_))).cloned()
    else {
        panic!("nobody asked");
    };
    let before = host.machine.state();
    for delay in [None, Some(Micros::ZERO)] {
        host.handle(everwire::core::Input::Decided { ticket: asked.ticket, delay });
        assert_eq!(host.machine.state(), before);
    }
}

#[test]
fn the_attempts_allowed_bind_the_application_too() {
    let mut config = with_reconnect(|reconnect| reconnect.max_attempts = Some(2));
    config.decides = true;
    let mut host = Host::new(config);
    host.target = Target::Fails;
    host.connect();
    host.advance(60_000);
    assert!(matches!(host.machine.state(), State::Closed { cause: Cause::GaveUp, .. }));
    assert_eq!(host.count(|seen| matches!(seen, Seen::Decide(_))), 1);
}

#[test]
fn the_largest_numbers_an_application_may_set_overflow_nowhere() {
    let config =
        Config::from_numbers(|index| OPTIONS.get(index).map(|option| option.max), true).expect("in range");
    let mut host = Host::new(config);
    host.now = Micros(u64::MAX / 2);
    host.dial = Dial::Closes(close(1013, "retry-after=18446744073709551615"));
    host.send("waits").unwrap();
    host.connect();
    for _ in 0..40 {
        host.advance(7 * 86_400_000);
    }
    assert!(host.count(|seen| matches!(seen, Seen::Resolve { .. })) > 40);
    host.now = Micros(u64::MAX - 1);
    host.handle(everwire::core::Input::Timeout);
    host.close();
}
