//! The surface behind the npm package: numbers in, numbers out.
//!
//! It belongs to `face.js` and the TypeScript in `ts/` and to nobody else. Sockets, messages and
//! everything else that is JavaScript's, texts too, stays there and has a number here, so no glue is
//! needed. The meaning of each number is that of the core's enums and of `ts/core.ts`; names and
//! error texts live in TypeScript.
#![allow(missing_docs, reason = "each function does what its namesake of Machine or Engine does")]

mod face;
mod numbers;
#[cfg(not(feature = "session"))]
mod plain;
#[cfg(feature = "session")]
mod session;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use self::face::{Elsewhere, Face, Parcel, Text};
use self::numbers::*;
use super::lifecycle;
use crate::core::{
    Cause, Close, Config, Input, LinkId, Machine, MessageId, Micros, RANGES, SendOptions, Ticket,
};
#[cfg(not(feature = "websocket"))]
use crate::core::{ConfigError, InboxRoom, Overflow};
use crate::engine::Engine;

#[wasm_bindgen(module = "/src/web/face.js")]
extern "C" {
    /// The number at this place of what the caller has laid ready; NaN where there is none.
    fn read(place: i32) -> f64;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Math)]
    fn random() -> f64;
}

thread_local! {
    /// Wires by number. One that is collected leaves its place empty.
    static WIRES: RefCell<Vec<Option<Rc<Wire>>>> = const { RefCell::new(Vec::new()) };
}

type Wire = Engine<Face>;

/// A wire's number. Laid ready are the numbers of its options in the core's order; for one outside its
/// range the answer is -1 minus its index.
#[wasm_bindgen]
pub fn create(flags: u32) -> f64 {
    let given = |index: usize| Some(read(index as i32)).filter(|number| !number.is_nan());
    #[cfg(feature = "websocket")]
    let mut config = Config::web_socket(given);
    #[cfg(not(feature = "websocket"))]
    let mut config = match wire_config(given, flags) {
        Ok(config) => config,
        Err(error) => return -1.0 - error.index as f64,
    };
    config.decides = flags & DECIDES != 0;
    config.local = flags & LOCAL != 0;
    #[cfg(feature = "session")]
    let session = match session::config(|index| given(RANGES.len() + index), flags) {
        Ok(session) => session,
        Err(index) => return -1.0 - (RANGES.len() + index) as f64,
    };
    WIRES.with_borrow_mut(|wires| {
        let number = place_in(wires);
        let face = Face {
            number: number as i32,
            #[cfg(not(feature = "websocket"))]
            inboxes: RefCell::default(),
            deciding: Cell::default(),
            #[cfg(feature = "session")]
            max_frame: session.limits.max_frame as u32,
            #[cfg(feature = "session")]
            room: session::Room::default(),
        };
        #[cfg(feature = "session")]
        let engine = Engine::with_session(config, session, random(), face);
        #[cfg(not(feature = "session"))]
        let engine = Engine::new(config, random(), face);
        if let Some(place) = wires.get_mut(number) {
            *place = Some(Rc::new(engine));
        }
        number as f64
    })
}

#[cfg(not(feature = "websocket"))]
fn wire_config(given: impl FnMut(usize) -> Option<f64>, flags: u32) -> Result<Config, ConfigError> {
    let mut config = Config::from_numbers(given, flags & HEARTBEAT != 0)?;
    config.queue.overflow = match flags & 3 {
        1 => Overflow::DropOldest,
        2 => Overflow::DropNewest,
        _ => Overflow::Reject,
    };
    config.greets = flags & GREETS != 0;
    config.awaits_welcome = flags & AWAITS_WELCOME != 0;
    Ok(config)
}

/// The first empty place.
fn place_in<T>(places: &mut Vec<Option<T>>) -> usize {
    places.iter().position(Option::is_none).unwrap_or_else(|| {
        places.push(None);
        places.len() - 1
    })
}

