//! What is sent and what arrives, in a real browser against the native server.

use crate::web_support::*;
use everwire::core::{Cause, Outcome, Reason, SendOptions};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn text_comes_back_as_text_and_binary_as_an_array_buffer() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).open().await;
    for text in ["", "plain", "grüezi 👋 \u{0}\u{ffff}"] {
        wire.send(text);
        assert_eq!(wire.text().await, text);
    }
    let view = Uint8Array::from([0, 1, 2, 3, 254, 255].as_slice());
    wire.send(view.buffer());
    assert_eq!(bytes(&wire.message().await), [0, 1, 2, 3, 254, 255]);
    wire.send(view.subarray(2, 5));
    assert_eq!(bytes(&wire.message().await), [2, 3, 254], "a view sends what it shows and no more");
    wire.send(blob(&Array::of2(&"a b".into(), &view)));
    assert_eq!(bytes(&wire.message().await), [b'a', b' ', b'b', 0, 1, 2, 3, 254, 255]);
    wire.send(Uint8Array::new_with_length(0));
    assert!(bytes(&wire.message().await).is_empty());
}

#[wasm_bindgen_test]
async fn what_the_server_changes_arrives_changed() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("prefix=%C2%BB%20")).open().await;
    wire.send("so it is");
    assert_eq!(wire.text().await, "» so it is");
}

#[wasm_bindgen_test]
async fn a_slow_server_answers_late_and_in_order() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("delay=150")).open().await;
    let started = js_sys::Date::now();
    for text in ["one", "two", "three"] {
        wire.send(text);
    }
    assert_eq!(wire.next_texts(3).await, ["one", "two", "three"]);
    let took = js_sys::Date::now() - started;
    assert!(took >= 145.0, "the echoes are delayed by 150 ms, and came after {took}");
}

#[wasm_bindgen_test]
async fn everything_sent_before_the_wire_is_open_leaves_first_and_in_order() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).idle();
    let texts: Vec<String> = (0..2_000).map(|n| format!("message {n}")).collect();
    for text in &texts[..500] {
        wire.send(text);
    }
    assert_eq!(wire.queued(), 500);
    wire.connect();
    for text in &texts[500..900] {
        wire.send(text);
    }
    wire.opened().await;
    for text in &texts[900..] {
        wire.send(text);
    }
    assert_eq!(wire.next_texts(2_000).await, texts);
    for text in &texts[..900] {
        assert_eq!(wire.settled().await, (text.clone(), Outcome::HandedOver));
    }
}

#[wasm_bindgen_test]
async fn a_flood_arrives_whole() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("flood=5000&size=64")).open().await;
    for _ in 0..5_000 {
        assert_eq!(bytes(&wire.message().await).len(), 64);
    }
    room.control("say?text=after").await;
    assert_eq!(wire.text().await, "after");
}

#[wasm_bindgen_test]
async fn a_huge_message_arrives_whole() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("oversize=20000000")).open().await;
    assert_eq!(bytes(&wire.message().await).len(), 20_000_000);
}

#[wasm_bindgen_test]
async fn a_message_too_large_for_the_server_ends_the_connection_and_not_the_wire() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).with(|config, _| config.queue.max_bytes = 32 << 20).open().await;
    wire.send(Uint8Array::new_with_length(17 << 20));
    let (cause, close) = wire.lost().await;
    assert_eq!(cause, Cause::ServerClosed);
    // The server has read the head of it and closes; whether its close frame still gets through
    // while the rest is on its way is up to the network.
    assert!([1006, 1009].contains(&close.code), "{close:?}");
    wire.opened().await;
}

#[wasm_bindgen_test]
async fn a_message_larger_than_the_queue_allows_is_refused_even_when_nothing_waits() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).with(|config, _| config.queue.max_bytes = 10).open().await;
    wire.send("12345678901");
    assert_eq!(wire.settled().await, ("12345678901".to_owned(), Outcome::NotSent(Reason::Full)));
    wire.send("1234567890");
    assert_eq!(wire.text().await, "1234567890");
}

