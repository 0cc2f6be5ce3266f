//! The queue: its bounds, who gives way, keys, time to live, lanes, and who may look.

use crate::support::{Dial, Host, Seen, keyed, lane, ms, open_host, ttl};
use everwire::core::{
    Config, LANES, MessageId, NORMAL, Outcome, Overflow, Queue, Reason, SendOptions, State, Transmit,
};

fn queue(max_messages: u32, max_bytes: u64, overflow: Overflow) -> Config {
    Config { queue: Queue { max_messages, max_bytes, ttl: None, overflow }, ..Config::default() }
}

/// A wire that never connects and may hold so much.
fn host(max_messages: u32, max_bytes: u64, overflow: Overflow) -> Host {
    Host::new(queue(max_messages, max_bytes, overflow))
}

fn keyed_in(key: &str, lane: u8) -> SendOptions {
    SendOptions { lane, ..keyed(key) }
}

fn not_sent(text: &str, reason: Reason) -> (String, Outcome) {
    (text.into(), Outcome::NotSent(reason))
}

fn handed_over(texts: &[&str]) -> Vec<(String, Outcome)> {
    texts.iter().map(|text| ((*text).into(), Outcome::HandedOver)).collect()
}

/// Connects and gives back what left, in order.
fn deliver(host: &mut Host) -> Vec<String> {
    host.wire.clear();
    host.reconnect();
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
    host.sent().into_iter().map(String::from).collect()
}

#[test]
fn the_queue_is_bounded_in_count() {
    let mut host = host(3, 1_000, Overflow::Reject);
    for text in ["a", "b", "c"] {
        host.send(text).unwrap();
    }
    assert_eq!(host.send("d"), Err(Reason::Full));
    assert_eq!((host.machine.queued(), host.machine.queued_bytes()), (3, 3));
    assert_eq!(host.settled(), []);
}

#[test]
fn the_queue_is_bounded_in_bytes() {
    let mut host = host(100, 10, Overflow::Reject);
    host.send("12345").unwrap();
    host.send("12345").unwrap();
    assert_eq!(host.send("1"), Err(Reason::Full));
    host.send("").unwrap();
    assert_eq!((host.machine.queued(), host.machine.queued_bytes()), (3, 10));
}

#[test]
fn what_is_larger_than_the_queue_is_refused_under_every_policy_and_nobody_gives_way() {
    for overflow in [Overflow::Reject, Overflow::DropOldest, Overflow::DropNewest] {
        let mut host = host(100, 10, overflow);
        host.send_with("small", lane(2)).unwrap();
        host.send_with("k", keyed("key")).unwrap();
        assert_eq!(host.send_with("eleven byte", lane(0)), Err(Reason::Full));
        assert_eq!(host.send_with("eleven byte", keyed("key")), Err(Reason::Full));
        assert_eq!(host.settled(), []);
        assert_eq!(host.waiting(), ["k", "small"]);
    }
}

#[test]
fn a_queue_of_no_messages_refuses_every_one() {
    for overflow in [Overflow::Reject, Overflow::DropOldest, Overflow::DropNewest] {
        let mut host = host(0, 10, overflow);
        assert_eq!(host.send(""), Err(Reason::Full));
    }
}

#[test]
fn drop_oldest_lets_the_oldest_go() {
    let mut host = host(3, 1_000, Overflow::DropOldest);
    for text in ["a", "b", "c", "d", "e"] {
        host.send(text).unwrap();
    }
    assert_eq!(host.settled(), [not_sent("a", Reason::Evicted), not_sent("b", Reason::Evicted)]);
    assert_eq!(deliver(&mut host), ["c", "d", "e"]);
}

#[test]
fn drop_oldest_lets_as_many_go_as_the_bytes_need() {
    let mut host = host(100, 10, Overflow::DropOldest);
    for text in ["aaa", "bbb", "ccc"] {
        host.send(text).unwrap();
    }
    host.send("ddddddd").unwrap();
    assert_eq!(host.settled(), [not_sent("aaa", Reason::Evicted), not_sent("bbb", Reason::Evicted)]);
    assert_eq!(host.waiting(), ["ccc", "ddddddd"]);
}

