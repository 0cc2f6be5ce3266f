//! The machine in session mode against the server's half: messages, acknowledgements, credit, loss.

use crate::session_world::*;
use everwire::core::{Config, Micros, Outcome, Reason, SendOptions, SessionConfig, State, Transmit};
use everwire::session::{Limits, Tombstone};

const SMALL: Limits = Limits { max_frame: 1_024, window: 1_024, max_requests: 10, max_channels: 10 };

#[test]
fn a_message_settles_as_delivered_when_the_server_has_accepted_it_and_not_before() {
    let mut world = World::new();
    world.accepts = false;
    world.send("one");
    world.send("two");
    world.pass(1_000);
    assert_eq!(world.arrived, ["message 0 one", "message 0 two"]);
    assert_eq!((world.outcomes(), world.machine.in_flight()), (vec![], 2));
    world.server().accept(1);
    world.run();
    assert_eq!(world.settled, [("one".into(), Outcome::Delivered)]);
    world.server().accept(2);
    world.run();
    assert_eq!((world.outcomes().len(), world.machine.in_flight()), (2, 0));
    assert_eq!(world.machine.stats().messages_out(), 2);
}

#[test]
fn what_was_sent_before_a_cut_is_delivered_once_after_it() {
    let mut world = World::new();
    world.down = false;
    world.send("its acknowledgement is lost");
    world.up = false;
    world.send("lost on its way");
    world.cut();
    (world.up, world.down) = (true, true);
    world.pass(2_000);
    world.pass(30);
    assert_eq!(world.arrived, ["message 0 its acknowledgement is lost", "message 0 lost on its way"]);
    assert_eq!(world.outcomes(), [Outcome::Delivered, Outcome::Delivered]);
    assert_eq!(world.news(), ["new", "resumed"]);
}

#[test]
fn what_a_socket_does_not_take_goes_out_on_the_next_one() {
    let mut world = World::new();
    for refusal in [Transmit::NotOpen, Transmit::Threw] {
        let settled = world.settled.len();
        world
            .machine
            .send(world.now, Letter { text: "one".into(), ..Letter::default() }, SendOptions::default())
            .unwrap();
        world.bind();
        let link = world.machine.next_frame(world.now, &mut Vec::new()).unwrap();
        world.machine.written(world.now, link, refusal, 0);
        world.send("two");
        assert_eq!(world.settled.len(), settled, "nothing more is offered to it");
        world.pass(3_000);
        assert_eq!(world.hung_up.last(), Some(&link));
        world.pass(2_000);
        assert_eq!(world.settled.len(), settled + 2);
    }
    assert_eq!(world.arrived.len(), 4);
}

#[test]
fn a_server_that_forgot_the_session_leaves_in_doubt_what_was_sent_and_gets_what_was_not() {
    let mut world = World::new();
    world.send("told");
    world.up = false;
    world.send("sent");
    world.up = true;
    world.server = None;
    world.cut();
    world.send("queued");
    world.pass(2_000);
    assert_eq!(world.arrived, ["message 0 told", "message 0 queued"]);
    assert_eq!(world.outcome_of("told"), Some(Outcome::Delivered));
    assert_eq!(world.outcome_of("sent"), Some(Outcome::InDoubt));
    assert_eq!(world.outcome_of("queued"), Some(Outcome::Delivered));
    let lost = world.losses[0];
    assert_eq!((lost.delivered, lost.in_doubt, lost.last, lost.carried, lost.unsent), (1, 2, 2, 0, 0));
    assert!(lost.missing, "nobody knows what such a server had sent");
    assert_eq!(world.news(), ["new", "lost", "new"]);
}

/// A session of which the server accepted one of three messages, and then only its proof is left.
fn with_proof(session: SessionConfig) -> World {
    let mut world = World::with(Config::default(), session);
    world.send("accepted");
    world.up = false;
    world.send("two");
    world.send("three");
    world.up = true;
    world.says("hello");
    world.server = None;
    world.proof = Some(Tombstone { recv: 1, next: 2 });
    world.cut();
    world.pass(2_000);
    world
}

#[test]
fn with_the_servers_proof_nothing_is_in_doubt_and_the_rest_goes_on_in_order() {
    let world = with_proof(SessionConfig::default());
    assert_eq!(world.arrived, ["message 0 accepted", "message 0 two", "message 0 three"]);
    assert_eq!(world.outcomes(), [Outcome::Delivered; 3]);
    let lost = world.losses[0];
    assert_eq!((lost.delivered, lost.in_doubt, lost.last, lost.carried, lost.unsent), (1, 1, 3, 2, 0));
    assert_eq!((lost.received, lost.missing), (1, false));
}

