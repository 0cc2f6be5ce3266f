use everwire::codec::{Raw, Untouched};
use everwire::{Event, Inbox, Queue, Wire};
use futures_util::StreamExt;

use crate::{Client, Message};

pub(crate) struct Connection(Wire<Raw>);

impl Client for Connection {
    async fn open(url: &str) -> Option<Self> {
        let inbox = Inbox::new().max_messages(1_000_000).max_bytes(256 << 20);
        let wire = Wire::builder(url).codec(Untouched).queue(queue()).inbox(inbox).connect().ok()?;
        wire.opened().await.ok()?;
        Some(Self(wire))
    }

    async fn send(&mut self, message: Message) {
        let _ = self.0.send(raw(message)).await;
    }

    async fn hear(&mut self) -> Message {
        loop {
            match self.0.next().await {
                Some(Event::Message(raw)) => return heard(raw),
                Some(_) => {}
                None => return std::future::pending().await,
            }
        }
    }

    fn waiting(&self) -> f64 {
        self.0.queued_bytes() as f64 + f64::from(self.0.buffered_amount())
    }
}

/// Room for whatever is sent at once.
pub(crate) fn queue() -> Queue {
    Queue::new().max_messages(1_000_000).max_bytes(256 << 20)
}

pub(crate) fn raw(message: Message) -> Raw {
    match message {
        Message::Text(text) => Raw::Text(text),
        Message::Binary(bytes) => Raw::Binary(bytes),
    }
}

pub(crate) fn heard(raw: Raw) -> Message {
    match raw {
        Raw::Text(text) => Message::Text(text),
        Raw::Binary(bytes) => Message::Binary(bytes),
    }
}
