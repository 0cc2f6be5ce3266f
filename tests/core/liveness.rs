//! Whether the link is alive: pings, deadlines, sleep, and slow links that are not dead.

use crate::support::{Host, Seen, ms, open_host, with_heartbeat};
use everwire::core::{Cause, Config, Heartbeat, Micros, State};

fn pings(host: &Host) -> usize {
    host.count(|seen| matches!(seen, Seen::Ping(_)))
}

/// An open wire with a heartbeat whose server does not answer pings.
fn silent_host() -> Host {
    let mut host = open_host(with_heartbeat());
    host.answers = false;
    host
}

/// A wire whose first ping is on its way, unanswered.
fn pinged_host() -> Host {
    let mut host = silent_host();
    while pings(&host) == 0 {
        host.advance(100);
    }
    host
}

fn is_lost(host: &Host) -> bool {
    host.seen.contains(&Seen::Failed { cause: Cause::HeartbeatTimeout, code: 1006 })
}

#[test]
fn without_a_heartbeat_nothing_is_pinged_and_only_the_clock_is_looked_at() {
    let mut host = open_host(Config::default());
    host.advance(10_000);
    host.take();
    let mut looks = 0;
    let end = host.now.plus(ms(3_600_000));
    while let Some(next) = host.machine.next_wake().filter(|next| *next <= end) {
        looks += 1;
        host.advance_to(next);
    }
    assert_eq!((host.take(), looks), (vec![], 240));
}

