//! The browser's side of a wire: the socket, the clock, the network's state, and the driver that
//! feeds them to the core.

mod browser;
mod channel;
mod driver;
#[cfg(feature = "js")]
mod js;
mod network;
mod socket;

pub use driver::{Delivery, Driver, Host, Outgoing, Question, WeakDriver};
#[cfg(feature = "js")]
pub use js::Handle;
pub use socket::refusal;
