//! The API for Rust applications, in a real browser against the native server.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::web_support::app::*;
use crate::web_support::{Truth, pretend_online, room, throwing};
use everwire::codec::{Raw, Text, Untouched};
use everwire::{
    Cause, Close, Event, Greeting, GreetingError, Heartbeat, Inbox, Lane, Overflow, Phase, Queue, Reason,
    Reconnect, SendOptions, Settled, State, Unsent, Urls, Wire,
};
use futures_util::{FutureExt, StreamExt};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn typed_messages_go_out_and_come_back_and_everything_is_told_in_order() {
    let Some(room) = room().await else { return };
    let mut wire: Wire<Message> = Wire::builder(room.url("")).connect().unwrap();
    let receipt = wire.try_send(say("grüezi 👋")).unwrap();
    assert!(!receipt.is_settled());
    assert_eq!(within("the receipt", receipt).await, Settled::HandedOver);
    assert_eq!(message(&mut wire).await, say("grüezi 👋"));
    let receipt = wire.try_send(Message::Count(u64::MAX)).unwrap();
    assert!(receipt.is_settled(), "what an open wire takes is handed over at once");
    let stats = wire.stats();
    assert_eq!((stats.messages_out(), stats.messages_in(), stats.attempts()), (2, 1, 1));
    assert_eq!(receipt.now_or_never(), Some(Settled::HandedOver));
    assert_eq!(message(&mut wire).await, Message::Count(u64::MAX));
    wire.close(1000, "").unwrap();
    let rest: Vec<Event<Message>> = within("the end of the stream", wire.by_ref().collect()).await;
    assert!(
        matches!(
            rest[..],
            [
                Event::StateChanged(State::Closing),
                Event::StateChanged(State::Closed { cause: Cause::ClosedByApplication, .. }),
                Event::Closed { cause: Cause::ClosedByApplication, last: true, .. },
            ]
        ),
        "{rest:?}"
    );
    assert_eq!(room.received().await[0], r#"{"Say":{"text":"grüezi 👋"}}"#);
}

#[wasm_bindgen_test]
async fn the_first_events_are_the_way_to_open() {
    let Some(room) = room().await else { return };
    let mut wire = texts(room.url("say=hello")).connect().unwrap();
    assert_eq!(message(&mut wire).await, "hello");
    let mut wire = texts(room.url("")).connect().unwrap();
    within("open", wire.opened()).await.unwrap();
    let events = read_all(&mut wire);
    let phase = |event: &Event<String>| match event {
        Event::StateChanged(State::Connecting { phase, attempt: 1 }) => Some(*phase),
        _ => None,
    };
    let phases: Vec<_> = events.iter().filter_map(phase).collect();
    assert_eq!(phases, [Phase::Resolving, Phase::Dialing]);
    assert!(matches!(events[2..], [Event::StateChanged(State::Open), Event::Opened]), "{events:?}");
    assert_eq!((wire.protocol(), wire.buffered_amount()), (String::new(), 0));
}

#[wasm_bindgen_test]
async fn without_a_network_only_a_server_on_this_very_machine_is_dialed() {
    let Some(room) = room().await else { return };
    let _truth = Truth;
    pretend_online(Some(false));
    let far = texts("ws://far.example/").connect().unwrap();
    assert_eq!(far.state(), State::Suspended { cause: Cause::Offline });
    assert_eq!(far.stats().attempts(), 0);
    let near = texts(room.url("")).connect().unwrap();
    within("open", near.opened()).await.unwrap();
    // The page of these tests comes from this machine, so a function may know a server here too.
    let url = room.url("");
    let asked = texts(Urls::ask(async move |_| Ok::<_, std::fmt::Error>(url.clone()))).connect().unwrap();
    within("open", asked.opened()).await.unwrap();
}

#[wasm_bindgen_test]
async fn every_reason_for_not_sending_gives_the_message_back() {
    let Some(room) = room().await else { return };
    let queue = Queue::new().max_messages(2).max_bytes(100).overflow(Overflow::DropOldest);
    let mut wire = texts(room.url("")).queue(queue).web_socket(throwing()).build().unwrap();
    let not_sent = |reason, message: &str| Settled::NotSent { reason, message: message.to_owned() };
    let keyed = |message: &str| wire.try_send_with(message.into(), SendOptions::new().key("k")).unwrap();

    let (first, second) = (keyed("position 1"), keyed("position 2"));
    assert_eq!(first.await, not_sent(Reason::Superseded, "position 1"));
    let third = wire.try_send("third".into()).unwrap();
    let fourth = wire.try_send("fourth".into()).unwrap();
    assert_eq!(second.await, not_sent(Reason::Evicted, "position 2"));
    let evicted = |event| matches!(event, Event::Evicted { count: 1 }).then_some(());
    find(&mut wire, "an eviction", evicted).await;
    assert!(third.withdraw());
    assert!(!third.withdraw());
    assert_eq!(third.await, not_sent(Reason::Withdrawn, "third"));
    wire.clear();
    assert_eq!(fourth.await, not_sent(Reason::Withdrawn, "fourth"));
    let short = SendOptions::new().ttl(millis(1));
    let expired = wire.try_send_with("fifth".into(), short).unwrap();
    assert_eq!(within("its expiry", expired).await, not_sent(Reason::Expired, "fifth"));
    let long = wire.try_send("x".repeat(101)).unwrap_err();
    assert!(matches!(long.reason, Unsent::NotSent(Reason::Full)), "{long}");
    assert_eq!(long.message.len(), 101);

    wire.reconnect();
    within("open", wire.opened()).await.unwrap();
    let refused = wire.try_send("poison".into()).unwrap_err();
    assert!(matches!(refused.reason, Unsent::NotSent(Reason::Refused)), "{refused}");
    assert_eq!(refused.message, "poison");
    assert_eq!(
        refused.to_string(),
        "The message was not sent. The socket is open and threw when given this message. Look at the message."
    );
    wire.suspend();
    let closed = wire.try_send("sixth".into()).unwrap();
    wire.close(1000, "").unwrap();
    assert_eq!(closed.await, not_sent(Reason::Closed, "sixth"));
    let refused = wire.try_send("seventh".into()).unwrap_err();
    assert!(matches!(refused.reason, Unsent::NotSent(Reason::Closed)), "{refused}");
    assert!(room.received().await.is_empty());
}

#[wasm_bindgen_test]
async fn what_the_codec_has_no_form_for_is_given_back_at_once() {
    let wire: Wire<(), BTreeMap<(u8, u8), u8>> = Wire::builder("ws://127.0.0.1:9").build().unwrap();
    let odd = BTreeMap::from([((1, 2), 3)]);
    let error = wire.try_send(odd.clone()).unwrap_err();
    assert!(matches!(error.reason, Unsent::Unencodable(_)));
    assert_eq!(error.to_string(), "The message cannot be encoded: key must be a string.");
    assert_eq!(error.message, odd);
    let error = wire.send(odd.clone()).await.unwrap_err();
    assert_eq!(error.message, odd);
}

#[wasm_bindgen_test]
async fn a_full_queue_refuses_at_once_or_is_waited_for_in_order() {
    let Some(room) = room().await else { return };
    let wire = texts(room.url("")).queue(Queue::new().max_messages(1)).build().unwrap();
    let first = within("a place", wire.send("first".into())).await.unwrap();
    let refused = wire.try_send("refused".into()).unwrap_err();
    assert_eq!(refused.message, "refused");
    let (mut second, mut third) = (wire.send("second".into()), wire.send("third".into()));
    assert!(poll_once(&mut second).is_pending() && poll_once(&mut third).is_pending());
    assert_eq!(wire.queued(), 1);
    let too_long = wire.send("x".repeat(2 << 20)).now_or_never().unwrap().unwrap_err();
    assert!(matches!(too_long.reason, Unsent::NotSent(Reason::Full)), "there will never be room for it");
    wire.reconnect();
    let (second, third) = within("both places", futures_util::future::join(second, third)).await;
    for receipt in [first, second.unwrap(), third.unwrap()] {
        assert_eq!(within("a receipt", receipt).await, Settled::HandedOver);
    }
    wire.drained().await;
    room.until("all of it arrived", |stats| stats.messages_in() == 3).await;
    assert_eq!(room.received().await, ["first", "second", "third"]);
}

#[wasm_bindgen_test]
async fn the_queue_can_be_looked_into_and_leaves_by_lane() {
    let Some(room) = room().await else { return };
    let wire = texts(room.url("")).build().unwrap();
    let with = |lane| SendOptions::new().lane(lane);
    drop(wire.try_send_with("low".into(), with(Lane::Low)).unwrap());
    drop(wire.try_send_with("normal".into(), SendOptions::new().key("k")).unwrap());
    drop(wire.try_send_with("high".into(), with(Lane::High)).unwrap());
    let queue = wire.queue();
    let seen: Vec<_> = queue.iter().map(|it| (&*it.message, it.key.as_deref(), it.lane, it.bytes)).collect();
    let expected =
        [("high", None, Lane::High, 4), ("normal", Some("k"), Lane::Normal, 6), ("low", None, Lane::Low, 3)];
    assert_eq!(seen, expected);
    assert_eq!((wire.queued(), wire.queued_bytes()), (3, 13));
    wire.reconnect();
    within("an empty queue", wire.drained()).await;
    room.until("all of it arrived", |stats| stats.messages_in() == 3).await;
    assert_eq!(room.received().await, ["high", "normal", "low"]);
}

#[wasm_bindgen_test]
async fn what_cannot_be_decoded_is_an_event_and_the_stream_goes_on() {
    let Some(room) = room().await else { return };
    let mut wire: Wire<Message> = Wire::builder(room.url("say=nonsense")).connect().unwrap();
    let undecodable = |event| match event {
        Event::Undecodable { raw, error } => Some((raw, error.to_string())),
        Event::Message(message) => panic!("{message:?}"),
        _ => None,
    };
    let (raw, error) = find(&mut wire, "what cannot be decoded", undecodable).await;
    assert_eq!(raw, Raw::Text("nonsense".into()));
    assert_eq!(error, "expected value at line 1 column 1");
    drop(wire.try_send(Message::Nothing).unwrap());
    assert_eq!(message(&mut wire).await, Message::Nothing);
    assert!(is_open(&wire));
}

#[wasm_bindgen_test]
async fn a_dropped_wire_closes_its_socket_and_gives_everything_back() {
    let Some(room) = room().await else { return };
    let wire = texts(room.url("")).connect().unwrap();
    within("open", wire.opened()).await.unwrap();
    let sender = wire.sender();
    assert_eq!(room.stats().await.connections(), 1);
    drop(wire);
    let stats = room.until("the server saw the close", |stats| stats.closed() == 1).await;
    assert_eq!((stats.connections(), stats.last_close().code()), (0, 1000));
    assert!(matches!(sender.state(), State::Closed { cause: Cause::ClosedByApplication, .. }));
    let error = sender.try_send("too late".into()).unwrap_err();
    assert!(matches!(error.reason, Unsent::NotSent(Reason::Closed)), "{error}");
    assert_eq!(sender.send("too late".into()).await.unwrap_err().message, "too late");
    assert_eq!(sender.opened().await.unwrap_err().cause, Cause::ClosedByApplication);
    sender.reconnect();
    sender.drained().await;
    assert_eq!(sender.closed().await.cause, Cause::ClosedByApplication);
    assert_eq!(room.stats().await.dialed(), 1);
}

#[wasm_bindgen_test]
async fn who_waits_for_a_wire_that_is_dropped_learns_of_it() {
    let wire = texts("ws://127.0.0.1:9").queue(Queue::new().max_messages(1)).build().unwrap();
    let receipt = wire.try_send("first".into()).unwrap();
    let (waiting, opened) = (wire.send("second".into()), wire.opened());
    let (closed, drained) = (wire.closed(), wire.drained());
    wasm_bindgen_futures::spawn_local(async move {
        let mut wire = wire;
        assert!(wire.next().now_or_never().is_none());
        drop(wire);
    });
    let all = futures_util::future::join5(receipt, waiting, opened, closed, drained);
    let (receipt, waiting, opened, closed, ()) = within("all of them", all).await;
    assert_eq!(receipt, Settled::NotSent { reason: Reason::Closed, message: "first".to_owned() });
    assert_eq!(waiting.unwrap_err().message, "second");
    assert_eq!(opened.unwrap_err(), closed);
    assert_eq!(closed.cause, Cause::ClosedByApplication);
}

#[wasm_bindgen_test]
async fn a_closed_wire_ends_its_stream_and_can_be_opened_again() {
    let Some(room) = room().await else { return };
    let mut wire =
        texts([room.url("close=4400&reason=go%20away&after=1"), room.url("say=again")]).connect().unwrap();
    within("open", wire.opened()).await.unwrap();
    drop(wire.try_send("out".into()).unwrap());
    let ended = within("the end", wire.closed()).await;
    assert_eq!((ended.cause, ended.close.code, &*ended.close.reason), (Cause::ServerClosed, 4400, "go away"));
    assert_eq!(ended.to_string(), "The server ended the connection; the close code and reason say why.");
    let events: Vec<_> = within("the end of the stream", wire.by_ref().collect()).await;
    assert!(matches!(events.last(), Some(Event::Closed { last: true, .. })), "{events:?}");
    assert!(wire.next().now_or_never().unwrap().is_none());
    wire.reconnect();
    assert_eq!(message(&mut wire).await, "again", "and the stream goes on");
}

#[wasm_bindgen_test]
async fn a_heartbeat_measures_and_its_answers_are_not_delivered() {
    let Some(room) = room().await else { return };
    let heartbeat = Heartbeat::message("ping".to_owned())
        .interval(millis(30))
        .timeout(millis(5_000))
        .is_pong(|message: Option<&String>, raw| message.is_some_and(|it| it == "pong") && raw.len() == 4);
    let mut wire = texts(room.url("words")).heartbeat(heartbeat).connect().unwrap();
    assert_eq!(wire.rtt(), None);
    let mut pongs = 0;
    while pongs < 3 {
        match within("an event", wire.next()).await.unwrap() {
            Event::Pong { rtt, smoothed } => {
                assert!(rtt < millis(5_000) && smoothed < millis(5_000));
                pongs += 1;
            }
            Event::Message(message) => panic!("{message}"),
            _ => {}
        }
    }
    assert!(wire.rtt().is_some());
}

#[wasm_bindgen_test]
async fn a_silent_link_is_found_out_by_pings_of_any_kind() {
    let Some(room) = room().await else { return };
    let kinds: [fn() -> Heartbeat<String>; 2] =
        [|| Heartbeat::raw("ping"), || Heartbeat::each(|| "ping".to_owned())];
    for kind in kinds {
        let heartbeat = kind().interval(millis(20)).timeout(millis(100));
        let mut wire = texts(room.url("mute=0")).heartbeat(heartbeat).connect().unwrap();
        let failed = |event| match event {
            Event::Error(error) => Some(error.cause),
            _ => None,
        };
        assert_eq!(find(&mut wire, "a failure", failed).await, Cause::HeartbeatTimeout);
    }
}

#[wasm_bindgen_test]
async fn the_greeting_goes_first_and_the_queue_waits_for_the_welcome() {
    let Some(room) = room().await else { return };
    let greetings = Rc::new(Cell::new(0));
    let counted = Rc::clone(&greetings);
    let mut wire = texts(room.url("token=s3cret&token_in=message"))
        .greet(async move |greeting: Greeting<String>| {
            counted.set(counted.get() + greeting.attempt());
            greeting.send(&"s3cret".to_owned())
        })
        .is_welcome(|message, _| message.is_some_and(|message| message == "welcome"))
        .connect()
        .unwrap();
    drop(wire.try_send("queued".into()).unwrap());
    assert_eq!(message(&mut wire).await, "welcome", "the application sees the welcome too");
    assert_eq!(message(&mut wire).await, "queued");
    assert_eq!(greetings.get(), 1);
}

#[wasm_bindgen_test]
async fn a_greeting_that_fails_fails_the_attempt_and_the_next_is_greeted_anew() {
    let Some(room) = room().await else { return };
    let mut wire = texts(room.url(""))
        .greet(async |greeting: Greeting<String>| match greeting.attempt() {
            1 => Err("no token yet".to_owned()),
            _ => greeting.send_raw("hello").map_err(|error: GreetingError| error.to_string()),
        })
        .connect()
        .unwrap();
    let failed = |event| match event {
        Event::Error(error) => Some((error.cause, error.source.unwrap().to_string())),
        _ => None,
    };
    let failed = find(&mut wire, "the failure", failed).await;
    assert_eq!(failed, (Cause::GreetingFailed, "no token yet".to_owned()));
    assert_eq!(message(&mut wire).await, "hello");
}

#[wasm_bindgen_test]
async fn the_url_and_the_protocols_are_asked_for_at_every_attempt() {
    let Some(room) = room().await else { return };
    let (urls, asked) = (room.url(""), Rc::new(RefCell::new(Vec::new())));
    let log = Rc::clone(&asked);
    let url = Urls::ask(async move |attempt: everwire::Attempt| {
        log.borrow_mut().push((attempt.attempt, attempt.cause));
        if attempt.attempt == 1 { Err("no ticket yet") } else { Ok(urls.clone()) }
    });
    let protocols = everwire::Protocols::ask(async |_| Ok::<_, std::fmt::Error>(["chat.v2", "chat.v1"]));
    let mut wire = texts(url).protocols(protocols).connect().unwrap();
    let failed = |event| match event {
        Event::Error(error) => Some((error.cause, error.source.unwrap().to_string())),
        _ => None,
    };
    let failed = find(&mut wire, "the failure", failed).await;
    assert_eq!(failed, (Cause::ProviderFailed, "no ticket yet".to_owned()));
    within("open", wire.opened()).await.unwrap();
    assert_eq!(wire.protocol(), "chat.v2");
    assert_eq!(*asked.borrow(), [(1, Cause::Started), (2, Cause::ProviderFailed)]);
}

#[wasm_bindgen_test]
async fn urls_are_taken_in_turn() {
    let Some(room) = room().await else { return };
    let refusing = room.url_at("refuse", "").await;
    let mut wire = texts([refusing, room.url("say=second")]).connect().unwrap();
    assert_eq!(message(&mut wire).await, "second");
}

#[wasm_bindgen_test]
async fn the_policy_has_the_last_word() {
    let Some(room) = room().await else { return };
    let asked = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&asked);
    let policy = soon().policy(move |retry| {
        log.borrow_mut().push((retry.attempt, retry.cause, retry.close.code, retry.fatal));
        (retry.attempt < 3).then_some(millis(1))
    });
    let wire = texts(room.url("close=4401")).reconnect(policy).connect().unwrap();
    let ended = within("the end", wire.closed()).await;
    assert_eq!(ended.close.code, 4401);
    let expected = [(2, Cause::ServerClosed, 4401, true), (3, Cause::ServerClosed, 4401, true)];
    assert_eq!(*asked.borrow(), expected);
}

