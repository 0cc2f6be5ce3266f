//! The native test peer of Everwire: a WebSocket echo server that misbehaves on command.
//!
//! [`Server::start`] puts one on a port of its own inside a test; the binary of the same name
//! serves browsers. What a connection does is said in the query of its URL (`/ws?drop&after=3`),
//! what happens to a whole room is said over HTTP (`POST /control/ROOM/kill`). [`REFERENCE`] lists
//! both.
//!
//! ```
//! # async fn example() -> std::io::Result<()> {
//! use everwire_echo_server::{Config, Server};
//!
//! let server = Server::start(Config::ephemeral()).await?;
//! let url = server.ws_url("/ws?room=mine&prefix=Echo:%20");
//! // ... connect something to `url` ...
//! assert_eq!(server.room_stats("mine").stats.connections, 0);
//! server.stop().await;
//! # Ok(())
//! # }
//! ```

#![warn(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]
#![cfg_attr(test, allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used))]

mod application;
mod behaviour;
mod config;
mod connection;
mod control;
pub mod drill;
mod feed;
mod files;
mod head;
mod http;
mod listener;
mod origin;
mod outbox;
mod phase;
mod ports;
mod proxy;
mod query;
mod relay;
mod reply;
mod rooms;
mod seats;
mod server;
mod session;
mod stats;
mod stream;
mod tls;
mod tokens;
mod upgrade;

pub use application::{Application, Hosted, Peer, Received};
pub use config::{Config, Limits, Mount, Tls};
pub use proxy::{Faults, How, Proxy, ProxyControl, ProxyStats};
pub use server::{Server, raise_file_limit};
pub use session::{SessionStats, SessionsStats};
pub use stats::{ClientStats, Close, RoomStats, Stats};
pub use tls::Identity;

/// Every query parameter and control route, as the binary's `--help` prints them.
pub const REFERENCE: &str = include_str!("reference.txt");

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
