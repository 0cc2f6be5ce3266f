//! What the surface has besides in a session. Bytes cross once: JavaScript fills memory of the wasm with
//! what leaves and with each frame that arrives, and is told where in a frame things are.

use std::cell::Cell;

use wasm_bindgen::prelude::*;

use super::face::{Face, Parcel, sent};
use super::{Wire, enqueue, wire};
use crate::core::{LinkId, Machine, Micros, Outcome, SessionConfig, SessionEvent, Transmit};
use crate::engine::{Encoded, Platform, Request};
use crate::session::{Limits, Record, Span};

// Numbers of `ts/core.ts`, beside those of numbers.rs.

// What `create` is told besides.
const GIVES_UP_UNSENT: u32 = 128;
const MANUAL_ACK: u32 = 256;

// What `act` is told; the last one is whether a link is in use.
pub(super) const FLUSH: u8 = 30;
const ACCEPT: u8 = 31;
const CANCEL: u8 = 32;

// What `give` is told, with bytes; the last one is a volatile message.
const TOKEN: u8 = 64;
const RENEWED_TOKEN: u8 = 65;
const RESPOND: u8 = 66;
const OPEN: u8 = 67;
const SHUT: u8 = 68;

// What `READ` reads.
const IN_FLIGHT: u32 = 36;
const HAS_ROOM: u32 = 37;

// What `call` tells or asks.
const FILL: i32 = 64;
const WRITE: i32 = 65;
pub(super) const SOON: i32 = 66;
pub(super) const KEEP: i32 = 67;
pub(super) const LET_GO: i32 = 68;
pub(super) const ASKED: i32 = 69;
const WELCOMED: i32 = 70;
const LOST: i32 = 71;
const UNANSWERED: i32 = 72;
const TOKEN_WANTED: i32 = 73;
const HEARD_MESSAGE: i32 = 74;
const HEARD_VOLATILE: i32 = 75;
const HEARD_REQUEST: i32 = 76;
const HEARD_RESPONSE: i32 = 77;
const HEARD_CANCEL: i32 = 78;
const HEARD_OPEN: i32 = 79;
const HEARD_SHUT: i32 = 80;
/// What the numbers past the core's own may be: `limits.maxFrame` and `limits.window` in bytes,
/// `requestTimeout` in milliseconds. Each as its smallest and largest value, and whether `Infinity` is allowed too.
pub(super) static MORE_RANGES: [[f64; 3]; 3] =
    [[1_024.0, 1_073_741_824.0, 0.0], [1_024.0, 1_073_741_824.0, 0.0], [0.0, 86_400_000.0, 1.0]];

/// A streamed answer goes on while no more bytes than these wait to be accepted.
const STREAMED: usize = 256 * 1024;

