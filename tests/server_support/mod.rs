//! A client for the tests of the server: the client's half over a WebSocket, driven by hand.
#![allow(dead_code, reason = "no test uses all of it")]

use std::collections::VecDeque;
use std::net::SocketAddr;

pub mod probe;

use everwire::session::{
    Client, Closing, Code, Control, Event, Limits, Loss, Payload, Record, SUBPROTOCOL, Span, Welcome,
};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

/// What a client sees.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Message {
        channel: u64,
        text: String,
    },
    Volatile {
        channel: u64,
        text: String,
    },
    Request {
        id: u64,
        method: String,
        text: String,
    },
    Response {
        id: u64,
        status: u64,
        more: bool,
        text: String,
    },
    Cancel {
        id: u64,
    },
    Open {
        channel: u64,
        text: String,
    },
    Shut {
        channel: u64,
        code: u64,
        reason: String,
    },
    Ping,
    Pong {
        token: u64,
    },
    Auth,
    Authed {
        ttl_ms: u64,
    },
    GoAway {
        grace_ms: u64,
        jitter_ms: u64,
    },
    Close {
        code: u64,
        retry: bool,
        forget: bool,
        retry_after_ms: u64,
        recv: u64,
    },
    Lost(Loss),
    /// The WebSocket's own end.
    Ended(Option<u16>),
}

pub fn message(text: &str) -> Seen {
    Seen::Message { channel: 0, text: text.to_owned() }
}

pub fn text(bytes: &[u8]) -> Payload<'_> {
    Payload { channel: 0, text: true, bytes }
}

pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub struct Peer {
    pub half: Client,
    pub socket: Option<WebSocketStream<Box<dyn Stream>>>,
    pub seen: VecDeque<Seen>,
    pub welcome: Option<Welcome>,
    /// Whether records are accepted as they come.
    pub accepts: bool,
    /// Whether a PING is answered.
    pub pongs: bool,
    /// Whether the WELCOME is acknowledged.
    pub confirms: bool,
    /// After how much silence this side takes the connection for dead.
    pub idle_ms: u64,
    pub fence: u64,
    /// How long the frames were that arrived.
    pub frames: Vec<usize>,
}

impl Default for Peer {
    fn default() -> Self {
        Self::with(Client::new(Limits::default(), true, false))
    }
}

impl Peer {
    pub fn with(half: Client) -> Self {
        let (socket, seen, welcome) = (None, VecDeque::new(), None);
        Self {
            half,
            socket,
            seen,
            welcome,
            accepts: true,
            pongs: true,
            confirms: true,
            idle_ms: 0,
            fence: 0,
            frames: Vec::new(),
        }
    }

    /// A client with a new session.
    pub async fn connected(address: SocketAddr) -> Self {
        let mut peer = Self::default();
        peer.dial(address, "ann").await;
        assert!(peer.welcome.is_some(), "{:?}", peer.seen);
        peer
    }

    /// Connects and says HELLO, up to the WELCOME or the end.
    pub async fn dial(&mut self, address: SocketAddr, token: &str) {
        self.open(address).await;
        self.greet(token).await;
    }

    pub async fn open(&mut self, address: SocketAddr) {
        self.open_over(TcpStream::connect(address).await.unwrap()).await;
    }

    pub async fn open_over(&mut self, stream: impl Stream + 'static) {
        let stream: Box<dyn Stream> = Box::new(stream);
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let (socket, _) = tokio_tungstenite::client_async(request(address), stream).await.unwrap();
        self.socket = Some(socket);
    }

    pub async fn greet(&mut self, token: &str) {
        let (fence, hello) = self.half.hello(token.as_bytes(), self.idle_ms);
        self.fence = fence;
        self.welcome = None;
        self.write(hello).await;
        while self.welcome.is_none() && self.socket.is_some() {
            self.read().await;
        }
        if self.confirms {
            self.flush().await;
        }
    }

    /// Everything that comes before the end.
    pub async fn drain(&mut self) {
        while self.socket.is_some() {
            self.read().await;
        }
    }

    /// As if a HELLO had been said that never arrived.
    pub fn pretend_hello(&mut self) {
        self.fence = self.half.hello(b"", 0).0;
    }

    pub async fn write(&mut self, frame: Vec<u8>) {
        if let Some(socket) = &mut self.socket {
            // A connection that is gone is seen when it is read from.
            let _ = socket.send(Message::Binary(frame.into())).await;
        }
    }

    /// The connection is lost, without a goodbye.
    pub fn drop_link(&mut self) {
        self.half.gone(self.fence);
        self.socket = None;
    }

    pub async fn say(&mut self, payload: &str) -> u64 {
        let number = self.half.message(text(payload.as_bytes()));
        self.flush().await;
        number
    }

    pub async fn control(&mut self, control: Control<'_>) {
        self.half.control(control);
        self.flush().await;
    }

