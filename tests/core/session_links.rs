//! The machine in session mode against the server's half: a connection is replaced before it breaks.

use crate::session_world::*;
use everwire::core::{Cause, Config, Input, Outcome, Page, Phase, SessionConfig, State};
use everwire::session::{Code, Control};

#[test]
fn a_server_that_drains_is_left_for_another_connection_before_it_breaks() {
    let mut world = World::new();
    world.send("one");
    world.go_away();
    world.pass(99);
    assert_eq!(world.dialed.len(), 1);
    world.pass(1);
    assert_eq!(world.dialed.len(), 2);
    assert_eq!(world.hung_up, [world.dialed[0]]);
    assert_eq!(world.machine.link(), Some(world.dialed[1]));
    assert_eq!((world.machine.state(), world.opened), (State::Open, 1));
    world.send("two");
    world.pass(30);
    assert_eq!(world.arrived, ["message 0 one", "message 0 two"]);
    assert_eq!(world.outcomes(), [Outcome::Delivered, Outcome::Delivered]);
    assert_eq!(world.causes, []);
}

/// A world whose second connection has been dialed, at the server's wish.
fn succeeding(opens: bool, welcomes: bool) -> World {
    let mut world = World::new();
    world.send("one");
    (world.opens, world.welcomes) = (opens, welcomes);
    world.go_away();
    world.pass(100);
    assert_eq!((world.dialed.len(), world.machine.state()), (2, State::Open));
    world
}

/// The old connection works as before, and so does the next one.
fn goes_on(mut world: World) {
    (world.opens, world.welcomes, world.refusal) = (true, true, None);
    assert_eq!(world.machine.link(), Some(world.dialed[0]));
    assert_eq!(world.causes, []);
    world.send("two");
    assert_eq!(world.arrived, ["message 0 one", "message 0 two"]);
    world.go_away();
    world.pass(100);
    assert_eq!(world.machine.link(), world.dialed.last().copied());
    world.send("three");
    world.pass(30);
    assert_eq!(world.arrived.len(), 3);
    assert_eq!(world.outcomes(), [Outcome::Delivered; 3]);
    assert_eq!(world.causes, []);
}

#[test]
fn a_successor_that_cannot_be_dialed_costs_the_old_connection_nothing() {
    let mut world = succeeding(false, true);
    let link = world.dialed[1];
    world.input(Input::DialFailed { link, cause: Cause::NoSession });
    goes_on(world);
    let mut world = succeeding(false, true);
    let link = world.dialed[1];
    world.input(Input::Errored { link });
    assert_eq!(world.hung_up, [link]);
    goes_on(world);
}

#[test]
fn a_successor_that_breaks_or_never_opens_costs_the_old_connection_nothing() {
    let mut world = succeeding(true, false);
    let link = world.dialed[1];
    world.end(link, 1006);
    goes_on(world);
    let mut world = succeeding(false, true);
    world.pass(10_000);
    assert_eq!(world.hung_up, [world.dialed[1]]);
    goes_on(world);
}

#[test]
fn a_successor_that_is_refused_costs_the_old_connection_nothing() {
    let mut world = World::new();
    world.send("one");
    world.refusal = Some(closing(Code::Overloaded, true, false));
    world.go_away();
    world.pass(100);
    assert_eq!(world.hung_up, [world.dialed[1]]);
    goes_on(world);
}

#[test]
fn a_successor_whose_server_breaks_the_protocol_costs_the_old_connection_nothing() {
    let mut world = succeeding(true, false);
    let link = world.dialed[1];
    world.deliver(link, vec![0x80]);
    world.run();
    assert_eq!(world.hung_up, [link]);
    goes_on(world);
}

#[test]
fn a_successor_that_costs_the_session_ends_the_old_connection_too() {
    let manual = SessionConfig { manual_ack: true, ..SessionConfig::default() };
    let mut world = World::with(Config::default(), manual);
    world.send("one");
    // The next server resumes the session, and has forgotten what it said.
    world.takes = false;
    world.says("told and not yet accepted");
    world.forgets = true;
    world.go_away();
    world.pass(100);
    assert_eq!(world.news().last().unwrap(), "lost");
    assert_eq!(world.machine.link(), None);
    world.forgets = false;
    world.server = None;
    world.pass(2_000);
    world.send("two");
    assert_eq!(world.arrived, ["message 0 one", "close 13", "message 0 two"]);
    assert_eq!(world.outcomes(), [Outcome::Delivered, Outcome::Delivered]);
}

