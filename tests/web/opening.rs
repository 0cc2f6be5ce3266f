//! How connections come about, or do not: constructors, upgrades, tokens, subprotocols, greetings.

use crate::web_support::*;
use everwire::core::{Cause, Close, Event, Phase, State};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_url_that_the_browser_refuses_ends_the_wire_and_says_so() {
    for url in ["ftp://127.0.0.1/", "ws://", "ws://127.0.0.1:99999/"] {
        let wire = plan(url).connect();
        assert_eq!(wire.ended().await, (Cause::InvalidUrl, Close::abnormal()), "{url}");
        assert_eq!(wire.thrown(), "SyntaxError", "{url}");
    }
}

#[wasm_bindgen_test]
async fn subprotocols_that_the_browser_refuses_end_the_wire_and_say_so() {
    for names in [["twice", "twice"], ["a b", "c"], ["", "c"], ["a,b", "c"], ["a/b", "c"], ["grüezi", "c"]] {
        let wire = plan("ws://127.0.0.1/").protocols(&names).connect();
        assert_eq!(wire.ended().await, (Cause::InvalidProtocols, Close::abnormal()), "{names:?}");
        assert_eq!(wire.thrown(), "SyntaxError", "{names:?}");
    }
}

#[wasm_bindgen_test]
async fn what_else_a_constructor_throws_ends_the_wire_by_its_own_name() {
    for (name, cause) in [
        ("SecurityError", Cause::MixedContent),
        ("NS_ERROR_CONTENT_BLOCKED", Cause::ContentBlocked),
        ("NotSupportedError", Cause::ConstructorFailed),
    ] {
        let wire = plan("ws://127.0.0.1:9/").with(|_, script| script.class = Some(refusing(name))).connect();
        assert_eq!(wire.ended().await.0, cause, "{name}");
        assert_eq!(wire.thrown(), name);
        assert_eq!(wire.state(), State::Closed { cause, close: Close::abnormal() });
    }
}

#[wasm_bindgen_test]
async fn a_wire_whose_url_was_refused_opens_once_it_is_given_a_good_one() {
    let Some(room) = room().await else { return };
    let wire = plan("ftp://127.0.0.1/").with(|_, script| script.targets.push(room.url("").into())).connect();
    assert_eq!(wire.ended().await.0, Cause::InvalidUrl);
    wire.skip_target();
    wire.reconnect();
    wire.opened().await;
}

#[wasm_bindgen_test]
async fn a_refused_upgrade_is_a_failed_dial_and_is_tried_again() {
    for status in [401, 503] {
        let Some(room) = room().await else { return };
        let targets = [room.url(&format!("refuse={status}")), room.url("")];
        let wire = plan_in_turn(&targets).connect();
        let (cause, close) = wire.failed().await;
        assert_eq!((cause, close), (Cause::DialFailed, Close::abnormal()), "{status}");
        let wait = wire.waits().await;
        assert_eq!((wait.cause, wait.attempt), (Cause::DialFailed, 2));
        wire.opened().await;
        let stats = room.stats().await;
        assert_eq!((stats.dialed(), stats.opened()), (2, 1), "{status}");
    }
}

#[wasm_bindgen_test]
async fn a_port_where_nobody_listens_is_tried_until_the_last_attempt_allowed() {
    let Some(room) = room().await else { return };
    let url = room.url_at("refuse", "").await;
    let wire = plan(url).with(|config, _| config.reconnect.max_attempts = Some(3)).connect();
    assert_eq!(wire.ended().await, (Cause::GaveUp, Close::abnormal()));
    let attempts = wire.heard().iter().filter(|heard| matches!(heard, Heard::Resolve { .. })).count();
    assert_eq!(attempts, 3);
}

#[wasm_bindgen_test]
async fn an_upgrade_that_is_never_answered_ends_at_the_connect_timeout() {
    let Some(room) = room().await else { return };
    let targets = [room.url("hang"), room.url_at("hang", "").await, room.url("")];
    let wire = plan_in_turn(&targets).with(|config, _| config.reconnect.connect_timeout = ms(300)).connect();
    for attempt in 2..=3 {
        assert_eq!(wire.failed().await, (Cause::ConnectTimeout, Close::abnormal()));
        assert_eq!(wire.waits().await.attempt, attempt);
    }
    wire.opened().await;
}

#[wasm_bindgen_test]
async fn a_token_in_the_query_opens_the_door() {
    let Some(room) = room().await else { return };
    let targets = [room.url("token=s3cret&auth=wrong"), room.url("token=s3cret&auth=s3cret")];
    let wire = plan_in_turn(&targets).connect();
    assert_eq!(wire.failed().await.0, Cause::DialFailed);
    wire.opened().await;
    assert_eq!(room.stats().await.opened(), 1);
}

