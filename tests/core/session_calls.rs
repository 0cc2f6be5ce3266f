//! The machine in session mode against the server's half: requests both ways, channels, volatile messages.

use crate::session_world::*;
use everwire::core::{Config, Micros, Outcome, Reason, SendOptions, SessionConfig};
use everwire::session::{Code, Limits, Tombstone};

#[test]
fn a_request_is_answered() {
    let mut world = World::new();
    world.ask("what", 5_000);
    assert_eq!(world.arrived, ["request 1 5000 echo what"]);
    assert_eq!(world.news(), ["new", "response 1 0 what"]);
    world.pass(10_000);
    assert_eq!(world.news(), [""; 0], "an answered request has no deadline");
    assert_eq!(world.outcomes(), [Outcome::Delivered]);
}

#[test]
fn a_request_whose_time_is_up_while_it_waits_never_leaves() {
    let mut world = World::idle(Config::default(), SessionConfig::default());
    world.opens = false;
    world.connect();
    world.ask("what", 500);
    world.pass(500);
    assert_eq!(world.outcomes(), [Outcome::NotSent(Reason::Expired)]);
    assert_eq!(world.asked, [0_u64; 0]);
}

#[test]
fn a_request_whose_time_is_up_on_its_way_is_unanswered_and_cancelled() {
    let mut world = World::new();
    world.answers = false;
    world.ask("slow", 500);
    world.ask("slower", 700);
    assert_eq!(world.machine.next_wake(), Some(world.now.plus(Micros::from_millis(500))));
    world.pass(500);
    world.pass(200);
    assert_eq!(world.news(), ["new", "unanswered 1 in time", "unanswered 2 in time"]);
    assert_eq!(world.arrived[2..], ["cancel 1", "cancel 2"]);
    assert!(world.server().respond(1, 0, false, text("late")).is_some());
    world.run();
    assert_eq!(world.news(), [""; 0], "an answer that crossed the cancellation is nobody's");
}

#[test]
fn requests_that_time_out_at_the_same_moment_all_do() {
    let mut world = World::new();
    world.answers = false;
    for _ in 0..3 {
        world.ask("slow", 500);
    }
    world.pass(20_000);
    assert_eq!(world.news()[1..], [1, 2, 3].map(|id| format!("unanswered {id} in time")));
}

#[test]
fn an_answer_that_a_late_timer_would_have_missed_counts() {
    let mut world = World::new();
    world.answers = false;
    world.ask("slow", 500);
    world.now = world.now.plus(Micros::from_millis(800));
    world.server().respond(1, 0, false, text("late"));
    world.run();
    world.pass(0);
    assert_eq!(world.news(), ["new", "response 1 0 late"]);
}

#[test]
fn a_cancelled_request_is_not_told_of_any_more() {
    let mut world = World::new();
    world.answers = false;
    world.ask("slow", 500);
    world.machine.cancel(1);
    world.machine.cancel(1);
    world.machine.cancel(77);
    world.run();
    world.server().respond(1, 0, false, text("late"));
    world.run();
    world.pass(1_000);
    assert_eq!(world.arrived, ["request 1 500 echo slow", "cancel 1"]);
    assert_eq!(world.news(), ["new"]);
    assert_eq!(world.outcomes(), [Outcome::Delivered], "it was delivered all the same");
}

#[test]
fn a_request_is_answered_across_a_cut() {
    let mut world = World::new();
    world.answers = false;
    world.ask("slow", 0);
    world.cut();
    world.server().respond(1, 0, false, text("here"));
    world.pass(2_000);
    assert_eq!(world.news(), ["new", "resumed", "response 1 0 here"]);
}

#[test]
fn a_request_is_lost_with_its_session_unless_it_never_left() {
    let mut world = World::new();
    world.answers = false;
    world.ask("accepted", 0);
    world.up = false;
    world.ask("in doubt", 0);
    world.up = true;
    world.server = None;
    world.cut();
    world.ask("queued", 0);
    world.pass(2_000);
    assert_eq!(world.news(), ["new", "unanswered 1", "unanswered 2", "lost", "new"]);
    assert_eq!(world.outcome_of("in doubt"), Some(Outcome::InDoubt));
    assert_eq!(world.arrived.last().unwrap(), "request 3 0 echo queued");
}