thread_local! {
    /// Where a frame arrives. It grows to the size of the largest and no further.
    static ARRIVING: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What to do with a session, from further numbers and flags; or which number is out of its range.
pub(super) fn config(given: impl Fn(usize) -> Option<f64>, flags: u32) -> Result<SessionConfig, usize> {
    for (index, [min, max, unlimited]) in MORE_RANGES.iter().enumerate() {
        let allows = |number: f64| (*min..=*max).contains(&number) || (*unlimited > 0.0 && number > *max);
        if given(index).is_some_and(|number| !allows(number)) {
            return Err(index);
        }
    }
    let standard = Limits::default();
    let bytes = |index, standard| given(index).map_or(standard, |number| number as u64);
    let max_frame = bytes(0, standard.max_frame);
    let window = bytes(1, standard.window).max(max_frame);
    Ok(SessionConfig {
        limits: Limits { max_frame, window, ..standard },
        resend_unsent: flags & GIVES_UP_UNSENT == 0,
        manual_ack: flags & MANUAL_ACK != 0,
    })
}

/// The message's number while it waits; 0 minus the reason if it was refused; `TOLD` if it has left the
/// queue already. `replaced` is the number of the message of the same key, negative if there is none. A
/// request is over after `timeout`.
#[wasm_bindgen]
pub fn queue(number: u32, receipt: u32, len: u32, lane: u8, ttl: f64, replaced: f64, timeout: f64) -> f64 {
    let Some(wire) = wire(number) else { return 0.0 };
    let deadline = timeout.is_finite().then(|| wire.platform.now().plus(Micros::from_millis_f64(timeout)));
    enqueue(&wire, Parcel { receipt, len, deadline }, lane, ttl, replaced)
}

/// A frame of `len` bytes arrived on this link's socket.
#[wasm_bindgen]
pub fn frame(number: u32, link: u32, len: u32) {
    let Some(wire) = wire(number) else { return };
    let mut bytes = ARRIVING.take();
    // One byte more than is allowed is refused as well as all of it.
    wire.platform.fill(&mut bytes, len.min(wire.platform.max_frame.saturating_add(1)), 0);
    wire.received_frame(LinkId(link), &bytes);
    ARRIVING.set(bytes);
}

/// Everything that comes with bytes, by the numbers of `ts/core.ts`.
#[wasm_bindgen]
pub fn give(number: u32, what: u8, a: f64, b: f64, c: f64, len: u32) -> f64 {
    let Some(wire) = wire(number) else { return 0.0 };
    let mut bytes = Vec::new();
    wire.platform.fill(&mut bytes, len, 0);
    let text = b != 0.0;
    wire.with(|machine, now| match what {
        TOKEN => {
            machine.hello(now, LinkId(a as u32), &bytes);
            0.0
        }
        RENEWED_TOKEN => {
            machine.authenticate(&bytes);
            0.0
        }
        RESPOND => {
            let (status, more) = (c as u64 >> 1, c as u64 & 1 != 0);
            f64::from(machine.respond(a as u64, status, more, text, &bytes))
        }
        // The name, so many bytes, stands before the parameters.
        OPEN => {
            let (name, params) = split(&bytes, a as usize);
            machine.open_channel(name, text, params).map_or(0.0, |channel| channel as f64)
        }
        SHUT => {
            let (reason, _) = split(&bytes, bytes.len());
            f64::from(machine.shut_channel(a as u64, c as u64, reason))
        }
        _ => f64::from(machine.volatile(a as u64, text, &bytes)),
    })
}

fn split(bytes: &[u8], at: usize) -> (&str, &[u8]) {
    let (head, tail) = bytes.split_at_checked(at).unwrap_or_default();
    (core::str::from_utf8(head).unwrap_or_default(), tail)
}

/// What of [`act`](super::act) is of sessions alone.
pub(super) fn act(wire: &Wire, what: u8, a: f64) -> f64 {
    match what {
        FLUSH => wire.flush(),
        ACCEPT => wire.with(|machine, now| machine.accept(now, a as u64)),
        CANCEL => {
            wire.with(|machine, _| machine.cancel(a as u64));
        }
        _ => return f64::from(wire.read(|machine| machine.holds(LinkId(a as u32)))),
    }
    0.0
}

/// A number of `ts/core.ts`.
pub(super) fn read_from<P: crate::core::Payload, T: crate::core::Texts>(
    machine: &Machine<P, T>,
    number: u32,
) -> Option<f64> {
    match number {
        IN_FLIGHT => Some(machine.in_flight() as f64),
        HAS_ROOM => Some(f64::from(machine.session().is_some_and(|session| session.held() < STREAMED))),
        _ => None,
    }
}

impl Face {
    /// Has so many bytes filled, with what the receipt of this number stands for; 0 for what is at hand.
    fn fill(&self, bytes: &mut Vec<u8>, len: u32, receipt: u32) -> f64 {
        bytes.resize(len as usize, 0);
        self.tell(FILL, bytes.as_mut_ptr().addr() as f64, f64::from(len), f64::from(receipt))
    }

    pub(super) fn encode_parcel(&self, parcel: &Parcel, out: &mut Vec<u8>) -> Encoded {
        // Whether it is text; then 0 or 1 plus the length of the method's name, which stands before the
        // payload; then the channel.
        let answer = self.fill(out, parcel.len, parcel.receipt) as u64;
        let request = (answer >> 1 & 0x7ff).checked_sub(1).map(|len| {
            let (method, _) = split(out, len as usize);
            let method = method.to_owned();
            out.drain(..method.len());
            Request { method, deadline: parcel.deadline, tag: parcel.receipt }
        });
        Encoded { channel: answer >> 12, text: answer & 1 != 0, request }
    }

    pub(super) fn write_frame(&self, link: LinkId, frame: &[u8]) -> (Transmit, u64) {
        let (at, len) = (frame.as_ptr().addr(), frame.len());
        sent(self.tell(WRITE, f64::from(link.0), at as f64, len as f64))
    }

    /// The core's number for an outcome; one more if it is in doubt since the wire is closed.
    pub(super) fn number_of(wire: &Wire, outcome: Outcome) -> usize {
        let over = outcome == Outcome::InDoubt && wire.read(Machine::is_over);
        outcome.number() + usize::from(over)
    }

    pub(super) fn tell_session(&self, event: SessionEvent, over: bool) {
        match event {
            // What answers to it has been told already that it is over.
            SessionEvent::Record { .. } if over => {}
            SessionEvent::Record { seq, frame, record } => self.tell_record(seq, frame, &record),
            SessionEvent::Welcomed { resumed } => {
                self.tell(WELCOMED, f64::from(resumed), 0.0, 0.0);
            }
            SessionEvent::Lost(lost) => {
                let [a, b, c] = [lost.delivered, lost.in_doubt, lost.received].map(|number| number as f64);
                let (carried, unsent) = (lost.carried as i32, lost.unsent as i32);
                self.tell_all(LOST, [a, b, c], [carried, unsent, i32::from(lost.missing), 0]);
            }
            SessionEvent::Unanswered { id, timed_out } => {
                self.tell(UNANSWERED, id as f64, f64::from(timed_out), 0.0);
            }
            SessionEvent::TokenWanted => {
                self.tell(TOKEN_WANTED, 0.0, 0.0, 0.0);
            }
        }
    }

    fn tell_record(&self, seq: u64, frame: u32, record: &Record) {
        let none = Span { start: 0, end: 0 };
        let (what, b, c, flags, span) = match record {
            Record::Message { channel, text, payload } => {
                (HEARD_MESSAGE, *channel, 0, i32::from(*text), *payload)
            }
            Record::Volatile { channel, text, payload } => {
                (HEARD_VOLATILE, *channel, 0, i32::from(*text), *payload)
            }
            // The method's name stands before the payload.
            Record::Request { id, channel, method, text, payload, .. } => {
                let flags = i32::from(*text) | (method.len() as i32) << 1;
                (HEARD_REQUEST, *id, *channel, flags, Span { start: method.start, end: payload.end })
            }
            Record::Response { id, status, more, text, payload } => {
                (HEARD_RESPONSE, *id, *status, i32::from(*text) | i32::from(*more) << 1, *payload)
            }
            Record::Cancel { id } => (HEARD_CANCEL, *id, 0, 0, none),
            Record::Open { channel, text, payload, .. } => {
                (HEARD_OPEN, *channel, 0, i32::from(*text), *payload)
            }
            Record::Shut { channel, code, reason } => (HEARD_SHUT, *channel, *code, 1, *reason),
            _ => return,
        };
        let numbers = [seq as f64, b as f64, c as f64];
        self.tell_all(what, numbers, [frame as i32, flags, span.start as i32, span.end as i32]);
    }

    fn tell_all(&self, what: i32, [a, b, c]: [f64; 3], [cause, code, clean, reason]: [i32; 4]) {
        super::face::call(self.number, what, a, b, c, cause, code, clean, reason);
    }
}