#[wasm_bindgen_test]
async fn what_a_listener_sends_follows_what_was_sent_before_it() {
    let Some(room) = room().await else { return };
    let listener = |wire: &Wire, data: &JsValue| {
        if data == "go" {
            wire.send("1");
            wire.send("2");
        }
    };
    let wire = plan(room.url("")).on_message(listener).connect();
    wire.send("0");
    wire.send("go");
    assert_eq!(wire.next_texts(4).await, ["0", "go", "1", "2"]);
    wire.send("3");
    assert_eq!(wire.text().await, "3");
    assert_eq!(room.received().await, ["0", "go", "1", "2", "3"]);
}

#[wasm_bindgen_test]
async fn a_message_that_comes_while_another_is_delivered_is_delivered_after_it() {
    let Some(room) = room().await else { return };
    let listener = |wire: &Wire, data: &JsValue| {
        if data == "outer" {
            wire.driver.socket(|socket| arrive(socket, "inner"));
            assert_eq!(wire.texts(), ["outer"], "nothing is delivered inside a delivery");
        }
    };
    let wire = plan(room.url("say=outer&say=later")).on_message(listener).connect();
    assert_eq!(wire.next_texts(3).await, ["outer", "inner", "later"]);
}

#[wasm_bindgen_test]
async fn nothing_is_delivered_after_a_listener_closed_the_wire() {
    let Some(room) = room().await else { return };
    let listener = |wire: &Wire, data: &JsValue| {
        if data == "third" {
            // One more is held already when the wire closes.
            wire.driver.socket(|socket| arrive(socket, "held"));
            wire.close(4000, "enough");
            wire.send("too late");
        }
    };
    let url = room.url("say=first&say=second&say=third&say=fourth&flood=500&size=9&kind=text");
    let wire = plan(url).on_message(listener).connect();
    let (cause, close) = wire.ended().await;
    assert_eq!((cause, close.code), (Cause::ClosedByApplication, 4000));
    assert_eq!(wire.texts(), ["first", "second", "third"]);
    assert_eq!(wire.settled().await, ("too late".to_owned(), Outcome::NotSent(Reason::Closed)));
    let stats = room.until("the server saw the close", |stats| stats.closed() == 1).await;
    assert_eq!((stats.last_close().code(), stats.last_close().reason()), (4000, "enough".to_owned()));
}

#[wasm_bindgen_test]
async fn a_listener_may_ask_for_a_new_connection_and_hears_nothing_more_of_the_old_one() {
    let Some(room) = room().await else { return };
    let targets = [room.url("say=old&say=never"), room.url("say=new")];
    let listener = |wire: &Wire, data: &JsValue| {
        if data == "old" {
            wire.skip_target();
            wire.reconnect();
        }
    };
    let wire = plan(targets[0].clone())
        .with(|_, script| script.targets = targets.iter().map(JsValue::from).collect())
        .on_message(listener)
        .connect();
    assert_eq!(wire.next_texts(2).await, ["old", "new"]);
    assert_eq!(wire.texts(), ["old", "new"]);
}

#[wasm_bindgen_test]
async fn messages_leave_by_lane_and_the_newest_of_a_key_replaces_the_one_that_waits() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).idle();
    let with = |lane, key: Option<&str>| SendOptions { lane, key: key.map(Into::into), ttl: None };
    wire.send_with("low", with(2, None));
    wire.send_with("position 1", with(1, Some("position")));
    wire.send_with("normal", with(1, None));
    wire.send_with("position 2", with(1, Some("position")));
    wire.send_with("high", with(0, None));
    wire.connect();
    assert_eq!(wire.next_texts(4).await, ["high", "position 2", "normal", "low"]);
    assert_eq!(wire.settled().await, ("position 1".to_owned(), Outcome::NotSent(Reason::Superseded)));
}