#[test]
fn an_application_that_wants_nothing_sent_again_gets_it_back() {
    let world = with_proof(SessionConfig { resend_unsent: false, ..SessionConfig::default() });
    assert_eq!(world.arrived, ["message 0 accepted"]);
    let unsent = Outcome::NotSent(Reason::SessionLost);
    assert_eq!(world.outcomes(), [Outcome::Delivered, unsent, unsent]);
    assert_eq!((world.losses[0].carried, world.losses[0].unsent), (0, 2));
}

#[test]
fn a_message_that_the_server_would_never_take_is_given_back() {
    let mut world = World::new();
    world.send("x".repeat(1 << 20));
    assert_eq!(world.outcomes(), [Outcome::NotSent(Reason::TooLarge)]);
    world.send("small");
    assert_eq!(world.arrived, ["message 0 small"]);
}

#[test]
fn without_credit_messages_wait_in_the_queue_and_may_be_taken_back() {
    let mut world = World::idle(Config::default(), SessionConfig::default());
    world.limits = SMALL;
    world.accepts = false;
    world.connect();
    for letter in ["a", "b", "c", "d"] {
        world.send(letter.repeat(400));
    }
    assert_eq!(world.arrived.len(), 2, "a window of 1,024 bytes");
    assert_eq!(world.machine.queued(), 2);
    let third = world.machine.waiting_messages().next().unwrap().id;
    assert!(world.machine.withdraw(third));
    world.server().accept(1);
    world.run();
    assert_eq!(world.arrived.len(), 3);
    assert!(world.arrived[2].ends_with("dd"));
    assert_eq!(world.machine.queued(), 0);
}

#[test]
fn what_waits_for_credit_expires_and_gives_way_as_in_plain_mode() {
    let mut world = World::idle(Config::default(), SessionConfig::default());
    world.limits = SMALL;
    world.accepts = false;
    world.connect();
    world.send("x".repeat(860));
    let waits = |text: &str| Letter { text: text.repeat(150), ..Letter::default() };
    world.queue(waits("t"), SendOptions { ttl: Some(Micros::from_millis(50)), ..SendOptions::default() });
    world.queue(waits("k"), SendOptions { key: Some("key".into()), ..SendOptions::default() });
    world.queue(waits("l"), SendOptions { key: Some("key".into()), ..SendOptions::default() });
    world.pass(50);
    assert_eq!(world.outcomes(), [Outcome::NotSent(Reason::Superseded), Outcome::NotSent(Reason::Expired)]);
    world.accepts = true;
    world.server().accept(1);
    world.run();
    assert!(world.arrived[1].ends_with("ll"));
}

#[test]
fn what_waits_is_numbered_by_lane_and_within_a_lane_as_it_was_sent() {
    let mut world = World::idle(Config::default(), SessionConfig::default());
    world.limits = SMALL;
    world.accepts = false;
    world.connect();
    world.send("x".repeat(860));
    world.send("y".repeat(96));
    for (text, lane) in [("first", 1), ("high", 0), ("second", 1), ("high too", 0)] {
        let letter = Letter { text: text.into(), ..Letter::default() };
        world.queue(letter, SendOptions { lane, ..SendOptions::default() });
    }
    world.accepts = true;
    world.server().accept(1);
    world.server().accept(2);
    world.run();
    assert_eq!(
        world.arrived[2..],
        ["message 0 high", "message 0 high too", "message 0 first", "message 0 second"]
    );
    assert_eq!(world.outcomes(), [Outcome::Delivered; 6]);
}

#[test]
fn an_acknowledgement_waits_25_ms_for_company() {
    let mut world = World::new();
    world.pass(30);
    let written = world.written;
    world.says("one");
    world.pass(24);
    assert_eq!((world.written, world.server().outgoing()), (written, (1, 0)));
    assert_eq!(world.machine.next_wake(), Some(world.now.plus(Micros::from_millis(1))));
    world.pass(1);
    assert_eq!((world.written, world.server().outgoing()), (written + 1, (1, 1)));
}

#[test]
fn an_acknowledgement_goes_with_the_next_message() {
    let mut world = World::new();
    world.pass(30);
    let written = world.written;
    world.says("one");
    world.send("two");
    assert_eq!((world.written, world.server().outgoing()), (written + 1, (1, 1)));
    world.pass(30);
    assert_eq!(world.written, written + 1, "once is enough");
}