#[wasm_bindgen_test]
async fn a_slow_reader_reads_what_came_before_and_learns_that_more_was_lost() {
    let Some(room) = room().await else { return };
    let inbox = Inbox::new().max_messages(20);
    let mut wire = texts(room.url("flood=100&size=8&kind=text&say=first")).inbox(inbox).connect().unwrap();
    room.until("all were sent", |stats| stats.opened() == 1).await;
    within("open", wire.opened()).await.unwrap();
    let last = SendOptions::new();
    drop(wire.try_send_with("last".into(), last).unwrap());
    room.until("it went around", |stats| stats.messages_in() == 1).await;
    let mut lost = false;
    let mut before = 0;
    while !lost {
        match within("an overflow", wire.next()).await.unwrap() {
            Event::InboundOverflow => lost = true,
            _ => before += 1,
        }
    }
    assert!((20..100).contains(&before), "{before}");
    drop(wire.try_send("after".into()).unwrap());
    let after = find(&mut wire, "what came after the gap", |event| match event {
        Event::Message(text) if text == "after" => Some(text),
        _ => None,
    });
    assert_eq!(after.await, "after");
}

#[wasm_bindgen_test]
async fn bytes_bound_what_is_not_read_too() {
    let Some(room) = room().await else { return };
    let inbox = Inbox::new().max_bytes(1_000);
    let mut wire: Wire<Raw> =
        Wire::builder(room.url("flood=10&size=600")).codec(Untouched).inbox(inbox).connect().unwrap();
    let arrived = room.until("it was asked for", |stats| stats.opened() == 1).await;
    assert_eq!(arrived.connections(), 1);
    within("open", wire.opened()).await.unwrap();
    let mut events = Vec::new();
    while !events.iter().any(|event| matches!(event, Event::InboundOverflow)) {
        // Let what has arrived be delivered before anything is read.
        room.stats().await;
        events.extend(read_all(&mut wire));
    }
    let messages = events.iter().filter(|event| matches!(event, Event::Message(_))).count();
    assert!(messages < 10, "{messages}");
}