#[test]
fn drop_newest_lets_the_incoming_one_go_if_no_lane_is_lower() {
    let mut host = host(3, 1_000, Overflow::DropNewest);
    for text in ["a", "b", "c"] {
        host.send(text).unwrap();
    }
    assert_eq!(host.send("d"), Err(Reason::Evicted));
    assert_eq!(host.waiting(), ["a", "b", "c"]);
}

#[test]
fn drop_newest_lets_the_newest_of_a_lower_lane_go_first() {
    let mut host = host(4, 1_000, Overflow::DropNewest);
    for text in ["low 1", "low 2"] {
        host.send_with(text, lane(2)).unwrap();
    }
    host.send("normal 1").unwrap();
    host.send("normal 2").unwrap();
    host.send_with("high 1", lane(0)).unwrap();
    host.send("normal 3").unwrap();
    assert_eq!(host.settled(), [not_sent("low 2", Reason::Evicted), not_sent("low 1", Reason::Evicted)]);
    assert_eq!(host.send("normal 4"), Err(Reason::Evicted));
    host.send_with("high 2", lane(0)).unwrap();
    assert_eq!(host.settled(), [not_sent("normal 3", Reason::Evicted)]);
    assert_eq!(host.waiting(), ["high 1", "high 2", "normal 1", "normal 2"]);
}

#[test]
fn the_lowest_lane_gives_way_first_under_drop_oldest_too() {
    let mut host = host(4, 1_000, Overflow::DropOldest);
    host.send_with("high", lane(0)).unwrap();
    host.send("normal").unwrap();
    host.send_with("low 1", lane(2)).unwrap();
    host.send_with("low 2", lane(2)).unwrap();
    for text in ["new 1", "new 2", "new 3"] {
        host.send(text).unwrap();
    }
    assert_eq!(
        host.settled(),
        [
            not_sent("low 1", Reason::Evicted),
            not_sent("low 2", Reason::Evicted),
            not_sent("normal", Reason::Evicted)
        ]
    );
    assert_eq!(host.waiting(), ["high", "new 1", "new 2", "new 3"]);
}

#[test]
fn a_higher_lane_never_gives_way_to_a_lower() {
    for overflow in [Overflow::DropOldest, Overflow::DropNewest] {
        let mut host = host(2, 1_000, overflow);
        host.send_with("high", lane(0)).unwrap();
        host.send("normal").unwrap();
        assert_eq!(host.send_with("low", lane(2)), Err(Reason::Evicted));
        assert_eq!(host.settled(), []);
    }
}

#[test]
fn nobody_is_evicted_in_vain() {
    for overflow in [Overflow::DropOldest, Overflow::DropNewest] {
        let mut host = host(100, 10, overflow);
        host.send_with("12345678", lane(0)).unwrap();
        host.send_with("l", lane(2)).unwrap();
        // Even without the low one there is no room.
        assert_eq!(host.send("123"), Err(Reason::Evicted));
        assert_eq!(host.settled(), []);
        assert_eq!(host.waiting(), ["12345678", "l"]);
    }
}

#[test]
fn a_lane_above_two_counts_as_two() {
    let mut host = host(1, 100, Overflow::DropNewest);
    host.send_with("a", lane(200)).unwrap();
    assert_eq!(host.machine.waiting_messages().next().unwrap().lane as usize, LANES - 1);
    assert_eq!(host.send_with("b", lane(2)), Err(Reason::Evicted));
}

#[test]
fn lanes_leave_in_order_and_each_in_the_order_of_its_sends() {
    let mut host = Host::new(Config::default());
    for (text, of) in [("l1", 2), ("n1", 1), ("h1", 0), ("n2", 1), ("l2", 2), ("h2", 0)] {
        host.send_with(text, lane(of)).unwrap();
    }
    assert_eq!(deliver(&mut host), ["h1", "h2", "n1", "n2", "l1", "l2"]);
    assert_eq!(host.settled(), handed_over(&["h1", "h2", "n1", "n2", "l1", "l2"]));
}

