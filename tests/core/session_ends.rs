//! The machine in session mode against the server's half: connections that are refused, ended, silent or
//! garbled.

use crate::session_world::*;
use everwire::core::{
    Cause, Close, Config, Heartbeat, Input, LinkId, Micros, Outcome, Page, Phase, Reason, SessionConfig,
    State,
};
use everwire::session::{Closing, Code, Control, Times, Tombstone};

fn world(config: Config) -> World {
    World::with(config, SessionConfig::default())
}

#[test]
fn what_the_server_says_last_decides_whether_and_when_to_come_back() {
    let mut world = World::new();
    world.server_closes(closing(Code::Forbidden, false, false), true);
    assert!(world.is_closed_for(Cause::ServerClosed));
    assert!(matches!(world.machine.state(), State::Closed { close, .. } if close.code == 4_007));

    let mut world = World::new();
    let later = Closing { retry_after_ms: 5_000, ..closing(Code::Overloaded, true, false) };
    world.server_closes(later, true);
    world.pass(4_999);
    assert_eq!(world.dialed.len(), 1);
    // Not even a page that is shown again is before its time.
    world.input(Input::Page(Page::Shown));
    assert_eq!(world.dialed.len(), 1);
    world.pass(1_300);
    assert_eq!((world.dialed.len(), world.machine.state()), (2, State::Open));
}

#[test]
fn a_server_that_says_goodbye_and_stays_is_left() {
    let mut world = World::new();
    world.send("one");
    world.server_closes(closing(Code::Draining, true, false), false);
    world.up = false;
    world.send("two");
    world.up = true;
    assert_eq!(world.machine.in_flight(), 0, "nothing more is offered to it");
    world.pass(3_000);
    assert_eq!(world.hung_up, [world.dialed[0]]);
    world.pass(2_000);
    assert_eq!(world.outcomes(), [Outcome::Delivered, Outcome::Delivered]);
}

#[test]
fn a_last_word_counts_for_its_own_connection_alone() {
    let mut world = World::new();
    world.server_closes(closing(Code::Forbidden, false, false), false);
    world.machine.reconnect(world.now);
    world.opens = false;
    world.run();
    let link = world.machine.link().unwrap();
    world.end(link, 1006);
    assert!(matches!(world.machine.state(), State::Waiting { .. }), "{:?}", world.machine.state());
}

#[test]
fn a_close_with_forget_proves_what_was_accepted_and_begins_anew() {
    let mut world = World::new();
    world.accepts = false;
    world.send("one");
    world.send("two");
    world.server().accept(1);
    world.accepts = true;
    world.server_closes(closing(Code::Internal, true, true), true);
    assert_eq!(world.settled, [("one".into(), Outcome::Delivered)]);
    world.pass(2_000);
    assert_eq!(world.arrived[2..], ["message 0 two"]);
    assert_eq!(world.outcome_of("two"), Some(Outcome::Delivered));
    assert_eq!((world.losses[0].carried, world.losses[0].in_doubt), (1, 1));
}

#[test]
fn a_final_close_with_forget_gives_back_what_was_not_accepted() {
    let mut world = World::new();
    world.accepts = false;
    world.send("one");
    world.server_closes(closing(Code::Forbidden, false, true), true);
    assert!(world.is_closed_for(Cause::ServerClosed));
    assert_eq!(world.outcomes(), [Outcome::NotSent(Reason::Closed)]);
}

#[test]
fn a_refusal_in_place_of_a_welcome_is_obeyed() {
    let mut world = World::idle(Config::default(), SessionConfig::default());
    world.refusal = Some(closing(Code::AuthRequired, false, false));
    world.connect();
    let link = world.machine.link().unwrap();
    world.send("one");
    world.end(link, Code::AuthRequired.websocket());
    assert!(world.is_closed_for(Cause::ServerClosed));
    assert_eq!(world.outcomes(), [Outcome::NotSent(Reason::Closed)]);

    let mut world = World::idle(Config::default(), SessionConfig::default());
    world.refusal = Some(Closing { retry_after_ms: 1_000, ..closing(Code::Overloaded, true, false) });
    world.connect();
    let link = world.machine.link().unwrap();
    world.end(link, Code::Overloaded.websocket());
    world.refusal = None;
    world.pass(999);
    assert_eq!(world.dialed.len(), 1);
    world.pass(1_000);
    assert_eq!(world.machine.state(), State::Open);
}

