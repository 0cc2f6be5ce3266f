//! Calls from inside: a listener, or a socket's own `send`, that calls the wire in the middle of a burst.

use crate::support::{Host, Seen, keyed, lane, open_host};
use everwire::core::{Cause, Config, Input, Outcome, Reason, State};

#[test]
fn what_a_listener_causes_comes_after_what_is_being_delivered() {
    let mut host = Host::new(Config::default());
    host.listen(|host, seen| {
        if *seen == Seen::Opened {
            host.send("from the listener").unwrap();
            // It left at once, but its receipt comes in its turn.
            assert_eq!(host.sent(), ["queued", "from the listener"]);
            assert_eq!(host.count(|seen| matches!(seen, Seen::Settled(..))), 0);
        }
        Ok(())
    });
    host.send("queued").unwrap();
    host.connect();
    host.advance(100);
    let heard = host.heard();
    let handed_over = |text: &str| Seen::Settled(text.into(), Outcome::HandedOver);
    let tail = [Seen::Opened, handed_over("queued"), handed_over("from the listener")];
    assert_eq!(heard[heard.len() - 3..], tail);
}

#[test]
fn close_inside_a_listener_ends_a_burst_without_another_message() {
    let mut host = open_host(Config::default());
    host.listen(|host, seen| {
        if *seen == Seen::Message("1".into()) {
            // A synchronous test double delivers the rest from within.
            let link = host.link();
            for text in ["2", "3"] {
                host.arrives_on(link, everwire::core::Kind::Message, text);
            }
        }
        if *seen == Seen::Message("2".into()) {
            host.close();
            host.arrives_on(everwire::core::LinkId(1), everwire::core::Kind::Message, "4");
        }
        Ok(())
    });
    host.arrives("1");
    host.advance(1_000);
    let messages: Vec<_> = host.take().into_iter().filter(|seen| matches!(seen, Seen::Message(_))).collect();
    assert_eq!(messages, [Seen::Message("1".into()), Seen::Message("2".into())]);
    assert!(matches!(host.machine.state(), State::Closed { cause: Cause::ClosedByApplication, .. }));
}

#[test]
fn a_message_that_arrives_inside_a_listener_keeps_its_turn() {
    let mut host = open_host(Config::default());
    host.listen(|host, seen| {
        if *seen == Seen::Message("question".into()) {
            host.send("answer").unwrap();
            host.arrives("next question");
            host.send("and more").unwrap();
        }
        Ok(())
    });
    host.arrives("question");
    assert_eq!(
        host.take(),
        [
            Seen::Message("question".into()),
            Seen::Settled("answer".into(), Outcome::HandedOver),
            Seen::Message("next question".into()),
            Seen::Settled("and more".into(), Outcome::HandedOver),
        ]
    );
}

#[test]
fn a_listener_that_throws_stops_nobody() {
    let mut host = Host::new(Config::default());
    host.listen(|_, _| Err("thrown"));
    let heard = std::rc::Rc::new(std::cell::Cell::new(0));
    let count = heard.clone();
    host.listen(move |_, _| {
        count.set(count.get() + 1);
        Ok(())
    });
    host.connect();
    host.advance(100);
    host.arrives("hello");
    host.close();
    host.advance(100);
    let delivered = host.heard().len();
    assert!(delivered >= 7);
    assert_eq!((host.thrown.len(), heard.get()), (delivered, delivered));
}

#[test]
fn close_and_reconnect_inside_the_open_listener_leave_one_wire() {
    let mut host = Host::new(Config::default());
    let mut times = 0;
    host.listen(move |host, seen| {
        if *seen == Seen::Opened && times < 3 {
            times += 1;
            host.close();
            host.reconnect();
        }
        Ok(())
    });
    host.send("waits").unwrap();
    host.connect();
    host.advance(1_000);
    assert_eq!(host.machine.state(), State::Open);
    assert_eq!(host.count(|seen| *seen == Seen::Opened), 4);
    assert_eq!(host.count(|seen| matches!(seen, Seen::Closed { .. })), 3);
    let settled = host.settled();
    assert_eq!(settled, [("waits".into(), Outcome::HandedOver)]);
}

#[test]
fn reconnect_inside_the_last_closed_listener_starts_a_new_life() {
    let mut host = open_host(Config::default());
    host.listen(|host, seen| {
        if matches!(seen, Seen::Closed { last: true, .. }) {
            host.reconnect();
        }
        Ok(())
    });
    host.server_closes(4400, "final");
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn a_message_given_back_may_be_sent_again_from_inside() {
    let mut host = open_host(Config::default());
    host.listen(|host, seen| {
        if let Seen::Settled(text, Outcome::NotSent(Reason::Refused)) = seen {
            host.send(text).unwrap();
        }
        Ok(())
    });
    let link = host.link();
    host.socket(link).throws = true;
    host.send("stubborn").unwrap();
    assert_eq!(host.sent(), ["stubborn"]);
}

#[test]
fn suspend_inside_the_state_listener_stops_the_attempt_it_hears_of() {
    let mut host = Host::new(Config::default());
    host.listen(|host, seen| {
        if matches!(seen, Seen::State(State::Connecting { .. })) {
            host.suspend();
        }
        Ok(())
    });
    host.connect();
    host.advance(10_000);
    assert_eq!(host.machine.state(), State::Suspended { cause: Cause::Suspended });
    assert_eq!(host.count(|seen| matches!(seen, Seen::Dial(_))), 0);
}

#[test]
fn a_message_of_a_higher_lane_sent_within_a_sockets_send_is_neither_lost_nor_mistaken() {
    let mut host = open_host(Config::default());
    let mut once = true;
    host.within_send(move |host, _| {
        if core::mem::take(&mut once) {
            host.send_with("urgent", lane(0)).unwrap();
        }
    });
    host.send("normal").unwrap();
    assert_eq!(host.sent(), ["normal", "urgent"]);
    let handed_over = |text: &str| (String::from(text), Outcome::HandedOver);
    assert_eq!(host.settled(), [handed_over("normal"), handed_over("urgent")]);
}

#[test]
fn a_replacement_sent_within_a_sockets_send_still_leaves() {
    let mut host = open_host(Config::default());
    let mut once = true;
    host.within_send(move |host, _| {
        if core::mem::take(&mut once) {
            host.send_with("new", keyed("k")).unwrap();
        }
    });
    host.send_with("old", keyed("k")).unwrap();
    assert_eq!(host.sent(), ["old", "new"]);
    let settled = host.settled();
    assert_eq!(settled.last(), Some(&("new".into(), Outcome::HandedOver)));
}

#[test]
fn closing_within_a_sockets_send_ends_the_wire_for_good() {
    let mut host = open_host(Config::default());
    host.within_send(|host, _| host.close());
    host.send("last words").unwrap();
    host.advance(60_000);
    assert!(matches!(host.machine.state(), State::Closed { cause: Cause::ClosedByApplication, .. }));
}

#[test]
fn a_socket_that_breaks_within_its_own_send_is_followed_by_the_next() {
    let mut host = open_host(Config::default());
    let mut once = true;
    host.within_send(move |host, _| {
        if core::mem::take(&mut once) {
            let link = host.link();
            host.handle(Input::Closed { link, close: crate::support::close(1011, "") });
        }
    });
    host.send("a").unwrap();
    host.send("b").unwrap();
    host.advance_until(10_000, |state| *state == State::Open);
    assert_eq!(host.sent(), ["a", "b"]);
}
