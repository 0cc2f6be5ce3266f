//! Sessions for Rust applications, in a real browser against the native server.

use std::cell::Cell;
use std::rc::Rc;

use crate::web_support::app::{millis, poll_once, soon, within};
use crate::web_support::{Room, room};
use everwire::codec::Text;
use everwire::session::Limits;
use everwire::{
    Cause, Channel, ChannelEvent, Event, OnSessionLost, Reason, RequestError, Requesting, SessionBuilder,
    SessionWire, Settled, State, Token, Unsent,
};
use futures_util::{FutureExt, StreamExt};
use wasm_bindgen_test::wasm_bindgen_test;

type Texts = SessionWire<String>;

fn texts(url: impl Into<everwire::Urls>) -> SessionBuilder<String, String, Text> {
    SessionWire::builder(url).codec(Text).reconnect(soon())
}

async fn opened(room: &Room) -> Texts {
    let wire = texts(room.url("")).connect().unwrap();
    within("open", wire.opened()).await.unwrap();
    wire
}

async fn find<T>(wire: &mut Texts, what: &str, is: impl Fn(&Event<String>) -> Option<T>) -> T {
    within(what, async {
        loop {
            let event = wire.next().await.unwrap_or_else(|| panic!("the stream ended before: {what}"));
            if let Some(found) = is(&event) {
                return found;
            }
        }
    })
    .await
}

async fn message(wire: &mut Texts) -> String {
    find(wire, "a message", |event| match event {
        Event::Message(message) => Some(message.clone()),
        _ => None,
    })
    .await
}

async fn welcome(wire: &mut Texts) -> bool {
    find(wire, "a welcome", |event| match event {
        Event::Welcomed { resumed } => Some(*resumed),
        _ => None,
    })
    .await
}

async fn news(channel: &mut Channel<String, String>) -> ChannelEvent<String> {
    within("something on the channel", channel.next()).await.unwrap()
}

/// A request that has left.
fn begun(mut request: Requesting<String, String>) -> Requesting<String, String> {
    assert!(poll_once(&mut request).is_pending());
    request
}

#[wasm_bindgen_test]
async fn a_receipt_settles_when_the_server_has_accepted_and_the_echo_comes_once() {
    let Some(room) = room().await else { return };
    let mut wire = opened(&room).await;
    assert_eq!(wire.protocol(), "everwire.v1");
    let receipts: Vec<_> = (0..3).map(|n| wire.try_send(format!("{n} grüezi 👋")).unwrap()).collect();
    assert!(!receipts[0].is_settled(), "that the browser took it is not enough");
    for receipt in receipts {
        assert_eq!(within("a receipt", receipt).await, Settled::Delivered);
    }
    within("nothing in flight", wire.drained()).await;
    assert_eq!((wire.in_flight(), wire.queued()), (0, 0));
    for n in 0..3 {
        assert_eq!(message(&mut wire).await, format!("{n} grüezi 👋"));
    }
    assert_eq!(wire.stats().messages_out(), 3);
}

#[wasm_bindgen_test]
async fn whatever_breaks_every_message_arrives_once_and_in_order_both_ways() {
    let Some(room) = room().await else { return };
    let mut wire = opened(&room).await;
    assert!(!welcome(&mut wire).await);
    const MESSAGES: usize = 300;
    let mut settled = Vec::new();
    for n in 0..MESSAGES {
        settled.push(within("room in the queue", wire.send(n.to_string())).await.unwrap());
        if n % 60 == 30 {
            room.control("kill").await;
        }
    }
    for n in 0..MESSAGES {
        assert_eq!(message(&mut wire).await, n.to_string());
    }
    for receipt in settled {
        assert_eq!(within("a receipt", receipt).await, Settled::Delivered);
    }
    assert!(wire.stats().reconnects() > 0);
}

