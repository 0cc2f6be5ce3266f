//! Each codec over the wire, and what a Rust application shares with JavaScript.

use crate::web_support::app::*;
use crate::web_support::room;
use everwire::codec::{Bytes, Cbor, Codec, Json, Msgpack, Postcard, Raw, Text};
use everwire::{Builder, Cause, Event, Settled, Wire};
use js_sys::{JSON, Object, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

fn js(source: &str) -> JsValue {
    js_sys::eval(&format!("({source})")).unwrap()
}

fn json(value: &JsValue) -> String {
    JSON::stringify(value).unwrap().into()
}

async fn goes_around<C: Codec<Message> + 'static>(codec: C) {
    let Some(room) = room().await else { return };
    let mut wire: Wire<Message> = Wire::builder(room.url("say=garbage")).codec(codec).connect().unwrap();
    let messages =
        [say("grüezi 👋"), Message::Count(u64::MAX), Message::Bytes(vec![0, 1, 254, 255]), Message::Nothing];
    for message in &messages {
        drop(wire.try_send(message.clone()).unwrap());
    }
    let undecodable = |event| match event {
        Event::Undecodable { raw, .. } => Some(raw),
        Event::Message(message) => panic!("{message:?}"),
        _ => None,
    };
    let garbage = find(&mut wire, "what cannot be decoded", undecodable).await;
    assert_eq!(garbage, Raw::Text("garbage".into()));
    for expected in messages {
        assert_eq!(message(&mut wire).await, expected);
    }
}

#[wasm_bindgen_test]
async fn json_goes_around() {
    goes_around(Json).await;
}

#[wasm_bindgen_test]
async fn messagepack_goes_around() {
    goes_around(Msgpack).await;
}

#[wasm_bindgen_test]
async fn cbor_goes_around() {
    goes_around(Cbor).await;
}

#[wasm_bindgen_test]
async fn postcard_goes_around() {
    goes_around(Postcard).await;
}

#[wasm_bindgen_test]
async fn text_and_bytes_go_around_without_serde() {
    let Some(room) = room().await else { return };
    let mut wire: Wire<String> = Wire::builder(room.url("")).codec(Text).connect().unwrap();
    drop(wire.try_send("as it is".into()).unwrap());
    assert_eq!(message(&mut wire).await, "as it is");
    let mut wire: Wire<Vec<u8>> = Wire::builder(room.url("")).codec(Bytes).connect().unwrap();
    drop(wire.try_send(vec![1, 2, 255]).unwrap());
    assert_eq!(message(&mut wire).await, [1, 2, 255]);
}

#[wasm_bindgen_test]
fn what_nests_too_deep_is_refused_in_the_small_stack_of_wasm_too() {
    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code)]
    enum Chain {
        End,
        Link(Box<Chain>),
    }
    fn refused(codec: &dyn everwire::codec::Decode<Chain>, link: &[u8]) {
        assert!(codec.decode(&Raw::Binary(link.repeat(100_000))).is_err());
    }
    refused(&Json, b"{\"Link\":");
    refused(&Msgpack, b"\x81\xa4Link");
    refused(&Cbor, b"\xa1\x64Link");
    refused(&Postcard, b"\x01");
}

