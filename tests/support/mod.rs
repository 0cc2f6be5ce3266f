//! What the native tests share: a host without a browser, and the promises that hold at every step.

// Each test file is a crate of its own and uses its own part of this.
#![allow(dead_code, unused_imports)]

mod host;
mod letter;
mod promises;
mod seen;

pub use host::{Dial, Greeting, Host, Socket, Target, ms, open_host};
pub use letter::{Letter, keyed, lane, ttl};
pub use promises::Promises;
pub use seen::{Asked, Seen};

use everwire::core::{Close, Config, Heartbeat, Reason, Reconnect};

/// Every reason, by its number.
pub const REASONS: [Reason; 7] = [
    Reason::Full,
    Reason::Evicted,
    Reason::Superseded,
    Reason::Expired,
    Reason::Withdrawn,
    Reason::Closed,
    Reason::Refused,
];

/// A close frame with this code and reason.
pub fn close(code: u16, reason: &str) -> Close {
    Close { code, reason: reason.into(), clean: true }
}

/// The default configuration with a ping every 25 s and 10 s to answer it.
pub fn with_heartbeat() -> Config {
    Config { heartbeat: Some(Heartbeat::default()), ..Config::default() }
}

/// The default configuration with other reconnect options.
pub fn with_reconnect(change: impl FnOnce(&mut Reconnect)) -> Config {
    let mut config = Config::default();
    change(&mut config.reconnect);
    config
}
