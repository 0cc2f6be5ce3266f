//! The client machine: inputs and the time go in, outputs come out.
//!
//! It knows no browser, reads no clock and never calls the application. A host feeds it
//! [`Input`]s, drains [`Machine::poll`], offers what [`Machine::peek_transmit`] shows to the
//! socket, and comes back at [`Machine::next_wake`]. The browser, the simulator and the property
//! tests drive this same code.

mod backoff;
mod close;
mod config;
mod event;
mod expiries;
mod fifo;
mod inbox;
mod keys;
mod liveness;
mod machine;
mod outbox;
mod rng;
mod state;
mod stats;
mod time;
mod timer;
#[cfg(feature = "websocket")]
mod web_socket;

pub use crate::reason::cut_reason;
pub use close::{Close, CloseReason, Owned, Texts, may_send};
#[cfg(all(target_arch = "wasm32", feature = "js"))]
pub(crate) use config::RANGES;
pub use config::{Config, ConfigError, Heartbeat, Number, OPTIONS, Overflow, Queue, Reconnect};
#[cfg(feature = "session")]
pub use event::{Arrived, LostSession, SessionEvent};
pub use event::{Event, Input, Kind, LinkId, NotSent, Outcome, Output, Page, Reason, Sent, Ticket, Transmit};
pub use inbox::{Inbox, InboxRoom};
pub use keys::{HostKeys, Keys, TextKeys};
pub use machine::Machine;
#[cfg(feature = "session")]
pub use machine::{Item, SessionConfig};
pub use outbox::{LANES, MessageId, NORMAL, Payload, SendOptions, Waiting};
pub use state::{Cause, Phase, State};
pub use stats::Stats;
pub use time::Micros;
#[cfg(feature = "websocket")]
pub use web_socket::{WEB_SOCKET_OPTIONS, WebSocketRules};
