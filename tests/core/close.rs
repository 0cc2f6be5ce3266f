//! The end of a wire: by the application, by the server, and what follows.

use crate::support::{Dial, Greeting, Host, Seen, Target, close, open_host};
use everwire::core::{Cause, Close, Config, Input, Kind, Outcome, Phase, Reason, State};

/// Wires in every state but closed, each with its name and one message that waits where it can.
fn everywhere() -> Vec<(&'static str, Host)> {
    let config = || Config { greets: true, ..Config::default() };
    let mut all = Vec::new();
    let mut with = |name, arrange: &dyn Fn(&mut Host)| {
        let mut host = Host::new(config());
        arrange(&mut host);
        host.seen.clear();
        all.push((name, host));
    };
    with("idle", &|_| {});
    with("resolving", &|host| {
        host.target = Target::Never;
        host.connect();
        assert!(matches!(host.machine.state(), State::Connecting { phase: Phase::Resolving, .. }));
    });
    with("dialing", &|host| {
        host.dial = Dial::Hangs;
        host.connect();
        host.advance(100);
        assert!(matches!(host.machine.state(), State::Connecting { phase: Phase::Dialing, .. }));
    });
    with("handshaking", &|host| {
        host.greeting = Greeting::Never;
        host.connect();
        host.advance(100);
        assert!(matches!(host.machine.state(), State::Connecting { phase: Phase::Handshaking, .. }));
    });
    with("open", &|host| {
        host.connect();
        host.advance(100);
        assert_eq!(host.machine.state(), State::Open);
    });
    with("open and distrusted", &|host| {
        host.connect();
        host.advance(100);
        let link = host.link();
        host.handle(Input::Errored { link });
        assert_eq!(host.machine.state(), State::Open);
    });
    with("waiting", &|host| {
        host.dial = Dial::Closes(close(1013, "retry-after=1000"));
        host.connect();
        host.advance(100);
        assert!(matches!(host.machine.state(), State::Waiting { .. }));
    });
    with("offline", &|host| {
        host.online(false);
        host.connect();
        host.advance(100);
        assert_eq!(host.machine.state(), State::Suspended { cause: Cause::Offline });
    });
    with("suspended", &|host| {
        host.connect();
        host.advance(100);
        host.suspend();
        assert_eq!(host.machine.state(), State::Suspended { cause: Cause::Suspended });
    });
    all
}

#[test]
fn close_reaches_every_state_and_ends_there_for_good() {
    for (name, mut host) in everywhere() {
        let was_connected = matches!(name, "handshaking" | "open" | "open and distrusted");
        if name != "open" {
            host.send("waits").unwrap();
        }
        host.close();
        assert_eq!(was_connected, host.machine.state() == State::Closing, "{name}");
        assert_eq!(host.promises.unsettled(), 0, "{name}");
        host.advance(10_000);
        let State::Closed { cause, close } = host.machine.state() else {
            panic!("{name}: {:?}", host.machine.state());
        };
        assert_eq!((cause, close.code), (Cause::ClosedByApplication, 1000), "{name}");
        assert_eq!(close.clean, was_connected, "{name}");
        assert_eq!(host.count(|seen| matches!(seen, Seen::Closed { last: true, .. })), 1, "{name}");
        assert_eq!(host.machine.next_wake(), None, "{name}");
        host.take();
        host.advance(3_600_000);
        host.online(false);
        host.online(true);
        host.close();
        host.suspend();
        assert_eq!(host.take(), [], "{name}");
    }
}

#[test]
fn close_while_resolving_aborts_the_question() {
    let mut host = Host::new(Config::default());
    host.target = Target::Never;
    host.connect();
    host.take();
    host.close();
    assert_eq!(host.take()[0], Seen::AbortResolve);
    assert!(matches!(host.machine.state(), State::Closed { .. }));
}

#[test]
fn close_while_dialing_hangs_up_and_forgets() {
    let mut host = Host::new(Config::default());
    host.dial = Dial::Hangs;
    host.connect();
    host.advance(100);
    let link = host.link();
    host.take();
    host.close();
    assert_eq!(host.take()[0], Seen::Hangup { link, code: None, forget: true });
    assert!(matches!(host.machine.state(), State::Closed { .. }));
}

#[test]
fn close_says_goodbye_with_code_and_reason_and_hears_the_answer() {
    let mut host = open_host(Config::default());
    let link = host.link();
    host.close();
    assert_eq!(host.machine.state(), State::Closing);
    assert_eq!(host.seen[0], Seen::Hangup { link, code: Some(1000), forget: false });
    host.advance(100);
    assert_eq!(
        host.machine.state(),
        State::Closed { cause: Cause::ClosedByApplication, close: close(1000, "bye") }
    );
}

