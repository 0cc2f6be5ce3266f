use everwire::codec::{Raw, Untouched};
use everwire::{Event, SessionWire};
use futures_util::StreamExt;

use crate::plain::{heard, queue, raw};
use crate::{Client, Message};

pub(crate) struct Connection(SessionWire<Raw>);

impl Client for Connection {
    async fn open(url: &str) -> Option<Self> {
        let wire = SessionWire::builder(url).codec(Untouched).queue(queue()).connect().ok()?;
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
