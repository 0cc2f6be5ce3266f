//! The peer from outside: over HTTP, over sockets, as a program.

// A test that meets the unexpected must stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/session.rs"]
mod session;
#[path = "../support/mod.rs"]
mod support;

mod application;
mod control;
mod handshake;
mod http;
mod limits;
mod parameters;
mod program;
mod proxy;
mod rooms;
mod sessions;
mod sessions_cut;
mod sessions_spoiled;
mod tls;
