//! What happens to the page that a wire lives in, and to its clock.

use crate::support::{Dial, Greeting, Host, Seen, Target, ms, open_host, ttl, with_heartbeat};
use everwire::core::{Cause, Close, Config, Input, Page, Phase, State};

const CACHED: State = State::Suspended { cause: Cause::Cached };
const FROZEN: State = State::Suspended { cause: Cause::Frozen };
const SUSPENDED: State = State::Suspended { cause: Cause::Suspended };
const OFFLINE: State = State::Suspended { cause: Cause::Offline };

/// The two ways in which a page stops and goes on, and what the wire is meanwhile.
const STOPS: [(Page, State, Page); 2] =
    [(Page::Cached, CACHED, Page::Restored), (Page::Frozen, FROZEN, Page::Resumed)];

const EVERY: [Page; 6] =
    [Page::Shown, Page::Hidden, Page::Cached, Page::Restored, Page::Frozen, Page::Resumed];

fn pings(host: &Host) -> usize {
    host.count(|seen| matches!(seen, Seen::Ping(_)))
}

fn resolves(host: &Host) -> usize {
    host.count(|seen| matches!(seen, Seen::Resolve { .. }))
}

/// A wire in this phase of its first attempt, which goes no further by itself.
fn host_in(phase: Phase) -> Host {
    let mut host = Host::new(Config { awaits_welcome: true, ..Config::default() });
    match phase {
        Phase::Resolving => host.target = Target::Never,
        Phase::Dialing => host.dial = Dial::Hangs,
        Phase::Handshaking => {}
    }
    host.connect();
    host.advance(100);
    assert!(matches!(host.machine.state(), State::Connecting { phase: at, .. } if at == phase));
    host
}

/// A wire that waits for its second attempt, for at least `floor` milliseconds.
fn waiting_host(floor: u64) -> Host {
    let mut host = open_host(Config::default());
    let reason = if floor > 0 { format!("retry-after={floor}") } else { String::new() };
    host.server_closes(1012, &reason);
    assert!(matches!(host.machine.state(), State::Waiting { .. }));
    host.take();
    host
}

/// The page stops, an hour passes in which no timer fires, and it goes on.
fn sleep_through(host: &mut Host, stop: Page, go_on: Page) {
    host.page(stop);
    host.now = host.now.plus(ms(3_600_000));
    host.page(go_on);
}

// The page is put away and comes back.

#[test]
fn a_page_that_is_put_away_hangs_up_so_that_its_server_knows() {
    for config in [Config::default(), with_heartbeat()] {
        for (stop, state, _) in STOPS {
            let mut host = open_host(config.clone());
            let link = host.link();
            host.page(stop);
            let State::Suspended { cause } = state else { panic!("{state:?}") };
            let hangup = Seen::Hangup { link, code: Some(1000), forget: true };
            let closed = Seen::Closed { cause, code: 1006, last: false };
            assert_eq!(host.take(), [hangup, Seen::State(state), closed]);
            assert_eq!(host.machine.next_wake(), None, "nothing runs in such a page");
        }
    }
}

#[test]
fn a_page_that_comes_back_dials_at_once_and_what_waited_leaves() {
    for (stop, _, go_on) in STOPS {
        let mut host = open_host(Config::default());
        host.page(stop);
        host.send("written by a last listener").unwrap();
        host.page(go_on);
        let (_, attempt, _, cause) = host.last_resolve();
        assert_eq!((attempt, cause), (1, Cause::Resumed));
        host.advance(100);
        assert_eq!(host.machine.state(), State::Open);
        assert_eq!(host.sent(), ["written by a last listener"]);
    }
}

#[test]
fn what_spoils_while_the_page_is_away_does_not_leave_when_it_is_back() {
    for (stop, _, go_on) in STOPS {
        let mut host = open_host(Config::default());
        host.page(stop);
        host.send_with("spoils", ttl(60_000)).unwrap();
        host.send("keeps").unwrap();
        host.now = host.now.plus(ms(3_600_000));
        host.page(go_on);
        host.advance(100);
        assert_eq!(host.sent(), ["keeps"]);
    }
}