#[wasm_bindgen_test]
async fn a_cookie_opens_the_door() {
    let Some(room) = room().await else { return };
    log_in("s3cret").await;
    let targets = [room.url("token=other&token_in=cookie"), room.url("token=s3cret&token_in=cookie")];
    let wire = plan_in_turn(&targets).connect();
    assert_eq!(wire.failed().await.0, Cause::DialFailed);
    wire.opened().await;
}

#[wasm_bindgen_test]
async fn a_token_among_the_subprotocols_opens_the_door_and_is_never_chosen() {
    let Some(room) = room().await else { return };
    let url = room.url("token=s3cret&token_in=subprotocol");
    let wire = plan(url.clone()).protocols(&["token.s3cret", "chat"]).open().await;
    assert_eq!(wire.protocol(), "chat");
    let refused = plan(url).protocols(&["token.wrong", "chat"]).connect();
    assert_eq!(refused.failed().await.0, Cause::DialFailed);
}

#[wasm_bindgen_test]
async fn a_greeting_leaves_before_the_queue_which_waits_for_the_welcome() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("token=s3cret&token_in=message"))
        .with(|config, script| {
            config.awaits_welcome = true;
            script.greeting = Some("s3cret".into());
            script.is_welcome = |data| data == "welcome";
        })
        .connect();
    wire.send("first");
    wire.send("second");
    assert_eq!(wire.next_texts(3).await, ["welcome", "first", "second"]);
    wire.opened().await;
    // The peer keeps tokens to itself.
    assert_eq!(room.received().await, ["first", "second"]);
    let phases: Vec<Phase> = wire.heard().iter().filter_map(phase).collect();
    assert_eq!(phases, [Phase::Resolving, Phase::Dialing, Phase::Handshaking]);
}

#[wasm_bindgen_test]
async fn a_wrong_token_in_the_greeting_is_fatal() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("token=s3cret&token_in=message"))
        .with(|config, script| {
            config.awaits_welcome = true;
            script.greeting = Some("wrong".into());
        })
        .connect();
    wire.send("never sent");
    let (cause, close) = wire.ended().await;
    assert_eq!((cause, close.code, &*close.reason), (Cause::ServerClosed, 4401, "token"));
    assert_eq!(wire.settled().await.0, "never sent");
    assert!(room.received().await.is_empty());
}

#[wasm_bindgen_test]
async fn a_welcome_that_never_comes_ends_at_the_connect_timeout() {
    let Some(room) = room().await else { return };
    let wire = plan_in_turn(&[room.url("silent"), room.url("say=welcome")])
        .with(|config, script| {
            config.reconnect.connect_timeout = ms(300);
            config.awaits_welcome = true;
            script.is_welcome = |data| data == "welcome";
        })
        .connect();
    wire.send("held");
    assert_eq!(wire.failed().await.0, Cause::ConnectTimeout);
    wire.opened().await;
    assert_eq!(wire.next_texts(2).await, ["welcome", "held"]);
    assert_eq!(room.received().await, ["held"], "nothing leaves before the welcome");
}

#[wasm_bindgen_test]
async fn the_subprotocol_is_the_one_that_the_server_chooses() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("protocol=b")).protocols(&["a", "b"]).open().await;
    assert_eq!(wire.protocol(), "b");
    let plain = plan(room.url("")).open().await;
    assert_eq!(plain.protocol(), "");
}

#[wasm_bindgen_test]
async fn when_the_server_chooses_no_subprotocol_a_strict_engine_fails_and_others_open() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("protocol=none")).protocols(&["a", "b"]).connect();
    if engine_here().needs_subprotocol() {
        assert_eq!(wire.failed().await, (Cause::DialFailed, Close::abnormal()));
    } else {
        wire.opened().await;
        assert_eq!(wire.protocol(), "");
    }
}

#[wasm_bindgen_test]
async fn urls_are_taken_in_turn() {
    let Some(room) = room().await else { return };
    let targets = [room.url("refuse=503"), room.url_at("echo", "refuse=503").await, room.url("")];
    let wire = plan_in_turn(&targets).connect();
    wire.opened().await;
    let turns: Vec<(u32, u32)> = wire.heard().iter().filter_map(attempt_and_turn).collect();
    assert_eq!(turns, [(1, 0), (2, 1), (3, 2)]);
}

fn phase(heard: &Heard) -> Option<Phase> {
    match heard {
        Heard::Event(Event::StateChanged(State::Connecting { phase, .. })) => Some(*phase),
        _ => None,
    }
}

fn attempt_and_turn(heard: &Heard) -> Option<(u32, u32)> {
    match heard {
        Heard::Resolve { attempt, turn, .. } => Some((*attempt, *turn)),
        _ => None,
    }
}