#[wasm_bindgen_test]
async fn a_lost_connection_is_told_and_replaced() {
    let Some(room) = room().await else { return };
    let mut wire = texts(room.url("")).connect().unwrap();
    within("open", wire.opened()).await.unwrap();
    room.control("kill").await;
    let lost = find(&mut wire, "the loss", |event| match event {
        Event::Closed { cause, close, last } => Some((cause, close, last)),
        _ => None,
    });
    assert_eq!(lost.await, (Cause::ServerClosed, Close::abnormal(), false));
    drop(wire.try_send("still there?".into()).unwrap());
    assert_eq!(message(&mut wire).await, "still there?");
}

#[wasm_bindgen_test]
async fn a_suspended_wire_keeps_its_queue() {
    let Some(room) = room().await else { return };
    let mut wire = texts(room.url("")).connect().unwrap();
    within("open", wire.opened()).await.unwrap();
    wire.suspend();
    assert_eq!(wire.state(), State::Suspended { cause: Cause::Suspended });
    let receipt = wire.try_send("later".into()).unwrap();
    room.until("the server saw it go", |stats| stats.connections() == 0).await;
    assert!(!receipt.is_settled());
    wire.reconnect();
    assert_eq!(message(&mut wire).await, "later");
    assert_eq!(receipt.await, Settled::HandedOver);
}