#[test]
fn a_socket_whose_close_never_comes_is_abandoned_at_the_close_deadline() {
    let mut host = open_host(Config::default());
    host.answers = false;
    let link = host.link();
    host.close();
    host.advance(2_999);
    assert_eq!(host.machine.state(), State::Closing);
    host.take();
    host.advance(1);
    assert!(matches!(host.machine.state(), State::Closed { cause: Cause::ClosedByApplication, .. }));
    assert_eq!(host.take()[0], Seen::Hangup { link, code: None, forget: true });
}

#[test]
fn a_socket_that_errs_and_never_closes_is_abandoned_at_the_close_deadline() {
    for (name, mut host) in everywhere() {
        if !matches!(name, "dialing" | "handshaking" | "open") {
            continue;
        }
        let link = host.link();
        host.handle(Input::Errored { link });
        host.advance(2_999);
        assert_eq!(host.link(), link, "{name}");
        host.take();
        host.advance(1);
        assert!(matches!(host.machine.state(), State::Waiting { .. }), "{name}: {:?}", host.machine.state());
        assert_eq!(host.take()[0], Seen::Hangup { link, code: None, forget: true }, "{name}");
    }
}

#[test]
fn an_error_during_the_handshake_is_not_forgotten_when_the_welcome_comes_all_the_same() {
    let mut host = Host::new(Config { awaits_welcome: true, ..Config::default() });
    host.send("waits").unwrap();
    host.connect();
    host.advance(100);
    let link = host.link();
    host.handle(Input::Errored { link });
    host.welcome();
    host.advance(3_000);
    assert_ne!(host.machine.link(), Some(link), "the wire stays with a link that it offers nothing to");
    assert!(host.sent().is_empty());
}

#[test]
fn the_close_deadline_is_not_pushed_back_by_more_errors() {
    let mut host = open_host(Config::default());
    let link = host.link();
    for _ in 0..5 {
        host.handle(Input::Errored { link });
        host.advance(600);
    }
    assert_ne!(host.machine.link(), Some(link));
}

#[test]
fn the_application_sets_the_close_deadline() {
    let mut host = open_host(Config { close_timeout: crate::support::ms(500), ..Config::default() });
    host.answers = false;
    host.close();
    host.advance(500);
    assert!(matches!(host.machine.state(), State::Closed { .. }));
}

#[test]
fn nothing_is_taken_while_closing_or_closed() {
    let mut host = open_host(Config::default());
    host.answers = false;
    host.close();
    assert_eq!(host.send("while closing"), Err(Reason::Closed));
    host.advance(10_000);
    assert_eq!(host.send("while closed"), Err(Reason::Closed));
    assert_eq!(host.machine.queued(), 0);
}

#[test]
fn no_message_is_delivered_after_close() {
    let mut host = open_host(Config::default());
    host.answers = false;
    let link = host.link();
    host.close();
    host.take();
    for kind in [Kind::Message, Kind::Welcome, Kind::Pong] {
        host.arrives_on(link, kind, "too late");
    }
    assert_eq!(host.take(), []);
}

#[test]
fn close_a_second_time_changes_nothing() {
    let mut host = open_host(Config::default());
    host.answers = false;
    host.close();
    let due = host.machine.next_wake();
    host.take();
    host.advance(1_000);
    host.close();
    assert_eq!(host.take(), []);
    assert_eq!(host.machine.next_wake(), due);
}

#[test]
fn a_closed_wire_is_reusable() {
    let mut host = Host::new(Config::default());
    for life in 1..=3 {
        host.reconnect();
        host.advance(100);
        assert_eq!(host.machine.state(), State::Open);
        host.send("in this life").unwrap();
        host.close();
        host.advance(100);
        assert_eq!(host.count(|seen| *seen == Seen::Opened), life);
        assert_eq!(host.count(|seen| matches!(seen, Seen::Closed { last: true, .. })), life);
        assert_eq!(host.sent().len(), life);
    }
}

#[test]
fn a_new_life_owes_nothing_to_the_failures_of_the_last() {
    let mut host = Host::new(Config::default());
    host.dial = Dial::Closes(Close::abnormal());
    host.connect();
    host.advance(600_000);
    host.close();
    host.reconnect();
    host.advance(15);
    assert!(matches!(host.machine.state(), State::Connecting { attempt: 1, .. }));
    host.advance_until(1_000, |state| matches!(state, State::Waiting { .. }));
    assert!(host.delay() <= crate::support::ms(250), "{:?}", host.delay());
}