#[wasm_bindgen_test]
async fn events_become_javascript_values_of_the_npm_package_s_shapes() {
    let Some(room) = room().await else { return };
    let mut wire: Wire<Message> =
        Wire::builder(room.url("say=garbage&close=4400&reason=over&after=1")).connect().unwrap();
    drop(wire.try_send(say("hello")).unwrap());
    within("the end", wire.closed()).await;
    let events: Vec<String> =
        read_all(&mut wire).into_iter().map(|event| json(&event.into_js().unwrap())).collect();
    let expected = [
        r#"{"state":{"phase":"resolving","attempt":1,"name":"connecting"},"type":"statechange"}"#,
        r#"{"state":{"phase":"dialing","attempt":1,"name":"connecting"},"type":"statechange"}"#,
        r#"{"state":{"name":"open"},"type":"statechange"}"#,
        r#"{"type":"open"}"#,
        r#"{"error":{"code":"Undecodable","message":"expected value at line 1 column 1","data":"garbage"},"type":"error"}"#,
        r#"{"data":{"Say":{"text":"hello"}},"type":"message"}"#,
        r#"{"state":{"reason":"ServerClosed","close":{"code":4400,"reason":"over","wasClean":true},"name":"closed"},"type":"statechange"}"#,
        r#"{"code":4400,"reason":"over","wasClean":true,"cause":"ServerClosed","last":true,"type":"close"}"#,
    ];
    assert_eq!(events, expected);
    let error = everwire::WireError {
        cause: Cause::ProviderFailed,
        close: everwire::Close::abnormal(),
        source: Some("no ticket".into()),
    };
    let error = Reflect::get(&Event::<Message>::Error(error).into_js().unwrap(), &"error".into()).unwrap();
    assert_eq!(Reflect::get(&error, &"cause".into()).unwrap(), "no ticket");
    let evicted = Event::<Message>::Evicted { count: 3 }.into_js().unwrap();
    assert_eq!(json(&evicted), r#"{"count":3,"type":"evicted"}"#);
    let pong = Event::<Message>::Pong { rtt: millis(1), smoothed: millis(2) }.into_js().unwrap();
    assert_eq!(json(&pong), r#"{"rtt":1,"smoothed":2,"type":"pong"}"#);
    let overflow = json(&Event::<Message>::InboundOverflow.into_js().unwrap());
    assert!(overflow.contains("InboundOverflow"), "{overflow}");
}

#[wasm_bindgen_test]
async fn a_wire_is_built_from_what_javascript_gives() {
    let Some(room) = room().await else { return };
    let options = Object::from(js(r#"{
            protocols: async () => ["chat.v2", "chat.v1"],
            reconnect: { baseDelay: 20, factor: 1, delay: (retry) => retry.attempt < 9 && 5 },
            heartbeat: { interval: 20, ping: "ping", isPong: (message, raw) => message === undefined && raw === "ping" },
            greet: async ({ send, sendRaw, attempt }) => {
                sendRaw('"s3cret ' + attempt + '"');
                send("hello " + attempt);
            },
            isWelcome: (message) => message === "hello 2",
            queue: { maxMessages: 5, overflow: "drop-newest", ttl: undefined },
            inbox: { maxMessages: 50 },
            idleTimeout: Infinity,
        }"#));
    let url = room.url("");
    let asked = format!(
        "async ({{ attempt, reason }}) => {{ if (attempt === 1) throw new Error(reason); return new URL({url:?}); }}"
    );
    let mut wire: Wire<String> = Builder::from_js(&js(&asked), &options).unwrap().connect().unwrap();
    let failed = |event| match event {
        Event::Error(error) => Some((error.cause, error.source.unwrap().to_string())),
        _ => None,
    };
    let failed = find(&mut wire, "the failure", failed).await;
    assert_eq!(failed, (Cause::ProviderFailed, "Started".to_owned()));
    let receipt = wire.try_send("queued".into()).unwrap();
    for expected in ["s3cret 2", "hello 2", "queued"] {
        let text = find(&mut wire, expected, |event| match event {
            Event::Message(text) => Some(text),
            _ => None,
        });
        assert_eq!(text.await, expected);
    }
    assert_eq!(receipt.await, Settled::HandedOver);
    assert_eq!(wire.protocol(), "chat.v2");
    let ponged = |event| matches!(event, Event::Pong { .. }).then_some(());
    find(&mut wire, "the pong that JavaScript recognised", ponged).await;
}

#[wasm_bindgen_test]
async fn javascript_has_the_last_word_on_retries() {
    let Some(room) = room().await else { return };
    let url = JsValue::from(room.url("close=4401"));
    let options = js(
        "{ reconnect: { delay: () => 1, shouldReconnect: (close, retry) => close.code === 4401 && retry.attempt < 4 } }",
    );
    let wire: Wire<String> = Builder::from_js(&url, &options).unwrap().connect().unwrap();
    assert_eq!(within("the end", wire.closed()).await.close.code, 4401);
    assert_eq!(room.stats().await.dialed(), 3);
    let options = js("{ reconnect: { delay: () => { throw 1 }, maxAttempts: 1 } }");
    let wire: Wire<String> = Builder::from_js(&url, &options).unwrap().connect().unwrap();
    within("the end", wire.closed()).await;
}

#[wasm_bindgen_test]
fn wrong_options_from_javascript_are_named_with_what_they_may_be() {
    let url = JsValue::from("ws://127.0.0.1:9");
    let refused = |options: &str| {
        let built = Builder::<String>::from_js(&url, &js(options)).and_then(Builder::build);
        built.err().unwrap_or_else(|| panic!("{options} was taken")).to_string()
    };
    let cases = [
        ("{ reconnect: { factor: '2' } }", r#"reconnect.factor must be a number; given: "2"."#),
        ("{ reconnect: { factor: 0 } }", "reconnect.factor must be a number from 1 to 100; given: 0."),
        ("{ reconnect: 7 }", "reconnect must be an object; given: 7."),
        ("{ greet: {} }", "greet must be a function; given: an object."),
        (
            "{ queue: { overflow: 'drop' } }",
            r#"queue.overflow must be "reject" or "drop-oldest" or "drop-newest"; given: "drop"."#,
        ),
        ("{ inbox: { maxBytes: 0 } }", "inbox.maxBytes must be a number from 1 to 4294967295; given: 0."),
        ("{ idleTimeout: NaN }", "idleTimeout must be a number; given: NaN."),
        (
            "{ heartbeat: { interval: 100 } }",
            "heartbeat.ping must be what a ping looks like: text, bytes, a message or a function; given: undefined.",
        ),
        ("{ protocols: [1] }", "protocols must be a string, a list of them or a function; given: an object."),
        ("null", "options must be an object; given: null."),
    ];
    for (options, expected) in cases {
        assert_eq!(refused(options), expected);
    }
    assert!(
        refused("{ retries: 3 }")
            .starts_with("There is no option retries. There are: WebSocket, closeTimeout, ")
    );
    let none = Builder::<String>::from_js(&JsValue::UNDEFINED, &JsValue::UNDEFINED).err().unwrap();
    assert_eq!(
        none.to_string(),
        "url must be a string, a URL, a list of them or a function; given: undefined."
    );
    Builder::<String>::from_js(&url, &JsValue::UNDEFINED).unwrap().build().unwrap();
}
