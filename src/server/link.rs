//! One connection of a session: the WebSocket and the clocks that go with it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::config::Config;
use super::server::Inner;
use super::transport::{Message, Transport};
use crate::session::{Code, Hello};

/// How long a client may take to answer a goodbye.
const FAREWELL: Duration = Duration::from_secs(5);
/// The client is asked for another token when so much of the first one's time is left, as a fraction.
const ASK_EARLY: u32 = 5;

/// It is not asked again when less than this is left.
const ASK_AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Link {
    pub(super) transport: Box<dyn Transport>,
    /// When the client last said something.
    pub(super) heard: Instant,
    pub(super) pinged: Instant,
    pub(super) ping: Duration,
    pub(super) idle: Duration,
    /// When an acknowledgement that waits for company leaves without.
    pub(super) ack_at: Option<Instant>,
    pub(super) unflushed: bool,
    /// The client has said its last word.
    pub(super) said_all: bool,
    /// When the client is asked for another token, and when the one it has showed runs out.
    pub(super) ask_at: Option<Instant>,
    pub(super) expires_at: Option<Instant>,
    /// When this connection ends because the server goes away, and how long the client is to wait then.
    pub(super) leaves_at: Option<(Instant, Duration)>,
    _counted: Counted,
}

impl Link {
    pub(super) fn new<S, H>(transport: Box<dyn Transport>, server: &Arc<Inner<S, H>>) -> Self {
        let now = Instant::now();
        Self {
            transport,
            heard: now,
            pinged: now,
            ping: Duration::ZERO,
            idle: Duration::ZERO,
            ack_at: None,
            unflushed: false,
            said_all: false,
            ask_at: None,
            expires_at: None,
            leaves_at: None,
            _counted: Counted::new(&server.links),
        }
    }

    /// The client is welcome: its clocks start.
    pub(super) fn begin(&mut self, config: &Config, hello: &Hello, ttl: Option<Duration>) {
        let now = Instant::now();
        (self.heard, self.pinged) = (now, now);
        self.idle = config.idle;
        self.ping = config.ping;
        if hello.idle_ms > 0 {
            // It takes silence for death, too.
            self.ping = self.ping.min(Duration::from_millis(hello.idle_ms / 2).max(Duration::from_millis(1)));
        }
        self.granted(ttl);
    }

    /// Leaves the WELCOME to the transport.
    pub(super) async fn welcome(&mut self, frame: Vec<u8>) {
        self.unflushed = self.transport.feed(Message::Binary(frame.into())).await.is_ok();
    }

    /// A token counts from here on.
    pub(super) fn granted(&mut self, ttl: Option<Duration>) {
        let now = Instant::now();
        self.expires_at = ttl.map(|ttl| now + ttl);
        self.ask_at = ttl.map(|ttl| now + ttl - ttl / ASK_EARLY);
    }

    /// Nobody could judge the token that was to be the next: another time, if there is any left.
    pub(super) fn ask_again(&mut self) {
        let now = Instant::now();
        let left = self.expires_at.map(|at| at.saturating_duration_since(now));
        self.ask_at = left.filter(|left| *left > ASK_AGAIN).map(|left| now + left / 2);
    }

    /// When to look at the clock next.
    pub(super) fn deadline(&self) -> Instant {
        let times = [self.ack_at, self.ask_at, self.expires_at, self.leaves_at.map(|(at, _)| at)];
        let next = (self.heard + self.idle).min(self.heard.max(self.pinged) + self.ping);
        times.into_iter().flatten().fold(next, Instant::min)
    }
}

/// Writes the last frame, closes the WebSocket and waits until the client has done so too.
pub(super) async fn farewell(mut link: Link, frame: Vec<u8>, code: Code) {
    let goodbye = async {
        let close = Message::Close { code: code.websocket(), reason: String::new() };
        link.transport.feed(Message::Binary(frame.into())).await.ok()?;
        link.transport.send(close).await.ok()?;
        while let Some(Ok(_)) = link.transport.next().await {}
        Some(())
    };
    let _ = timeout(FAREWELL, goodbye).await;
}

/// Counts connections, so that a server that goes away knows when the last is gone.
struct Counted(watch::Sender<usize>);

impl Counted {
    fn new(links: &watch::Sender<usize>) -> Self {
        links.send_modify(|count| *count += 1);
        Self(links.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