fn wire(number: u32) -> Option<Rc<Wire>> {
    WIRES.with_borrow(|wires| wires.get(number as usize).cloned().flatten())
}

/// What a number option may be: 0 for its smallest value, 1 for its largest, 2 for whether `Infinity` is allowed too.
#[wasm_bindgen]
pub fn range(index: usize, what: u8) -> f64 {
    #[cfg(feature = "session")]
    if let Some(range) = index.checked_sub(RANGES.len()).and_then(|index| session::MORE_RANGES.get(index)) {
        return range.get(usize::from(what)).copied().unwrap_or(0.0);
    }
    RANGES.get(index).map_or(0.0, |option| match what {
        0 => option.min,
        1 => option.max,
        _ => f64::from(option.unlimited),
    })
}

fn enqueue(wire: &Wire, parcel: Parcel, lane: u8, ttl: f64, replaced: f64) -> f64 {
    let ttl = Micros::limit_from_millis(ttl);
    let key = (replaced >= 0.0).then_some(MessageId(replaced as u64));
    let options = SendOptions { key, ttl, lane };
    match wire.with(|machine, now| machine.send(now, parcel, options)) {
        Ok(id) if wire.read(|machine| machine.is_queued(id)) => id.0 as f64,
        Ok(_) => TOLD,
        Err(refused) => -f64::from(refused.reason as u8),
    }
}

/// Everything that is not called for every message, by the numbers of `ts/core.ts`.
#[wasm_bindgen]
pub fn act(number: u32, what: u8, a: f64, b: f64, c: f64) -> f64 {
    let Some(wire) = wire(number) else { return 0.0 };
    let face = &wire.platform;
    match what {
        // Before its first attempt.
        #[cfg(feature = "websocket")]
        CONNECT | RECONNECT if !wire.read(Machine::minds_page) => {}
        CONNECT | RECONNECT => face.listen(&wire),
        MOMENT => {
            lifecycle::tell(&wire, a as usize);
            return 0.0;
        }
        DELIVERED => {
            wire.delivered();
            return 0.0;
        }
        WAKE => {
            wire.wake();
            return 0.0;
        }
        READ..=CLOSE_INBOX => return answer(&wire, what, a, b),
        #[cfg(feature = "session")]
        session::FLUSH.. => return session::act(&wire, what, a, b),
        // The TypeScript that stood for it has been collected.
        FORGET => {
            drop(WIRES.with_borrow_mut(|wires| wires.get_mut(number as usize).map(Option::take)));
            return 0.0;
        }
        _ => {}
    }
    let (link, ticket) = (LinkId(a as u32), Ticket(a as u32));
    wire.with(|machine, now| {
        let mut answer = 0.0;
        match what {
            CONNECT => machine.connect(now),
            #[cfg(feature = "websocket")]
            RECONNECT => {
                let close = Close { code: a as u16, reason: Text::numbered(b as i32), clean: true };
                machine.reconnect_with(now, close);
            }
            #[cfg(not(feature = "websocket"))]
            RECONNECT => machine.reconnect(now),
            #[cfg(not(feature = "websocket"))]
            SUSPEND => machine.suspend(),
            CLEAR => machine.clear(),
            WITHDRAW => answer = f64::from(machine.withdraw(MessageId(a as u64))),
            #[cfg(not(feature = "websocket"))]
            WATCH_DRAIN => {
                let timeout = (a >= 0.0).then(|| Micros::from_millis_f64(a));
                answer = f64::from(machine.watch_drain(now, timeout));
            }
            HOLD => machine.enqueue_message(),
            // TypeScript has checked the code and cut the reason.
            CLOSE => {
                machine.close(now, Close { code: a as u16, reason: Text::numbered(b as i32), clean: true });
            }
            // Milliseconds, or a negative number to stop.
            DECIDED => machine.handle(now, face.decided(a)),
            TARGET => machine.handle(now, Input::Target { ticket, local: b != 0.0 }),
            TARGET_FAILED => machine.handle(now, Input::TargetFailed { ticket }),
            #[cfg(not(feature = "websocket"))]
            GREETED => machine.handle(now, Input::Greeted { link, ok: b != 0.0 }),
            SOCKET_OPENED => machine.handle(now, Input::Opened { link }),
            #[cfg(feature = "session")]
            SOCKET_ERRORED if b == 2.0 => {
                machine.handle(now, Input::DialFailed { link, cause: Cause::NoSession })
            }
            SOCKET_ERRORED if b != 0.0 => {
                machine.handle(now, Input::DialFailed { link, cause: Cause::MixedContent })
            }
            SOCKET_ERRORED => machine.handle(now, Input::Errored { link }),
            SOCKET_BUFFERED => machine.handle(now, Input::Buffered { link, bytes: b as u64, asked: true }),
            SOCKET_CLOSED => {
                // Laid ready is what the reason says of the next attempt.
                let reason = Text { number: c as i32 >> 1, retry_after: read(0) as u32 };
                // For a connection that was lost Deno says 0, where WHATWG (9.3.2) has 1006.
                let code = if b == 0.0 { 1006 } else { b as u16 };
                let close = Close { code, reason, clean: c as i32 & 1 != 0 };
                machine.handle(now, Input::Closed { link, close });
            }
            _ => {}
        }
        answer
    })
}

