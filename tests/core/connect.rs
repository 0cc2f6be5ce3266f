//! From the question where to connect to an open wire, and every way in which that may fail.

use crate::support::{Dial, Greeting, Host, Seen, Target, close, ms, open_host, with_reconnect};
use everwire::core::{Cause, Close, Config, Input, Kind, Outcome, Phase, Reason, State, Ticket};

fn is_waiting(state: &State) -> bool {
    matches!(state, State::Waiting { .. })
}

#[test]
fn an_idle_wire_does_nothing_until_told_to_connect() {
    let mut host = Host::new(Config::default());
    host.advance(3_600_000);
    assert_eq!(host.machine.state(), State::Idle);
    assert_eq!(host.take(), []);
    assert_eq!(host.machine.next_wake(), None);
}

#[test]
fn a_wire_goes_from_idle_to_open_and_tells_each_step() {
    let mut host = Host::new(Config::default());
    host.connect();
    host.advance(100);
    let link = host.link();
    let connecting = |phase| Seen::State(State::Connecting { phase, attempt: 1 });
    assert_eq!(
        host.take(),
        [
            connecting(Phase::Resolving),
            Seen::Resolve { ticket: Ticket(1), attempt: 1, turn: 0, cause: Cause::Started },
            connecting(Phase::Dialing),
            Seen::Dial(link),
            Seen::State(State::Open),
            Seen::Opened,
        ]
    );
}

#[test]
fn connect_a_second_time_changes_nothing() {
    let mut host = open_host(Config::default());
    host.connect();
    assert_eq!(host.take(), []);
    host.close();
    host.advance(100);
    host.take();
    host.connect();
    assert_eq!(host.take(), []);
}

#[test]
fn the_target_is_asked_anew_at_every_attempt_with_a_growing_attempt_and_turn() {
    let mut host = Host::new(Config::default());
    host.dial = Dial::Closes(Close::abnormal());
    host.connect();
    for attempt in 1..=5 {
        let (_, asked, turn, cause) = host.last_resolve();
        assert_eq!((asked, turn), (attempt, attempt - 1));
        let expected = if attempt == 1 { Cause::Started } else { Cause::DialFailed };
        assert_eq!(cause, expected);
        host.advance_until(10_000, is_waiting);
        assert!(matches!(host.machine.state(), State::Waiting { attempt: next, .. } if next == attempt + 1));
        host.advance_until(60_000, |state| !is_waiting(state));
    }
}

#[test]
fn urls_are_taken_in_turn_and_a_stable_link_keeps_its_own() {
    let mut host = Host::new(Config::default());
    host.dial = Dial::Closes(Close::abnormal());
    host.connect();
    host.advance_until(10_000, is_waiting);
    host.dial = Dial::Opens;
    host.advance_until(10_000, |state| *state == State::Open);
    let (_, _, turn, _) = host.last_resolve();
    assert_eq!(turn, 1, "a failed attempt moves on to the next URL");

    host.advance(5_000);
    host.drop_link();
    host.advance_until(10_000, |state| *state == State::Open);
    let (_, attempt, turn, cause) = host.last_resolve();
    assert_eq!((attempt, turn, cause), (1, 1, Cause::ServerClosed), "a link that was stable is dialed again");

    host.drop_link();
    host.advance_until(10_000, |state| *state == State::Open);
    let (_, attempt, turn, _) = host.last_resolve();
    assert_eq!((attempt, turn), (2, 2), "a link that never was stable counts as a failure");
}