#[test]
fn order_within_a_lane_outlives_reconnects() {
    let mut host = Host::new(Config::default());
    let mut expected = Vec::new();
    for round in 0..20 {
        for n in 0..5 {
            let text = format!("{round}.{n}");
            host.send(&text).unwrap();
            expected.push(text);
        }
        host.reconnect();
        // Sometimes it opens, sometimes the next attempt cuts it off.
        host.advance(if round % 3 == 0 { 100 } else { 15 });
    }
    host.advance(100);
    assert_eq!(host.sent(), expected);
}

#[test]
fn a_message_of_the_same_key_takes_the_place_of_the_old_one() {
    let mut host = Host::new(Config::default());
    host.send("before").unwrap();
    let old = host.send_with("at 1", keyed("cursor")).unwrap();
    host.send("after").unwrap();
    let new = host.send_with("at 2", keyed("cursor")).unwrap();
    assert_ne!(old, new);
    assert!(!host.machine.is_queued(old) && host.machine.is_queued(new));
    assert!(!host.withdraw(old), "the old name names nothing any more");
    assert_eq!(host.settled(), [not_sent("at 1", Reason::Superseded)]);
    assert_eq!(deliver(&mut host), ["before", "at 2", "after"]);
}

#[test]
fn a_key_is_a_key_only_within_its_lane_and_among_the_queued() {
    let mut host = Host::new(Config::default());
    host.send_with("high", keyed_in("k", 0)).unwrap();
    host.send_with("normal", keyed_in("k", 1)).unwrap();
    host.send_with("other", keyed("K")).unwrap();
    host.send("none").unwrap();
    assert_eq!(host.settled(), []);
    assert_eq!(deliver(&mut host), ["high", "normal", "other", "none"]);
    // What was handed over is untouched.
    host.take();
    host.send_with("again", keyed_in("k", 0)).unwrap();
    assert_eq!(host.settled(), handed_over(&["again"]));
}

#[test]
fn a_replacement_needs_room_only_for_what_it_is_larger() {
    let mut host = host(2, 10, Overflow::Reject);
    host.send_with("12345", keyed("k")).unwrap();
    host.send("12345").unwrap();
    assert_eq!(host.send_with("123456", keyed("k")), Err(Reason::Full));
    assert_eq!(host.settled(), [], "a replacement that does not fit replaces nothing");
    host.send_with("1234", keyed("k")).unwrap();
    assert_eq!(host.settled(), [not_sent("12345", Reason::Superseded)]);
    assert_eq!(host.machine.queued_bytes(), 9);
}

#[test]
fn a_larger_replacement_makes_others_give_way_but_never_its_own_place() {
    let mut host = host(10, 10, Overflow::DropOldest);
    host.send_with("k", keyed("k")).unwrap();
    host.send("aaaa").unwrap();
    host.send("bbbb").unwrap();
    host.send_with("kkkkk", keyed("k")).unwrap();
    assert_eq!(host.settled(), [not_sent("aaaa", Reason::Evicted), not_sent("k", Reason::Superseded)]);
    assert_eq!(host.waiting(), ["kkkkk", "bbbb"]);
}

#[test]
fn many_keys_are_told_apart() {
    let mut host = host(10_000, 1_000_000, Overflow::Reject);
    for round in 0..3 {
        for n in 0..500 {
            host.send_with(&format!("{round}/{n}"), keyed(&format!("key {n}"))).unwrap();
        }
    }
    assert_eq!(host.machine.queued(), 500);
    for n in (0..500).step_by(50) {
        let key = format!("key {n}");
        let id = host.machine.waiting_messages().find(|waiting| waiting.key == Some(&key)).unwrap().id;
        assert!(host.withdraw(id));
    }
    assert_eq!(host.machine.queued(), 490);
    host.clear();
    host.send_with("fresh", keyed("key 1")).unwrap();
    assert_eq!(host.waiting(), ["fresh"]);
}

