//! The server's side of `everwire.v1`, for a backend in Rust: on a tokio listener of its own, in an axum
//! application, or behind any other WebSocket.
//!
//! What a client sends reaches your [`Handler`] exactly once and in order, and what you send reaches the client so,
//! over as many connections as it takes. When a session cannot go on, both sides are told what was delivered, what
//! was not and what nobody can tell.
//!
//! ```no_run
//! use everwire::server::{
//!     Config, Content, FileOptions, FileStore, Grant, Handler, Incoming, Opening, Refusal, Server, Shut, Turn,
//! };
//!
//! struct Chat;
//!
//! impl Handler for Chat {
//!     async fn authenticate(&self, token: &[u8]) -> Result<Grant, Refusal> {
//!         let name = token.strip_prefix(b"secret of ").ok_or(Refusal::Unknown)?;
//!         Ok(Grant { principal: name.to_vec(), ttl: None })
//!     }
//!
//!     async fn open(&self, _: &mut Turn, channel: &Opening) -> Result<Content, Shut> {
//!         Ok(format!("welcome to {}", channel.name).into())
//!     }
//!
//!     async fn message(&self, turn: &mut Turn, message: Incoming) {
//!         // Kept together with the acceptance of the message: after a crash both are there, or neither.
//!         turn.send(format!("you said {:?}", message.content.text()));
//!     }
//! }
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let store = FileStore::open("sessions", FileOptions::default())?;
//! let server = Server::start(Config::default(), store, Chat).await?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:9001").await?;
//! let clock = server.clone();
//! tokio::spawn(async move { clock.broadcast("news", "the server is up") });
//! server.listen(listener).await;
//! # Ok(())
//! # }
//! ```
//!
//! In an axum application, with the feature `axum`, in place of the last two lines:
//!
#![cfg_attr(
    feature = "axum",
    doc = r##"
```no_run
# use everwire::server::{Grant, Handler, Incoming, MemoryStore, Refusal, Server, Turn};
# struct Chat;
# impl Handler for Chat {
#     async fn authenticate(&self, _: &[u8]) -> Result<Grant, Refusal> { Err(Refusal::Unknown) }
#     async fn message(&self, _: &mut Turn, _: Incoming) {}
# }
use axum::extract::{State, WebSocketUpgrade};
use axum::{Router, http::HeaderMap, response::Response, routing::any};

async fn session(
    State(server): State<Server<MemoryStore, Chat>>,
    upgrade: WebSocketUpgrade,
    headers: HeaderMap,
) -> Response {
    server.upgrade(upgrade, &headers)
}

# async fn example(server: Server<MemoryStore, Chat>, listener: tokio::net::TcpListener) -> std::io::Result<()> {
let app = Router::new().route("/session", any(session)).with_state(server);
axum::serve(listener, app).await
# }
```
"##
)]
//!
//! # What is kept, and when
//!
//! Each session has a task, which lives as long as the session does, connected or not. At each wake-up it takes in
//! what is there, has the [`SessionStore`](crate::session::SessionStore) keep what that changed, all of it at once,
//! and only then writes anything to the client: what the client is told can never be forgotten. With [`MemoryStore`]
//! sessions end with the process; with [`FileStore`] they outlive one that is killed, and so does what was sent in
//! them. A store of your own, shared by several servers, lets sessions move between them.
//!
//! A handler that was interrupted by a crash, or whose session has moved to another server meanwhile, runs again with
//! the same message. What it did through its [`Turn`] had
//! not happened; for what it did elsewhere, in a database say, [`Incoming::number`] tells whether it was done before. A
//! request runs once: if it was interrupted, the client is told so.
//!
//! # What is bounded
//!
//! [`Config`] bounds frames, what a client may have outstanding, what is held for it, sessions, connections that are
//! not welcome yet, and every wait. Who sends faster than a client takes waits for [`Peer::ready`], or the session
//! ends as [`Cause::SlowConsumer`].

#[cfg(feature = "axum")]
mod axum;
mod config;
mod content;
mod drain;
mod end;
mod file;
mod greet;
mod handler;
mod hub;
mod inbox;
mod life;
mod link;
mod memory;
mod peer;
mod reply;
mod requests;
#[allow(clippy::module_inception, reason = "it is the server as a whole")]
mod server;
mod tcp;
mod transport;

pub use config::{Config, Origins};
pub use content::Content;
pub use drain::Drain;
pub use file::{FileError, FileOptions, FileStore};
pub use handler::{
    Cause, Connected, Ending, Grant, Handler, Incoming, Opening, Refusal, Request, Shut, Turn, Undelivered,
};
pub use memory::MemoryStore;
pub use peer::{Peer, Receipt, Settled};
pub use reply::{Failure, Reply, Responder};
pub use server::Server;
pub use transport::{Broken, Message, Transport};

#[cfg(doctest)]
#[doc = include_str!("../../docs/sessions.md")]
struct Guide;
