//! The client's half of a session over a WebSocket, driven by hand.

#![allow(dead_code, reason = "no test uses all of it")]

use std::collections::VecDeque;
use std::net::SocketAddr;

use everwire::session::{
    Client as Half, Code, Control, Event, Limits, Loss, Payload, Record, SUBPROTOCOL, Span, Status,
    Violation, Welcome,
};
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::support::{Client, dial, within};

/// What a client sees.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    Text(u64, String),
    Binary(Vec<u8>),
    Volatile(String),
    Request {
        id: u64,
        method: String,
        text: String,
    },
    Response {
        status: u64,
        more: bool,
        text: String,
    },
    Opened {
        channel: u64,
        text: String,
    },
    Shut {
        channel: u64,
        code: u64,
        reason: String,
    },
    TokenWanted,
    Authed {
        ttl_ms: u64,
    },
    GoAway {
        code: u64,
        grace_ms: u64,
        min_ms: u64,
        jitter_ms: u64,
        reason: String,
    },
    Close {
        code: u64,
        retry: bool,
        forget: bool,
        retry_after_ms: u64,
        recv: u64,
        reason: String,
    },
    Welcome(Status),
    Lost(Loss),
    Violated(Code),
    /// The WebSocket's own end.
    Ended(Option<u16>),
}

pub(crate) fn said(text: &str) -> Seen {
    Seen::Text(0, text.to_owned())
}

pub(crate) struct Session {
    pub(crate) half: Half,
    pub(crate) welcome: Option<Welcome>,
    address: SocketAddr,
    path: String,
    token: String,
    socket: Option<Client>,
    seen: VecDeque<Seen>,
    fence: u64,
}

impl Session {
    /// A client that has said HELLO.
    pub(crate) async fn dialed(address: SocketAddr, path: &str, token: &str) -> Self {
        let half = Half::new(Limits::default(), true, false);
        let mut session = Self {
            half,
            welcome: None,
            address,
            path: path.to_owned(),
            token: token.to_owned(),
            socket: None,
            seen: VecDeque::new(),
            fence: 0,
        };
        session.redial().await;
        session
    }

    /// A client with a session.
    pub(crate) async fn welcomed(address: SocketAddr, path: &str) -> Self {
        let mut session = Self::dialed(address, path, "").await;
        assert_eq!(session.next().await, Seen::Welcome(Status::New));
        session
    }

    /// Leaves the connection there was, if any, and connects once more.
    pub(crate) async fn redial(&mut self) {
        self.half.gone(self.fence);
        let headers = [("Sec-WebSocket-Protocol", SUBPROTOCOL)];
        self.socket = Some(dial(self.address, &self.path, &headers).await.unwrap().0);
        let (fence, hello) = self.half.hello(self.token.as_bytes(), 0);
        self.fence = fence;
        self.write(hello).await;
    }

    pub(crate) async fn resumes(&mut self) {
        self.redial().await;
        assert_eq!(self.next().await, Seen::Welcome(Status::Resumed));
    }

    /// What this client shows from now on.
    pub(crate) fn token(&mut self, token: &str) {
        self.token = token.to_owned();
    }

    pub(crate) async fn write(&mut self, frame: Vec<u8>) {
        if let Some(socket) = &mut self.socket {
            // A connection that is gone is seen when it is read from.
            let _ = within(socket.send(Message::Binary(frame.into()))).await;
        }
    }

    /// Closes the WebSocket. The session stays.
    pub(crate) async fn hang_up(&mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        if let Some(socket) = &mut self.socket {
            within(socket.send(Message::Close(Some(frame)))).await.unwrap();
        }
    }

    pub(crate) async fn say(&mut self, text: &str) -> u64 {
        let number = self.half.message(payload(0, text));
        self.flush().await;
        number
    }

    pub(crate) async fn say_on(&mut self, channel: u64, text: &str) {
        self.half.message(payload(channel, text));
        self.flush().await;
    }

    pub(crate) async fn ask(&mut self, method: &str, text: &str) {
        self.half.request(0, method, payload(0, text)).unwrap();
        self.flush().await;
    }

    pub(crate) async fn control(&mut self, control: Control<'_>) {
        self.half.control(control);
        self.flush().await;
    }