#[test]
fn a_server_that_never_welcomes_is_named_as_such_and_tried_again() {
    let mut world = World::idle(Config::default(), SessionConfig::default());
    world.welcomes = false;
    world.connect();
    world.pass(10_000);
    assert_eq!(world.causes.last(), Some(&Cause::NoWelcome));
    world.welcomes = true;
    world.pass(30_000);
    assert_eq!(world.machine.state(), State::Open);
}

#[test]
fn a_token_that_never_comes_is_not_the_servers_fault() {
    let mut world = World::idle(Config::default(), SessionConfig::default());
    world.token = None;
    world.connect();
    world.pass(10_000);
    assert_eq!(world.causes, [Cause::ConnectTimeout]);
    world.pass(2_000);
    let link = world.machine.link().unwrap();
    world.input(Input::Greeted { link, ok: false });
    assert_eq!(world.causes[1..], [Cause::GreetingFailed]);
}

#[test]
fn a_token_that_comes_late_or_twice_greets_nobody_else() {
    let mut world = World::idle(Config::default(), SessionConfig::default());
    world.token = None;
    world.connect();
    let old = world.machine.link().unwrap();
    world.cut();
    world.pass(2_000);
    let link = world.machine.link().unwrap();
    world.machine.hello(world.now, old, b"late");
    world.run();
    assert_eq!(world.machine.state(), State::Connecting { phase: Phase::Handshaking, attempt: 2 });
    world.machine.hello(world.now, link, b"in time");
    world.machine.hello(world.now, link, b"twice");
    world.run();
    assert_eq!((world.machine.state(), world.fences.len()), (State::Open, 1));
    world.send("one");
    assert_eq!(world.outcomes(), [Outcome::Delivered]);
}

#[test]
fn a_successors_token_that_comes_twice_greets_once() {
    let mut world = World::new();
    world.token = None;
    world.go_away();
    world.pass(100);
    let link = world.dialed[1];
    world.down = false;
    world.machine.hello(world.now, link, b"ann");
    world.machine.hello(world.now, link, b"ann");
    world.run();
    assert_eq!(world.fences.iter().filter(|(of, _)| *of == link).count(), 1);
    assert_eq!(world.machine.session().unwrap().fence(), 2);
}

#[test]
fn a_token_that_the_server_asks_for_goes_to_it_in_band() {
    let mut world = World::new();
    world.control(Control::Auth { token: b"" });
    assert_eq!(world.news(), ["new", "token"]);
    world.machine.authenticate(b"");
    world.machine.authenticate(b"fresh");
    world.run();
    assert_eq!(world.arrived, ["auth fresh"]);
    world.control(Control::Authed { status: 0, ttl_ms: 60_000 });
    assert_eq!((world.machine.state(), world.causes.len()), (State::Open, 0));
}

#[test]
fn a_link_as_silent_as_the_server_promised_it_would_not_be_is_dead() {
    let mut world = World::new();
    // Twice the server's 25 s, and 5 s.
    world.pass(54_500);
    assert_eq!(world.machine.state(), State::Open);
    world.pass(500);
    assert!(world.causes.contains(&Cause::IdleTimeout));
    world.pass(2_000);
    assert_eq!(world.news(), ["new", "resumed"]);
}

#[test]
fn a_page_that_slept_asks_the_link_before_it_takes_it_for_dead() {
    let mut world = World::new();
    world.oversleep(120_000);
    assert_eq!((world.machine.state(), world.causes.len()), (State::Open, 0));
    world.control(Control::Ping { token: 1 });
    world.pass(10_000);
    assert_eq!(world.causes, []);
}

#[test]
fn a_server_that_never_pings_is_taken_for_dead_only_where_the_application_says_so() {
    let quiet = Times { ping_ms: 0, ..TIMES };
    for idle in [None, Some(Micros::from_millis(20_000))] {
        let config = Config { idle_timeout: idle, ..Config::default() };
        let mut world = World::idle(config, SessionConfig::default());
        world.times = quiet;
        world.connect();
        for _ in 0..4 {
            world.pass(10_000);
        }
        assert_eq!(world.causes.is_empty(), idle.is_none());
    }
    // A promise of any length at all is no fault.
    let mut world = World::idle(Config::default(), SessionConfig::default());
    world.times = Times { ping_ms: (1 << 53) - 1, ..TIMES };
    world.connect();
    assert_eq!(world.machine.state(), State::Open);
}