#[test]
fn a_message_waits_no_longer_than_its_ttl() {
    let mut host = Host::new(Config::default());
    host.send_with("short", ttl(1_000)).unwrap();
    host.send_with("long", ttl(5_000)).unwrap();
    host.send("for ever").unwrap();
    host.advance(999);
    assert_eq!(host.waiting(), ["short", "long", "for ever"]);
    host.advance(1);
    assert_eq!(host.settled(), [not_sent("short", Reason::Expired)]);
    host.advance(4_000);
    assert_eq!(host.settled(), [not_sent("long", Reason::Expired)]);
    host.advance(86_400_000);
    assert_eq!(host.waiting(), ["for ever"]);
}

#[test]
fn a_messages_own_ttl_goes_before_the_queues() {
    let mut config = Config::default();
    config.queue.ttl = Some(ms(1_000));
    let mut host = Host::new(config);
    host.send("default").unwrap();
    host.send_with("longer", ttl(2_000)).unwrap();
    host.send_with("shorter", ttl(500)).unwrap();
    host.advance(500);
    assert_eq!(host.settled(), [not_sent("shorter", Reason::Expired)]);
    host.advance(500);
    assert_eq!(host.settled(), [not_sent("default", Reason::Expired)]);
    host.advance(1_000);
    assert_eq!(host.settled(), [not_sent("longer", Reason::Expired)]);
}

#[test]
fn what_has_expired_does_not_leave_even_if_the_timer_is_late() {
    let mut host = Host::new(Config::default());
    host.target = crate::support::Target::Never;
    host.send_with("stale", ttl(1_000)).unwrap();
    host.send("fresh").unwrap();
    host.connect();
    let (ticket, ..) = host.last_resolve();
    host.handle(everwire::core::Input::Target { ticket, local: false });
    let link = host.link();
    // The socket opens before the timer that should have fired long ago.
    host.now = host.now.plus(ms(5_000));
    host.handle(everwire::core::Input::Opened { link });
    assert_eq!(host.sent(), ["fresh"]);
    assert_eq!(host.settled()[0], not_sent("stale", Reason::Expired));
}

#[test]
fn what_has_expired_takes_nobodys_room_even_if_the_timer_is_late() {
    let mut host = host(2, 1_000, Overflow::Reject);
    host.send_with("stale 1", ttl(1_000)).unwrap();
    host.send_with("stale 2", ttl(1_000)).unwrap();
    host.now = host.now.plus(ms(5_000));
    host.send("fresh").unwrap();
    assert_eq!(host.settled(), [not_sent("stale 1", Reason::Expired), not_sent("stale 2", Reason::Expired)]);
    assert_eq!(host.waiting(), ["fresh"]);
}

#[test]
fn a_replacement_brings_its_own_ttl() {
    let mut host = Host::new(Config::default());
    host.send_with("old", SendOptions { ttl: Some(ms(1_000)), ..keyed("k") }).unwrap();
    host.send_with("new", keyed("k")).unwrap();
    host.advance(86_400_000);
    assert_eq!(host.waiting(), ["new"]);
    host.send_with("newer", SendOptions { ttl: Some(ms(1_000)), ..keyed("k") }).unwrap();
    host.take();
    host.advance(1_000);
    assert_eq!(host.settled(), [not_sent("newer", Reason::Expired)]);
    assert_eq!(host.machine.next_wake(), None);
}

#[test]
fn an_old_expiry_does_not_hit_who_took_the_place_later() {
    let mut host = Host::new(Config::default());
    let id = host.send_with("gone", ttl(1_000)).unwrap();
    host.withdraw(id);
    host.send("stays").unwrap();
    assert_eq!(host.machine.next_wake(), None, "no timer runs for a message that is gone");
    host.advance(10_000);
    assert_eq!(host.waiting(), ["stays"]);
}

