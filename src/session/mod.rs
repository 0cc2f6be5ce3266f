//! The reliable session `everwire.v1`: exactly once, in order, both ways, across every drop.
//!
//! Both halves live here, without clock, socket or randomness, and the bytes between them. PROTOCOL.md
//! describes those for whoever writes a half in another language.

mod client;
mod code;
mod durable;
mod endpoint;
mod event;
mod handshake;
mod held;
mod kept;
mod ledger;
mod outgoing;
mod receiver;
mod sender;
mod server;
mod store;
mod table;
mod wire;

pub use client::Client;
#[cfg(all(feature = "server", not(target_arch = "wasm32")))]
pub(crate) use code::violation;
pub use code::{Code, Fault, Violation};
pub use endpoint::OPEN_MAX;
pub use event::{Event, Loss};
pub use handshake::{Hello, Identity, Limits, Position, Status, Tombstone, Welcome};
pub use kept::{Corrupt, Grave, grave_from_bytes, grave_to_bytes};
pub use outgoing::{Answer, Closing, Control, Payload, Room};
pub use receiver::Due;
pub use server::{Held, Session, Times, Verdict, judge, read_hello, refuse};
pub use store::{Delta, Found, MemoryStore, SessionStore, State, Store, Stored};
pub use table::{Numbers, Table};
pub use wire::{
    Ack, FRAME_LIMITS, FRAME_OVERHEAD, FRAME_RECORDS, Frame, Framed, Head, MAX_INTEGER, NAME_MAX, Record,
    SUBPROTOCOL, Span, VERSION, is_sequenced,
};