    /// Everything that may be written.
    pub async fn flush(&mut self) {
        let mut frame = Vec::new();
        while self.half.frame(16 * 1024, &mut frame) {
            self.write(frame.clone()).await;
        }
    }

    /// The next thing seen.
    pub async fn next(&mut self) -> Seen {
        loop {
            if let Some(seen) = self.seen.pop_front() {
                return seen;
            }
            self.read().await;
            self.flush().await;
        }
    }

    /// The next thing seen of this kind; what comes before it is passed over.
    pub async fn until(&mut self, wanted: impl Fn(&Seen) -> bool) -> Seen {
        loop {
            let seen = self.next().await;
            if wanted(&seen) {
                return seen;
            }
            assert!(!matches!(seen, Seen::Ended(_)), "ended before");
        }
    }

    /// Until the server has accepted everything.
    pub async fn settled(&mut self) {
        while self.half.outgoing().0 > self.half.outgoing().1 {
            assert!(self.socket.is_some(), "ended before: {:?}", self.seen);
            self.read().await;
            self.flush().await;
        }
    }

    /// Closes for good, and waits for the server to do so too.
    pub async fn bye(&mut self) {
        let closing =
            Closing { code: Code::Normal, retry: false, forget: true, retry_after_ms: 0, reason: "" };
        let frame = self.half.close(closing);
        self.write(frame).await;
    }

    /// Takes in what the server sends next.
    pub async fn read(&mut self) {
        let Some(socket) = &mut self.socket else { panic!("not connected: {:?}", self.seen) };
        match socket.next().await {
            Some(Ok(Message::Binary(frame))) => self.take(&frame),
            Some(Ok(Message::Close(close))) => {
                let _ = socket.flush().await;
                self.ended(close.map(|close| close.code.into()));
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => self.ended(None),
        }
    }

    fn ended(&mut self, code: Option<u16>) {
        self.drop_link();
        self.seen.push_back(Seen::Ended(code));
    }

    fn take(&mut self, frame: &Bytes) {
        self.frames.push(frame.len());
        let mut events = Vec::new();
        if self.half.link().is_none() && self.welcome.is_some() {
            // A half that has closed takes nothing more; what the server says last is of interest.
            let read = everwire::session::Frame::read(frame).unwrap();
            events.extend(read.map(|framed| Event::Plain(framed.unwrap())));
        } else {
            self.half.receive(self.fence, frame, &mut events).unwrap();
        }
        for event in events {
            match event {
                Event::Acked { .. } => {}
                Event::Welcomed { welcome, .. } => self.welcome = Some(welcome),
                Event::Lost(loss) => self.seen.push_back(Seen::Lost(loss)),
                Event::Numbered { seq, record } => {
                    self.see(record.says(), frame);
                    if self.accepts {
                        self.half.accept(seq);
                    }
                }
                Event::Plain(record) => self.see(record.says(), frame),
            }
        }
    }

    fn see(&mut self, record: Record, frame: &Bytes) {
        let text = |span: Span| span.text(frame).to_owned();
        let seen = match record {
            Record::Message { channel, payload, .. } => Seen::Message { channel, text: text(payload) },
            Record::Volatile { channel, payload, .. } => Seen::Volatile { channel, text: text(payload) },
            Record::Request { id, method, payload, .. } => {
                Seen::Request { id, method: text(method), text: text(payload) }
            }
            Record::Response { id, status, more, payload, .. } => {
                Seen::Response { id, status, more, text: text(payload) }
            }
            Record::Cancel { id } => Seen::Cancel { id },
            Record::Open { channel, payload, .. } => Seen::Open { channel, text: text(payload) },
            Record::Shut { channel, code, reason } => Seen::Shut { channel, code, reason: text(reason) },
            Record::Ping { token } => {
                if self.pongs {
                    self.half.control(Control::Pong { token, hold_us: 0 });
                }
                Seen::Ping
            }
            Record::Pong { token, .. } => Seen::Pong { token },
            Record::Auth { .. } => Seen::Auth,
            Record::Authed { ttl_ms, .. } => Seen::Authed { ttl_ms },
            Record::GoAway { grace_ms, jitter_ms, .. } => Seen::GoAway { grace_ms, jitter_ms },
            Record::Close { code, retry, forget, retry_after_ms, recv, .. } => {
                Seen::Close { code, retry, forget, retry_after_ms, recv }
            }
            _ => return,
        };
        self.seen.push_back(seen);
    }
}

pub fn request(address: SocketAddr) -> Request {
    let mut request = format!("ws://{address}/").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse().unwrap());
    request
}

/// The status that a handshake is refused with, and why.
pub async fn refused(request: Request, address: SocketAddr) -> (u16, String) {
    let stream = TcpStream::connect(address).await.unwrap();
    match tokio_tungstenite::client_async(request, stream).await {
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            (response.status().as_u16(), String::from_utf8(body).unwrap())
        }
        other => panic!("{other:?}"),
    }
}