#[test]
fn an_answer_may_take_its_time() {
    let mut host = Host::new(Config::default());
    host.target = Target::Never;
    host.connect();
    host.advance(9_000);
    let (ticket, ..) = host.last_resolve();
    host.handle(Input::Target { ticket, local: false });
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn a_failed_provider_is_retried_like_a_failed_dial() {
    let mut host = Host::new(Config::default());
    host.target = Target::Fails;
    host.connect();
    host.advance_until(10_000, is_waiting);
    assert_eq!(host.count(|seen| *seen == Seen::Failed { cause: Cause::ProviderFailed, code: 1006 }), 1);
    host.target = Target::Remote;
    host.advance_until(10_000, |state| *state == State::Open);
    let (_, attempt, turn, cause) = host.last_resolve();
    assert_eq!((attempt, turn, cause), (2, 1, Cause::ProviderFailed));
}

/// Runs into the connect deadline and says what was done about it.
fn at_the_deadline(config: Config, arrange: impl FnOnce(&mut Host)) -> (Host, Vec<Seen>) {
    let mut host = Host::new(config);
    arrange(&mut host);
    host.connect();
    host.advance(9_999);
    assert!(matches!(host.machine.state(), State::Connecting { .. }), "{:?}", host.machine.state());
    host.take();
    host.advance(1);
    assert!(is_waiting(&host.machine.state()), "{:?}", host.machine.state());
    let failed = Seen::Failed { cause: Cause::ConnectTimeout, code: 1006 };
    assert_eq!(host.count(|seen| *seen == failed), 1);
    let seen = host.take();
    (host, seen)
}

#[test]
fn a_provider_that_never_settles_ends_at_the_connect_deadline() {
    let (_, seen) = at_the_deadline(Config::default(), |host| host.target = Target::Never);
    assert_eq!(seen[0], Seen::AbortResolve);
}

#[test]
fn a_handshake_that_hangs_ends_at_the_connect_deadline() {
    let (host, seen) = at_the_deadline(Config::default(), |host| host.dial = Dial::Hangs);
    assert!(matches!(seen[0], Seen::Hangup { forget: true, .. }), "{seen:?}");
    assert_eq!(host.machine.link(), None);
}

#[test]
fn a_greeting_that_never_ends_ends_at_the_connect_deadline() {
    let config = Config { greets: true, ..Config::default() };
    let (_, seen) = at_the_deadline(config, |host| host.greeting = Greeting::Never);
    assert!(matches!(seen[0], Seen::Hangup { forget: true, .. }), "{seen:?}");
}

#[test]
fn a_missing_welcome_ends_at_the_connect_deadline() {
    let config = Config { awaits_welcome: true, ..Config::default() };
    let (_, seen) = at_the_deadline(config, |_| {});
    assert!(matches!(seen[0], Seen::Hangup { forget: true, .. }), "{seen:?}");
}

#[test]
fn one_deadline_covers_the_whole_way_and_not_each_step() {
    let mut host = Host::new(Config { awaits_welcome: true, ..Config::default() });
    (host.target, host.dial) = (Target::Never, Dial::Hangs);
    host.connect();
    host.advance(6_000);
    let (ticket, ..) = host.last_resolve();
    host.handle(Input::Target { ticket, local: false });
    host.advance(3_000);
    let link = host.link();
    host.handle(Input::Opened { link });
    host.advance(999);
    assert!(matches!(host.machine.state(), State::Connecting { phase: Phase::Handshaking, .. }));
    host.advance(1);
    assert!(is_waiting(&host.machine.state()));
}

#[test]
fn the_deadline_is_void_once_the_wire_is_open() {
    let mut host = open_host(Config::default());
    host.advance(3_600_000);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn the_greeting_goes_before_the_queue() {
    let mut host = Host::new(Config { greets: true, ..Config::default() });
    host.greeting = Greeting::Never;
    host.send("queued").unwrap();
    host.connect();
    host.advance(1_000);
    let link = host.link();
    assert_eq!(host.count(|seen| *seen == Seen::Greet(link, 1)), 1);
    assert!(host.sent().is_empty());
    host.handle(Input::Greeted { link, ok: true });
    assert_eq!(host.sent(), ["queued"]);
}

#[test]
fn the_queue_waits_for_the_welcome_too() {
    let mut host = Host::new(Config { greets: true, awaits_welcome: true, ..Config::default() });
    host.send("queued").unwrap();
    host.connect();
    host.advance(1_000);
    host.arrives("not a welcome");
    assert!(host.sent().is_empty());
    assert!(matches!(host.machine.state(), State::Connecting { phase: Phase::Handshaking, attempt: 1 }));
    host.welcome();
    assert_eq!(host.machine.state(), State::Open);
    assert_eq!(host.sent(), ["queued"]);
    // What a server says before its welcome, and the welcome itself, are the application's business too.
    let heard = host.heard();
    for text in ["not a welcome", "welcome"] {
        assert!(heard.contains(&Seen::Message(text.into())), "{text} was not heard");
    }
}

#[test]
fn a_welcome_that_overtakes_the_greeting_is_not_forgotten() {
    let mut host = Host::new(Config { greets: true, awaits_welcome: true, ..Config::default() });
    host.greeting = Greeting::Never;
    host.connect();
    host.advance(1_000);
    host.welcome();
    assert!(matches!(host.machine.state(), State::Connecting { .. }));
    let link = host.link();
    host.handle(Input::Greeted { link, ok: true });
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn a_greeting_that_fails_ends_the_attempt() {
    let mut host = Host::new(Config { greets: true, ..Config::default() });
    host.greeting = Greeting::Fails;
    host.connect();
    host.advance_until(1_000, is_waiting);
    assert_eq!(host.count(|seen| *seen == Seen::Failed { cause: Cause::GreetingFailed, code: 1006 }), 1);
    assert_eq!(host.count(|seen| matches!(seen, Seen::Hangup { forget: true, .. })), 1);
    host.greeting = Greeting::Sent;
    host.advance_until(10_000, |state| *state == State::Open);
    assert_eq!(host.count(|seen| matches!(seen, Seen::Greet(_, 2))), 1);
}

#[test]
fn it_gives_up_after_as_many_attempts_as_allowed() {
    let mut host = Host::new(with_reconnect(|reconnect| reconnect.max_attempts = Some(3)));
    host.dial = Dial::Closes(Close::abnormal());
    host.send("never").unwrap();
    host.connect();
    host.advance(600_000);
    assert_eq!(host.machine.state(), State::Closed { cause: Cause::GaveUp, close: Close::abnormal() });
    assert_eq!(host.count(|seen| matches!(seen, Seen::Resolve { .. })), 3);
    assert_eq!(host.machine.next_wake(), None);
    assert_eq!(host.settled(), [("never".into(), Outcome::NotSent(Reason::Closed))]);
}

#[test]
fn a_stable_link_gives_all_attempts_back() {
    let mut host = Host::new(with_reconnect(|reconnect| reconnect.max_attempts = Some(2)));
    host.dial = Dial::Closes(Close::abnormal());
    host.connect();
    host.advance_until(10_000, is_waiting);
    host.dial = Dial::Opens;
    host.advance_until(10_000, |state| *state == State::Open);
    host.advance(5_000);
    host.drop_link();
    host.dial = Dial::Closes(Close::abnormal());
    host.advance_until(10_000, |state| matches!(state, State::Connecting { attempt: 1, .. }));
    host.advance_until(10_000, |state| matches!(state, State::Connecting { attempt: 2, .. }));
    host.advance_until(10_000, |state| matches!(state, State::Closed { cause: Cause::GaveUp, .. }));
}

#[test]
fn after_giving_up_reconnect_starts_afresh() {
    let mut host = Host::new(with_reconnect(|reconnect| reconnect.max_attempts = Some(1)));
    host.dial = Dial::Closes(Close::abnormal());
    host.connect();
    host.advance(1_000);
    assert!(matches!(host.machine.state(), State::Closed { .. }));
    host.dial = Dial::Opens;
    host.reconnect();
    let (_, attempt, _, cause) = host.last_resolve();
    assert_eq!((attempt, cause), (1, Cause::Requested));
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn a_constructor_that_refuses_is_final() {
    for cause in [
        Cause::InvalidUrl,
        Cause::InvalidProtocols,
        Cause::MixedContent,
        Cause::ContentBlocked,
        Cause::ConstructorFailed,
    ] {
        // Not even the application's word changes that.
        for decides in [false, true] {
            let mut host = Host::new(Config { decides, ..Config::default() });
            host.dial = Dial::Throws(cause);
            host.send("never").unwrap();
            host.connect();
            host.advance(600_000);
            assert_eq!(host.machine.state(), State::Closed { cause, close: Close::abnormal() });
            assert_eq!(host.machine.next_wake(), None);
            assert_eq!(host.count(|seen| *seen == Seen::Failed { cause, code: 1006 }), 1);
            assert_eq!(host.count(|seen| *seen == Seen::Closed { cause, code: 1006, last: true }), 1);
            assert_eq!(host.settled(), [("never".into(), Outcome::NotSent(Reason::Closed))]);
        }
    }
}

#[test]
fn a_constructor_cannot_refuse_a_link_that_is_open() {
    let mut host = open_host(Config::default());
    let link = host.link();
    host.machine.handle(host.now, Input::DialFailed { link, cause: Cause::InvalidUrl });
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn an_old_resolve_that_answers_after_close_and_reconnect_changes_nothing() {
    let mut host = Host::new(Config::default());
    host.target = Target::Never;
    host.connect();
    let (old, ..) = host.last_resolve();
    host.close();
    host.reconnect();
    let (new, ..) = host.last_resolve();
    assert_ne!(old, new);
    host.take();
    for late in [Input::Target { ticket: old, local: true }, Input::TargetFailed { ticket: old }] {
        host.handle(late);
        assert_eq!(host.take(), []);
        assert!(matches!(host.machine.state(), State::Connecting { phase: Phase::Resolving, .. }));
    }
    host.handle(Input::Target { ticket: new, local: false });
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn late_events_of_old_links_change_nothing() {
    let mut host = open_host(Config::default());
    let old = host.link();
    host.reconnect();
    host.advance(100);
    let new = host.link();
    assert_ne!(old, new);
    host.take();
    let now = host.now;
    for late in [
        Input::Opened { link: old },
        Input::Greeted { link: old, ok: false },
        Input::Errored { link: old },
        Input::Buffered { link: old, bytes: u64::MAX, asked: true },
        Input::DialFailed { link: old, cause: Cause::InvalidUrl },
        Input::Closed { link: old, close: close(1008, "") },
    ] {
        host.machine.handle(now, late);
    }
    for kind in [Kind::Message, Kind::Pong, Kind::Welcome] {
        assert!(!host.machine.received(now, old, kind, 1));
    }
    host.send("on the new link").unwrap();
    assert_eq!(host.wire, [(new, "on the new link".into())]);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn an_attempt_that_fails_again_and_again_counts_up_and_never_overflows() {
    let mut host = Host::new(with_reconnect(|reconnect| {
        reconnect.base_delay = ms(0);
        reconnect.max_delay = ms(0);
    }));
    host.target = Target::Fails;
    host.connect();
    host.advance(20_000);
    let (_, attempt, turn, _) = host.last_resolve();
    assert!(attempt > 1_500 && turn == attempt - 1, "attempt {attempt}, turn {turn}");
}
