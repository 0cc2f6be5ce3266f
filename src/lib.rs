//! Everwire: a WebSocket connection that keeps its promises. It comes back when it is lost, queues what you
//! send meanwhile, notices links that only look alive, and says what became of every message.
//!
//! This crate is for Rust apps that run in a browser, with or without a framework: Leptos, Yew, Dioxus,
//! Sycamore. The server may be any that speaks WebSocket. (JavaScript and TypeScript have the npm package of
//! the same name.) On `wasm32-unknown-unknown` there is `Wire`; everywhere there are its [`codec`]s, which a
//! Rust server shares.
//!
#![cfg_attr(
    all(target_arch = "wasm32", feature = "json"),
    doc = r##"
```no_run
use everwire::{Event, Heartbeat, State, Wire};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
enum Chat {
    Join { name: String },
    Said { name: String, text: String },
}

async fn chat(show: impl Fn(&str)) -> Result<(), everwire::InvalidOption> {
    let mut wire: Wire<Chat> = Wire::builder("wss://example.com/chat")
        .heartbeat(Heartbeat::raw("ping").is_pong(|_, raw| raw.as_bytes() == b"pong"))
        // On every connection, before anything that is queued.
        .greet(async |greeting: everwire::Greeting<Chat>| greeting.send(&Chat::Join { name: "Ada".into() }))
        .connect()?;

    // A handle for buttons and such. Dropping the wire closes the connection.
    let sender = wire.sender();
    if let Err(error) = sender.try_send(Chat::Said { name: "Ada".into(), text: "Hello!".into() }) {
        show(&format!("{error}"));
    }

    while let Some(event) = wire.next().await {
        match event {
            Event::Message(Chat::Said { name, text }) => show(&format!("{name}: {text}")),
            Event::StateChanged(State::Waiting { delay, cause, .. }) => {
                show(&format!("{cause} Next try in {} s.", delay.as_millis_f64() / 1_000.0));
            }
            _ => {}
        }
    }
    Ok(())
}
```
"##
)]
//!
//! # What is promised
//!
//! - **Every send settles exactly once.** `Settled::HandedOver`: the browser took the message, and no more is
//!   known, for the WebSocket API has no event for "sent". `Settled::NotSent`: it never left, with the reason
//!   and the message given back.
//! - **Everything is bounded,** in count and bytes: what waits to be sent, and what arrived and was not read.
//!   What gives way says so.
//! - **Dropping is safe.** A dropped `Wire` closes its socket. A dropped future loses nothing but what it was
//!   to do.
//! - **What arrives is hostile.** A message that cannot be decoded is an event with the raw payload, and the
//!   stream goes on.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `json` (default) | the codec `Json`, which a builder takes unless told otherwise |
//! | `msgpack`, `cbor`, `postcard` | the codecs of these names |
//! | `js-values` | events as JavaScript values, options from JavaScript objects |
//! | `session` | `SessionWire` and the module `session`: exactly once, in order, both ways, with a server that speaks `everwire.v1` |
//! | `server` | the module `server`, native only: what a backend speaks `everwire.v1` with |
//! | `axum` | that server in an axum application |
//! | `js` | the surface of the npm package, in place of this API: leave it off |
//!
//! # The machine inside
//!
//! [`core`] is the client as a machine: inputs and the time go in, outputs come out. It knows no browser,
//! reads no clock and never calls the application, so hours of a flapping network run in moments of a test.
//! `web`, on wasm32 only, drives it with the browser's WebSocket, clock and network events. Both are public
//! for the tests and may change.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(test, all(target_arch = "wasm32", feature = "js")))]
mod blocks;
// What the npm package does not need is not in it, not even by accident.
#[cfg(not(feature = "js"))]
pub mod codec;
pub mod core;
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "its platforms are of the browser"))]
mod engine;
mod reason;
#[cfg(all(feature = "server", not(target_arch = "wasm32")))]
pub mod server;
#[cfg(feature = "session")]
pub mod session;
#[cfg(target_arch = "wasm32")]
pub mod web;
#[cfg(all(target_arch = "wasm32", not(feature = "js")))]
mod wire;

#[cfg(all(target_arch = "wasm32", not(feature = "js")))]
pub use wire::*;

#[doc(inline)]
pub use crate::core::{Cause, Close, Overflow, Phase, Reason, State, Stats};

/// Far smaller and faster than the standard allocator of wasm32. Only for the npm package: a Rust app chooses its own.
#[cfg(all(target_arch = "wasm32", feature = "js"))]
#[global_allocator]
static ALLOCATOR: blocks::Blocks = blocks::Blocks::new();

/// The examples of these pages are compiled with those of this crate.
#[cfg(all(doctest, target_arch = "wasm32", feature = "json"))]
mod pages {
    #[doc = include_str!("../docs/quick-start.md")]
    struct QuickStart;

    #[doc = include_str!("../README.md")]
    struct Readme;
}