#[wasm_bindgen_test]
async fn a_url_that_cannot_be_used_ends_the_wire_and_says_so() {
    let mut wire = texts("gopher://example.com/?token=s3cret").connect().unwrap();
    let failed = |event| match event {
        Event::Error(error) => Some(error),
        _ => None,
    };
    let error = find(&mut wire, "the failure", failed).await;
    assert_eq!(error.cause, Cause::InvalidUrl);
    assert_eq!(
        error.to_string(),
        "The URL cannot be used for a WebSocket. Give an absolute ws: or wss: URL."
    );
    let shown = format!("{error:?}");
    assert!(!shown.contains("s3cret"), "an error shows no secret: {shown}");
    assert_eq!(wire.opened().await.unwrap_err().cause, Cause::InvalidUrl);
    let mut wire = texts("ws://127.0.0.1:65535").protocols(["a", "a"]).connect().unwrap();
    assert_eq!(find(&mut wire, "the failure", failed).await.cause, Cause::InvalidProtocols);
}

#[wasm_bindgen_test]
fn wrong_options_are_named_with_what_they_may_be() {
    let build = |change: &dyn Fn(Builder) -> Builder| {
        change(Wire::builder("ws://127.0.0.1:9").codec(Text)).build().unwrap_err().to_string()
    };
    type Builder = everwire::Builder<String, String, Text>;
    let day = "a number from 0 to 86400000";
    let cases: [(&dyn Fn(Builder) -> Builder, String); 7] = [
        (
            &|it| it.reconnect(soon().max_delay(millis(90_000_000))),
            format!("reconnect.maxDelay must be {day}; given: 90000000."),
        ),
        (
            &|it| it.reconnect(soon().factor(f64::NAN)),
            "reconnect.factor must be a number from 1 to 100; given: NaN.".into(),
        ),
        (
            &|it| it.reconnect(Reconnect::new().max_attempts(0)),
            "reconnect.maxAttempts must be a number from 1 to 4294967295, or Infinity; given: 0.".into(),
        ),
        (
            &|it| it.queue(Queue::new().max_messages(1_000_001)),
            "queue.maxMessages must be a number from 0 to 1000000; given: 1000001.".into(),
        ),
        (
            &|it| it.heartbeat(Heartbeat::raw("x").interval(millis(1))),
            "heartbeat.interval must be a number from 10 to 86400000; given: 1.".into(),
        ),
        (
            &|it| it.inbox(Inbox::new().max_bytes(0)),
            "inbox.maxBytes must be a number from 1 to 4294967295; given: 0.".into(),
        ),
        (
            &|it| it.idle_timeout(millis(1)),
            "idleTimeout must be a number from 10 to 86400000, or Infinity; given: 1.".into(),
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(build(change), expected);
    }
    let none = Wire::<String>::builder(Vec::<String>::new()).build().unwrap_err();
    assert_eq!((none.option(), none.to_string().contains("at least one")), ("url", true));
    let odd = Wire::<BTreeMap<(u8, u8), u8>>::builder("ws://127.0.0.1:9")
        .heartbeat(Heartbeat::message(BTreeMap::from([((1, 2), 3)])))
        .build()
        .unwrap_err();
    assert_eq!(
        odd.to_string(),
        "heartbeat.ping must be a message that the codec encodes; given: key must be a string."
    );
    let wire = texts("ws://127.0.0.1:9").build().unwrap();
    assert_eq!(
        wire.close(1001, "").unwrap_err().to_string(),
        "close() takes code 1000 or 3000 to 4999; given: 1001."
    );
}
