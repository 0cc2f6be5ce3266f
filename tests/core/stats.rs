//! What a wire counts, and that it counts everything once.

use crate::support::{Dial, Host, REASONS, Target, keyed, open_host, ttl, with_heartbeat};
use everwire::core::{
    Close, Config, Kind, LinkId, Outcome, Overflow, Queue, Reason, SendOptions, Stats, Transmit,
};

fn queue_of(max_messages: u32, overflow: Overflow) -> Host {
    let queue = Queue { max_messages, overflow, ..Queue::default() };
    Host::new(Config { queue, ..Config::default() })
}

fn not_sent(host: &Host, reason: Reason) -> u64 {
    host.machine.stats().settled(Outcome::NotSent(reason))
}

#[test]
fn a_new_wire_has_counted_nothing() {
    let host = Host::new(Config::default());
    assert_eq!(*host.machine.stats(), Stats::default());
    assert_eq!((host.machine.stats().started(), host.machine.stats().opened()), (None, None));
    assert_eq!(host.machine.stats().reconnects(), 0);
}

#[test]
fn messages_out_are_those_that_a_socket_took_queued_or_not() {
    let mut host = Host::new(Config::default());
    host.post("queued", 100, SendOptions::default()).unwrap();
    assert_eq!((host.machine.stats().messages_out(), host.machine.stats().bytes_out()), (0, 0));
    host.connect();
    host.advance(100);
    assert_eq!((host.machine.stats().messages_out(), host.machine.stats().bytes_out()), (1, 100));
    host.machine.passed(host.now, 11, Transmit::Accepted, 0);
    assert_eq!((host.machine.stats().messages_out(), host.machine.stats().bytes_out()), (2, 111));
    host.machine.passed(host.now, 5, Transmit::NotOpen, 0);
    assert_eq!((host.machine.stats().messages_out(), host.machine.stats().bytes_out()), (2, 111));
}

#[test]
fn messages_in_are_those_for_the_application() {
    let config = Config { awaits_welcome: true, ..with_heartbeat() };
    let mut host = Host::new(config);
    host.connect();
    host.advance(100);
    host.welcome();
    host.arrives("hello");
    host.pong();
    host.arrives_on(LinkId(99), Kind::Message, "of no link");
    let stats = host.machine.stats();
    assert_eq!((stats.messages_in(), stats.bytes_in()), (2, 12), "welcome, hello");
    host.close();
    host.arrives_on(host.link(), Kind::Message, "after close()");
    assert_eq!(host.machine.stats().messages_in(), 2);
}

#[test]
fn every_reason_why_a_message_was_not_sent_is_counted_apart() {
    let mut host = queue_of(1, Overflow::Reject);
    host.send("first").unwrap();
    host.send("no room").unwrap_err();
    host.clear();
    host.send_with("late", ttl(1_000)).unwrap();
    host.advance(2_000);
    host.send_with("old", keyed("k")).unwrap();
    let newer = host.send_with("new", keyed("k")).unwrap();
    host.withdraw(newer);
    host.send("waits for the end").unwrap();
    host.close();
    host.send("after the end").unwrap_err();
    let counted = REASONS.map(|reason| not_sent(&host, reason));
    assert_eq!(counted, [1, 0, 1, 1, 2, 2, 0]);
    assert_eq!(host.machine.stats().messages_out(), 0);

    let mut host = queue_of(1, Overflow::DropOldest);
    host.send("old").unwrap();
    host.send("new").unwrap();
    assert_eq!(host.machine.stats().evictions(), 1);

    let mut host = queue_of(1, Overflow::DropNewest);
    host.send("old").unwrap();
    host.send("new").unwrap_err();
    assert_eq!(host.machine.stats().evictions(), 1);
}

#[test]
fn a_socket_that_throws_has_refused_the_message_queued_or_not() {
    let mut host = open_host(Config::default());
    let link = host.link();
    host.socket(link).throws = true;
    host.send("thrown at").unwrap();
    host.machine.passed(host.now, 3, Transmit::Threw, 0);
    assert_eq!(not_sent(&host, Reason::Refused), 2);
    assert_eq!((host.machine.stats().messages_out(), host.machine.stats().bytes_out()), (0, 0));
}

#[test]
fn attempts_and_opens_tell_how_often_it_reconnected_and_since_when_it_is_open() {
    let mut host = Host::new(Config::default());
    let begun = host.now;
    host.connect();
    host.advance(100);
    assert_eq!((host.machine.stats().attempts(), host.machine.stats().opens()), (1, 1));
    assert_eq!(host.machine.stats().reconnects(), 0, "the first time is no reconnect");
    let first = host.machine.stats().opened().unwrap();
    assert!(first > begun);

    host.dial = Dial::Closes(Close::abnormal());
    host.drop_link();
    host.advance(60_000);
    host.dial = Dial::Opens;
    host.reconnect();
    host.advance(100);
    let stats = host.machine.stats();
    assert_eq!(stats.reconnects(), 1);
    assert!(stats.attempts() > stats.opens());
    assert_eq!(stats.started(), Some(begun));
    assert!(stats.opened().unwrap() > first);
}

#[test]
fn an_attempt_without_an_answer_is_an_attempt() {
    let mut host = Host::new(Config::default());
    host.target = Target::Fails;
    host.connect();
    host.advance(100);
    assert!(host.machine.stats().attempts() >= 1);
    assert_eq!(host.machine.stats().opens(), 0);
}

#[test]
fn a_wire_that_starts_afresh_goes_on_counting() {
    let mut host = open_host(Config::default());
    host.send("one").unwrap();
    host.close();
    host.advance(100);
    host.reconnect();
    host.advance(100);
    host.send("two").unwrap();
    let stats = host.machine.stats();
    assert_eq!((stats.messages_out(), stats.reconnects(), stats.attempts()), (2, 1, 2));
}
