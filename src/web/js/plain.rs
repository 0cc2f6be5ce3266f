//! Messages where one message is one WebSocket message.

use wasm_bindgen::prelude::*;

use super::face::Parcel;
use super::{enqueue, wire};
use crate::core::{Kind, LinkId, Transmit};
use crate::engine::Delivery;

const TAKEN: u8 = 1;
const THREW: u8 = 2;
const HAS_TO_QUEUE: u8 = 0;
const KIND_PONG: u8 = 1;
const KIND_WELCOME: u8 = 2;

// `arrived` answers with the engine's own numbers, which may not drift from these.
const _: () = assert!(Delivery::Drop as u8 == 0 && Delivery::Now as u8 == 1 && Delivery::Later as u8 == 2);

/// Hands data to the socket past the queue.
#[wasm_bindgen]
pub fn pass(number: u32, len: u32) -> u8 {
    match wire(number).and_then(|wire| wire.pass(&0, len as usize)) {
        Some(Transmit::Accepted) => TAKEN,
        Some(Transmit::Threw) => THREW,
        _ => HAS_TO_QUEUE,
    }
}

/// The message's number while it waits; 0 minus the reason if it was refused; `TOLD` if it has gone
/// through the queue already. `replaced` is the number of the message of the
/// same key, negative if there is none.
#[wasm_bindgen(js_name = enqueue)]
pub fn queue(number: u32, receipt: u32, len: u32, lane: u8, ttl: f64, replaced: f64) -> f64 {
    wire(number).map_or(0.0, |wire| enqueue(&wire, Parcel { receipt, len }, lane, ttl, replaced))
}

/// What to do with an arriving message: a [`Delivery`](crate::engine::Delivery).
#[wasm_bindgen]
pub fn arrived(number: u32, link: u32, kind: u8, len: u32) -> u8 {
    let kind = match kind {
        KIND_PONG => Kind::Pong,
        KIND_WELCOME => Kind::Welcome,
        _ => Kind::Message,
    };
    wire(number).map_or(0, |wire| wire.received(LinkId(link), kind, len as usize) as u8)
}