#[test]
fn past_1024_records_or_256_kib_an_acknowledgement_goes_at_once() {
    let mut world = World::new();
    world.pass(30);
    for seq in 1..=1_024 {
        world.says("x");
        assert_eq!(world.server().outgoing(), (seq, if seq < 1_024 { 0 } else { 1_024 }));
    }
    for seq in 1_025..=1_027 {
        world.says(&"x".repeat(100_000));
        assert_eq!(world.server().outgoing(), (seq, if seq < 1_027 { 1_024 } else { 1_027 }));
    }
}

#[test]
fn an_acknowledgement_whose_timer_is_late_goes_with_the_next_arrival() {
    let mut world = World::new();
    world.pass(30);
    world.says("one");
    world.now = world.now.plus(Micros::from_millis(500));
    world.says("two");
    assert_eq!(world.server().outgoing(), (2, 2));
}

#[test]
fn what_the_application_has_not_taken_is_not_acknowledged_and_comes_once() {
    let manual = SessionConfig { manual_ack: true, ..SessionConfig::default() };
    let mut world = World::with(Config::default(), manual);
    world.takes = false;
    world.says("one");
    world.says("two");
    world.pass(1_000);
    assert_eq!(world.server().outgoing(), (2, 0));
    world.cut();
    world.pass(2_000);
    assert_eq!(world.news(), ["new", "message 0 one", "message 0 two", "resumed"]);
    world.take();
    world.run();
    world.pass(30);
    assert_eq!(world.server().outgoing(), (2, 2));
}

#[test]
fn what_is_accepted_after_its_session_is_gone_is_not_taken_for_a_record_of_the_next() {
    let manual = SessionConfig { manual_ack: true, ..SessionConfig::default() };
    let mut world = World::with(Config::default(), manual);
    world.takes = false;
    world.says("of the first session");
    let late = core::mem::take(&mut world.unaccepted);
    world.server = None;
    world.cut();
    world.pass(2_000);
    world.says("of the second");
    for seq in late {
        world.machine.accept(world.now, seq);
    }
    world.pass(30);
    assert_eq!(world.server().outgoing(), (1, 0));
    world.take();
    world.pass(30);
    assert_eq!(world.server().outgoing(), (1, 1));
}

#[test]
fn an_application_that_takes_nothing_is_sent_no_more_than_the_window() {
    let session = SessionConfig { limits: SMALL, manual_ack: true, ..SessionConfig::default() };
    let mut world = World::with(Config::default(), session);
    world.takes = false;
    for _ in 0..4 {
        world.says(&"x".repeat(400));
    }
    assert_eq!(world.unaccepted.len(), 2);
    world.take();
    world.run();
    world.pass(30);
    assert_eq!(world.unaccepted.len(), 2);
}

#[test]
fn drained_is_when_everything_is_accepted() {
    let mut world = World::new();
    world.accepts = false;
    world.send("one");
    world.machine.watch_drain(world.now, None);
    world.run();
    assert!(world.machine.is_watched());
    world.server().accept(1);
    world.run();
    assert!(!world.machine.is_watched());
}

#[test]
fn a_drain_watch_without_patience_is_told_by_the_timer_and_not_by_the_call_that_asks() {
    let mut world = World::idle(Config::default(), SessionConfig::default());
    world.limits = SMALL;
    world.accepts = false;
    world.connect();
    for letter in ["a", "b", "c"] {
        world.send(letter.repeat(400));
    }
    world.machine.watch_drain(world.now, Some(Micros::ZERO));
    assert!(world.machine.peek_transmit(world.now).is_none(), "there is no credit");
    assert!(world.machine.is_watched(), "whoever asks does not know the number yet");
    world.pass(0);
    assert!(!world.machine.is_watched());
}

#[test]
fn what_comes_after_a_close_in_its_frame_is_not_taken_for_a_record_of_the_next_session() {
    let mut world = World::new();
    let link = world.machine.link().unwrap();
    // Base 1; CLOSE normal with `forget`, accepted 0; then a message, which may not stand there.
    world.deliver(link, vec![1, 1, 15, 4, 1, 2, 0, 0, 3, 1, b'x']);
    world.run();
    world.server = None;
    world.end(link, 4_001);
    assert!(matches!(world.machine.state(), State::Closed { .. }));
    world.machine.reconnect(world.now);
    world.run();
    world.takes = false;
    world.says("of the second");
    world.pass(30);
    assert_eq!(world.server().outgoing(), (1, 0));
}