#[test]
fn the_idle_limit_is_that_of_the_latest_welcome() {
    let mut world = World::idle(Config::default(), SessionConfig::default());
    world.times = Times { ping_ms: 0, ..TIMES };
    world.connect();
    world.times = Times { ping_ms: 1_000, ..TIMES };
    world.go_away();
    world.pass(100);
    world.pass(6_999);
    assert_eq!(world.causes, []);
    world.pass(1);
    assert!(world.causes.contains(&Cause::IdleTimeout));
}

#[test]
fn a_ping_of_the_servers_is_answered_at_once_and_counts_as_life() {
    let mut world = World::new();
    world.pass(40_000);
    world.control(Control::Ping { token: 42 });
    assert_eq!(world.arrived, ["pong 42"]);
    world.pass(40_000);
    assert_eq!(world.causes, []);
}

fn heartbeat() -> Config {
    let heartbeat = Heartbeat { interval: Micros::from_millis(1_000), timeout: Micros::from_millis(5_000) };
    Config { heartbeat: Some(heartbeat), ..Config::default() }
}

#[test]
fn a_pong_tells_the_round_trip_of_its_own_ping() {
    let mut world = world(heartbeat());
    world.answers = false;
    world.pass(1_000);
    world.now = world.now.plus(Micros::from_millis(80));
    world.control(Control::Pong { token: 7, hold_us: 0 });
    assert_eq!(world.rtts, [0_u64; 0], "a pong for no ping tells nothing");
    world.control(Control::Pong { token: 1, hold_us: 0 });
    assert_eq!(world.rtts, [80]);
    // The second ping's pong is late: the third was sent before it came.
    world.pass(920);
    world.pass(1_000);
    world.now = world.now.plus(Micros::from_millis(100));
    world.control(Control::Pong { token: 2, hold_us: 0 });
    assert_eq!(world.rtts, [80, 1_100]);
    world.control(Control::Pong { token: 3, hold_us: 0 });
    assert_eq!(world.rtts.len(), 2);
}

#[test]
fn a_link_that_answers_no_ping_is_dead_and_the_session_is_not() {
    let mut world = world(heartbeat());
    world.send("one");
    world.up = false;
    world.send("two");
    world.pass(1_000);
    world.pass(5_000);
    assert!(world.causes.contains(&Cause::HeartbeatTimeout));
    world.up = true;
    world.pass(2_000);
    assert_eq!(world.outcomes(), [Outcome::Delivered, Outcome::Delivered]);
}

#[test]
fn a_close_waits_for_the_servers_last_word_and_leaves_nothing_in_doubt() {
    let mut world = World::new();
    world.accepts = false;
    world.parts = false;
    world.send("one");
    world.send("two");
    world.close();
    assert_eq!((world.machine.state(), world.outcomes()), (State::Closing, vec![]));
    world.server().accept(1);
    let link = world.machine.link().unwrap();
    let last = world.server().close(closing(Code::Normal, true, true));
    world.deliver(link, last);
    world.run();
    assert_eq!(world.outcomes(), [Outcome::Delivered, Outcome::NotSent(Reason::Closed)]);
    assert!(world.is_closed_for(Cause::ClosedByApplication));
}

#[test]
fn what_was_sent_just_before_a_close_still_leaves() {
    let mut world = World::new();
    for text in ["one", "two"] {
        let letter = Letter { text: text.into(), ..Letter::default() };
        world.machine.send(world.now, letter, everwire::core::SendOptions::default()).unwrap();
    }
    world.bind();
    world.close();
    assert_eq!(world.arrived, ["message 0 one", "message 0 two", "close 1 forget"]);
    assert_eq!(world.outcomes(), [Outcome::Delivered, Outcome::Delivered]);
}

#[test]
fn a_close_that_the_server_never_answers_leaves_in_doubt_what_was_sent() {
    let mut world = World::new();
    world.send("told");
    world.up = false;
    world.send("one");
    world.close();
    assert_eq!(world.outcomes(), [Outcome::Delivered]);
    world.pass(3_000);
    assert_eq!(world.outcomes(), [Outcome::Delivered, Outcome::InDoubt]);
    assert!(world.is_closed_for(Cause::ClosedByApplication));
}

