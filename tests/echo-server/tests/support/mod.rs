//! What the tests of the peer share: a server, WebSocket clients and a bare HTTP client.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use everwire_echo_server::{Config, RoomStats, Server};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};

pub(crate) type Client<S = TcpStream> = WebSocketStream<S>;

pub(crate) async fn start() -> Server {
    start_with(|_| {}).await
}

pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Server {
    let mut config = Config::ephemeral();
    change(&mut config);
    Server::start(config).await.unwrap()
}

pub(crate) async fn connect(server: &Server, path: &str) -> Client {
    dial(server.address(), path, &[]).await.unwrap().0
}

/// Performs a handshake with further request headers.
pub(crate) async fn dial(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<(Client, Response), Error> {
    upgrade(TcpStream::connect(address).await?, path, headers).await
}

/// Performs a handshake on a stream that is there already.
pub(crate) async fn upgrade<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<(Client<S>, Response), Error> {
    let mut request = format!("ws://localhost{path}").into_client_request()?;
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
    }
    within(tokio_tungstenite::client_async(request, stream)).await
}

/// The HTTP status an upgrade is refused with.
pub(crate) async fn refusal(server: &Server, path: &str, headers: &[(&str, &str)]) -> u16 {
    match dial(server.address(), path, headers).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{path} was not refused: {other:?}"),
    }
}

/// The subprotocol chosen out of those offered.
pub(crate) async fn chosen(server: &Server, path: &str, offered: &str) -> Option<String> {
    // The client of tungstenite fails if none is chosen, so the handshake is done by hand.
    let request = handshake(path, &format!("Sec-WebSocket-Protocol: {offered}\r\n"));
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let head = read_head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    head.lines().find_map(|line| line.strip_prefix("sec-websocket-protocol: ")).map(str::to_owned)
}

/// A handshake as it goes over the wire.
pub(crate) fn handshake(path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    )
}

/// Reads up to the empty line after a head.
pub(crate) async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

pub(crate) async fn say(client: &mut Client<impl AsyncRead + AsyncWrite + Unpin>, text: &str) {
    within(client.send(Message::text(text))).await.unwrap();
}

/// The next text message.
pub(crate) async fn heard(client: &mut Client<impl AsyncRead + AsyncWrite + Unpin>) -> String {
    match next(client).await {
        Ok(Message::Text(text)) => text.to_string(),
        other => panic!("expected a text, got {other:?}"),
    }
}

/// Code and reason of the close frame that must come next.
pub(crate) async fn closed(client: &mut Client<impl AsyncRead + AsyncWrite + Unpin>) -> (u16, String) {
    match next(client).await {
        Ok(Message::Close(Some(frame))) => (frame.code.into(), frame.reason.to_string()),
        other => panic!("expected a close frame, got {other:?}"),
    }
}

/// Asserts that the connection is reset, without a close frame.
pub(crate) async fn assert_reset(client: &mut Client<impl AsyncRead + AsyncWrite + Unpin>) {
    match next(client).await {
        Err(Error::Io(error)) if error.kind() == ErrorKind::ConnectionReset => {}
        other => panic!("expected a reset, got {other:?}"),
    }
}

pub(crate) async fn next(client: &mut Client<impl AsyncRead + AsyncWrite + Unpin>) -> Result<Message, Error> {
    within(client.next()).await.expect("the connection ended before")
}

/// Asserts that nothing arrives. What is right passes at any speed; only what is wrong needs the
/// time.
pub(crate) async fn assert_quiet(client: &mut Client<impl AsyncRead + AsyncWrite + Unpin>) {
    if let Ok(message) = timeout(QUIET, client.next()).await {
        panic!("expected nothing, got {message:?}");
    }
}

pub(crate) async fn echoes(client: &mut Client<impl AsyncRead + AsyncWrite + Unpin>) {
    say(client, "are you there?").await;
    assert_eq!(heard(client).await, "are you there?");
}

/// Waits until the statistics of a room are as expected.
pub(crate) async fn until(server: &Server, room: &str, expected: impl Fn(&RoomStats) -> bool) -> RoomStats {
    within(async {
        loop {
            let stats = server.room_stats(room);
            if expected(&stats) {
                return stats;
            }
            sleep(Duration::from_millis(2)).await;
        }
    })
    .await
}

/// Fails a test that would hang.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(60), future).await.expect("it took too long")
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }
}

pub(crate) async fn get(server: &Server, path: &str) -> Answer {
    request(server.address(), "GET", path, "").await
}

pub(crate) async fn post(server: &Server, path: &str) -> Answer {
    request(server.address(), "POST", path, "").await
}

/// One request on a connection of its own; `headers` are whole lines.
pub(crate) async fn request(address: SocketAddr, method: &str, path: &str, headers: &str) -> Answer {
    exchange(
        address,
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n")
            .as_bytes(),
    )
    .await
}

/// Sends bytes and takes the whole answer apart.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> Answer {
    answer_on(TcpStream::connect(address).await.unwrap(), bytes).await
}

/// The same on a stream that is there already.
pub(crate) async fn answer_on(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> Answer {
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    within(stream.read_to_end(&mut answer)).await.unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Answer { status, headers, body: answer[end + 4..].to_vec() }
}

const QUIET: Duration = Duration::from_millis(150);