#[test]
fn the_memory_of_past_expiries_stays_bounded_and_the_next_one_is_right() {
    let mut host = host(10, 1_000, Overflow::DropOldest);
    for n in 0..20_000 {
        host.send_with("x", SendOptions { ttl: Some(ms(100_000 + n)), ..keyed("k") }).unwrap();
    }
    assert_eq!(host.machine.next_wake(), Some(host.now.plus(ms(119_999))));
    assert_eq!(host.machine.queued(), 1);
}

#[test]
fn a_withdrawn_message_comes_back_and_does_not_leave() {
    let mut host = Host::new(Config::default());
    host.send("a").unwrap();
    let b = host.send("b").unwrap();
    host.send("c").unwrap();
    assert!(host.withdraw(b));
    assert!(!host.withdraw(b));
    assert!(!host.withdraw(MessageId(u64::MAX)));
    assert_eq!(host.settled(), [not_sent("b", Reason::Withdrawn)]);
    assert_eq!(deliver(&mut host), ["a", "c"]);
    assert!(!host.withdraw(b));
}

#[test]
fn clear_gives_everything_back() {
    let mut host = Host::new(Config::default());
    host.send("a").unwrap();
    host.send_with("b", lane(0)).unwrap();
    host.clear();
    assert_eq!(host.settled(), [not_sent("b", Reason::Withdrawn), not_sent("a", Reason::Withdrawn)]);
    assert_eq!((host.machine.queued(), host.machine.queued_bytes()), (0, 0));
    assert_eq!(host.machine.state(), State::Idle);
}

#[test]
fn the_queue_may_be_looked_at() {
    let mut host = Host::new(Config::default());
    let plain = host.send("plain").unwrap();
    let full = SendOptions { key: Some("k".into()), ttl: Some(ms(500)), lane: 0 };
    let first = host.send_with("first", full).unwrap();
    let seen: Vec<_> = host
        .machine
        .waiting_messages()
        .map(|waiting| (waiting.id, waiting.lane, waiting.key, waiting.expires, waiting.payload.text.clone()))
        .collect();
    assert_eq!(
        seen,
        [
            (first, 0, Some("k"), Some(host.now.plus(ms(500))), "first".into()),
            (plain, NORMAL, None, None, "plain".into())
        ]
    );
}

#[test]
fn a_name_is_never_used_twice_and_survives_a_javascript_number() {
    let mut host = host(5_000, 1_000_000, Overflow::Reject);
    let mut names = std::collections::BTreeSet::new();
    for round in 0..5 {
        for n in 0..(round % 3) * 1_100 + 10 {
            let id = host.send_with("x", keyed(&format!("{}", n % 1_050))).unwrap();
            assert!(id.0 < 1 << 53);
            assert!(names.insert(id), "{id:?} was used twice");
        }
        host.clear();
    }
}

#[test]
fn a_drain_watch_tells_when_the_queue_is_empty() {
    let mut host = Host::new(Config::default());
    host.send("a").unwrap();
    let watch = host.watch_drain(None);
    assert!(host.machine.is_watched());
    assert_eq!(host.count(|seen| matches!(seen, Seen::Drained { .. })), 0);
    deliver(&mut host);
    let heard = host.heard();
    let settled = heard.iter().position(|seen| matches!(seen, Seen::Settled(..)));
    let drained = heard.iter().position(|seen| *seen == Seen::Drained { watch, empty: true });
    assert!(settled < drained, "first the receipts, then the watch: {heard:?}");
    assert!(!host.machine.is_watched());
}

#[test]
fn a_drain_watch_on_an_empty_queue_tells_at_once() {
    let mut host = Host::new(Config::default());
    let watch = host.watch_drain(Some(0));
    assert_eq!(host.take(), [Seen::Drained { watch, empty: true }]);
}

