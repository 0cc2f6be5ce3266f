//! The two halves of a session are proved: by a search through every state of small sessions (`model`), and by
//! seeded faults on the bytes of long ones (`simulation`).
//!
//! `EVERWIRE_SESSION_SEEDS` sets how many sessions are simulated, and `EVERWIRE_SESSION_SEED` repeats the one of
//! that seed. A run of an hour or so:
//!
//! ```sh
//! EVERWIRE_SESSION_SEEDS=2000000 cargo test --features session --test session_proof simulation
//! ```
#![cfg(all(feature = "session", not(target_arch = "wasm32")))]
// A test that meets the unexpected must stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod model;
mod peers;
mod simulation;
