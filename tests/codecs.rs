//! What every codec promises: a message comes back as it went, and no input does harm.

#![cfg(not(target_arch = "wasm32"))]
#![cfg(all(feature = "cbor", feature = "json", feature = "msgpack", feature = "postcard"))]

use std::collections::BTreeMap;

use everwire::codec::{Bytes, Cbor, Codec, Decode, Encode, Json, Msgpack, Postcard, Raw, Text, Untouched};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Every shape that serde knows, nested in itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
enum Message {
    Unit,
    Newtype(Inner),
    Tuple(u8, i64, String),
    Struct { text: String, maybe: Option<i32>, float: f64, flags: (bool, char) },
    Many(Vec<Message>),
    ByName(BTreeMap<String, Message>),
    Boxed(Box<Message>),
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Inner {
    id: u64,
    seen: Vec<u8>,
    narrow: f32,
}

/// Only nests. A hostile server can make a client follow it as far as it likes.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Chain {
    End,
    Link(Box<Chain>),
}

fn message() -> impl Strategy<Value = Message> {
    let finite = any::<f64>().prop_filter("JSON has no such number", |float| float.is_finite());
    let leaf = prop_oneof![
        Just(Message::Unit),
        (any::<u64>(), any::<Vec<u8>>(), -1e6_f32..1e6)
            .prop_map(|(id, seen, narrow)| Message::Newtype(Inner { id, seen, narrow })),
        (any::<u8>(), any::<i64>(), any::<String>()).prop_map(|(a, b, c)| Message::Tuple(a, b, c)),
        (any::<String>(), any::<Option<i32>>(), finite, any::<bool>(), any::<char>()).prop_map(
            |(text, maybe, float, flag, char)| Message::Struct { text, maybe, float, flags: (flag, char) }
        ),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Message::Many),
            prop::collection::btree_map(any::<String>(), inner.clone(), 0..4).prop_map(Message::ByName),
            inner.prop_map(|inner| Message::Boxed(Box::new(inner))),
        ]
    })
}

/// Equal, but for the last digit of a float that went through decimal.
fn comes_back<C: Codec<Message>>(codec: &C, message: &Message) -> Result<Raw, TestCaseError> {
    let raw = codec.encode(message).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let back: Message =
        codec.decode(&raw).map_err(|error| TestCaseError::fail(format!("{error}: {raw:?}")))?;
    prop_assert_eq!(&back, message);
    Ok(raw)
}

