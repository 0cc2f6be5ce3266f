//! How connections end, and what the wire does then.

use crate::web_support::*;
use everwire::core::{Cause, Close, Event, Outcome, State};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_close_that_is_not_fatal_is_followed_by_a_new_connection() {
    for (query, code, reason) in [
        ("close=1000", 1000, ""),
        ("close=1001&reason=going", 1001, "going"),
        ("close=1011&reason=Neustart%20%C3%BC", 1011, "Neustart ü"),
        ("close=1005", 1005, ""),
        ("close=4000", 4000, ""),
    ] {
        let Some(room) = room().await else { return };
        let wire = plan_in_turn(&[room.url(query), room.url("")]).connect();
        wire.opened().await;
        let expected = Close { code, reason: reason.into(), clean: true };
        assert_eq!(wire.lost().await, (Cause::ServerClosed, expected), "{query}");
        wire.opened().await;
        assert_eq!(room.stats().await.opened(), 2);
    }
}

#[wasm_bindgen_test]
async fn a_close_comes_after_every_message_before_it() {
    let Some(room) = room().await else { return };
    let wire = plan_in_turn(&[room.url("close=1001&after=3"), room.url("")]).connect();
    for text in ["1", "2", "3"] {
        wire.send(text);
    }
    assert_eq!(wire.next_texts(3).await, ["1", "2", "3"]);
    assert_eq!(wire.lost().await.1.code, 1001);
}

#[wasm_bindgen_test]
async fn a_fatal_close_ends_the_wire_and_gives_back_what_waits() {
    for code in [1008, 4401] {
        let Some(room) = room().await else { return };
        let wire = plan(room.url(&format!("close={code}&reason=no"))).connect();
        let (cause, close) = wire.ended().await;
        assert_eq!((cause, close.code, &*close.reason), (Cause::ServerClosed, code, "no"));
        assert_eq!(wire.state(), State::Closed { cause, close });
        assert_eq!(room.stats().await.dialed(), 1);
    }
}

#[wasm_bindgen_test]
async fn the_application_overrides_the_close_table() {
    let Some(room) = room().await else { return };
    let wire = plan_in_turn(&[room.url("close=4401"), room.url("close=1001")])
        .with(|_, script| {
            script.decide = Some(|question| question.fatal.then_some(ms(5)));
        })
        .connect();
    let wait = wire.waits().await;
    assert_eq!((wait.delay, wait.close.code), (ms(5), 4401));
    let (cause, close) = wire.ended().await;
    assert_eq!((cause, close.code), (Cause::GaveUp, 1001));
}

#[wasm_bindgen_test]
async fn a_server_that_asks_for_time_gets_it() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("close=1011&reason=busy%3B%20retry-after%3D30000")).connect();
    let wait = wire.waits().await;
    assert!(wait.delay >= ms(30_000) && wait.delay <= ms(30_020), "{wait:?}");
    assert_eq!((wait.close.code, &*wait.close.reason), (1011, "busy; retry-after=30000"));
}

#[wasm_bindgen_test]
async fn messages_sent_after_a_reset_wait_and_leave_in_order() {
    let Some(room) = room().await else { return };
    let wire = plan_in_turn(&[room.url("drop&after=1"), room.url("")])
        .with(|_, script| {
            script.on_event = Some(Box::new(|wire, event| {
                if let Event::Closed { last: false, .. } = event {
                    (0..20).for_each(|n| wire.send(format!("waiting {n}")));
                }
            }));
        })
        .connect();
    wire.send("goodbye");
    assert_eq!(wire.text().await, "goodbye");
    let (cause, close) = wire.lost().await;
    assert_eq!((cause, close), (Cause::ServerClosed, Close::abnormal()));
    let expected: Vec<String> = (0..20).map(|n| format!("waiting {n}")).collect();
    assert_eq!(wire.next_texts(20).await, expected);
    assert_eq!(wire.settled().await, ("goodbye".to_owned(), Outcome::HandedOver));
    for text in expected {
        assert_eq!(wire.settled().await, (text, Outcome::HandedOver));
    }
}

#[wasm_bindgen_test]
async fn text_that_is_no_utf8_makes_the_browser_end_the_connection() {
    let Some(room) = room().await else { return };
    // Sent right after the upgrade, it would keep Firefox from opening at all.
    let wire = plan_in_turn(&[room.url("token=go&token_in=message&invalid"), room.url("")])
        .with(|_, script| script.greeting = Some("go".into()))
        .open()
        .await;
    let (cause, close) = wire.lost().await;
    assert_eq!((cause, close), (Cause::ServerClosed, Close::abnormal()));
    wire.opened().await;
    assert_eq!(wire.next_texts(2).await, ["welcome", "go"]);
}

#[wasm_bindgen_test]
async fn an_answered_ping_measures_the_round_trip_and_is_not_delivered() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("words&delay=40")).heartbeat(100, 5_000).open().await;
    for _ in 0..3 {
        let (rtt, smoothed) = wire.pong().await;
        assert!(rtt >= ms(35) && smoothed >= ms(35) && rtt < ms(5_000), "{rtt:?}, {smoothed:?}");
    }
    assert!(wire.driver.read(|machine| machine.rtt()).is_some_and(|(last, _)| last >= ms(35)));
    assert!(wire.texts().is_empty());
}

