//! How messages look on the connection.

use std::str::FromStr;

use everwire::session::{Client, Event, Limits, Payload, SUBPROTOCOL};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::Failed;

#[derive(Clone, Copy)]
pub enum Dialect {
    /// A message is a WebSocket message.
    WebSocket,
    /// `everwire.v1`.
    Session,
    /// Engine.IO 4 over WebSocket, and Socket.IO 5 above it.
    SocketIo,
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "websocket" => Ok(Self::WebSocket),
            "session" => Ok(Self::Session),
            "socket.io" => Ok(Self::SocketIo),
            _ => Err(format!("{name} is not websocket, session or socket.io")),
        }
    }
}

impl Dialect {
    pub fn protocol(self) -> Option<&'static str> {
        matches!(self, Self::Session).then_some(SUBPROTOCOL)
    }
}

/// One end of a conversation.
pub struct Speech {
    dialect: Dialect,
    session: Option<Box<Client>>,
    fence: u64,
    is_ready: bool,
    waiting: Vec<Message>,
}

/// As large as the frames of Everwire's own clients.
const FRAME: usize = 64 * 1024;

impl Speech {
    pub fn new(dialect: Dialect) -> Self {
        let session = match dialect {
            Dialect::Session => Some(Box::new(Client::new(Limits::default(), true, false))),
            _ => None,
        };
        Self { dialect, session, fence: 0, is_ready: false, waiting: Vec::new() }
    }

    /// The connection has opened.
    pub fn begin(&mut self) {
        if let Some(session) = &mut self.session {
            let (fence, hello) = session.hello(b"", 0);
            self.fence = fence;
            self.waiting.push(Message::binary(hello));
        }
        self.is_ready = matches!(self.dialect, Dialect::WebSocket);
    }

    pub fn is_ready(&self) -> bool {
        self.is_ready
    }

    pub fn say(&mut self, text: &str) {
        match &mut self.session {
            Some(session) => {
                session.message(Payload { channel: 0, text: true, bytes: text.as_bytes() });
            }
            None if matches!(self.dialect, Dialect::SocketIo) => {
                self.waiting.push(Message::text(format!("42[\"message\",\"{text}\"]")));
            }
            None => self.waiting.push(Message::text(text)),
        }
    }

    /// How many echoes this is.
    pub fn hear(&mut self, message: Message) -> Result<usize, Failed> {
        match (message, self.dialect) {
            (Message::Text(text), Dialect::SocketIo) => self.hear_socket_io(&text),
            (Message::Binary(frame), Dialect::Session) => self.hear_frame(&frame),
            (Message::Text(_), Dialect::WebSocket) => Ok(1),
            (Message::Close(close), _) => Err(format!("the server closes: {close:?}").into()),
            _ => Ok(0),
        }
    }

    fn hear_frame(&mut self, frame: &[u8]) -> Result<usize, Failed> {
        let Some(session) = &mut self.session else { return Ok(0) };
        let mut events = Vec::new();
        session.receive(self.fence, frame, &mut events)?;
        let mut echoed = 0;
        for event in events {
            match event {
                Event::Welcomed { .. } => self.is_ready = true,
                Event::Numbered { seq, .. } => {
                    session.accept(seq);
                    echoed += 1;
                }
                _ => {}
            }
        }
        Ok(echoed)
    }

    fn hear_socket_io(&mut self, text: &Utf8Bytes) -> Result<usize, Failed> {
        match text.as_bytes() {
            // The transport is open: the namespace is joined.
            [b'0', ..] => self.waiting.push(Message::text("40")),
            [b'2'] => self.waiting.push(Message::text("3")),
            [b'4', b'0', ..] => self.is_ready = true,
            [b'4', b'2', ..] => return Ok(1),
            _ => return Err(format!("not understood: {text}").into()),
        }
        Ok(0)
    }

    /// What is to be written.
    pub fn take(&mut self) -> Vec<Message> {
        if let Some(session) = &mut self.session {
            let mut frame = Vec::new();
            while session.frame(FRAME, &mut frame) {
                self.waiting.push(Message::binary(core::mem::take(&mut frame)));
            }
        }
        core::mem::take(&mut self.waiting)
    }
}
