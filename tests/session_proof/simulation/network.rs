//! Connections as bytes: each way a stream that may stop anywhere, or swallow everything without a word.

use std::collections::VecDeque;

use crate::peers::Conn;

/// One way of a connection.
#[derive(Debug, Default)]
pub struct Pipe {
    /// On their way.
    bytes: VecDeque<u8>,
    /// Arrived, and not a whole frame yet.
    arrived: Vec<u8>,
    /// Nothing arrives any more, and whoever writes does not know.
    pub dead: bool,
}

impl Pipe {
    /// A frame as a transport writes it: its length, then its bytes.
    pub fn write(&mut self, frame: &[u8]) {
        if !self.dead {
            self.bytes.extend((frame.len() as u32).to_be_bytes());
            self.bytes.extend(frame);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// So many bytes arrive.
    pub fn advance(&mut self, count: usize) {
        let count = count.min(self.bytes.len());
        self.arrived.extend(self.bytes.drain(..count));
    }

    /// What is on its way is lost, from wherever it has come to, and all that follows.
    pub fn die(&mut self) {
        self.dead = true;
        self.bytes.clear();
    }

    /// The next frame that has arrived whole.
    pub fn read(&mut self) -> Option<Vec<u8>> {
        let len = u32::from_be_bytes(*self.arrived.first_chunk()?) as usize;
        let frame = self.arrived.get(4..4 + len)?.to_vec();
        self.arrived.drain(..4 + len);
        Some(frame)
    }
}

/// A connection, and which sides hold it open.
#[derive(Debug)]
pub struct Socket {
    pub conn: Conn,
    pub up: Pipe,
    pub down: Pipe,
    pub client: bool,
    pub server: bool,
}

impl Socket {
    pub fn new(conn: Conn) -> Self {
        Self { conn, up: Pipe::default(), down: Pipe::default(), client: true, server: true }
    }

    /// Cut where the bytes are.
    pub fn cut(&mut self) {
        self.up.die();
        self.down.die();
    }

    /// One side can know that the other is gone, or that nothing comes any more.
    pub fn is_over(&self) -> bool {
        self.up.dead || self.down.dead || !self.client || !self.server
    }
}
