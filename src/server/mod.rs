//! The server's side of `everwire.v1`, for a backend in Rust.

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
