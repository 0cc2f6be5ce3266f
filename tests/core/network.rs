//! What the browser says about the network, and what that is worth.

use crate::support::{Dial, Host, Seen, Target, close, open_host, with_heartbeat};
use everwire::core::{Cause, Close, Config, Input, Phase, State};

const OFFLINE: State = State::Suspended { cause: Cause::Offline };

/// A wire to this very machine.
fn local_host() -> Host {
    let mut host = Host::new(Config { local: true, ..Config::default() });
    host.target = Target::Local;
    host
}

fn waiting_host() -> Host {
    let mut host = Host::new(Config::default());
    host.dial = Dial::Closes(Close::abnormal());
    host.connect();
    host.advance_until(1_000, |state| matches!(state, State::Waiting { .. }));
    host.take();
    host
}

#[test]
fn offline_while_waiting_suspends_and_no_timer_runs() {
    let mut host = waiting_host();
    host.online(false);
    assert_eq!(host.machine.state(), OFFLINE);
    assert_eq!(host.machine.next_wake(), None);
    assert_eq!(host.take(), [Seen::State(OFFLINE)]);
    host.advance(86_400_000);
    assert_eq!(host.take(), []);
}

#[test]
fn online_resumes_at_once() {
    let mut host = waiting_host();
    host.online(false);
    host.advance(60_000);
    host.dial = Dial::Opens;
    host.online(true);
    let (_, attempt, turn, cause) = host.last_resolve();
    assert_eq!((attempt, turn, cause), (2, 1, Cause::Online));
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn offline_keeps_the_queue_and_its_ttl() {
    let mut host = waiting_host();
    host.online(false);
    host.send("keeps").unwrap();
    host.send_with("spoils", crate::support::ttl(1_000)).unwrap();
    host.advance(2_000);
    assert_eq!(host.waiting(), ["keeps"]);
    host.dial = Dial::Opens;
    host.online(true);
    host.advance(100);
    assert_eq!(host.sent(), ["keeps"]);
}

#[test]
fn a_link_lost_offline_suspends_and_tells_how_it_ended() {
    let mut host = open_host(Config::default());
    host.online(false);
    assert_eq!(host.machine.state(), State::Open, "the link itself says when it is over");
    host.server_closes(1012, "");
    assert_eq!(host.machine.state(), OFFLINE);
    let closed = Seen::Closed { cause: Cause::ServerClosed, code: 1012, last: false };
    assert_eq!(host.heard(), [Seen::State(OFFLINE), closed]);
}

#[test]
fn a_wire_born_offline_asks_nobody_where_to_connect_and_waits_for_the_network() {
    let mut host = Host::new(Config::default());
    host.online(false);
    host.connect();
    host.send("waits").unwrap();
    host.advance(60_000);
    assert_eq!(host.take(), [Seen::State(OFFLINE)]);
    host.online(true);
    assert_eq!(host.last_resolve().3, Cause::Online);
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
    assert_eq!(host.sent(), ["waits"]);
}

#[test]
fn a_wire_born_offline_that_was_wrongly_taken_for_local_waits_for_the_network() {
    let mut host = local_host();
    host.target = Target::Remote;
    host.online(false);
    host.connect();
    host.advance(1_000);
    assert_eq!(host.machine.state(), OFFLINE);
    assert_eq!(host.count(|seen| matches!(seen, Seen::Dial(_))), 0);
    host.online(true);
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn what_the_browser_says_again_changes_nothing() {
    for config in [Config::default(), with_heartbeat()] {
        let mut host = open_host(config);
        host.online(true);
        assert_eq!(host.take(), []);
        host.online(false);
        host.take();
        host.online(false);
        assert_eq!(host.take(), []);
    }
}

#[test]
fn a_loopback_target_ignores_the_network() {
    let mut host = local_host();
    host.online(false);
    host.connect();
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open, "this very machine needs no network");
    let link = host.link();
    host.online(true);
    host.online(false);
    assert_eq!(host.machine.link(), Some(link));
    host.drop_link();
    assert!(matches!(host.machine.state(), State::Waiting { .. }));
    let before = host.machine.state();
    host.online(true);
    host.online(false);
    assert_eq!(host.machine.state(), before);
    host.advance(10_000);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn a_target_that_moves_off_the_machine_needs_the_network_again() {
    let mut host = local_host();
    host.online(false);
    host.connect();
    host.advance(100);
    host.target = Target::Remote;
    host.drop_link();
    host.advance(10_000);
    assert_eq!(host.machine.state(), OFFLINE);
    host.online(true);
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn online_abandons_an_attempt_that_may_be_bound_to_the_old_network() {
    for phase in [Phase::Resolving, Phase::Dialing, Phase::Handshaking] {
        let mut host = Host::new(Config { awaits_welcome: true, ..Config::default() });
        match phase {
            Phase::Resolving => host.target = Target::Never,
            Phase::Dialing => host.dial = Dial::Hangs,
            Phase::Handshaking => {}
        }
        host.connect();
        host.advance(100);
        assert!(matches!(host.machine.state(), State::Connecting { phase: at, .. } if at == phase));
        host.online(false);
        host.take();
        host.online(true);
        let (_, attempt, _, cause) = host.last_resolve();
        assert_eq!((attempt, cause), (1, Cause::Online), "{phase:?}");
        match phase {
            Phase::Resolving => assert_eq!(host.seen[0], Seen::AbortResolve),
            _ => assert!(matches!(host.seen[0], Seen::Hangup { forget: true, .. }), "{phase:?}"),
        }
        assert_eq!(host.count(|seen| matches!(seen, Seen::Failed { .. })), 0, "{phase:?}");
    }
}

#[test]
fn online_again_without_having_been_offline_leaves_an_attempt_alone() {
    let mut host = Host::new(Config::default());
    host.dial = Dial::Hangs;
    host.connect();
    host.advance(100);
    host.take();
    host.online(true);
    assert_eq!(host.take(), []);
}

#[test]
fn with_a_heartbeat_the_link_is_probed_and_survives_if_it_answers() {
    let mut host = open_host(with_heartbeat());
    host.online(false);
    host.online(true);
    assert!(host.count(|seen| matches!(seen, Seen::Ping(_))) > 0);
    host.advance(15_000);
    assert_eq!(host.machine.state(), State::Open);
    assert_eq!(host.count(|seen| matches!(seen, Seen::Closed { .. })), 0);
}

#[test]
fn with_a_heartbeat_a_link_that_died_with_the_network_is_found_out_at_the_pongs_deadline() {
    let mut host = open_host(with_heartbeat());
    host.answers = false;
    host.online(false);
    host.advance(1_000);
    host.online(true);
    host.advance(9_001);
    assert!(host.seen.contains(&Seen::Failed { cause: Cause::HeartbeatTimeout, code: 1006 }));
}

#[test]
fn without_a_heartbeat_the_link_is_dialed_again() {
    let mut host = open_host(Config::default());
    let old = host.link();
    host.online(false);
    assert_eq!(host.machine.state(), State::Open);
    host.online(true);
    assert!(host.seen.contains(&Seen::Hangup { link: old, code: None, forget: true }));
    assert!(host.seen.contains(&Seen::Closed { cause: Cause::Online, code: 1006, last: false }));
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
    assert_ne!(host.link(), old);
}

#[test]
fn going_offline_while_the_application_is_asked_suspends() {
    let mut host = open_host(Config { decides: true, ..Config::default() });
    host.online(false);
    host.server_closes(1012, "");
    assert_eq!(host.machine.state(), OFFLINE);
}

#[test]
fn the_network_cannot_wake_what_the_application_put_to_sleep_or_closed() {
    let mut host = open_host(Config::default());
    host.suspend();
    host.online(false);
    host.online(true);
    assert_eq!(host.machine.state(), State::Suspended { cause: Cause::Suspended });
    host.close();
    host.online(false);
    host.online(true);
    assert!(matches!(host.machine.state(), State::Closed { .. }));
}

#[test]
fn reconnect_while_offline_asks_and_then_waits_for_the_network() {
    let mut host = waiting_host();
    host.online(false);
    host.reconnect();
    host.advance(100);
    assert_eq!(host.machine.state(), OFFLINE);
    host.target = Target::Local;
    host.dial = Dial::Opens;
    host.reconnect();
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn a_flapping_network_neither_loses_count_nor_piles_up_work() {
    let mut host = open_host(Config::default());
    for _ in 0..500 {
        host.online(false);
        host.advance(3);
        host.online(true);
        host.advance(3);
    }
    host.advance(1_000);
    assert_eq!(host.machine.state(), State::Open);
    let link = host.link();
    host.handle(Input::Closed { link, close: close(1001, "") });
    assert!(matches!(host.machine.state(), State::Waiting { attempt: 2, .. }));
}