#[test]
fn a_frozen_page_of_the_cache_comes_back_with_the_cache() {
    // The order of events in Chromium.
    let mut host = open_host(Config::default());
    for page in [Page::Cached, Page::Hidden, Page::Frozen] {
        host.page(page);
        assert_eq!(host.machine.state(), CACHED, "{page:?}");
    }
    host.take();
    for page in [Page::Resumed, Page::Shown] {
        host.page(page);
        assert_eq!(host.machine.state(), CACHED, "{page:?}");
    }
    host.page(Page::Restored);
    assert_eq!(resolves(&host), 1);
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn a_page_that_can_be_seen_is_not_frozen() {
    let mut host = open_host(Config::default());
    host.page(Page::Frozen);
    host.page(Page::Shown);
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
    assert_eq!(host.count(|seen| matches!(seen, Seen::Dial(_))), 1);
}

#[test]
fn a_socket_from_before_the_cache_is_thrown_away_even_if_nobody_said_that_the_page_left() {
    for config in [Config::default(), with_heartbeat()] {
        let mut host = open_host(config);
        let old = host.link();
        host.page(Page::Restored);
        assert!(host.seen.contains(&Seen::Hangup { link: old, code: None, forget: true }));
        assert!(host.seen.contains(&Seen::Closed { cause: Cause::Resumed, code: 1006, last: false }));
        host.advance(100);
        assert_eq!(host.machine.state(), State::Open);
        assert_ne!(host.link(), old);
        host.handle(Input::Closed { link: old, close: Close::abnormal() });
        assert_eq!(host.machine.state(), State::Open, "the old socket's close comes late, and is nobody's");
    }
}

#[test]
fn a_page_put_away_in_the_middle_of_an_attempt_drops_it_and_begins_anew() {
    for phase in [Phase::Resolving, Phase::Dialing, Phase::Handshaking] {
        for (stop, state, go_on) in STOPS {
            let mut host = host_in(phase);
            host.take();
            host.page(stop);
            assert_eq!(host.machine.state(), state);
            match phase {
                Phase::Resolving => assert_eq!(host.seen[0], Seen::AbortResolve),
                _ => assert!(matches!(host.seen[0], Seen::Hangup { forget: true, .. }), "{phase:?}"),
            }
            let told = |seen: &Seen| matches!(seen, Seen::Failed { .. } | Seen::Closed { .. });
            assert_eq!(host.count(told), 0, "nothing failed, and nothing was open");
            (host.target, host.dial) = (Target::Remote, Dial::Opens);
            host.page(go_on);
            assert_eq!(host.last_resolve().1, 1, "still the first attempt");
            host.advance(100);
            host.welcome();
            assert_eq!(host.machine.state(), State::Open, "{phase:?}");
        }
    }
}

#[test]
fn answers_to_what_was_asked_before_the_page_was_put_away_change_nothing() {
    for (stop, state, _) in STOPS {
        let mut host = Host::new(Config { greets: true, ..Config::default() });
        host.greeting = Greeting::Never;
        host.connect();
        let (ticket, ..) = host.last_resolve();
        host.advance(100);
        let link = host.link();
        host.page(stop);
        host.take();
        host.handle(Input::Target { ticket, local: false });
        host.handle(Input::TargetFailed { ticket });
        host.handle(Input::Greeted { link, ok: false });
        host.handle(Input::Errored { link });
        assert_eq!((host.machine.state(), host.take()), (state, vec![]));
    }
}

#[test]
fn a_page_put_away_while_its_wire_waits_goes_on_at_once_when_it_is_back() {
    for (stop, state, go_on) in STOPS {
        let mut host = waiting_host(0);
        host.page(stop);
        assert_eq!(host.machine.state(), state);
        assert_eq!(host.machine.next_wake(), None);
        host.page(go_on);
        host.advance(100);
        assert_eq!(host.machine.state(), State::Open);
    }
}

#[test]
fn a_page_put_away_while_the_wire_closes_comes_back_to_a_closed_wire() {
    for (stop, _, go_on) in STOPS {
        let mut host = open_host(Config::default());
        host.answers = false;
        host.close();
        host.page(stop);
        assert_eq!(host.machine.state(), State::Closing, "the closing handshake may still come to its end");
        host.now = host.now.plus(ms(3_600_000));
        host.page(go_on);
        let close = Close::abnormal();
        assert_eq!(host.machine.state(), State::Closed { cause: Cause::ClosedByApplication, close });
        assert_eq!(resolves(&host), 0);
    }
}

#[test]
fn no_page_wakes_what_is_idle_suspended_by_the_application_or_closed() {
    for page in EVERY {
        let mut host = Host::new(Config::default());
        host.page(page);
        assert_eq!((host.machine.state(), host.take()), (State::Idle, vec![]), "{page:?}");

        let mut host = open_host(Config::default());
        host.suspend();
        host.take();
        host.page(page);
        assert_eq!((host.machine.state(), host.take()), (SUSPENDED, vec![]), "{page:?}");

        let mut host = open_host(Config::default());
        host.close();
        host.advance(100);
        let closed = host.machine.state();
        host.take();
        host.page(page);
        assert_eq!((host.machine.state(), host.take()), (closed, vec![]), "{page:?}");
    }
}

#[test]
fn what_the_application_suspends_while_the_page_is_away_stays_suspended() {
    for (stop, _, go_on) in STOPS {
        let mut host = open_host(Config::default());
        host.page(stop);
        host.suspend();
        assert_eq!(host.machine.state(), SUSPENDED);
        host.page(go_on);
        host.page(Page::Shown);
        assert_eq!(host.machine.state(), SUSPENDED);
        host.reconnect();
        host.advance(100);
        assert_eq!(host.machine.state(), State::Open);
    }
}

#[test]
fn what_the_application_closes_while_the_page_is_away_stays_closed() {
    for (stop, _, go_on) in STOPS {
        let mut host = open_host(Config::default());
        host.page(stop);
        host.send("given back").unwrap();
        host.close();
        assert!(matches!(host.machine.state(), State::Closed { cause: Cause::ClosedByApplication, .. }));
        assert_eq!(host.settled().len(), 1);
        host.page(go_on);
        assert_eq!(resolves(&host), 0);
    }
}

#[test]
fn a_page_that_comes_back_without_a_network_waits_for_it() {
    for (stop, state, go_on) in STOPS {
        let mut host = open_host(Config::default());
        host.page(stop);
        host.online(false);
        assert_eq!(host.machine.state(), state);
        host.page(go_on);
        assert_eq!((host.machine.state(), resolves(&host)), (OFFLINE, 0));
        host.online(true);
        host.advance(100);
        assert_eq!(host.machine.state(), State::Open);
    }
}

#[test]
fn a_page_put_away_without_a_network_comes_back_with_one() {
    for (stop, state, go_on) in STOPS {
        let mut host = waiting_host(0);
        host.online(false);
        host.page(stop);
        assert_eq!(host.machine.state(), state);
        // Nobody told the page meanwhile; it is asked when it goes on.
        host.online(true);
        assert_eq!(host.machine.state(), state, "the network does not wake a page that is away");
        host.page(go_on);
        host.advance(100);
        assert_eq!(host.machine.state(), State::Open);
    }
}

#[test]
fn a_server_that_asked_to_be_left_alone_is_left_alone_whatever_happens_to_the_page() {
    for page in EVERY {
        let mut host = waiting_host(60_000);
        let floor = host.now.plus(ms(60_000));
        host.page(page);
        host.page(Page::Resumed);
        host.page(Page::Restored);
        while resolves(&host) == 0 {
            host.advance(100);
        }
        assert!(host.now >= floor, "{page:?}: dialed {:?} too early", floor.since(host.now));
        assert!(host.now < floor.plus(ms(31_000)), "{page:?}");
    }
}

#[test]
fn a_page_that_is_put_away_again_and_again_neither_loses_count_nor_piles_up_work() {
    let mut host = open_host(with_heartbeat());
    for (stop, _, go_on) in STOPS.iter().cycle().take(500) {
        host.page(*stop);
        host.advance(3);
        host.page(*go_on);
        host.advance(3);
    }
    host.advance(1_000);
    assert_eq!(host.machine.state(), State::Open);
    host.drop_link();
    assert!(matches!(host.machine.state(), State::Waiting { attempt: 2, .. }));
}

// The page is seen again.

#[test]
fn with_a_heartbeat_a_page_that_is_seen_again_probes_its_link() {
    let mut host = open_host(with_heartbeat());
    let link = host.link();
    host.page(Page::Hidden);
    assert_eq!(pings(&host), 0);
    host.page(Page::Shown);
    assert_eq!(pings(&host), 1);
    host.advance(100);
    assert_eq!((host.machine.state(), host.machine.link()), (State::Open, Some(link)));
}

#[test]
fn with_a_heartbeat_a_link_that_died_unseen_is_found_out_at_the_pongs_deadline() {
    let mut host = open_host(with_heartbeat());
    host.answers = false;
    host.page(Page::Hidden);
    host.page(Page::Shown);
    host.advance(9_999);
    assert_eq!(host.machine.state(), State::Open);
    host.advance(1);
    assert!(host.seen.contains(&Seen::Failed { cause: Cause::HeartbeatTimeout, code: 1006 }));
}

#[test]
fn a_page_shown_again_and_again_does_not_ping_again_and_again() {
    let mut host = open_host(with_heartbeat());
    host.answers = false;
    for _ in 0..100 {
        host.page(Page::Hidden);
        host.page(Page::Shown);
    }
    assert_eq!(pings(&host), 1, "the first is still on its way");
}

#[test]
fn without_a_heartbeat_a_page_that_is_seen_again_leaves_its_link_alone() {
    let mut host = open_host(Config::default());
    host.page(Page::Hidden);
    host.advance(3_600_000);
    host.page(Page::Shown);
    host.page(Page::Resumed);
    host.advance(60_000);
    assert_eq!((host.take(), host.machine.state()), (vec![], State::Open));
}

#[test]
fn a_waiting_wire_goes_on_at_once_when_somebody_looks() {
    let mut host = waiting_host(0);
    host.page(Page::Hidden);
    assert!(matches!(host.machine.state(), State::Waiting { .. }));
    host.page(Page::Shown);
    let (_, attempt, _, cause) = host.last_resolve();
    assert_eq!((attempt, cause), (2, Cause::Resumed));
    host.dial = Dial::Closes(Close::abnormal());
    host.advance(20);
    assert!(
        matches!(host.machine.state(), State::Waiting { attempt: 3, .. }),
        "each look counts as an attempt"
    );
}

#[test]
fn an_attempt_under_way_is_left_alone_when_somebody_looks() {
    for phase in [Phase::Resolving, Phase::Dialing, Phase::Handshaking] {
        let mut host = host_in(phase);
        host.take();
        host.page(Page::Hidden);
        host.page(Page::Shown);
        assert_eq!(host.take(), [], "{phase:?}");
    }
}

// The clock jumps.

#[test]
fn without_a_heartbeat_a_clock_that_jumps_more_than_thirty_seconds_replaces_the_link() {
    let mut host = open_host(Config::default());
    let old = host.link();
    host.advance(6_000);
    let late = |host: &mut Host, millis: u64| {
        host.now = host.machine.next_wake().unwrap().plus(ms(millis));
        host.handle(Input::Timeout);
    };
    late(&mut host, 30_000);
    assert_eq!((host.machine.link(), resolves(&host)), (Some(old), 0));
    late(&mut host, 30_001);
    assert!(host.seen.contains(&Seen::Hangup { link: old, code: None, forget: true }));
    assert!(host.seen.contains(&Seen::Closed { cause: Cause::Slept, code: 1006, last: false }));
    assert_eq!(host.last_resolve().3, Cause::Slept);
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn with_a_heartbeat_a_clock_that_jumps_makes_a_probe_of_the_link() {
    for slept in [26_000, 60_000, 28_800_000] {
        let mut host = open_host(with_heartbeat());
        let link = host.link();
        host.oversleep(slept);
        assert_eq!((pings(&host), host.machine.link()), (1, Some(link)), "slept {slept} ms");
        host.advance(100);
        assert_eq!(host.machine.state(), State::Open);
    }
}

#[test]
fn timers_of_a_hidden_page_that_come_a_minute_late_are_no_jump() {
    let mut host = open_host(Config::default());
    host.page(Page::Hidden);
    for _ in 0..60 {
        host.oversleep(15_000 + 60_000);
    }
    // A look at the clock that slept for half a minute more than that.
    host.oversleep(15_000 + 90_000);
    assert_eq!(host.count(|seen| matches!(seen, Seen::Hangup { .. })), 0);
    host.oversleep(15_000 + 90_001);
    assert_eq!(host.last_resolve().3, Cause::Slept);
}

#[test]
fn a_late_timer_of_a_page_that_was_hidden_until_now_is_no_jump() {
    let mut host = open_host(Config::default());
    host.page(Page::Hidden);
    host.now = host.now.plus(ms(15_000 + 59_000));
    host.page(Page::Shown);
    host.handle(Input::Timeout);
    assert_eq!(host.take(), []);
    host.oversleep(15_000 + 30_001);
    assert_eq!(host.last_resolve().3, Cause::Slept, "and from now on thirty seconds count again");
}

#[test]
fn a_jump_that_shows_when_the_page_is_seen_again_counts_at_once() {
    let mut host = open_host(Config::default());
    host.page(Page::Hidden);
    host.now = host.now.plus(ms(3_600_000));
    host.page(Page::Shown);
    assert_eq!((resolves(&host), host.last_resolve().3), (1, Cause::Slept));
}

#[test]
fn a_server_that_speaks_often_is_listened_for_after_a_jump() {
    let mut host = open_host(Config { idle_timeout: Some(ms(60_000)), ..Config::default() });
    let link = host.link();
    host.oversleep(3_600_000);
    host.advance(100);
    host.arrives("was in the buffer");
    host.advance(30_000);
    assert_eq!((host.machine.state(), host.machine.link()), (State::Open, Some(link)));
}

#[test]
fn an_attempt_that_the_host_slept_through_is_made_again_and_has_not_failed() {
    for phase in [Phase::Resolving, Phase::Dialing, Phase::Handshaking] {
        let mut host = host_in(phase);
        host.oversleep(3_600_000);
        assert_eq!(host.count(|seen| matches!(seen, Seen::Failed { .. })), 0, "{phase:?}");
        let (_, attempt, _, cause) = host.last_resolve();
        assert_eq!((attempt, cause), (1, Cause::Slept), "{phase:?}");
    }
}

#[test]
fn an_attempt_whose_deadline_comes_a_little_late_has_failed() {
    let mut host = host_in(Phase::Dialing);
    host.oversleep(10_000 + 29_000);
    assert!(host.seen.contains(&Seen::Failed { cause: Cause::ConnectTimeout, code: 1006 }));
}

#[test]
fn a_dial_that_opened_while_the_host_slept_is_taken_if_it_says_so_first() {
    let mut host = host_in(Phase::Dialing);
    let link = host.link();
    host.now = host.now.plus(ms(3_600_000));
    host.handle(Input::Opened { link });
    host.welcome();
    host.handle(Input::Timeout);
    assert_eq!((host.machine.state(), host.machine.link()), (State::Open, Some(link)));
}

#[test]
fn a_wait_that_the_host_slept_through_ends_when_it_wakes() {
    let mut host = waiting_host(0);
    host.oversleep(3_600_000);
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn a_page_that_was_away_for_an_hour_owes_its_new_link_no_jump() {
    for (stop, _, go_on) in STOPS {
        let mut host = open_host(Config::default());
        sleep_through(&mut host, stop, go_on);
        host.advance(3_600_000);
        assert_eq!((resolves(&host), host.machine.state()), (1, State::Open));
    }
}
