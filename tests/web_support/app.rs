//! What the tests of the Rust API share.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use everwire::{Builder, Event, Reconnect, State, Wire};
use futures_util::future::{Either, select};
use futures_util::{FutureExt, StreamExt};
use gloo_timers::callback::Timeout;
use serde::{Deserialize, Serialize};

/// What both ends of the tests say.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum Message {
    Say { text: String },
    Count(u64),
    Bytes(Vec<u8>),
    Nothing,
}

pub(crate) fn say(text: impl Into<String>) -> Message {
    Message::Say { text: text.into() }
}

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Retries within 20 ms.
pub(crate) fn soon() -> Reconnect {
    Reconnect::new().base_delay(millis(20)).factor(1.0)
}

/// A wire of strings that retries soon.
pub(crate) fn texts(url: impl Into<everwire::Urls>) -> Builder<String, String, everwire::codec::Text> {
    Wire::builder(url).codec(everwire::codec::Text).reconnect(soon())
}

/// What comes within 15 s.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let (late, alarm) = futures_util::future::abortable(futures_util::future::pending::<()>());
    let _alarm = Timeout::new(15_000, move || alarm.abort());
    match select(pin!(future), pin!(late)).await {
        Either::Left((value, _)) => value,
        Either::Right(_) => panic!("Not within 15 s: {what}"),
    }
}

/// Reads events until one is what is looked for.
pub(crate) async fn find<In: std::fmt::Debug, Out: 'static, T>(
    wire: &mut Wire<In, Out>,
    what: &str,
    is: impl Fn(Event<In>) -> Option<T>,
) -> T {
    within(what, async {
        loop {
            let event =
                wire.next().await.unwrap_or_else(|| panic!("the stream ended before this came: {what}"));
            if let Some(found) = is(event) {
                return found;
            }
        }
    })
    .await
}

pub(crate) async fn message<In: std::fmt::Debug, Out: 'static>(wire: &mut Wire<In, Out>) -> In {
    find(wire, "a message", |event| match event {
        Event::Message(message) => Some(message),
        _ => None,
    })
    .await
}

/// Everything that can be read at once.
pub(crate) fn read_all<In, Out: 'static>(wire: &mut Wire<In, Out>) -> Vec<Event<In>> {
    std::iter::from_fn(|| wire.next().now_or_never().flatten()).collect()
}

pub(crate) fn is_open<Out: 'static>(sender: &everwire::Sender<Out>) -> bool {
    sender.state() == State::Open
}

/// Polls once, as an executor does before it drops a future.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