#[test]
fn reconnect_while_closing_starts_afresh_and_forgets_the_old_link() {
    let mut host = open_host(Config::default());
    host.answers = false;
    let old = host.link();
    host.close();
    host.take();
    host.reconnect();
    assert_eq!(host.take()[0], Seen::Hangup { link: old, code: Some(1000), forget: true });
    host.advance(10_000);
    assert_eq!(host.machine.state(), State::Open);
    host.handle(Input::Closed { link: old, close: close(1000, "bye") });
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn reconnect_makes_an_attempt_from_every_state() {
    for (name, mut host) in everywhere() {
        let old = host.machine.link();
        host.send("waits").unwrap();
        (host.target, host.dial, host.greeting) = (Target::Remote, Dial::Opens, Greeting::Sent);
        host.online(true);
        host.cancel_errands();
        host.reconnect();
        assert!(matches!(host.machine.state(), State::Connecting { phase: Phase::Resolving, .. }), "{name}");
        let (.., cause) = host.last_resolve();
        assert_eq!(cause, Cause::Requested, "{name}");
        host.advance(1_000);
        assert_eq!(host.machine.state(), State::Open, "{name}");
        assert_ne!(host.machine.link(), old, "{name}");
        assert!(host.sent().contains(&"waits"), "{name}: {:?}", host.sent());
    }
}

#[test]
fn reconnect_tells_an_open_wire_apart_from_its_successor() {
    let mut host = open_host(Config::default());
    host.reconnect();
    host.advance(100);
    let lifecycle: Vec<_> = host
        .heard()
        .into_iter()
        .filter(|seen| matches!(seen, Seen::Opened | Seen::Closed { .. } | Seen::Failed { .. }))
        .collect();
    assert_eq!(lifecycle, [Seen::Closed { cause: Cause::Requested, code: 1006, last: false }, Seen::Opened]);
}

#[test]
fn suspend_holds_every_state_and_keeps_the_queue() {
    for (name, mut host) in everywhere() {
        if name != "open" {
            host.send("waits").unwrap();
        }
        let link = host.machine.link();
        host.take();
        host.suspend();
        assert_eq!(host.machine.state(), State::Suspended { cause: Cause::Suspended }, "{name}");
        let hung_up = host.count(|seen| matches!(seen, Seen::Hangup { forget: true, .. }));
        assert_eq!(hung_up, usize::from(link.is_some()), "{name}");
        host.send("waits as well").unwrap();
        host.take();
        host.online(false);
        host.online(true);
        host.advance(3_600_000);
        host.connect();
        host.suspend();
        assert_eq!(host.take(), [], "{name}");
        assert_eq!(host.machine.state(), State::Suspended { cause: Cause::Suspended }, "{name}");
        assert_eq!(host.waiting().last().unwrap(), "waits as well", "{name}");
        assert_eq!(host.machine.next_wake(), None, "{name}");

        (host.target, host.dial, host.greeting) = (Target::Remote, Dial::Opens, Greeting::Sent);
        host.reconnect();
        host.advance(100);
        assert_eq!(host.machine.state(), State::Open, "{name}");
        assert_eq!(host.machine.queued(), 0, "{name}");
        host.close();
        host.advance(10_000);
        assert_eq!(host.promises.unsettled(), 0, "{name}");
    }
}

#[test]
fn a_closed_wire_cannot_be_suspended() {
    let mut host = open_host(Config::default());
    host.close();
    host.suspend();
    assert_eq!(host.machine.state(), State::Closing);
    host.advance(100);
    host.suspend();
    assert!(matches!(host.machine.state(), State::Closed { .. }));
}

#[test]
fn a_socket_that_was_not_open_cannot_bring_a_closed_wire_back() {
    let mut host = open_host(Config::default());
    host.close();
    host.advance(100);
    let now = host.now;
    host.machine.transmitted(now, everwire::core::Transmit::NotOpen, 0);
    assert_eq!(host.machine.next_wake(), None);
    host.advance(3_600_000);
    assert!(matches!(host.machine.state(), State::Closed { .. }));
}

#[test]
fn everything_that_waited_settles_before_the_end_is_told() {
    let mut host = Host::new(Config::default());
    host.send("a").unwrap();
    host.send("b").unwrap();
    host.close();
    let heard = host.heard();
    let closed = |text: &str| Seen::Settled(text.into(), Outcome::NotSent(Reason::Closed));
    assert_eq!(heard[1..3], [closed("a"), closed("b")]);
    assert_eq!(heard[3], Seen::Closed { cause: Cause::ClosedByApplication, code: 1000, last: true });
}