#[test]
fn a_close_during_the_handshake_leaves_nothing_open_and_nothing_unsettled() {
    let mut world = World::idle(Config::default(), SessionConfig::default());
    world.down = false;
    world.connect();
    world.send("queued");
    let link = world.machine.link().unwrap();
    world.machine.close(world.now, Close { code: 1000, reason: "".into(), clean: true });
    world.down = true;
    // The WELCOME comes while the socket closes.
    let mut session = world.server.take().unwrap();
    session.message(text("hello"));
    world.deliver(link, vec![0]);
    world.run();
    assert!(world.is_closed_for(Cause::ClosedByApplication));
    assert_eq!(world.outcomes(), [Outcome::NotSent(Reason::Closed)]);
    assert_eq!((world.opened, world.news()), (0, vec![]));
}

#[test]
fn a_close_while_resuming_leaves_in_doubt_what_was_sent_before() {
    let mut world = World::new();
    world.up = false;
    world.send("one");
    world.up = true;
    world.cut();
    world.welcomes = false;
    world.pass(2_000);
    assert!(matches!(world.machine.state(), State::Connecting { phase: Phase::Handshaking, .. }));
    world.close();
    assert_eq!(world.outcomes(), [Outcome::InDoubt]);
}

#[test]
fn a_reconnect_after_a_close_begins_a_new_session() {
    let mut world = World::new();
    world.send("one");
    world.close();
    world.machine.reconnect(world.now);
    world.run();
    world.send("two");
    assert_eq!(world.news(), ["new", "new"]);
    assert_eq!(world.losses, []);
    assert_eq!(world.arrived, ["message 0 one", "close 1 forget", "message 0 two"]);
}

#[test]
fn a_reconnect_while_closing_asks_for_the_session_and_hears_the_truth() {
    let mut world = World::new();
    world.accepts = false;
    world.parts = false;
    world.send("one");
    world.close();
    world.server = None;
    world.proof = Some(Tombstone { recv: 0, next: 1 });
    world.accepts = true;
    world.machine.reconnect(world.now);
    world.run();
    assert_eq!(world.arrived.last().unwrap(), "message 0 one");
    assert_eq!(world.outcomes(), [Outcome::Delivered]);
}

#[test]
fn nothing_is_told_of_a_wire_that_closes() {
    let mut world = World::new();
    world.parts = false;
    world.send("one");
    world.close();
    let link = world.machine.link().unwrap();
    world.news();
    // Base 1, a message.
    world.deliver(link, vec![1, 1, 3, 1, b'x']);
    world.run();
    assert_eq!(world.news(), [""; 0]);
}

#[test]
fn a_garbled_frame_ends_the_link_and_not_the_session() {
    let mut world = World::new();
    world.send("one");
    let link = world.machine.link().unwrap();
    world.deliver(link, vec![0x80]);
    world.run();
    assert_eq!(world.arrived.last().unwrap(), "close 4");
    assert_eq!(world.causes, [Cause::ProtocolViolated, Cause::ProtocolViolated]);
    world.pass(2_000);
    world.send("two");
    assert_eq!(world.outcomes(), [Outcome::Delivered, Outcome::Delivered]);
}

#[test]
fn a_frame_of_any_but_the_current_link_changes_nothing() {
    let mut world = World::new();
    world.deliver(LinkId(77), vec![0x80]);
    let old = world.machine.link().unwrap();
    world.cut();
    world.deliver(old, vec![0x80]);
    world.run();
    world.pass(2_000);
    world.deliver(old, vec![0x80]);
    world.run();
    assert_eq!(world.machine.state(), State::Open);
    assert_eq!(world.causes, [Cause::ServerClosed]);
}

#[test]
fn a_server_that_rolled_back_costs_the_session_aloud() {
    let mut world = World::new();
    world.send("one");
    let mut past = world.server.clone().unwrap();
    world.says("told");
    world.pass(30);
    world.cut();
    core::mem::swap(world.server.as_mut().unwrap(), &mut past);
    world.pass(2_000);
    world.pass(2_000);
    assert_eq!(world.news()[..4], ["new", "message 0 told", "lost", "new"]);
    assert_eq!(world.losses.len(), 1);
    world.send("two");
    assert_eq!(world.outcomes(), [Outcome::Delivered, Outcome::Delivered]);
}
