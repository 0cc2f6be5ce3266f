use futures_util::{SinkExt, StreamExt};
use gloo_net::websocket::Message as Gloo;
use gloo_net::websocket::futures::WebSocket;

use crate::{Client, Message};

pub(crate) struct Connection(WebSocket);

impl Client for Connection {
    async fn open(url: &str) -> Option<Self> {
        WebSocket::open(url).ok().map(Self)
    }

    async fn send(&mut self, message: Message) {
        let message = match message {
            Message::Text(text) => Gloo::Text(text),
            Message::Binary(bytes) => Gloo::Bytes(bytes),
        };
        let _ = self.0.send(message).await;
    }

    async fn hear(&mut self) -> Message {
        loop {
            match self.0.next().await {
                Some(Ok(Gloo::Text(text))) => return Message::Text(text),
                Some(Ok(Gloo::Bytes(bytes))) => return Message::Binary(bytes),
                Some(Err(_)) => {}
                None => return std::future::pending().await,
            }
        }
    }

    /// It does not tell.
    fn waiting(&self) -> f64 {
        0.0
    }
}