#[test]
fn a_request_that_provably_never_arrived_is_answered_in_the_next_session_and_keeps_its_deadline() {
    let mut world = World::new();
    world.answers = false;
    world.up = false;
    world.ask("first", 5_000);
    world.ask("second", 5_000);
    world.machine.cancel(2);
    world.run();
    world.up = true;
    world.server = None;
    world.proof = Some(Tombstone { recv: 0, next: 1 });
    world.cut();
    world.pass(2_000);
    assert_eq!(world.arrived, ["request 1 5000 echo first"]);
    assert_eq!(world.outcome_of("second"), Some(Outcome::NotSent(Reason::SessionLost)));
    world.pass(3_000);
    assert_eq!(world.news(), ["new", "lost", "new", "unanswered 1 in time"]);
    assert_eq!(world.arrived[1], "cancel 1");
}

#[test]
fn an_answer_may_come_in_parts() {
    let mut world = World::new();
    world.answers = false;
    world.ask("list", 5_000);
    for (words, more) in [("a", true), ("b", true), ("c", false), ("d", false)] {
        world.server().respond(1, 0, more, text(words));
        world.run();
    }
    assert_eq!(world.news(), ["new", "response 1 0 a...", "response 1 0 b...", "response 1 0 c"]);
}

#[test]
fn a_request_too_large_or_of_too_long_a_name_is_given_back() {
    let mut world = World::new();
    let long: &'static str = Box::leak("m".repeat(1_025).into_boxed_str());
    let named = Letter { text: "named".into(), method: Some(long), ..Letter::default() };
    world.queue(named, SendOptions::default());
    world.ask(&"x".repeat(1 << 20), 0);
    assert_eq!(world.outcomes(), [Outcome::NotSent(Reason::TooLarge); 2]);
    world.ask("small", 0);
    assert_eq!(world.arrived, ["request 1 0 echo small"]);
}

#[test]
fn a_name_that_takes_more_than_the_room_a_payload_leaves_is_given_back() {
    let mut world = World::idle(Config::default(), SessionConfig::default());
    world.limits = Limits { max_frame: 1_024, window: 4_096, max_requests: 10, max_channels: 10 };
    world.connect();
    let long: &'static str = Box::leak("m".repeat(600).into_boxed_str());
    world.queue(
        Letter { text: "x".repeat(600), method: Some(long), ..Letter::default() },
        SendOptions::default(),
    );
    assert_eq!(world.outcomes(), [Outcome::NotSent(Reason::TooLarge)]);
    world.send("small");
    assert_eq!(world.arrived, ["message 0 small"]);
}

#[test]
fn the_servers_requests_are_answered_once_and_in_parts() {
    let mut world = World::new();
    let (id, _) = world.server().request(0, "list", text("all")).unwrap();
    world.run();
    assert_eq!(world.news(), ["new", "request 1 0 list all"]);
    assert!(world.machine.respond(id, 0, true, true, b"a"));
    assert!(world.machine.respond(id, 0, false, true, b"b"));
    assert!(!world.machine.respond(id, 0, false, true, b"twice"));
    assert!(!world.machine.respond(99, 0, false, true, b"nobody asked"));
    world.run();
    assert_eq!(world.arrived, ["response 1 0 a...", "response 1 0 b"]);
}

#[test]
fn the_servers_cancellation_is_told_and_its_request_can_still_be_answered() {
    let mut world = World::new();
    let (id, _) = world.server().request(0, "slow", text("")).unwrap();
    world.run();
    world.server().cancel(id);
    world.run();
    assert_eq!(world.news(), ["new", "request 1 0 slow", "cancel 1"]);
    assert!(world.machine.respond(id, 2, false, true, b""));
    world.run();
    assert_eq!(world.machine.session().unwrap().outgoing(), (1, 1));
}