#[test]
fn a_successor_that_begins_a_new_session_carries_on_with_it() {
    let mut world = World::new();
    world.up = false;
    world.send("in doubt");
    world.up = true;
    world.server().control(Control::GoAway {
        code: Code::Draining,
        grace_ms: 1,
        min_ms: 0,
        jitter_ms: 0,
        reason: "",
    });
    world.run();
    world.server = None;
    world.pass(1);
    assert_eq!(world.news(), ["new", "lost", "new"]);
    assert_eq!(world.machine.state(), State::Open);
    world.send("two");
    assert_eq!(world.outcome_of("in doubt"), Some(Outcome::InDoubt));
    assert_eq!(world.outcome_of("two"), Some(Outcome::Delivered));
}

#[test]
fn an_old_connection_that_breaks_first_leaves_the_way_to_its_successor() {
    for opens in [true, false] {
        let mut world = succeeding(opens, false);
        let old = world.dialed[0];
        world.end(old, 1006);
        let phase = if opens { Phase::Handshaking } else { Phase::Dialing };
        assert_eq!(world.machine.state(), State::Connecting { phase, attempt: 1 });
        assert_eq!(world.causes, [Cause::ServerClosed]);
        world.send("two");
        // It is bounded as any attempt.
        (world.opens, world.welcomes) = (true, true);
        world.pass(10_000);
        world.pass(2_000);
        assert_eq!((world.machine.state(), world.dialed.len(), world.opened), (State::Open, 3, 2));
        assert_eq!(world.arrived, ["message 0 one", "message 0 two"]);
    }
}

#[test]
fn a_server_that_has_moved_the_session_ends_the_old_connection_before_its_welcome_arrives() {
    let mut world = World::new();
    world.send("one");
    world.down = false;
    world.machine.handle(world.now, Input::Timeout);
    world.down = true;
    world.go_away();
    world.down = false;
    world.pass(100);
    let (old, new) = (world.dialed[0], world.dialed[1]);
    world.down = true;
    // The WELCOME is on its way; the old connection's end comes first.
    let mut doomed = everwire::session::Session::new(
        everwire::session::Identity { id: [9; 16], secret: [9; 16] },
        Vec::new(),
        world.limits,
        false,
    );
    let superseded = doomed.close(closing(Code::Superseded, false, false));
    world.deliver(old, superseded);
    world.run();
    world.end(old, Code::Superseded.websocket());
    assert!(matches!(world.machine.state(), State::Connecting { phase: Phase::Handshaking, .. }));
    // It is lost after all: the session is not.
    world.end(new, 1006);
    world.pass(2_000);
    world.send("two");
    assert_eq!(world.arrived, ["message 0 one", "message 0 two"]);
    assert_eq!(world.machine.state(), State::Open);
}

#[test]
fn a_session_that_somebody_else_took_over_is_not_fought_for() {
    let mut world = World::new();
    world.server_closes(closing(Code::Superseded, false, false), true);
    assert!(world.is_closed_for(Cause::ServerClosed));
}

#[test]
fn a_second_wish_to_go_away_does_not_begin_a_second_successor() {
    let mut world = succeeding(false, true);
    world.go_away();
    world.pass(100);
    assert_eq!(world.dialed.len(), 2);
}

#[test]
fn a_wire_that_closes_while_succeeding_closes_both_connections() {
    for (opens, welcomes) in [(false, true), (true, false)] {
        let mut world = succeeding(opens, welcomes);
        world.close();
        assert_eq!(world.hung_up, [world.dialed[1], world.dialed[0]]);
        assert!(world.is_closed_for(Cause::ClosedByApplication));
        assert_eq!(world.outcomes(), [Outcome::Delivered]);
    }
}

#[test]
fn suspension_freeze_and_lost_network_take_the_successor_along_and_keep_what_is_in_flight() {
    let calls: [fn(&mut World); 3] = [
        |world| world.machine.suspend(),
        |world| world.machine.handle(world.now, Input::Page(Page::Frozen)),
        |world| {
            world.machine.handle(world.now, Input::Online(false));
            world.machine.handle(world.now, Input::Online(true));
        },
    ];
    for call in calls {
        let mut world = succeeding(true, false);
        world.up = false;
        world.send("two");
        world.up = true;
        world.welcomes = true;
        call(&mut world);
        world.run();
        assert!(world.hung_up.contains(&world.dialed[0]) && world.hung_up.contains(&world.dialed[1]));
        world.machine.reconnect(world.now);
        world.run();
        world.pass(30);
        assert_eq!(world.arrived, ["message 0 one", "message 0 two"]);
        assert_eq!(world.outcomes(), [Outcome::Delivered, Outcome::Delivered]);
        assert_eq!(world.losses, []);
    }
}
