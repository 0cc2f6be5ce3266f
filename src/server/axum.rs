//! WebSockets of an axum application.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::{Sink, Stream};

use super::handler::Handler;
use super::server::Server;
use super::transport::{Broken, Message};
use crate::session::{SUBPROTOCOL, SessionStore};

impl<S: SessionStore, H: Handler> Server<S, H> {
    /// Serves a WebSocket of an axum application: return this from a handler that extracts both arguments.
    pub fn upgrade(&self, upgrade: WebSocketUpgrade, headers: &HeaderMap) -> Response {
        if let Err((status, why)) = self.0.admits(headers) {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            return (status, why).into_response();
        }
        let server = self.clone();
        let most = self.0.config.message();
        let upgrade = upgrade.protocols([SUBPROTOCOL]).max_message_size(most).max_frame_size(most);
        upgrade.on_upgrade(async move |socket| server.serve(Socket(socket)).await)
    }
}

struct Socket(WebSocket);

impl Stream for Socket {
    type Item = Result<Message, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let frame = std::task::ready!(Pin::new(&mut self.0).poll_next(cx));
            return Poll::Ready(Some(match frame {
                Some(Ok(Frame::Binary(bytes))) => Ok(Message::Binary(bytes)),
                Some(Ok(Frame::Text(_))) => Ok(Message::Text),
                Some(Ok(Frame::Close(close))) => Ok(Message::Close {
                    code: close.as_ref().map_or(1005, |close| close.code),
                    reason: close.map(|close| close.reason.to_string()).unwrap_or_default(),
                }),
                Some(Ok(_)) => continue,
                Some(Err(error)) => Err(broken(error)),
                None => return Poll::Ready(None),
            }));
        }
    }
}

impl Sink<Message> for Socket {
    type Error = Broken;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Pin::new(&mut self.0).poll_ready(cx).map_err(broken)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Broken> {
        let frame = match message {
            Message::Binary(bytes) => Frame::Binary(bytes),
            Message::Text => Frame::Text("".into()),
            Message::Close { code, reason } => Frame::Close(Some(CloseFrame { code, reason: reason.into() })),
        };
        Pin::new(&mut self.0).start_send(frame).map_err(broken)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Pin::new(&mut self.0).poll_flush(cx).map_err(broken)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Pin::new(&mut self.0).poll_close(cx).map_err(broken)
    }
}

fn broken(error: axum::Error) -> Broken {
    let error = error.into_inner();
    // axum has tungstenite inside, perhaps another version of it than this crate; so by its words.
    if error.to_string().contains("Message too long") { Broken::TooBig } else { Broken::Gone(error) }
}