#[test]
fn an_answer_too_large_for_the_server_is_an_error_there_and_not_the_end_of_the_connection() {
    let mut world = World::new();
    let (id, _) = world.server().request(0, "all", text("")).unwrap();
    world.run();
    assert!(!world.machine.respond(id, 0, true, false, &vec![0; 1 << 20]));
    assert!(!world.machine.respond(id, 0, false, false, b"more"));
    world.run();
    assert!(world.arrived[0].starts_with("response 1 1 The answer is larger"), "{:?}", world.arrived);
    world.send("one");
    assert_eq!(world.arrived[1], "message 0 one");
}

#[test]
fn an_answer_to_a_request_of_a_session_that_is_gone_is_nobodys() {
    let mut world = World::new();
    let (id, _) = world.server().request(0, "slow", text("")).unwrap();
    world.run();
    world.server = None;
    world.cut();
    world.pass(2_000);
    assert!(!world.machine.respond(id, 0, false, true, b"late"));
}

#[test]
fn a_channel_opened_before_the_first_connection_is_opened_with_it() {
    let mut world = World::idle(Config::default(), SessionConfig::default());
    let channel = world.machine.open_channel("room", true, b"please").unwrap();
    world.send_on(channel, "hello");
    world.connect();
    assert_eq!(world.arrived, ["open 1 room please", "message 1 hello"]);
    world.server().message(everwire::session::Payload { channel, ..text("welcome") });
    world.run();
    assert_eq!(world.news(), ["new", "open 1", "message 1 welcome"]);
    assert!(world.machine.shut_channel(channel, 3, "done"));
    assert!(!world.machine.shut_channel(channel, 3, "twice"));
    world.run();
    assert_eq!(world.arrived[2], "shut 1 3 done");
    assert_eq!(world.outcomes(), [Outcome::Delivered]);
}

#[test]
fn a_channel_that_the_server_shuts_takes_nothing_more() {
    let mut world = World::new();
    let channel = world.machine.open_channel("room", true, b"").unwrap();
    world.run();
    world.server().shut(channel, 4, "full");
    world.run();
    assert_eq!(world.news(), ["new", "open 1", "shut 1 4 full"]);
    world.send_on(channel, "late");
    assert_eq!(world.outcomes(), [Outcome::NotSent(Reason::Closed)]);
    assert!(!world.machine.shut_channel(channel, 0, ""));
    assert_eq!(world.arrived, ["open 1 room"]);
}

#[test]
fn open_channels_are_opened_anew_after_a_loss_before_anything_else_and_keep_their_numbers() {
    let mut world = World::new();
    let first = world.machine.open_channel("first", true, b"").unwrap();
    let second = world.machine.open_channel("second", true, b"").unwrap();
    world.machine.shut_channel(first, 0, "");
    world.run();
    world.server = None;
    world.cut();
    world.send_on(second, "hello");
    world.send_on(first, "nobody there");
    world.pass(2_000);
    assert_eq!(world.arrived[3..], ["open 2 second", "message 2 hello"]);
    assert_eq!(
        world.settled,
        [("nobody there".into(), Outcome::NotSent(Reason::Closed)), ("hello".into(), Outcome::Delivered),]
    );
}

#[test]
fn what_was_carried_into_the_next_session_settles_there_in_its_order() {
    let mut world = World::new();
    let channel = world.machine.open_channel("room", true, b"").unwrap();
    world.run();
    world.up = false;
    world.send_on(channel, "one");
    world.send("two");
    world.machine.shut_channel(channel, 0, "");
    world.machine.open_channel("hall", true, b"").unwrap();
    world.send_on(2, "three");
    world.up = true;
    world.server = None;
    world.proof = Some(Tombstone { recv: 1, next: 2 });
    world.cut();
    world.pass(2_000);
    assert_eq!(world.arrived[1..], ["open 2 hall", "message 0 two", "message 2 three"]);
    assert_eq!(world.outcome_of("one"), Some(Outcome::NotSent(Reason::SessionLost)), "its channel was shut");
    assert_eq!(world.outcome_of("two"), Some(Outcome::Delivered));
    assert_eq!(world.outcome_of("three"), Some(Outcome::Delivered));
}