#[test]
fn a_ping_leaves_every_interval() {
    let mut host = open_host(with_heartbeat());
    host.advance(10 * 25_000);
    assert_eq!(pings(&host), 10);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn a_ping_that_nobody_answers_ends_the_link_at_its_deadline() {
    let mut host = silent_host();
    let link = host.link();
    let opened = host.now;
    host.advance_until(60_000, |state| *state != State::Open);
    let lived = host.now.since(opened);
    assert!((ms(34_900)..=ms(35_000)).contains(&lived), "{lived:?}");
    assert!(is_lost(&host));
    assert!(host.seen.contains(&Seen::Hangup { link, code: None, forget: true }));
    assert!(host.seen.contains(&Seen::Closed { cause: Cause::HeartbeatTimeout, code: 1006, last: false }));
}

#[test]
fn anything_that_arrives_is_life() {
    let mut host = silent_host();
    for _ in 0..40 {
        host.advance(9_000);
        host.arrives("news");
    }
    assert_eq!(host.machine.state(), State::Open);
    assert!(host.machine.rtt().is_none(), "news is no pong");
}

#[test]
fn the_round_trip_is_measured_where_a_pong_matches_a_ping() {
    let mut host = silent_host();
    while pings(&host) == 0 {
        host.advance(1);
    }
    host.advance(80);
    host.pong();
    let (last, smoothed) = host.machine.rtt().unwrap();
    assert!((ms(80)..=ms(81)).contains(&last), "{last:?}");
    assert_eq!(last, smoothed, "the first sample is the average");
    assert!(host.seen.contains(&Seen::Pong { rtt: last, smoothed }));
}

#[test]
fn the_round_trip_is_smoothed_with_a_gain_of_one_eighth() {
    let mut host = open_host(with_heartbeat());
    host.advance(25_000);
    assert_eq!(host.machine.rtt(), Some((ms(10), ms(10))));
    host.answers = false;
    host.take();
    while pings(&host) == 0 {
        host.advance(1);
    }
    host.advance(90);
    host.pong();
    let (last, smoothed) = host.machine.rtt().unwrap();
    assert!(last >= ms(90) && last < ms(92));
    assert_eq!(smoothed, Micros(10_000 - 10_000 / 8 + last.0 / 8));
}

#[test]
fn a_pong_that_matches_no_ping_is_ignored() {
    let mut host = open_host(with_heartbeat());
    host.pong();
    assert_eq!((host.machine.rtt(), host.take()), (None, vec![]));

    let mut host = pinged_host();
    host.pong();
    let measured = host.machine.rtt();
    host.take();
    host.advance(5_000);
    host.pong();
    assert_eq!((host.machine.rtt(), host.take()), (measured, vec![]));
}

#[test]
fn a_pong_from_before_the_link_broke_measures_nothing_on_the_next() {
    let mut host = pinged_host();
    host.drop_link();
    host.advance_until(10_000, |state| *state == State::Open);
    host.pong();
    assert_eq!(host.machine.rtt(), None);
}

#[test]
fn a_late_deadline_probes_once_and_only_the_next_is_the_end() {
    let mut host = pinged_host();
    host.oversleep(3_600_000);
    assert_eq!(host.machine.state(), State::Open, "a late timer is no verdict");
    assert_eq!(pings(&host), 2);
    host.advance(9_999);
    assert_eq!(host.machine.state(), State::Open);
    host.advance(1);
    assert!(is_lost(&host));
}

#[test]
fn a_second_late_deadline_without_a_sign_of_life_is_the_end() {
    let mut host = pinged_host();
    host.oversleep(3_600_000);
    host.oversleep(3_600_000);
    assert!(is_lost(&host));
}

#[test]
fn what_arrives_after_the_sleep_saves_the_link_and_earns_the_next_grace() {
    let mut host = pinged_host();
    for _ in 0..5 {
        host.oversleep(3_600_000);
        assert_eq!(host.machine.state(), State::Open);
        host.arrives("was in the buffer");
        host.take();
        while pings(&host) == 0 {
            host.advance(100);
        }
    }
}

#[test]
fn a_late_ping_is_just_a_ping() {
    let mut host = silent_host();
    host.oversleep(3_600_000);
    assert_eq!(pings(&host), 1);
    host.advance(9_999);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn an_interval_shorter_than_the_deadline_does_not_push_the_deadline_back() {
    let heartbeat = Heartbeat { interval: ms(1_000), timeout: ms(5_000) };
    let mut host = open_host(Config { heartbeat: Some(heartbeat), ..Config::default() });
    host.answers = false;
    host.advance(6_100);
    assert!(is_lost(&host));
}

/// An open wire that pings far more often than it gives up, to a server that answers when the test says so.
fn eager_host() -> Host {
    let heartbeat = Heartbeat { interval: ms(100), timeout: ms(5_000) };
    let mut host = open_host(Config { heartbeat: Some(heartbeat), ..Config::default() });
    host.answers = false;
    host
}

/// Lets time pass until one more ping has left.
fn next_ping(host: &mut Host) {
    let before = pings(host);
    while pings(host) == before {
        host.advance(1);
    }
}

#[test]
fn while_an_answer_is_due_the_clock_sends_no_other_ping_so_that_every_pong_measures_its_own() {
    let mut host = eager_host();
    next_ping(&mut host);
    host.advance(450);
    assert_eq!(pings(&host), 1);
    host.pong();
    assert_eq!(host.machine.rtt().unwrap().0, ms(450));
    next_ping(&mut host);
    host.advance(40);
    host.pong();
    assert_eq!(host.machine.rtt().unwrap().0, ms(40));
    next_ping(&mut host);
    host.advance(450);
    host.pong();
    assert_eq!((pings(&host), host.machine.rtt().unwrap().0), (3, ms(450)));
}

#[test]
fn a_network_that_comes_back_is_asked_at_once_and_no_pong_is_taken_for_that_of_another_ping() {
    let mut host = eager_host();
    next_ping(&mut host);
    host.advance(300);
    host.online(false);
    host.advance(50);
    host.online(true);
    assert_eq!(pings(&host), 3);
    host.advance(20);
    host.pong();
    host.pong();
    assert_eq!(host.machine.rtt(), None, "those are of the first and the second");
    host.advance(10);
    host.pong();
    assert_eq!(host.machine.rtt().unwrap().0, ms(30));
}

#[test]
fn a_pong_that_other_messages_overtake_is_not_taken_for_that_of_a_later_ping() {
    let mut host = eager_host();
    next_ping(&mut host);
    for _ in 0..10 {
        // The link lives, so the next ping leaves when it is time.
        host.arrives("news");
        next_ping(&mut host);
        host.advance(5);
        // Of the ping before.
        host.pong();
    }
    assert_eq!((pings(&host), host.machine.rtt()), (11, None));
    host.advance(7);
    host.pong();
    assert_eq!(host.machine.rtt().unwrap().0, ms(12));
}

#[test]
fn after_a_ping_without_a_pong_nothing_is_measured_on_that_link() {
    let mut host = eager_host();
    next_ping(&mut host);
    host.arrives("news, and no pong");
    for _ in 0..10 {
        next_ping(&mut host);
        host.pong();
    }
    assert_eq!(host.machine.rtt(), None, "each might be the missing one, come late");
    host.drop_link();
    host.advance_until(10_000, |state| *state == State::Open);
    next_ping(&mut host);
    host.advance(3);
    host.pong();
    assert_eq!(host.machine.rtt().unwrap().0, ms(3));
}

#[test]
fn the_idle_limit_ends_a_silent_link_without_a_ping() {
    let mut host = open_host(Config { idle_timeout: Some(ms(60_000)), ..Config::default() });
    for _ in 0..10 {
        host.advance(59_000);
        host.arrives("news");
    }
    host.advance(59_999);
    assert_eq!(host.machine.state(), State::Open);
    host.advance(1);
    assert!(host.seen.contains(&Seen::Failed { cause: Cause::IdleTimeout, code: 1006 }));
    assert_eq!(pings(&host), 0);
}

#[test]
fn a_late_idle_limit_gives_what_is_on_its_way_a_moment() {
    let idle = || open_host(Config { idle_timeout: Some(ms(60_000)), ..Config::default() });
    let mut host = idle();
    host.oversleep(3_600_000);
    assert_eq!(host.machine.state(), State::Open);
    host.advance(100);
    host.arrives("was in the buffer");
    host.advance(59_999);
    assert_eq!(host.machine.state(), State::Open);

    let mut host = idle();
    host.oversleep(3_600_000);
    host.advance(4_999);
    assert_eq!(host.machine.state(), State::Open);
    host.advance(1);
    assert!(host.seen.contains(&Seen::Failed { cause: Cause::IdleTimeout, code: 1006 }));
}

#[test]
fn one_sleep_is_forgiven_as_a_whole() {
    let mut host = open_host(Config { idle_timeout: Some(ms(30_000)), ..with_heartbeat() });
    host.answers = false;
    while pings(&host) == 0 {
        host.advance(100);
    }
    // Both the pong's deadline and the idle limit were missed in it.
    host.oversleep(3_600_000);
    assert_eq!(host.machine.state(), State::Open, "{:?}", host.take());
    host.arrives("was in the buffer");
    host.advance(20_000);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn a_buffer_that_drains_postpones_the_verdict() {
    let mut host = silent_host();
    host.buffer(3_000_000);
    while pings(&host) == 0 {
        host.advance(100);
    }
    host.send("behind it all").unwrap();
    // 30 kB/s: the ping takes almost two minutes to leave.
    for second in 1..=100 {
        host.advance(1_000);
        host.buffer(3_000_000 - second * 30_000);
        assert_eq!(host.machine.state(), State::Open, "after {second} s");
    }
    host.buffer(0);
    host.advance(9_000);
    assert_eq!(host.machine.state(), State::Open);
    host.pong();
    host.advance(20_000);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn a_small_buffer_that_drains_slowly_postpones_the_verdict_too() {
    let mut host = silent_host();
    // Far below the mark above which the queue waits, at 10 kB/s.
    host.buffer(500_000);
    while pings(&host) == 0 {
        host.advance(100);
    }
    for second in 1..=50 {
        host.advance(1_000);
        host.buffer(500_000 - second * 10_000);
        assert_eq!(host.machine.state(), State::Open, "after {second} s");
    }
    host.advance(9_000);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn a_buffer_that_is_stuck_postpones_nothing() {
    for stuck in [20, 500_000, 3_000_000] {
        let mut host = silent_host();
        host.buffer(stuck);
        while pings(&host) == 0 {
            host.advance(1);
        }
        host.advance(9_990);
        assert_eq!(host.machine.state(), State::Open);
        host.advance(20);
        assert!(is_lost(&host), "a buffer of {stuck} bytes kept a dead link");
    }
}

#[test]
fn pings_that_leave_into_the_void_one_after_another_do_not_keep_a_dead_link() {
    // Each ping shows in the buffer for a moment, and the next one comes before the deadline of the first.
    let heartbeat = Heartbeat { interval: ms(2_000), timeout: ms(5_000) };
    let mut host = open_host(Config { heartbeat: Some(heartbeat), ..Config::default() });
    host.answers = false;
    let mut sent = 0;
    for _ in 0..12_000 {
        host.advance(1);
        if is_lost(&host) {
            return;
        }
        let leaving = pings(&host) > sent;
        sent = pings(&host);
        host.buffer(if leaving { 15 } else { 0 });
    }
    panic!("still {:?} after 12 s and {sent} pings", host.machine.state());
}

#[test]
fn an_answered_ping_is_no_reason_to_look_at_the_buffer_any_longer() {
    let mut host = open_host(with_heartbeat());
    host.buffer(1_000);
    host.advance(25_100);
    host.take();
    host.advance(20_000);
    assert_eq!(host.count(|seen| matches!(seen, Seen::Sample(_))), 0);
}

#[test]
fn the_handshake_needs_no_heartbeat() {
    let mut host = Host::new(Config { awaits_welcome: true, ..with_heartbeat() });
    host.connect();
    host.advance(9_000);
    assert_eq!(pings(&host), 0);
    host.welcome();
    host.advance(25_000);
    assert_eq!(pings(&host), 1);
}
