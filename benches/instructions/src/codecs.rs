//! The codecs for typed messages.

use everwire::codec::{Cbor, Codec, Json, Msgpack, Postcard};
use serde::{Deserialize, Serialize};

use crate::session::sound;
use crate::{MESSAGES, count};

/// The like of what applications send.
#[derive(Serialize, Deserialize)]
enum Message {
    Said { id: u64, room: String, text: String, at: f64, mentions: Vec<u32> },
}

pub fn all() {
    both("json", &Json);
    both("msgpack", &Msgpack);
    both("cbor", &Cbor);
    both("postcard", &Postcard);
}

fn both(name: &str, codec: &impl Codec<Message>) {
    let message = Message::Said {
        id: 123_456,
        room: "general".into(),
        text: "Everything that was sent has arrived, once and in order.".into(),
        at: 1_700_000_000.25,
        mentions: vec![1, 200, 30_000],
    };
    let raw = sound(codec.encode(&message));
    count(&format!("{name}: encode"), MESSAGES, || {
        (0..MESSAGES).map(|_| sound(codec.encode(&message)).len()).sum::<usize>()
    });
    let decoded = count(&format!("{name}: decode"), MESSAGES, || {
        (0..MESSAGES).map(|_| sound(codec.decode(&raw))).map(|Message::Said { id, .. }| id).sum::<u64>()
    });
    assert_eq!(decoded, 123_456_000, "what came back is another message");
}