#[wasm_bindgen_test]
async fn a_server_that_stops_answering_pings_is_left() {
    let Some(room) = room().await else { return };
    let wire = plan_in_turn(&[room.url("mute=2"), room.url("words")]).heartbeat(50, 500).open().await;
    wire.pong().await;
    wire.pong().await;
    assert_eq!(wire.lost().await, (Cause::HeartbeatTimeout, Close::abnormal()));
    wire.opened().await;
    wire.pong().await;
    room.until("the old connection is closed", |stats| stats.connections() == 1).await;
}

#[wasm_bindgen_test]
async fn a_silent_server_is_left_and_anything_it_says_is_a_sign_of_life() {
    let Some(room) = room().await else { return };
    // The echo of a ping is no pong, yet it comes from somebody.
    let alive = plan(room.url("")).heartbeat(20, 5_000).open().await;
    let silent = plan(room.url("silent")).heartbeat(20, 200).open().await;
    assert_eq!(silent.lost().await.0, Cause::HeartbeatTimeout);
    assert!(alive.next_texts(10).await.iter().all(|text| text == "ping"));
    assert_eq!(alive.state(), State::Open);
}

#[wasm_bindgen_test]
async fn without_a_ping_a_silent_server_is_left_at_the_idle_timeout() {
    let Some(room) = room().await else { return };
    let wire = plan_in_turn(&[room.url("silent"), room.url("say=hello")])
        .with(|config, _| config.idle_timeout = Some(ms(200)))
        .open()
        .await;
    assert_eq!(wire.lost().await, (Cause::IdleTimeout, Close::abnormal()));
    assert_eq!(wire.text().await, "hello");
}

#[wasm_bindgen_test]
async fn a_heartbeat_keeps_a_connection_that_its_server_would_close_for_idling() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("words&idle=1000")).heartbeat(100, 5_000).open().await;
    for _ in 0..15 {
        wire.pong().await;
    }
    assert_eq!(room.stats().await.opened(), 1);
    let idler = plan(room.url("idle=200")).open().await;
    let (_, close) = idler.lost().await;
    assert_eq!((close.code, &*close.reason), (4000, "idle"));
}

#[wasm_bindgen_test]
async fn pings_of_the_server_are_answered_by_the_browser_and_invisible() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("ping=10&words")).heartbeat(50, 5_000).open().await;
    for _ in 0..8 {
        wire.pong().await;
    }
    assert!(wire.texts().is_empty());
    assert_eq!(room.stats().await.connections(), 1);
}

#[wasm_bindgen_test]
async fn closing_is_a_handshake_and_ends_with_what_was_said() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).open().await;
    wire.close(4321, "good night");
    assert_eq!(wire.state(), State::Closing);
    let close = Close { code: 4321, reason: "good night".into(), clean: true };
    assert_eq!(wire.ended().await, (Cause::ClosedByApplication, close));
    let stats = room.until("the server saw it", |stats| stats.closed() == 1).await;
    assert_eq!((stats.last_close().code(), &*stats.last_close().reason()), (4321, "good night"));
}

#[wasm_bindgen_test]
async fn a_server_that_never_answers_a_close_is_forgotten_at_the_close_timeout() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("noclose")).with(|config, _| config.close_timeout = ms(200)).open().await;
    wire.close(1000, "");
    assert_eq!(wire.ended().await, (Cause::ClosedByApplication, Close::abnormal()));
}

#[wasm_bindgen_test]
async fn a_killed_connection_is_replaced() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).open().await;
    for round in 2..=4 {
        room.control("kill").await;
        assert_eq!(wire.lost().await, (Cause::ServerClosed, Close::abnormal()));
        wire.opened().await;
        assert_eq!(room.stats().await.opened(), round);
    }
}

#[wasm_bindgen_test]
async fn a_restarted_server_is_found_again() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).open().await;
    room.restart(300).await;
    wire.lost().await;
    wire.send("are you back?");
    // A browser may hold the dial back until the server is there again, or let it fail first.
    wire.opened().await;
    assert_eq!(wire.text().await, "are you back?");
    assert_eq!(room.stats().await.opened(), 2);
}

#[wasm_bindgen_test]
async fn a_connection_that_falls_silent_is_replaced() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("words")).heartbeat(50, 500).open().await;
    wire.pong().await;
    room.control("silence?ms=60000").await;
    assert_eq!(wire.lost().await.0, Cause::HeartbeatTimeout);
    wire.opened().await;
    wire.pong().await;
}

#[wasm_bindgen_test]
async fn a_server_that_refuses_for_a_while_is_found_again() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).open().await;
    room.control("refuse?ms=60000").await;
    room.control("kill").await;
    wire.lost().await;
    assert_eq!(wire.failed().await, (Cause::DialFailed, Close::abnormal()));
    room.control("refuse?ms=0").await;
    wire.opened().await;
}