#[test]
fn a_drain_watch_gives_up_when_its_time_is_up() {
    let mut host = Host::new(Config::default());
    host.send("stays").unwrap();
    let (patient, hasty) = (host.watch_drain(None), host.watch_drain(Some(1_000)));
    assert_ne!(patient, hasty);
    host.advance(999);
    assert_eq!(host.take(), []);
    host.advance(1);
    assert_eq!(host.take(), [Seen::Drained { watch: hasty, empty: false }]);
    assert!(host.machine.is_watched());
    host.close();
    assert_eq!(host.count(|seen| *seen == Seen::Drained { watch: patient, empty: true }), 1);
}

#[test]
fn every_way_out_of_the_queue_ends_a_drain_watch() {
    let ways: [fn(&mut Host, MessageId); 5] = [
        |host, id| assert!(host.withdraw(id)),
        |host, _| host.clear(),
        |host, _| host.advance(2_000),
        |host, _| host.close(),
        |host, _| {
            host.connect();
            host.advance(100);
        },
    ];
    for (n, way) in ways.into_iter().enumerate() {
        let mut host = Host::new(Config::default());
        let id = host.send_with("last", ttl(1_000)).unwrap();
        let watch = host.watch_drain(None);
        way(&mut host, id);
        assert_eq!(host.count(|seen| *seen == Seen::Drained { watch, empty: true }), 1, "way {n}");
    }
}

#[test]
fn a_socket_that_is_not_open_leaves_the_message_at_the_head() {
    let mut host = open_host(Config::default());
    let link = host.link();
    host.socket(link).open = false;
    host.send("first").unwrap();
    host.send_with("overtakes", lane(0)).unwrap();
    assert_eq!(host.settled(), []);
    assert_eq!(host.waiting(), ["overtakes", "first"]);
    assert!(host.sent().is_empty());
    // Its close event never comes; the next link takes both.
    host.advance(5_000);
    assert_eq!(host.machine.state(), State::Open);
    assert_eq!(host.sent(), ["overtakes", "first"]);
    assert_eq!(host.settled(), handed_over(&["overtakes", "first"]));
}

#[test]
fn a_socket_that_is_not_open_is_offered_nothing_more() {
    let mut host = open_host(Config::default());
    let link = host.link();
    host.socket(link).open = false;
    host.send("first").unwrap();
    let mut offers = 0;
    while host.machine.peek_transmit(host.now).is_some() {
        offers += 1;
        host.machine.transmitted(host.now, Transmit::NotOpen, 0);
        assert!(offers < 2);
    }
    assert_eq!(host.machine.may_pass(1), None);
}

#[test]
fn a_message_at_which_the_socket_throws_is_refused_and_the_next_goes_on() {
    let mut host = Host::new(Config::default());
    host.dial = Dial::Hangs;
    host.send("poison").unwrap();
    host.send("fine").unwrap();
    host.connect();
    host.advance(100);
    let link = host.link();
    host.socket(link).throws = true;
    host.handle(everwire::core::Input::Opened { link });
    assert_eq!(host.settled(), [not_sent("poison", Reason::Refused), ("fine".into(), Outcome::HandedOver)]);
    assert_eq!(host.sent(), ["fine"]);
    assert_eq!(host.machine.state(), State::Open);
}

#[test]
fn a_full_buffer_holds_the_queue_until_half_of_it_has_drained() {
    let mut host = open_host(Config::default());
    let link = host.link();
    host.socket(link).stuck = true;
    host.post("big", 1_000_000, SendOptions::default()).unwrap();
    host.post("over the mark", 100_000, SendOptions::default()).unwrap();
    host.send("waits").unwrap();
    assert_eq!(host.sent(), ["big", "over the mark"]);
    assert!(host.machine.is_paused());
    host.advance(1_000);
    host.buffer(600_000);
    host.advance(1_000);
    assert_eq!(host.waiting(), ["waits"], "more than half is still there");
    host.buffer(500_000);
    host.advance(100);
    assert_eq!(host.waiting(), [""; 0]);
    assert!(!host.machine.is_paused());
}

