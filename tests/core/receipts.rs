//! Every send settles exactly once, with what became of it and the message given back.

use crate::support::{Dial, Host, keyed, open_host, ttl};
use everwire::core::{Config, Micros, Outcome, Overflow, Queue, Reason, SendOptions, State};

fn queue_of(max_messages: u32, overflow: Overflow) -> Host {
    let queue = Queue { max_messages, overflow, ..Queue::default() };
    Host::new(Config { queue, ..Config::default() })
}

fn only(host: &mut Host) -> (String, Outcome) {
    let settled = host.settled();
    assert_eq!(settled.len(), 1, "{settled:?}");
    settled.into_iter().next().unwrap()
}

#[test]
fn handed_over_once_the_socket_took_it() {
    let mut host = open_host(Config::default());
    host.send("hello").unwrap();
    assert_eq!(only(&mut host), ("hello".into(), Outcome::HandedOver));
    assert_eq!(host.sent(), ["hello"]);
}

#[test]
fn full_is_told_at_once_with_the_message() {
    let mut host = queue_of(1, Overflow::Reject);
    host.send("first").unwrap();
    let refused = host.post("second", 6, SendOptions::default()).unwrap_err();
    assert_eq!((refused.payload.text.as_str(), refused.reason), ("second", Reason::Full));
    assert_eq!(host.settled(), []);
}

#[test]
fn evicted_tells_the_one_that_gave_way() {
    let mut host = queue_of(1, Overflow::DropOldest);
    host.send("old").unwrap();
    host.send("new").unwrap();
    assert_eq!(only(&mut host), ("old".into(), Outcome::NotSent(Reason::Evicted)));

    let mut host = queue_of(1, Overflow::DropNewest);
    host.send("old").unwrap();
    let refused = host.post("new", 3, SendOptions::default()).unwrap_err();
    assert_eq!((refused.payload.text.as_str(), refused.reason), ("new", Reason::Evicted));
    assert_eq!(host.settled(), []);
}

#[test]
fn superseded_tells_the_one_whose_place_was_taken() {
    let mut host = Host::new(Config::default());
    host.send_with("old", keyed("k")).unwrap();
    host.send_with("new", keyed("k")).unwrap();
    assert_eq!(only(&mut host), ("old".into(), Outcome::NotSent(Reason::Superseded)));
}

#[test]
fn expired_tells_the_one_that_waited_too_long() {
    let mut host = Host::new(Config::default());
    host.send_with("stale", ttl(10)).unwrap();
    host.advance(10);
    assert_eq!(only(&mut host), ("stale".into(), Outcome::NotSent(Reason::Expired)));
}

#[test]
fn a_ttl_of_nothing_expires_unless_it_can_leave_past_the_queue() {
    let mut host = Host::new(Config::default());
    host.send_with("now or never", SendOptions { ttl: Some(Micros::ZERO), ..Default::default() }).unwrap();
    host.advance(0);
    assert_eq!(only(&mut host), ("now or never".into(), Outcome::NotSent(Reason::Expired)));
}

#[test]
fn withdrawn_tells_the_one_taken_back() {
    let mut host = Host::new(Config::default());
    let id = host.send("regret").unwrap();
    assert!(host.withdraw(id));
    assert_eq!(only(&mut host), ("regret".into(), Outcome::NotSent(Reason::Withdrawn)));
}

#[test]
fn what_was_handed_over_cannot_be_withdrawn() {
    let mut host = open_host(Config::default());
    let id = host.send("gone").unwrap();
    assert!(!host.withdraw(id));
    assert_eq!(only(&mut host), ("gone".into(), Outcome::HandedOver));
}

#[test]
fn closed_tells_everything_that_waited() {
    let mut host = Host::new(Config::default());
    host.send("waits").unwrap();
    host.close();
    assert_eq!(only(&mut host), ("waits".into(), Outcome::NotSent(Reason::Closed)));
    let refused = host.post("too late", 8, SendOptions::default()).unwrap_err();
    assert_eq!((refused.payload.text.as_str(), refused.reason), ("too late", Reason::Closed));
}

#[test]
fn refused_tells_the_one_at_which_the_socket_threw() {
    let mut host = open_host(Config::default());
    let link = host.link();
    host.socket(link).throws = true;
    host.send("poison").unwrap();
    assert_eq!(only(&mut host), ("poison".into(), Outcome::NotSent(Reason::Refused)));
}

#[test]
fn a_lost_link_settles_nothing_that_still_waits() {
    let mut host = open_host(Config::default());
    host.buffer(2_000_000);
    host.send("taken").unwrap();
    host.send("waits").unwrap();
    host.dial = Dial::Hangs;
    host.drop_link();
    host.advance(60_000);
    assert_eq!(only(&mut host), ("taken".into(), Outcome::HandedOver));
    assert_eq!(host.waiting(), ["waits"]);
    host.dial = Dial::Opens;
    host.advance_until(60_000, |state| *state == State::Open);
    assert_eq!(only(&mut host), ("waits".into(), Outcome::HandedOver));
}