/// What changes nothing that the engine would have to act upon.
fn answer(wire: &Wire, what: u8, a: f64, b: f64) -> f64 {
    let face = &wire.platform;
    match what {
        READ => wire.read(|machine| read_from(machine, a as u32)),
        DESCRIBE_STATE => {
            face.tell_state(DESCRIBE, wire.read(|machine| machine.state()));
            0.0
        }
        #[cfg(not(feature = "websocket"))]
        WAITING => wire.read(|machine| {
            for waiting in machine.waiting_messages() {
                face.tell(ITEM, f64::from(waiting.payload.receipt), 0.0, 0.0);
            }
            0.0
        }),
        #[cfg(not(feature = "websocket"))]
        _ => inbox(face, what, a, b),
        #[cfg(feature = "websocket")]
        _ => b,
    }
}

/// What concerns a loop over the wire.
#[cfg(not(feature = "websocket"))]
fn inbox(face: &Face, what: u8, a: f64, b: f64) -> f64 {
    let mut inboxes = face.inboxes.borrow_mut();
    match what {
        OPEN_INBOX => {
            let place = place_in(&mut inboxes);
            if let Some(slot) = inboxes.get_mut(place) {
                *slot = Some(InboxRoom::new(a as usize, b as usize));
            }
            place as f64
        }
        _ => {
            let Some(slot) = inboxes.get_mut(a as usize) else { return 0.0 };
            match (what, &mut *slot) {
                (PUSH, Some(room)) => f64::from(room.enter(b as usize)),
                // The bytes of the message that is taken, if there is one; whether others were lost.
                (TAKE, Some(room)) => {
                    room.leave(b as usize);
                    f64::from(room.overflowed())
                }
                _ => {
                    *slot = None;
                    0.0
                }
            }
        }
    }
}

/// A number of `ts/core.ts` past the counts, or a count.
fn read_from(machine: &Machine<Parcel, Elsewhere>, number: u32) -> f64 {
    #[cfg(feature = "session")]
    if let Some(read) = session::read_from(machine, number) {
        return read;
    }
    match number {
        #[cfg(feature = "websocket")]
        RETRIES => f64::from(machine.retries()),
        #[cfg(feature = "websocket")]
        QUEUE_LIMIT => f64::from(machine.queue_limit()),
        QUEUED_BYTES => machine.queued_bytes() as f64,
        QUEUED => machine.queued() as f64,
        // Before the first round trip there is none.
        RTT | SMOOTHED_RTT => machine
            .rtt()
            .map_or(f64::NAN, |(last, smoothed)| if number == RTT { last } else { smoothed }.as_millis_f64()),
        count => machine.stats().at(count as usize) as f64,
    }
}