#[test]
fn a_full_buffer_is_looked_at_at_once_a_few_times_and_then_on_a_timer() {
    let mut host = open_host(Config::default());
    host.advance(10_000);
    host.take();
    host.buffer(2_000_000);
    host.send("fills").unwrap();
    let mut looks = Vec::new();
    let start = host.now;
    for _ in 0..1_000 {
        host.advance(if looks.is_empty() { 0 } else { 1 });
        let now = host.count(|seen| matches!(seen, Seen::Sample(_)));
        host.take();
        looks.extend((0..now).map(|_| host.now.since(start).0 / 1_000));
    }
    assert!(looks[..8].iter().all(|at| *at == 0), "{looks:?}");
    let waits: Vec<_> = looks[7..].windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits[..7], [1, 2, 4, 8, 16, 32, 50], "{waits:?}");
    assert!(waits[7..].iter().all(|wait| *wait == 50), "{waits:?}");
}

#[test]
fn a_buffer_that_drains_is_looked_at_often() {
    let mut host = open_host(Config::default());
    host.advance(10_000);
    host.buffer(3_000_000);
    host.send("fills").unwrap();
    host.advance(1_000);
    host.take();
    for left in 1..=100 {
        host.buffer(3_000_000 - left * 10_000);
        host.advance(50);
    }
    let looks = host.count(|seen| matches!(seen, Seen::Sample(_)));
    assert!(looks >= 500, "its room is soon seen: {looks}");
    assert!(host.machine.is_paused(), "there is none yet");
}

#[test]
fn a_pause_that_an_event_ended_does_not_keep_the_next_from_being_looked_at() {
    let mut host = open_host(Config::default());
    host.buffer(2_000_000);
    host.send("fills").unwrap();
    host.advance(1_000);
    assert!(host.machine.is_paused());
    // A message arrives while the timer for the next look runs, and the host looks right then.
    let link = host.link();
    host.handle(everwire::core::Input::Buffered { link, bytes: 0, asked: false });
    assert!(!host.machine.is_paused());
    host.send("fills again").unwrap();
    assert!(host.machine.is_paused());
    host.send("waits").unwrap();
    host.buffer(0);
    host.advance(1_000);
    assert_eq!(host.sent(), ["fills", "fills again", "waits"]);
}

#[test]
fn a_pause_ends_with_its_link() {
    let mut host = open_host(Config::default());
    host.buffer(2_000_000);
    host.send("fills").unwrap();
    host.send("waits").unwrap();
    host.drop_link();
    assert!(!host.machine.is_paused());
    host.advance_until(10_000, |state| *state == State::Open);
    assert_eq!(host.sent(), ["fills", "waits"]);
}

#[test]
fn a_buffer_that_was_full_before_the_wire_was_open_does_not_hold_it_for_ever() {
    let mut host = Host::new(Config { awaits_welcome: true, ..Config::default() });
    host.send("waits").unwrap();
    host.connect();
    host.advance(100);
    let link = host.link();
    host.handle(everwire::core::Input::Buffered { link, bytes: 5_000_000, asked: false });
    host.welcome();
    host.advance(1_000);
    assert_eq!(host.sent(), ["waits"]);
}

#[test]
fn a_message_may_pass_only_an_empty_queue_of_an_open_wire_that_is_not_held() {
    let mut host = Host::new(queue(10, 100, Overflow::Reject));
    assert_eq!(host.machine.may_pass(1), None, "idle");
    host.connect();
    host.advance(100);
    let link = host.link();
    assert_eq!(host.machine.may_pass(100), Some(link));
    assert_eq!(host.machine.may_pass(101), None, "larger than maxBytes is refused, open or not");
    host.machine.passed(host.now, 100, Transmit::Accepted, 2_000_000);
    assert_eq!(host.machine.may_pass(1), None, "the buffer is full");
    host.buffer(0);
    host.handle(everwire::core::Input::Buffered { link, bytes: 0, asked: true });
    assert_eq!(host.machine.may_pass(1), Some(link));
    host.close();
    assert_eq!(host.machine.may_pass(1), None, "closing");
}
