//! Going away without losing anything.

use std::time::Duration;

/// How a server goes away. Clients keep their connection until they have another one, to the same URL: a load
/// balancer that no longer chooses this server takes them elsewhere.
#[derive(Clone, Debug)]
pub struct Drain {
    /// Connections end after so long. Default: 10 s.
    pub grace: Duration,
    /// No client comes back sooner. Default: 0.
    pub min: Duration,
    /// Clients spread over so long after `min`, so that they do not all come at once. Default: 5 s.
    pub jitter: Duration,
    /// What a client that is still there at the end is told to wait. Default: 1 s.
    pub retry_after: Duration,
    /// In words; cut at 123 bytes.
    pub reason: String,
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(10),
            min: Duration::ZERO,
            jitter: Duration::from_secs(5),
            retry_after: Duration::from_secs(1),
            reason: String::new(),
        }
    }
}
