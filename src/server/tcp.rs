//! WebSockets on a listener of tokio's own.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use super::handler::Handler;
use super::server::Server;
use super::transport::{Broken, Message};
use crate::session::{SUBPROTOCOL, SessionStore};

/// A listener that cannot accept (too many open files, as a rule) is asked again after so long.
const PAUSE: Duration = Duration::from_millis(100);
/// What each connection holds to read into, be it silent or not; tungstenite's own 128 KiB would be nearly all that a
/// session takes. A larger frame grows it.
const READ_BUFFER: usize = 8 * 1024;

impl<S: SessionStore, H: Handler> Server<S, H> {
    /// Serves whoever connects to this listener, until the future is dropped. Connections that are welcome by then
    /// go on.
    pub async fn listen(&self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let _ = stream.set_nodelay(true);
                    let server = self.clone();
                    tokio::spawn(async move { server.accept(stream).await });
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// Serves one byte stream, for example of TCP or TLS: the WebSocket handshake, whose path is not looked at, then as
    /// [`serve`](Self::serve).
    pub async fn accept(&self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        // Nobody is told, for a page could not hear it before there is a WebSocket.
        let Ok(upgrading) = self.0.upgrades.try_acquire() else { return };
        let most = self.0.config.message();
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .max_message_size(Some(most))
            .max_frame_size(Some(most));
        #[allow(clippy::result_large_err, reason = "the signature is that of tungstenite's callback")]
        let judge = |request: &Request, response: Response| self.judge(request.headers(), response);
        let upgrade = tokio_tungstenite::accept_hdr_async_with_config(stream, judge, Some(config));
        let upgraded = timeout(self.0.config.patience, upgrade).await;
        drop(upgrading);
        if let Ok(Ok(socket)) = upgraded {
            self.serve(Socket(socket)).await;
        }
    }

    #[allow(clippy::result_large_err, reason = "the signature is that of tungstenite's callback")]
    fn judge(&self, headers: &HeaderMap, mut response: Response) -> Result<Response, ErrorResponse> {
        if let Err((status, why)) = self.0.admits(headers) {
            let mut refusal = ErrorResponse::new(Some(why.to_owned()));
            *refusal.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            return Err(refusal);
        }
        let subprotocol = HeaderValue::from_static(SUBPROTOCOL);
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
        Ok(response)
    }
}

/// A WebSocket of tungstenite's.
pub(super) struct Socket<S>(WebSocketStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Socket<S> {
    type Item = Result<Message, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let frame = std::task::ready!(Pin::new(&mut self.0).poll_next(cx));
            return Poll::Ready(Some(match frame {
                Some(Ok(Frame::Binary(bytes))) => Ok(Message::Binary(bytes)),
                Some(Ok(Frame::Text(_))) => Ok(Message::Text),
                Some(Ok(Frame::Close(close))) => Ok(Message::Close {
                    code: close.as_ref().map_or(1005, |close| close.code.into()),
                    reason: close.map(|close| close.reason.to_string()).unwrap_or_default(),
                }),
                Some(Ok(_)) => continue,
                Some(Err(error)) => Err(broken(error)),
                None => return Poll::Ready(None),
            }));
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Message> for Socket<S> {
    type Error = Broken;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Pin::new(&mut self.0).poll_ready(cx).map_err(broken)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Broken> {
        let frame = match message {
            Message::Binary(bytes) => Frame::Binary(bytes),
            Message::Text => Frame::text(""),
            Message::Close { code, reason } => {
                Frame::Close(Some(CloseFrame { code: code.into(), reason: reason.into() }))
            }
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

fn broken(error: Error) -> Broken {
    match error {
        Error::Capacity(_) => Broken::TooBig,
        error => Broken::Gone(Box::new(error)),
    }
}
