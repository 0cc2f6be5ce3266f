//! What the surface has besides in a session. Bytes cross once: JavaScript fills memory of the wasm with
//! what leaves and with each frame that arrives, and is told where in a frame things are.

use std::cell::{Cell, RefCell};

use wasm_bindgen::prelude::*;

use super::face::{Face, Parcel};
use super::{Wire, enqueue, wire};
use crate::core::{Arrived, LinkId, Machine, Micros, Outcome, SessionConfig, SessionEvent, Transmit};
use crate::engine::{Encoded, Platform, Request, split};
use crate::session::{Limits, Table};
use crate::web::browser;

// Numbers of `ts/core.ts`, beside those of numbers.rs.

// What `create` is told besides.
const GIVES_UP_UNSENT: u32 = 128;
const MANUAL_ACK: u32 = 256;

// What `act` is told; the last one is whether a link is in use.
pub(super) const FLUSH: u8 = 30;
const ACCEPT: u8 = 31;
const CANCEL: u8 = 32;
const TOOK: u8 = 33;
const VACANCY: u8 = 34;
const TAKE_BACK: u8 = 35;

// What `give` is told, with bytes; the last one is a volatile message.
const TOKEN: u8 = 64;
const RENEWED_TOKEN: u8 = 65;
const RESPOND: u8 = 66;
const OPEN: u8 = 67;
const SHUT: u8 = 68;
const PASS: u8 = 69;

// What `READ` reads.
const IN_FLIGHT: u32 = 36;
const HAS_ROOM: u32 = 37;

// What `call` tells or asks.
const FILL: i32 = 64;
const WRITE: i32 = 65;
pub(super) const SOON: i32 = 66;
const KEEP: i32 = 67;
pub(super) const LET_GO: i32 = 68;
pub(super) const ASKED: i32 = 69;
const WELCOMED: i32 = 70;
const LOST: i32 = 71;
const UNANSWERED: i32 = 72;
const TOKEN_WANTED: i32 = 73;
/// And the type of a record; of messages it is told all at once.
const HEARD: i32 = 71;
const HEARD_MESSAGES: i32 = 74;
const ALL_DELIVERED: i32 = 81;
/// What the numbers past the core's own may be: `limits.maxFrame` and `limits.window` in bytes,
/// `requestTimeout` in milliseconds. Each as its smallest and largest value, and whether `Infinity` is allowed too.
pub(super) static MORE_RANGES: [[f64; 3]; 3] =
    [[1_024.0, 1_073_741_824.0, 0.0], [1_024.0, 1_073_741_824.0, 0.0], [0.0, 86_400_000.0, 1.0]];

/// A streamed answer goes on while no more bytes than these wait to be accepted.
const STREAMED: usize = 256 * 1024;