/// However it ends, it ends.
fn ends<T: DeserializeOwned>(bytes: &[u8]) {
    let raw = Raw::Binary(bytes.to_vec());
    let _: Result<T, _> = Json.decode(&raw);
    let _: Result<T, _> = Msgpack.decode(&raw);
    let _: Result<T, _> = Cbor.decode(&raw);
    let _: Result<T, _> = Postcard.decode(&raw);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_message_comes_back_as_it_went(message in message()) {
        prop_assert!(matches!(comes_back(&Json, &message)?, Raw::Text(_)));
        prop_assert!(matches!(comes_back(&Msgpack, &message)?, Raw::Binary(_)));
        prop_assert!(matches!(comes_back(&Cbor, &message)?, Raw::Binary(_)));
        prop_assert!(matches!(comes_back(&Postcard, &message)?, Raw::Binary(_)));
    }

    #[test]
    fn a_message_with_something_after_it_is_refused(message in message(), more in any::<u8>()) {
        fn refused<C: Codec<Message>>(codec: &C, message: &Message, more: u8) -> Result<(), TestCaseError> {
            let mut bytes = codec.encode(message).unwrap().as_bytes().to_vec();
            bytes.push(more);
            let decoded: Result<Message, _> = codec.decode(&Raw::Binary(bytes));
            prop_assert!(decoded.is_err(), "{decoded:?}");
            Ok(())
        }
        refused(&Json, &message, b'0' + more % 10)?;
        refused(&Msgpack, &message, more)?;
        refused(&Cbor, &message, more)?;
        refused(&Postcard, &message, more)?;
    }

    #[test]
    fn a_message_cut_short_is_refused(message in message(), part in 0.0..1.0_f64) {
        fn refused<C: Codec<Message>>(codec: &C, message: &Message, part: f64) -> Result<(), TestCaseError> {
            let bytes = codec.encode(message).unwrap().as_bytes().to_vec();
            let short = bytes[..(bytes.len() as f64 * part) as usize].to_vec();
            let decoded: Result<Message, _> = codec.decode(&Raw::Binary(short));
            prop_assert!(decoded.is_err(), "{decoded:?}");
            Ok(())
        }
        refused(&Json, &message, part)?;
        refused(&Msgpack, &message, part)?;
        refused(&Cbor, &message, part)?;
        refused(&Postcard, &message, part)?;
    }

    #[test]
    fn no_bytes_do_harm(bytes in any::<Vec<u8>>()) {
        ends::<Message>(&bytes);
        ends::<Vec<Vec<String>>>(&bytes);
        ends::<serde_json::Value>(&bytes);
        ends::<Vec<()>>(&bytes);
    }

    #[test]
    fn no_change_of_a_good_message_does_harm(message in message(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let raws = [
            Json.encode(&message).unwrap(), Msgpack.encode(&message).unwrap(),
            Cbor.encode(&message).unwrap(), Postcard.encode(&message).unwrap(),
        ];
        for raw in raws {
            let mut bytes = raw.as_bytes().to_vec();
            let place = at.index(bytes.len());
            bytes[place] = to;
            ends::<Message>(&bytes);
        }
    }

    #[test]
    fn text_and_bytes_come_back_as_they_went(text in any::<String>(), bytes in any::<Vec<u8>>()) {
        prop_assert_eq!(&Text.decode(&Text.encode(&text).unwrap()).unwrap(), &text);
        prop_assert_eq!(&Bytes.decode(&Bytes.encode(&bytes).unwrap()).unwrap(), &bytes);
        let raw = Raw::from(bytes);
        prop_assert_eq!(&Untouched.decode(&Untouched.encode(&raw).unwrap()).unwrap(), &raw);
    }
}

#[test]
fn what_nests_too_deep_is_refused_and_the_stack_survives() {
    const DEEP: usize = 1_000_000;
    let json = "{\"Link\":".repeat(DEEP);
    assert!(Decode::<Chain>::decode(&Json, &Raw::Text(json)).is_err());
    let link = [b"\x81\xa4Link".as_slice(), b"\xa1\x64Link".as_slice(), b"\x01".as_slice()];
    let [msgpack, cbor, postcard] = link.map(|link| Raw::Binary(link.repeat(DEEP)));
    for error in [
        Decode::<Chain>::decode(&Msgpack, &msgpack).unwrap_err(),
        Decode::<Chain>::decode(&Cbor, &cbor).unwrap_err(),
        Decode::<Chain>::decode(&Postcard, &postcard).unwrap_err(),
    ] {
        println!("{error}");
    }
    for nested in [b'[', 0x91, 0x81, 0xc1] {
        ends::<serde_json::Value>(&[nested].repeat(DEEP));
    }
}

#[test]
fn what_nests_as_deep_as_people_do_comes_back() {
    let chain = || (0..30).fold(Chain::End, |chain, _| Chain::Link(Box::new(chain)));
    fn check<C: Codec<Chain>>(codec: &C, chain: &Chain) {
        assert_eq!(&codec.decode(&codec.encode(chain).unwrap()).unwrap(), chain);
    }
    check(&Json, &chain());
    check(&Msgpack, &chain());
    check(&Cbor, &chain());
    check(&Postcard, &chain());
}

#[test]
fn a_length_that_is_a_lie_sets_no_memory_aside() {
    // Four billion elements and more, announced by messages of some bytes.
    let lies: [&[u8]; 6] = [
        b"\xdd\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    ];
    for lie in lies {
        ends::<Vec<u64>>(lie);
        ends::<Vec<String>>(lie);
        ends::<String>(lie);
        ends::<BTreeMap<String, u64>>(lie);
        ends::<serde_json::Value>(lie);
    }
    // Elements that take no bytes cost time instead.
    let error = Decode::<Vec<()>>::decode(&Postcard, &Raw::Binary(lies[5].to_vec())).unwrap_err();
    assert!(!error.to_string().is_empty());
    let few = vec![(); 1_000];
    assert_eq!(Decode::<Vec<()>>::decode(&Postcard, &Postcard.encode(&few).unwrap()).unwrap(), few);
}

#[test]
fn binary_formats_refuse_text_and_text_formats_take_utf_8() {
    let text = Raw::Text("{}".into());
    assert!(Decode::<u8>::decode(&Msgpack, &text).is_err());
    assert!(Decode::<u8>::decode(&Cbor, &text).is_err());
    assert!(Decode::<u8>::decode(&Postcard, &text).is_err());
    assert_eq!(Decode::<u8>::decode(&Json, &Raw::Binary(b"7".to_vec())).unwrap(), 7);
    assert_eq!(Text.decode(&Raw::Binary("é".into())).unwrap(), "é");
    assert!(Text.decode(&Raw::Binary(vec![0xff])).is_err());
    assert!(Decode::<String>::decode(&Json, &Raw::Binary(vec![b'"', 0xff, b'"'])).is_err());
}

#[test]
fn a_number_that_javascript_wrote_as_an_integer_is_a_float_too() {
    // 3 and 1.5 as JavaScript's encoders write them.
    for bytes in [&b"\x03"[..], b"\xf9\x42\x00", b"\xfa\x40\x40\x00\x00"] {
        let float: f64 = Cbor.decode(&Raw::Binary(bytes.to_vec())).unwrap();
        assert_eq!(float, 3.0);
    }
    assert_eq!(Decode::<f64>::decode(&Msgpack, &Raw::Binary(vec![3])).unwrap(), 3.0);
    assert_eq!(Decode::<f64>::decode(&Json, &"3".into()).unwrap(), 3.0);
}

#[test]
fn an_error_says_what_is_wrong() {
    let error = Decode::<Inner>::decode(&Json, &r#"{"id":"x"}"#.into()).unwrap_err();
    assert_eq!(error.to_string(), "invalid type: string \"x\", expected u64 at line 1 column 9");
    let error = Decode::<u8>::decode(&Postcard, &Raw::Binary(vec![1, 2, 3])).unwrap_err();
    assert_eq!(error.to_string(), "2 bytes are left over after the message");
}
