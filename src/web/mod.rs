//! The browser's side of a wire: the socket, the clock, what happens to the page, and the driver that
//! feeds them to the core.

mod browser;
mod channel;
mod driver;
#[cfg(feature = "js")]
mod js;
mod lifecycle;
mod socket;

#[cfg(feature = "js-values")]
pub(crate) use browser::slept;

pub use crate::engine::Delivery;
pub use driver::{Driver, Host, Outgoing, Question, WeakDriver};
pub use socket::refusal;