/// Where bytes cross. Each grows to the size of the largest and no further.
#[derive(Default)]
pub(super) struct Room {
    /// The frame that arrived last, and its number.
    arriving: Cell<Vec<u8>>,
    arrived: Cell<u32>,
    /// Everything else that arrives.
    given: Cell<Vec<u8>>,
    /// Messages that wait and were handed over: by the numbers of their receipts their bytes, and their heads behind those.
    waiting: RefCell<Table<Vec<u8>>>,
    /// What JavaScript is told of messages: three numbers for each, and the bytes of texts.
    numbers: Cell<Vec<u32>>,
    texts: Cell<Vec<u8>>,
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
#[wasm_bindgen(js_name = enqueue)]
pub fn queue(number: u32, receipt: u32, len: u32, lane: u8, ttl: f64, replaced: f64, timeout: f64) -> f64 {
    let Some(wire) = wire(number) else { return 0.0 };
    let deadline = wire.platform.now().plus(Micros::from_millis_f64(timeout));
    enqueue(&wire, Parcel { receipt, len, deadline }, lane, ttl, replaced)
}

/// A frame of `len` bytes arrived on this link's socket.
#[wasm_bindgen]
pub fn frame(number: u32, link: u32, len: u32) {
    let Some(wire) = wire(number) else { return };
    let room = &wire.platform.room;
    let mut bytes = room.arriving.take();
    // One byte more than is allowed is refused as well as all of it.
    wire.platform.fill(&mut bytes, len.min(wire.platform.max_frame.saturating_add(1)), 0);
    room.arrived.set(0);
    wire.take_frame(LinkId(link), &bytes);
    room.arriving.set(bytes);
    wire.run();
}

/// Everything that comes with bytes, by the numbers of `ts/core.ts`.
#[wasm_bindgen]
pub fn give(number: u32, what: u8, a: f64, b: f64, c: f64, len: u32) -> f64 {
    let Some(wire) = wire(number) else { return 0.0 };
    let mut bytes = wire.platform.room.given.take();
    wire.platform.fill(&mut bytes, len, 0);
    let answer = given(&wire, what, [a, b, c], &bytes);
    wire.platform.room.given.set(bytes);
    answer
}

fn given(wire: &Wire, what: u8, [a, b, c]: [f64; 3], bytes: &[u8]) -> f64 {
    let text = b != 0.0;
    // At the end of a task, or in the middle of one that sends a lot.
    if what == PASS && text {
        wire.flush_with(|machine, now| pass(wire, machine, now, a as u32, c as usize, bytes));
        return 0.0;
    }
    wire.with(|machine, now| match what {
        PASS => {
            pass(wire, machine, now, a as u32, c as usize, bytes);
            0.0
        }
        TOKEN => {
            machine.hello(now, LinkId(a as u32), bytes);
            0.0
        }
        RENEWED_TOKEN => {
            machine.authenticate(bytes);
            0.0
        }
        RESPOND => {
            let (status, more) = (c as u64 >> 1, c as u64 & 1 != 0);
            f64::from(machine.respond(a as u64, status, more, text, bytes))
        }
        // The name, so many bytes, stands before the parameters.
        OPEN => {
            let (name, params) = split(bytes, a as usize);
            machine.open_channel(name, text, params).map_or(0.0, |channel| channel as f64)
        }
        SHUT => {
            let (reason, _) = split(bytes, bytes.len());
            f64::from(machine.shut_channel(a as u64, c as u64, reason))
        }
        _ => f64::from(machine.volatile(a as u64, text, bytes)),
    })
}

/// Messages without options, by rising receipts from this one. Behind the bytes of all stand two numbers of four bytes for
/// each: twice its length, and one more for text; the channel.
fn pass(
    wire: &Wire,
    machine: &mut Machine<Parcel, super::Elsewhere>,
    now: Micros,
    first: u32,
    count: usize,
    bytes: &[u8],
) {
    let (mut bytes, heads) =
        bytes.split_at_checked(bytes.len().saturating_sub(count * 8)).unwrap_or_default();
    let mut receipt = first;
    for head in heads.as_chunks::<8>().0 {
        let (len, Encoded { channel, text, .. }) = read_head(*head);
        let Some((payload, rest)) = bytes.split_at_checked(len as usize) else { return };
        let parcel = Parcel { receipt, len, deadline: Micros::NEVER };
        if machine.numbers_at_once(payload.len()) {
            machine.number_at_once(now, parcel, channel, text, payload);
        } else {
            let kept = [payload, head].concat();
            wire.platform.room.waiting.borrow_mut().insert(u64::from(receipt), kept);
            machine.pass(now, parcel);
        }
        receipt = receipt.wrapping_add(1);
        bytes = rest;
    }
}

/// How long a message is, and what it is besides.
fn read_head([a, b, c, d, e, f, g, h]: [u8; 8]) -> (u32, Encoded) {
    let (head, channel) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
    (head >> 1, Encoded { channel: u64::from(channel), text: head & 1 != 0, request: None })
}

/// What of [`act`](super::act) is of sessions alone.
pub(super) fn act(wire: &Wire, what: u8, a: f64, b: f64) -> f64 {
    match what {
        FLUSH => wire.flush(),
        ACCEPT => wire.with(|machine, now| machine.accept(now, a as u64)),
        CANCEL => {
            wire.with(|machine, _| machine.cancel(a as u64));
        }
        TOOK => return f64::from(wire.took(a as u64..b as u64)),
        VACANCY => {
            let (bytes, messages) = wire.read(Machine::vacancy);
            return bytes.min(1 << 31) as f64 + messages as f64 * (1_u64 << 32) as f64;
        }
        // Of those that went past `queue` nobody has kept the number.
        TAKE_BACK => {
            return wire.with(|machine, _| {
                let mut id = None;
                for waiting in machine.waiting_messages() {
                    if f64::from(waiting.payload.receipt) == a {
                        id = Some(waiting.id);
                        break;
                    }
                }
                f64::from(id.is_some_and(|id| machine.withdraw(id)))
            });
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
        if let Some(bytes) = self.take_waiting(parcel)
            && let Some((bytes, head)) = bytes.split_last_chunk()
        {
            out.extend_from_slice(bytes);
            return read_head(*head).1;
        }
        // Whether it is text; then 0 or 1 plus the length of the method's name, which stands before the
        // payload; then the channel.
        let answer = self.fill(out, parcel.len, parcel.receipt) as u64;
        let deadline = Some(parcel.deadline).filter(|deadline| *deadline != Micros::NEVER);
        let method = (answer >> 1 & 0x7ff).checked_sub(1);
        let request = method.map(|len| Request { method: len as usize, deadline, tag: parcel.receipt });
        Encoded { channel: answer >> 12, text: answer & 1 != 0, request }
    }

    fn take_waiting(&self, parcel: &Parcel) -> Option<Vec<u8>> {
        self.room.waiting.borrow_mut().remove(&u64::from(parcel.receipt))
    }

    pub(super) fn write_frame(&self, link: LinkId, frame: &[u8]) -> (Transmit, u64) {
        let (at, len) = (frame.as_ptr().addr(), frame.len());
        browser::sent(self.tell(WRITE, f64::from(link.0), at as f64, len as f64))
    }

    /// Lets go of a message that has settled. The core's number for its outcome; one more if it is in doubt since the wire is
    /// closed.
    pub(super) fn given_back(&self, wire: &Wire, parcel: Parcel, outcome: Outcome) -> usize {
        self.take_waiting(&parcel);
        let over = outcome == Outcome::InDoubt && wire.read(Machine::is_over);
        outcome.number() + usize::from(over)
    }

    pub(super) fn tell_session(&self, event: SessionEvent, over: bool) {
        match event {
            // What answers to it has been told already that it is over.
            SessionEvent::Record(_) if over => {}
            SessionEvent::Record(arrived) => self.tell_record(arrived),
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

    fn tell_record(&self, Arrived { seq, frame, record }: Arrived) {
        let [a, b, ..] = record.numbers();
        let (name, rest) = (record.name(), record.rest());
        let kind = i32::from(record.kind) | (name.len() as i32) << 8;
        let places = [frame as i32, kind, rest.start as i32, rest.end as i32];
        self.tell_all(
            HEARD + i32::from(record.type_number()),
            [seq, a, b].map(|number| number as f64),
            places,
        );
    }

    /// All that can be told at once. JavaScript says how far it has come, by the number that it would be told next.
    pub(super) fn tell_messages(&self, wire: &Wire, first: Arrived) {
        let room = &self.room;
        let (mut numbers, mut texts, bytes) = (room.numbers.take(), room.texts.take(), room.arriving.take());
        let frame = first.frame;
        let ours = room.arrived.get() == frame;
        numbers.clear();
        texts.clear();
        let seq = first.seq as f64;
        let mut next = Some(first);
        while let Some(message) = next {
            let ([channel, ..], payload) = (message.record.numbers(), message.record.rest());
            let text = message.record.is_text();
            numbers.push(payload.start as u32);
            numbers.push(payload.end as u32);
            numbers.push((channel as u32) << 1 | u32::from(text));
            // Texts are decoded all at once, unless other bytes have taken the place of their frame's.
            if text && ours {
                texts.extend_from_slice(payload.of(&bytes));
            }
            next = wire.more_message(&message);
        }
        room.arriving.set(bytes);
        if wire.took(0..0) {
            let [numbers_at, texts_at] = [numbers.as_ptr().addr() as i32, texts.as_ptr().addr() as i32];
            let places = [numbers_at, texts_at, texts.len() as i32, 0];
            let told = self.tell_all(HEARD_MESSAGES, [seq, numbers.len() as f64, f64::from(frame)], places);
            wire.took(seq as u64..told as u64);
        }
        room.numbers.set(numbers);
        room.texts.set(texts);
    }

    pub(super) fn keep_frame(&self, frame: u32) {
        self.room.arrived.set(frame);
        self.tell(KEEP, f64::from(frame), 0.0, 0.0);
    }

    /// Receipts by runs of their numbers.
    pub(super) fn tell_delivered(&self, wire: &Wire, first: u32) {
        let mut run = first..first.wrapping_add(1);
        loop {
            let next = wire.more_delivered().map(|parcel| parcel.receipt);
            if next == Some(run.end) {
                run.end = run.end.wrapping_add(1);
                continue;
            }
            self.tell(ALL_DELIVERED, f64::from(run.start), f64::from(run.end), 0.0);
            let Some(next) = next else { return };
            run = next..next.wrapping_add(1);
        }
    }

    fn tell_all(&self, what: i32, [a, b, c]: [f64; 3], [cause, code, clean, reason]: [i32; 4]) -> f64 {
        super::face::call(self.number, what, a, b, c, cause, code, clean, reason)
    }
}
