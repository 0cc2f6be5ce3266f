//! The browser's side of a wire: the socket, the clock, the network's state, and the driver that
//! feeds them to the core.

mod browser;
mod channel;
mod driver;
#[cfg(feature = "js")]
mod js;
mod network;
mod socket;

pub use crate::engine::Delivery;
pub use driver::{Driver, Host, Outgoing, Question, WeakDriver};
pub use socket::refusal;
