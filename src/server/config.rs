//! What bounds a server, and how long it waits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::session::{Limits, Times};

/// What bounds a [`Server`](super::Server), and how long it waits. Each field has a default that fits a server
/// on the open internet.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which origins may connect, as browsers name them in the handshake. Default: every one, which is right where
    /// nothing but the token says who a client is; where a cookie does, name your own.
    pub origins: Origins,
    /// What a client is told: the largest frame, the bytes it may have outstanding, how many of its requests may
    /// wait and how many channels it may open. Default: 1 MiB, 4 MiB, 1,000 and 1,000.
    pub limits: Limits,
    /// Bytes held for one client until it has accepted them. A send that would go beyond ends the session with
    /// `slow_consumer`. Default: 4 MiB.
    pub held: usize,
    /// Volatile messages of one client that wait for the handler; the oldest gives way. Default: 256.
    pub volatile: usize,
    /// Sessions alive, connected or not. The next is told `overloaded`. Default: 100,000.
    pub sessions: usize,
    /// Connections that have not been welcomed. The next is told `overloaded`. Default: 1,000.
    pub handshakes: usize,
    /// The largest HELLO, which is about the largest token. Default: 16 KiB.
    pub hello: usize,
    /// How long a client may take from the first byte of its connection to the end of its HELLO, and how long a
    /// token may take to be judged. Default: 10 s.
    pub patience: Duration,
    /// How long a session is kept after its last connection. Default: 5 min.
    pub resume: Duration,
    /// A PING goes out after so much silence of the client. Default: 25 s.
    pub ping: Duration,
    /// A connection is dead after so much silence, and a session whose client was never heard after WELCOME is
    /// not kept longer. Default: 60 s.
    pub idle: Duration,
    /// What a client that is turned away for lack of room is told to wait. Default: 5 s.
    pub retry_after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            origins: Origins::default(),
            limits: Limits::default(),
            held: 4 << 20,
            volatile: 256,
            sessions: 100_000,
            handshakes: 1_000,
            hello: 16 << 10,
            patience: Duration::from_secs(10),
            resume: Duration::from_secs(300),
            ping: Duration::from_secs(25),
            idle: Duration::from_secs(60),
            retry_after: Duration::from_secs(5),
        }
    }
}

/// Which origins may connect.
#[derive(Clone, Default)]
pub struct Origins(Option<Arc<Judge>>);

type Judge = dyn Fn(Option<&str>) -> bool + Send + Sync;

impl Origins {
    /// Every one.
    pub fn any() -> Self {
        Self(None)
    }

    /// These, written as browsers do (`https://app.example`), and clients that are no browser and name none.
    pub fn of<T: Into<String>>(origins: impl IntoIterator<Item = T>) -> Self {
        let origins: Vec<String> = origins.into_iter().map(Into::into).collect();
        Self::that(move |origin| origin.is_none_or(|origin| origins.iter().any(|ours| ours == origin)))
    }

    /// Those that this says yes to. None: the client named no origin, so it is no browser.
    pub fn that(judge: impl Fn(Option<&str>) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(judge)))
    }

    pub(super) fn admits(&self, origin: Option<&str>) -> bool {
        self.0.as_ref().is_none_or(|judge| judge(origin))
    }
}

impl fmt::Debug for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Origins(..)" } else { "Origins(any)" })
    }
}

impl Config {
    /// The largest WebSocket message. A session looks at `max_frame` itself.
    pub(super) fn message(&self) -> usize {
        usize::try_from(self.limits.max_frame).unwrap_or(usize::MAX).max(self.hello)
    }

    pub(super) fn times(&self, ttl: Option<Duration>) -> Times {
        Times {
            resume_ms: millis(self.resume),
            ping_ms: millis(self.ping),
            idle_ms: millis(self.idle),
            auth_ttl_ms: ttl.map_or(0, |ttl| millis(ttl).max(1)),
        }
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
