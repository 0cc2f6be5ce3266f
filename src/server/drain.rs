//! Going away without losing anything.

use std::time::Duration;

/// How a server goes away. Clients keep their connection and open another one, elsewhere, before it ends.
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
    /// Where to go instead, up to 1 KiB; empty for the same place.
    pub url: String,
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
            url: String::new(),
            reason: String::new(),
        }
    }
}
