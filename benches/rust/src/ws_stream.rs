use futures_util::{SinkExt, StreamExt};
use ws_stream_wasm::{WsMessage, WsMeta, WsStream};

use crate::{Client, Message};

pub(crate) struct Connection(WsMeta, WsStream);

impl Client for Connection {
    async fn open(url: &str) -> Option<Self> {
        let (meta, stream) = WsMeta::connect(url, None).await.ok()?;
        Some(Self(meta, stream))
    }

    async fn send(&mut self, message: Message) {
        let message = match message {
            Message::Text(text) => WsMessage::Text(text),
            Message::Binary(bytes) => WsMessage::Binary(bytes),
        };
        let _ = self.1.send(message).await;
    }

    async fn hear(&mut self) -> Message {
        loop {
            match self.1.next().await {
                Some(WsMessage::Text(text)) => return Message::Text(text),
                Some(WsMessage::Binary(bytes)) => return Message::Binary(bytes),
                None => return std::future::pending().await,
            }
        }
    }

    fn waiting(&self) -> f64 {
        f64::from(self.1.wrapped().buffered_amount())
    }
}