#[test]
fn channels_are_bounded_in_name_and_number() {
    let mut world = World::idle(
        Config::default(),
        SessionConfig { limits: Limits { max_channels: 1, ..Limits::default() }, ..SessionConfig::default() },
    );
    assert_eq!(world.machine.open_channel(&"n".repeat(1_025), true, b""), None);
    assert_eq!(world.machine.open_channel("params", false, &[0; 9_000]), None);
    assert!(world.machine.open_channel("room", true, b"").is_some());
    assert_eq!(world.machine.open_channel("another", true, b""), None);
    world.connect();
    assert_eq!(world.arrived, ["open 1 room"]);
}

#[test]
fn a_volatile_message_goes_now_or_never() {
    let mut world = World::idle(Config::default(), SessionConfig::default());
    assert!(!world.machine.volatile(0, true, b"before there is a connection"));
    world.connect();
    assert!(world.machine.volatile(0, true, b"now"));
    world.run();
    assert_eq!(world.arrived, ["volatile 0 now"]);
    assert!(world.machine.volatile(0, true, b"lost with its connection"));
    world.cut();
    assert!(!world.machine.volatile(0, true, b"between connections"));
    world.pass(2_000);
    world.pass(30);
    assert_eq!(world.arrived.len(), 1);
    assert!(!world.machine.volatile(0, true, &vec![b'x'; 1 << 20]), "larger than any frame");
    world.server().volatile(text("from the server"));
    world.run();
    assert_eq!(world.news(), ["new", "resumed", "volatile 0 from the server"]);
}

#[test]
fn a_volatile_message_waits_behind_no_full_buffer() {
    let mut world = World::new();
    world.send("one");
    let link = world.machine.link().unwrap();
    world.machine.written(world.now, link, everwire::core::Transmit::Accepted, 2 << 20);
    assert!(!world.machine.volatile(0, true, b"now"));
    assert!(world.machine.is_paused());
}

#[test]
fn after_close_every_request_is_unanswered_and_the_next_session_begins_without_channels() {
    let mut world = World::new();
    world.answers = false;
    world.machine.open_channel("room", true, b"").unwrap();
    world.ask("slow", 9_000);
    world.close();
    assert_eq!(world.arrived.last().unwrap(), "close 1 forget");
    assert_eq!(world.news(), ["new", "open 1", "unanswered 1"]);
    assert_eq!(world.losses, [], "a session that ends with its wire is not lost");
    world.machine.reconnect(world.now);
    world.run();
    world.ask("again", 0);
    assert_eq!(world.arrived.last().unwrap(), "request 1 0 echo again");
    world.pass(10_000);
    assert_eq!(world.news(), ["new"]);
}

#[test]
fn a_server_that_ends_the_session_leaves_it_lost_and_its_proof_counts() {
    let mut world = World::new();
    world.ask("answered", 0);
    world.up = false;
    world.send("never arrived");
    world.up = true;
    world.server_closes(closing(Code::Internal, true, true), true);
    assert_eq!(world.news(), ["new", "response 1 0 answered", "lost"]);
    world.pass(2_000);
    assert_eq!(world.outcome_of("never arrived"), Some(Outcome::Delivered));
    assert_eq!(world.arrived, ["request 1 0 echo answered", "message 0 never arrived"]);
}

#[test]
fn a_session_that_ended_with_its_channels_leaves_nothing_in_the_way_of_the_next() {
    let mut world = World::new();
    world.machine.open_channel("room", true, b"").unwrap();
    world.run();
    world.server_closes(closing(Code::Forbidden, false, false), true);
    world.machine.reconnect(world.now);
    world.run();
    world.send("one");
    assert_eq!(world.outcomes(), [Outcome::Delivered]);
}