#[wasm_bindgen_test]
async fn a_reader_that_does_not_read_slows_the_server_down_and_loses_nothing() {
    let Some(room) = room().await else { return };
    let mut wire = opened(&room).await;
    // More than a window holds: the last arrives only if the first are read.
    let source = begun(wire.request("source", "60000".into()).patiently());
    for n in 1..=60_000 {
        assert_eq!(message(&mut wire).await, n.to_string());
    }
    within("the end of the source", source).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_wire_takes_no_more_than_its_limits_say() {
    let Some(room) = room().await else { return };
    let limits = Limits { max_frame: 2_048, window: 2_048, ..Limits::default() };
    let mut wire = texts(room.url("")).limits(limits).connect().unwrap();
    within("open", wire.opened()).await.unwrap();
    // The server takes the long one, and can never bring its echo.
    let long = wire.try_send("x".repeat(4_000)).unwrap();
    assert!(matches!(within("the long one", long).await, Settled::Delivered));
    drop(wire.try_send("short".into()).unwrap());
    assert_eq!(message(&mut wire).await, "short");
    // No more than the window is under way, and all of it comes when it is read.
    let source = begun(wire.request("source", "1000".into()));
    for number in 1..=1_000 {
        assert_eq!(message(&mut wire).await, number.to_string());
    }
    within("the end of the source", source).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_request_is_answered_refused_or_late() {
    let Some(room) = room().await else { return };
    let wire = opened(&room).await;
    assert_eq!(within("an answer", wire.request("echo", "what".into())).await.unwrap(), "what");
    let error = within("a refusal", wire.request("fail", "17".into())).await.unwrap_err();
    assert!(matches!(&error, RequestError::Refused { status: 17, .. }), "{error:?}");
    assert_eq!(error.to_string(), "The server refused the request with status 17: failed, as asked");
    let error = within("a refusal", wire.request("no such method", String::new())).await.unwrap_err();
    assert!(matches!(error, RequestError::Refused { status: 3, .. }), "{error:?}");
    let late = wire.request("never", String::new()).timeout(millis(100));
    assert!(matches!(within("a time-out", late).await, Err(RequestError::TimedOut)));
    let long = wire.request(&"m".repeat(2_000), String::new());
    let error = within("a refusal", long).await.unwrap_err();
    assert!(matches!(error, RequestError::NotSent(Reason::TooLarge)), "{error:?}");
}

#[wasm_bindgen_test]
async fn an_answer_in_parts_is_read_one_by_one_or_by_its_last() {
    let Some(room) = room().await else { return };
    let wire = opened(&room).await;
    let parts = wire.request("stream", "5".into()).parts();
    let parts: Vec<_> = within("all parts", parts.collect()).await;
    let parts: Vec<_> = parts.into_iter().map(Result::unwrap).collect();
    assert_eq!(parts, ["1", "2", "3", "4", "5"]);
    assert_eq!(within("the last part", wire.request("stream", "5".into())).await.unwrap(), "5");
    assert_eq!(within("no part", wire.request("stream", "0".into())).await.unwrap(), "");
}

#[wasm_bindgen_test]
async fn a_request_that_is_dropped_is_taken_back_or_cancelled() {
    let Some(room) = room().await else { return };
    let wire = texts(room.url("")).build().unwrap();
    let waits = begun(wire.request("echo", "unsent".into()));
    assert_eq!(wire.queued(), 1);
    drop(waits);
    assert_eq!(wire.queued(), 0);
    let expires = begun(wire.request("echo", "expires".into()).timeout(millis(20)));
    assert!(matches!(within("its expiry", expires).await, Err(RequestError::TimedOut)));
    wire.reconnect();
    within("open", wire.opened()).await.unwrap();
    drop(begun(wire.request("never", String::new())));
    let mut parts = wire.request("stream", "1000".into()).parts();
    assert_eq!(within("a part", parts.next()).await.unwrap().unwrap(), "1");
    drop(parts);
    assert_eq!(within("an answer", wire.request("echo", "still".into())).await.unwrap(), "still");
}

#[wasm_bindgen_test]
async fn the_servers_requests_are_answered_in_words_in_parts_or_as_failed() {
    let Some(room) = room().await else { return };
    let wire = opened(&room).await;
    wire.respond(
        "twice",
        async |text: String| {
            if text == "bad" { Err("that is bad") } else { Ok(text.repeat(2)) }
        },
    );
    wire.respond_in_parts("letters", |text: String| {
        let letters: Vec<_> = text.chars().map(|letter| Ok::<_, String>(letter.to_string())).collect();
        futures_util::stream::iter(letters)
    });
    let ask = async |what: &str| within("an answer", wire.request("ask", what.into())).await;
    assert_eq!(ask("twice ab").await.unwrap(), "abab");
    assert_eq!(ask("letters xyz").await.unwrap(), "z");
    let failed = ask("twice bad").await.unwrap_err();
    assert!(failed.to_string().contains("status 1"), "{failed}");
    let unknown = ask("nobody there").await.unwrap_err();
    assert!(unknown.to_string().contains("status 3"), "{unknown}");
    wire.respond_no_more("twice");
    assert!(ask("twice ab").await.is_err());
}

#[wasm_bindgen_test]
async fn a_request_that_the_server_no_longer_waits_for_drops_its_handler() {
    let Some(room) = room().await else { return };
    let wire = opened(&room).await;
    let alive = Rc::new(());
    let work = Rc::clone(&alive);
    wire.respond("wait", async move |_| {
        let _working = Rc::clone(&work);
        std::future::pending::<Result<String, String>>().await
    });
    room.control("session/ask?method=wait&text=x&ms=50").await;
    // What cancels it has come before this answer.
    within("an answer", wire.request("echo", String::new())).await.unwrap();
    assert_eq!(Rc::strong_count(&alive), 2, "the handler is there, and none at work");
}

#[wasm_bindgen_test]
async fn a_channel_outlives_drops_and_ends_with_its_handle() {
    let Some(room) = room().await else { return };
    let wire = texts(room.url("")).connect().unwrap();
    let mut channel = wire.channel_with("lobby", "please").unwrap();
    assert_eq!(channel.name(), "lobby");
    let Ok(receipt) = channel.try_send("hello".into()) else { panic!("the queue has room") };
    assert!(
        matches!(news(&mut channel).await, ChannelEvent::Opened { answer } if answer.as_bytes() == b"please")
    );
    assert!(matches!(news(&mut channel).await, ChannelEvent::Message(text) if text == "hello"));
    assert_eq!(within("its receipt", receipt).await, Settled::Delivered);
    room.control("kill").await;
    let receipt = within("a place", channel.send("after a drop".into())).await.unwrap();
    assert!(matches!(news(&mut channel).await, ChannelEvent::Message(text) if text == "after a drop"));
    assert_eq!(within("its receipt", receipt).await, Settled::Delivered);
    let other = opened(&room).await;
    let mut theirs = other.channel("lobby").unwrap();
    assert!(matches!(news(&mut theirs).await, ChannelEvent::Opened { .. }));
    drop(channel);
    drop(theirs.try_send("to whom?".into()).unwrap());
    assert!(matches!(news(&mut theirs).await, ChannelEvent::Message(text) if text == "to whom?"));
}

#[wasm_bindgen_test]
async fn a_channel_that_is_refused_says_so_and_takes_nothing_more() {
    let Some(room) = room().await else { return };
    let wire = opened(&room).await;
    let mut channel = wire.channel("closed for today").unwrap();
    let shut = news(&mut channel).await;
    assert!(matches!(&shut, ChannelEvent::Shut { code: 1, reason } if reason == "for today"), "{shut:?}");
    assert!(channel.next().await.is_none());
    assert!(channel.is_shut());
    let receipt = channel.try_send("late".into()).unwrap();
    let unsent = Settled::NotSent { reason: Reason::Closed, message: "late".to_owned() };
    assert_eq!(within("its receipt", receipt).await, unsent);
    assert!(!channel.volatile(&"late".into()).unwrap());
    assert!(wire.channel(&"n".repeat(2_000)).is_err());
}

#[wasm_bindgen_test]
async fn a_volatile_message_goes_at_once_or_never() {
    let Some(room) = room().await else { return };
    let mut wire = texts(room.url("")).build().unwrap();
    assert!(!wire.volatile(&"nobody hears".into()).unwrap());
    wire.reconnect();
    within("open", wire.opened()).await.unwrap();
    assert!(wire.volatile(&"now".into()).unwrap());
    let volatile = |event: &Event<String>| match event {
        Event::Volatile(text) => Some(text.clone()),
        _ => None,
    };
    assert_eq!(find(&mut wire, "the echo", volatile).await, "now");
}

#[wasm_bindgen_test]
async fn of_volatile_messages_that_nobody_reads_the_oldest_give_way() {
    let Some(room) = room().await else { return };
    let mut wire = opened(&room).await;
    let hex = |text: String| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let record = |number: u32| format!("24{:02x}{}", number.to_string().len(), hex(number.to_string()));
    let records: String = (0..300).map(record).collect();
    room.control(&format!("session/send?what=frame&hex=00{records}")).await;
    // They have arrived when this is answered, and nobody has read them.
    within("an answer", wire.request("echo", String::new())).await.unwrap();
    drop(wire.try_send("end".into()).unwrap());
    let mut heard = Vec::new();
    loop {
        match within("what comes", wire.next()).await.unwrap() {
            Event::Volatile(text) => heard.push(text),
            Event::Message(text) => break assert_eq!(text, "end"),
            _ => {}
        }
    }
    assert_eq!(heard, (44..300).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[wasm_bindgen_test]
async fn a_session_that_is_lost_is_told_with_all_that_is_known() {
    let Some(room) = room().await else { return };
    let mut wire = opened(&room).await;
    let mut channel = wire.channel("lobby").unwrap();
    assert!(matches!(news(&mut channel).await, ChannelEvent::Opened { .. }));
    let receipt = wire.try_send("delivered".into()).unwrap();
    assert_eq!(within("its receipt", receipt).await, Settled::Delivered);
    let asked = begun(wire.request("never", String::new()).patiently());
    within("its acceptance", wire.drained()).await;
    room.control("session/restart?state=buried").await;
    let lost = find(&mut wire, "the loss", |event| match event {
        Event::SessionLost(lost) => Some(*lost),
        _ => None,
    })
    .await;
    assert_eq!((lost.delivered, lost.last, lost.unsent), (3, 3, 0), "OPEN, a message, a request");
    assert!(matches!(within("the end of the request", asked).await, Err(RequestError::SessionLost)));
    assert!(!welcome(&mut wire).await);
    assert!(matches!(news(&mut channel).await, ChannelEvent::Opened { .. }), "opened anew");
    drop(channel.try_send("hello again".into()).unwrap());
    assert!(matches!(news(&mut channel).await, ChannelEvent::Message(text) if text == "hello again"));
}

#[wasm_bindgen_test]
async fn messages_wait_for_the_applications_word_where_it_wants_that() {
    let Some(room) = room().await else { return };
    let mut wire =
        texts(room.url("")).manual_ack().on_session_lost(OnSessionLost::GiveBack).connect().unwrap();
    drop(wire.try_send("one".into()).unwrap());
    let delivery = within("a delivery", async {
        loop {
            if let Some(Event::Delivery(delivery)) = wire.next().await {
                return delivery;
            }
        }
    })
    .await;
    assert_eq!(*delivery, "one");
    assert_eq!(delivery.accept(), "one");
}

#[wasm_bindgen_test]
async fn a_token_is_a_value_or_asked_for_and_a_failure_is_told() {
    let Some(room) = room().await else { return };
    let token: String = js_sys::Reflect::get(&room.control("issue?ms=60000").await, &"token".into())
        .unwrap()
        .as_string()
        .unwrap();
    let mut wire = texts(room.url("")).token(token.as_str()).connect().unwrap();
    assert!(!welcome(&mut wire).await);
    let asked = Rc::new(Cell::new(0));
    let provider = {
        let (asked, token) = (Rc::clone(&asked), token.clone());
        Token::ask(async move || {
            asked.set(asked.get() + 1);
            if asked.get() == 1 { Err("not yet".to_owned()) } else { Ok(token.clone()) }
        })
    };
    let mut wire = texts(room.url("")).token(provider).connect().unwrap();
    let failure = find(&mut wire, "the failure", |event| match event {
        Event::Error(error) => Some((error.cause, error.source.as_ref().unwrap().to_string())),
        _ => None,
    })
    .await;
    assert_eq!(failure, (Cause::GreetingFailed, "not yet".to_owned()));
    assert!(!welcome(&mut wire).await);
    let wire = texts(room.url("")).token(Token::read(move || token.clone())).connect().unwrap();
    within("open", wire.opened()).await.unwrap();
    let mut wire = texts(room.url("")).token("wrong").connect().unwrap();
    let code = find(&mut wire, "the refusal", |event| match event {
        Event::Error(error) => Some(error.close.code),
        Event::Welcomed { .. } => panic!("welcomed by a wrong token"),
        _ => None,
    });
    assert!((4_005..=4_007).contains(&code.await));
}

#[wasm_bindgen_test]
async fn a_server_without_sessions_is_told_apart() {
    let Some(room) = room().await else { return };
    let mut wire = texts(room.url("plain=1")).connect().unwrap();
    let cause = find(&mut wire, "an error", |event| match event {
        Event::Error(error) => Some(error.cause),
        _ => None,
    });
    assert_eq!(cause.await, Cause::ProtocolViolated);
}

#[wasm_bindgen_test]
async fn a_wire_that_closes_settles_everything_and_begins_anew() {
    let Some(room) = room().await else { return };
    let mut wire = opened(&room).await;
    let mut channel = wire.channel("lobby").unwrap();
    let asked = begun(wire.request("never", String::new()).patiently());
    let sent = wire.try_send("just before".into()).unwrap();
    wire.close(1000, "").unwrap();
    assert_eq!(within("its receipt", sent).await, Settled::Delivered, "the server's last word tells");
    assert!(within("the end of the request", asked).await.is_err());
    within("the end of the channel", async { while channel.next().await.is_some() {} }).await;
    within("closed", wire.closed()).await;
    let refused = wire.try_send("late".into()).unwrap_err();
    assert!(matches!(refused.reason, Unsent::NotSent(Reason::Closed)));
    assert!(wire.channel("lobby").is_err());
    wire.reconnect();
    assert!(!welcome(&mut wire).await);
    let late = channel.try_send("on the old channel".into()).unwrap();
    assert!(matches!(within("its receipt", late).await, Settled::NotSent { reason: Reason::Closed, .. }));
}

#[wasm_bindgen_test]
async fn a_wire_that_is_dropped_leaves_in_doubt_what_was_sent_and_closes_its_socket() {
    let Some(room) = room().await else { return };
    let wire = opened(&room).await;
    room.until("one connection", |stats| stats.opened() == 1).await;
    let sender = wire.sender();
    let sent = wire.try_send("on its way".into()).unwrap();
    let queued = wire.request("echo", "never polled".into());
    drop(wire);
    assert_eq!(sent.now_or_never(), Some(Settled::InDoubt { message: "on its way".to_owned() }));
    let error = within("its end", queued).await.unwrap_err();
    assert!(matches!(error, RequestError::NotSent(Reason::Closed)));
    assert!(matches!(sender.state(), State::Closed { .. }));
    assert!(sender.channel("lobby").is_err() && !sender.volatile(&"late".into()).unwrap());
    room.until("a closed connection", |stats| stats.closed() == 1).await;
}