    /// Everything that may be written.
    pub(crate) async fn flush(&mut self) {
        let mut frame = Vec::new();
        while self.half.frame(16 * 1024, &mut frame) {
            self.write(frame.clone()).await;
        }
    }

    /// The next thing seen.
    pub(crate) async fn next(&mut self) -> Seen {
        loop {
            if let Some(seen) = self.seen.pop_front() {
                return seen;
            }
            self.read().await;
        }
    }

    /// The next thing seen, or none once something came that cannot be seen.
    pub(crate) async fn next_or_acked(&mut self) -> Option<Seen> {
        if self.seen.is_empty() {
            self.read().await;
        }
        self.seen.pop_front()
    }

    /// Says something and hears it.
    pub(crate) async fn echoes(&mut self, text: &str) {
        self.say(text).await;
        assert_eq!(self.next().await, said(text));
    }

    /// Until the server has accepted everything.
    pub(crate) async fn settled(&mut self) {
        while self.half.outgoing().0 > self.half.outgoing().1 {
            self.read().await;
        }
    }

    /// Takes in what the server sends next.
    pub(crate) async fn read(&mut self) {
        let Some(socket) = &mut self.socket else { panic!("not connected: {:?}", self.seen) };
        match within(socket.next()).await {
            Some(Ok(Message::Binary(frame))) => self.take(&frame).await,
            Some(Ok(Message::Close(close))) => {
                let _ = socket.flush().await;
                self.ended(close.map(|close| close.code.into()));
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => self.ended(None),
        }
    }

    fn ended(&mut self, code: Option<u16>) {
        self.half.gone(self.fence);
        self.socket = None;
        self.seen.push_back(Seen::Ended(code));
    }

    async fn take(&mut self, frame: &Bytes) {
        let mut events = Vec::new();
        let result = self.half.receive(self.fence, frame, &mut events);
        for event in events {
            match event {
                Event::Acked { .. } => {}
                Event::Welcomed { welcome, .. } => {
                    self.seen.push_back(Seen::Welcome(welcome.status));
                    self.welcome = Some(welcome);
                }
                Event::Lost(loss) => self.seen.push_back(Seen::Lost(loss)),
                Event::Numbered { seq, record } => {
                    self.see(record.says(), frame);
                    self.half.accept(seq);
                }
                Event::Plain(record) => self.see(record.says(), frame),
            }
        }
        if let Err(violation) = result {
            self.violated(violation).await;
        }
        self.flush().await;
    }

    async fn violated(&mut self, violation: Violation) {
        let frame = self.half.violated(self.fence, violation);
        self.write(frame).await;
        self.half.gone(self.fence);
        self.socket = None;
        self.seen.push_back(Seen::Violated(violation.code));
    }

    fn see(&mut self, record: Record, frame: &Bytes) {
        let text = |span: Span| span.text(frame).to_owned();
        let seen = match record {
            Record::Message { channel, text: true, payload } => Seen::Text(channel, text(payload)),
            Record::Message { payload, .. } => Seen::Binary(payload.of(frame).to_vec()),
            Record::Volatile { payload, .. } => Seen::Volatile(text(payload)),
            Record::Request { id, method, payload, .. } => {
                Seen::Request { id, method: text(method), text: text(payload) }
            }
            Record::Response { status, more, payload, .. } => {
                Seen::Response { status, more, text: text(payload) }
            }
            Record::Open { channel, payload, .. } => Seen::Opened { channel, text: text(payload) },
            Record::Shut { channel, code, reason } => Seen::Shut { channel, code, reason: text(reason) },
            Record::Auth { .. } => Seen::TokenWanted,
            Record::Authed { ttl_ms, .. } => Seen::Authed { ttl_ms },
            Record::GoAway { code, grace_ms, min_ms, jitter_ms, reason } => {
                Seen::GoAway { code, grace_ms, min_ms, jitter_ms, reason: text(reason) }
            }
            Record::Close { code, retry, forget, retry_after_ms, recv, reason } => {
                Seen::Close { code, retry, forget, retry_after_ms, recv, reason: text(reason) }
            }
            _ => return,
        };
        self.seen.push_back(seen);
    }
}

pub(crate) fn payload(channel: u64, text: &str) -> Payload<'_> {
    Payload { channel, text: true, bytes: text.as_bytes() }
}
