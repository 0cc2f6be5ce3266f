//! The surface behind the npm package: numbers in, numbers out.
//!
//! It belongs to `face.js` and the TypeScript in `ts/` and to nobody else. Sockets, messages and
//! everything else that is JavaScript's, texts too, stays there and has a number here, so no glue is
//! needed. The meaning of each number is
//! that of the core's enums and of `ts/core.ts`; names and error texts live in TypeScript.
#![allow(missing_docs, reason = "each function does what its namesake of Machine or Engine does")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::lifecycle;
use super::socket::refused;
use crate::core::{
    Cause, Close, CloseReason, Config, Event, HostKeys, Inbox, Input, Kind, LinkId, Machine, MessageId,
    Micros, Output, Overflow, Payload, Phase, RANGES, SendOptions, State, Texts, Ticket, Transmit,
    retry_after,
};
use crate::engine::{Delivery, Engine, Platform};

#[wasm_bindgen(module = "/src/web/face.js")]
extern "C" {
    /// Tells or asks the wire something. It may not throw: an exception would end the instance.
    fn call(
        wire: i32,
        what: i32,
        a: f64,
        b: f64,
        c: f64,
        cause: i32,
        code: i32,
        clean: i32,
        reason: i32,
    ) -> f64;
    /// The number at this place of what the caller has laid ready; NaN where there is none.
    fn read(place: i32) -> f64;
    fn now() -> f64;
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

/// The half of a wire that is JavaScript.
struct Face {
    number: i32,
    /// Of each loop over the wire, by number. A loop that is over leaves its place empty.
    inboxes: RefCell<Vec<Option<Inbox<()>>>>,
    /// The ticket of the latest question for a decision.
    deciding: Cell<u32>,
}

/// A message: its receipt's number, and its length in bytes.
#[derive(Clone, Copy)]
struct Parcel {
    receipt: u32,
    len: u32,
}

/// A close reason: its number in JavaScript, and the floor it sets in milliseconds.
#[derive(Clone, Copy)]
struct Text {
    number: i32,
    retry_after: u32,
}

const NO_FLOOR: u32 = u32::MAX;

impl Text {
    fn numbered(number: i32) -> Self {
        Self { number, retry_after: NO_FLOOR }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::numbered(0)
    }
}

/// Texts are JavaScript's.
struct Elsewhere;

impl Texts for Elsewhere {
    type Reason = Text;
    type Keys = HostKeys;
}

impl CloseReason for Text {
    fn reconnect() -> Self {
        Self::numbered(1)
    }

    fn suspended() -> Self {
        Self::numbered(2)
    }

    fn retry_after(&self) -> Option<Micros> {
        (self.retry_after != NO_FLOOR).then(|| Micros::from_millis(u64::from(self.retry_after)))
    }
}

impl Payload for Parcel {
    fn byte_len(&self) -> usize {
        self.len as usize
    }
}

/// What `create` is told besides numbers, one bit each; the lowest two are the overflow policy.
const HEARTBEAT: u32 = 4;
const GREETS: u32 = 8;
const AWAITS_WELCOME: u32 = 16;
const DECIDES: u32 = 32;
const LOCAL: u32 = 64;

/// A wire's number. Laid ready are the numbers of its options in the core's order; for one outside its
/// range the answer is -1 minus its index.
#[wasm_bindgen]
pub fn create(flags: u32) -> f64 {
    let given = |index: usize| Some(read(index as i32)).filter(|number| !number.is_nan());
    let mut config = match Config::from_numbers(given, flags & HEARTBEAT != 0) {
        Ok(config) => config,
        Err(error) => return -1.0 - error.index as f64,
    };
    config.queue.overflow = match flags & 3 {
        1 => Overflow::DropOldest,
        2 => Overflow::DropNewest,
        _ => Overflow::Reject,
    };
    config.greets = flags & GREETS != 0;
    config.awaits_welcome = flags & AWAITS_WELCOME != 0;
    config.decides = flags & DECIDES != 0;
    config.local = flags & LOCAL != 0;
    WIRES.with_borrow_mut(|wires| {
        let number = place_in(wires);
        let face = Face { number: number as i32, inboxes: RefCell::default(), deciding: Cell::default() };
        if let Some(place) = wires.get_mut(number) {
            *place = Some(Rc::new(Engine::new(config, random(), face)));
        }
        number as f64
    })
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
    RANGES.get(index).map_or(0.0, |option| match what {
        0 => option.min,
        1 => option.max,
        _ => f64::from(option.unlimited),
    })
}

/// Hands data to the socket past the queue: 1: it took it, 2: it threw, 0: the message has to queue.
#[wasm_bindgen]
pub fn pass(number: u32, len: u32) -> u8 {
    match wire(number).and_then(|wire| wire.pass(&0, len as usize)) {
        Some(Transmit::Accepted) => 1,
        Some(Transmit::Threw) => 2,
        _ => 0,
    }
}

/// The message's number while it waits; 0 minus the reason if it was refused; -100 if it has gone
/// through the queue already and its receipt is being told. `replaced` is the number of the message of the
/// same key, negative if there is none.
#[wasm_bindgen]
pub fn queue(number: u32, receipt: u32, len: u32, lane: u8, ttl: f64, replaced: f64) -> f64 {
    let Some(wire) = wire(number) else { return 0.0 };
    let ttl = ttl.is_finite().then(|| Micros::from_millis_f64(ttl));
    let key = (replaced >= 0.0).then_some(MessageId(replaced as u64));
    let options = SendOptions { key, ttl, lane };
    match wire.with(|machine, now| machine.send(now, Parcel { receipt, len }, options)) {
        Ok(id) if wire.read(|machine| machine.is_queued(id)) => id.0 as f64,
        Ok(_) => -100.0,
        Err(refused) => -f64::from(refused.reason as u8),
    }
}

/// 0: drop it, 1: deliver it and say so, 2: hold it.
#[wasm_bindgen]
pub fn received(number: u32, link: u32, kind: u8, len: u32) -> u8 {
    let kind = match kind {
        1 => Kind::Pong,
        2 => Kind::Welcome,
        _ => Kind::Message,
    };
    wire(number).map_or(0, |wire| wire.received(LinkId(link), kind, len as usize) as u8)
}

/// Everything that is not called for every message, by the numbers of `ts/core.ts`.
#[wasm_bindgen]
pub fn act(number: u32, what: u8, a: f64, b: f64, c: f64) -> f64 {
    let Some(wire) = wire(number) else { return 0.0 };
    let face = &wire.platform;
    match what {
        // Before its first attempt.
        0 | 1 => face.listen(&wire),
        9 => {
            lifecycle::tell(&wire, a as usize);
            return 0.0;
        }
        10 => {
            wire.delivered();
            return 0.0;
        }
        11 => {
            wire.wake();
            return 0.0;
        }
        12..=21 => return face.answer(&wire, what, a, b),
        // The TypeScript that stood for it has been collected.
        22 => {
            drop(WIRES.with_borrow_mut(|wires| wires.get_mut(number as usize).map(Option::take)));
            return 0.0;
        }
        _ => {}
    }
    let (link, ticket) = (LinkId(a as u32), Ticket(a as u32));
    wire.with(|machine, now| {
        let mut answer = 0.0;
        let mut input = None;
        match what {
            0 => machine.connect(now),
            1 => machine.reconnect(now),
            2 => machine.suspend(),
            3 => machine.clear(),
            4 => answer = f64::from(machine.withdraw(MessageId(a as u64))),
            5 => {
                let timeout = (a >= 0.0).then(|| Micros::from_millis_f64(a));
                answer = f64::from(machine.watch_drain(now, timeout));
            }
            6 => machine.enqueue_message(),
            // TypeScript has checked the code and cut the reason.
            7 => {
                machine.close(now, Close { code: a as u16, reason: Text::numbered(b as i32), clean: true });
            }
            // Milliseconds, or a negative number to stop.
            8 => input = Some(face.decided(a)),
            23 => input = Some(Input::Target { ticket, local: b != 0.0 }),
            24 => input = Some(Input::TargetFailed { ticket }),
            25 => input = Some(Input::Greeted { link, ok: b != 0.0 }),
            26 => input = Some(Input::Opened { link }),
            27 if b != 0.0 => input = Some(Input::DialFailed { link, cause: Cause::MixedContent }),
            27 => input = Some(Input::Errored { link }),
            28 => input = Some(Input::Buffered { link, bytes: b as u64, asked: true }),
            _ => {
                let at =
                    |place| Some(read(place as i32)).filter(|point| !point.is_nan()).map(|point| point as u8);
                let reason = Text { number: c as i32 >> 1, retry_after: retry_after(at).unwrap_or(NO_FLOOR) };
                let close = Close { code: b as u16, reason, clean: c as i32 & 1 != 0 };
                input = Some(Input::Closed { link, close });
            }
        }
        if let Some(input) = input {
            machine.handle(now, input);
        }
        answer
    })
}

// What `call` tells or asks. A state by its number; the others from here on.
const OPENED: i32 = 16;
const CLOSED: i32 = 17;
const FAILED: i32 = 18;
const PONG: i32 = 19;
const DRAINED: i32 = 20;
const RESOLVE: i32 = 21;
const ABORT: i32 = 22;
const DIAL: i32 = 23;
const GREET: i32 = 24;
const PING: i32 = 25;
const HANG_UP: i32 = 26;
const SAMPLE: i32 = 27;
const DECIDE: i32 = 28;
const SETTLED: i32 = 29;
const MESSAGE: i32 = 30;
const OFFER: i32 = 31;
/// Added to a state that was asked for and did not change.
const DESCRIBE: i32 = 32;
const ALARM: i32 = 48;
const LISTEN: i32 = 49;
const RELEASE: i32 = 50;
const ITEM: i32 = 51;
const BUFFERED: i32 = 52;

impl Face {
    /// The answer to the latest question for a decision.
    fn decided(&self, answer: f64) -> Input<Text> {
        let delay = (answer >= 0.0).then(|| Micros::from_millis_f64(answer));
        Input::Decided { ticket: Ticket(self.deciding.get()), delay }
    }

    fn tell(&self, what: i32, a: f64, b: f64, c: f64) -> f64 {
        call(self.number, what, a, b, c, 0, 0, 0, 0)
    }

    fn tell_close(&self, what: i32, [a, b, c]: [f64; 3], cause: i32, close: Close<Text>) -> f64 {
        let Close { code, reason, clean } = close;
        call(self.number, what, a, b, c, cause, i32::from(code), i32::from(clean), reason.number)
    }

    fn tell_state(&self, describe: i32, state: State<Text>) {
        let none = Close::default();
        let (number, attempt, delay, until, cause, close) = match state {
            State::Idle => (0, 0, Micros::ZERO, Micros::ZERO, Cause::Started, none),
            State::Connecting { phase, attempt } => {
                let number = match phase {
                    Phase::Resolving => 1,
                    Phase::Dialing => 2,
                    Phase::Handshaking => 3,
                };
                (number, attempt, Micros::ZERO, Micros::ZERO, Cause::Started, none)
            }
            State::Open => (4, 0, Micros::ZERO, Micros::ZERO, Cause::Started, none),
            State::Waiting { attempt, delay, until, cause, close } => {
                (5, attempt, delay, until, cause, close)
            }
            State::Suspended { cause } => (6, 0, Micros::ZERO, Micros::ZERO, cause, none),
            State::Closing => (7, 0, Micros::ZERO, Micros::ZERO, Cause::Started, none),
            State::Closed { cause, close } => (8, 0, Micros::ZERO, Micros::ZERO, cause, close),
        };
        let numbers = [f64::from(attempt), delay.as_millis_f64(), until.as_millis_f64()];
        self.tell_close(number + describe, numbers, cause as i32, close);
    }

    /// From the first attempt on, until it is closed, a wire hears what the browser says of the page.
    fn listen(&self, wire: &Wire) {
        let moment = self.tell(LISTEN, 0.0, 0.0, 0.0);
        if moment >= 0.0 {
            lifecycle::tell(wire, moment as usize);
        }
    }

    /// What changes nothing that the engine would have to act upon.
    fn answer(&self, wire: &Wire, what: u8, a: f64, b: f64) -> f64 {
        let mut inboxes = self.inboxes.borrow_mut();
        match what {
            12 => wire.read(|machine| read_from(machine, a as u32)),
            16 => {
                self.tell_state(DESCRIBE, wire.read(|machine| machine.state()));
                0.0
            }
            17 => wire.read(|machine| {
                for waiting in machine.waiting_messages() {
                    self.tell(ITEM, f64::from(waiting.payload.receipt), 0.0, 0.0);
                }
                0.0
            }),
            18 => {
                let place = place_in(&mut inboxes);
                if let Some(slot) = inboxes.get_mut(place) {
                    *slot = Some(Inbox::new(a as usize, b as usize));
                }
                place as f64
            }
            _ => {
                let Some(slot) = inboxes.get_mut(a as usize) else { return 0.0 };
                match (what, &mut *slot) {
                    (19, Some(inbox)) => f64::from(inbox.push((), b as usize)),
                    // 1 for a message, 2 after an overflow.
                    (20, Some(inbox)) => match inbox.take() {
                        Some(()) => 1.0,
                        None => f64::from(u8::from(inbox.overflowed()) * 2),
                    },
                    _ => {
                        *slot = None;
                        0.0
                    }
                }
            }
        }
    }
}

impl Platform for Face {
    type Payload = Parcel;
    type Texts = Elsewhere;
    /// A receipt's number; 0 for the data that is being passed.
    type Data = u32;

    fn now(&self) -> Micros {
        Micros::from_millis_f64(now())
    }

    fn data(payload: &Parcel) -> u32 {
        payload.receipt
    }

    fn offer(&self, link: LinkId, data: &u32) -> (Transmit, u64) {
        // What is buffered if the socket took it, -1 if it is not open, -2 minus what is buffered if it threw.
        let answer = self.tell(OFFER, f64::from(link.0), f64::from(*data), 0.0);
        if answer >= 0.0 {
            (Transmit::Accepted, answer as u64)
        } else if answer > -2.0 {
            (Transmit::NotOpen, 0)
        } else {
            (Transmit::Threw, (-2.0 - answer) as u64)
        }
    }

    fn buffered(&self) -> u64 {
        self.tell(BUFFERED, 0.0, 0.0, 0.0) as u64
    }

    fn alarm(&self, millis: Option<f64>) {
        self.tell(ALARM, millis.unwrap_or(-1.0), 0.0, 0.0);
    }

    fn dial(&self, link: LinkId) -> Result<(), Cause> {
        let refusal = self.tell(DIAL, f64::from(link.0), 0.0, 0.0);
        if refusal < 0.0 { Ok(()) } else { Err(refused(refusal as i32)) }
    }

    fn hang_up(&self, link: LinkId, close: Option<Close<Text>>, forget: bool) {
        self.tell_close(HANG_UP, [f64::from(link.0), f64::from(forget), 0.0], 0, close.unwrap_or_default());
    }

    fn event(&self, event: Event<Text>, over: bool) {
        let none = Close::default();
        let (what, a, b, cause, close) = match event {
            Event::StateChanged(state) => return self.tell_state(0, state),
            Event::Opened => (OPENED, 0.0, 0.0, Cause::Started, none),
            Event::Closed { cause, close, last } => (CLOSED, f64::from(last), 0.0, cause, close),
            Event::Failed { cause, close } => (FAILED, 0.0, 0.0, cause, close),
            Event::Pong { rtt, smoothed } => {
                (PONG, rtt.as_millis_f64(), smoothed.as_millis_f64(), Cause::Started, none)
            }
            Event::Drained { watch, empty } => {
                (DRAINED, f64::from(watch), f64::from(empty), Cause::Started, none)
            }
            Event::Message => (MESSAGE, f64::from(!over), 0.0, Cause::Started, none),
        };
        self.tell_close(what, [a, b, 0.0], cause as i32, close);
    }

    fn release(&self) {
        self.tell(RELEASE, 0.0, 0.0, 0.0);
    }

    fn obey(&self, wire: &Wire, output: Output<Parcel, Text>) {
        match output {
            Output::Resolve { ticket, attempt, turn, cause } => {
                let numbers = [f64::from(ticket.0), f64::from(attempt), f64::from(turn)];
                self.tell_close(RESOLVE, numbers, cause as i32, Close::default());
            }
            Output::AbortResolve => {
                self.tell(ABORT, 0.0, 0.0, 0.0);
            }
            Output::Dial { link } => wire.dial(link),
            Output::Greet { link, attempt } => {
                self.tell(GREET, f64::from(link.0), f64::from(attempt), 0.0);
            }
            Output::Ping { link } => {
                self.tell(PING, f64::from(link.0), 0.0, 0.0);
            }
            Output::Hangup { link, close, forget } => self.hang_up(link, close, forget),
            Output::Sample { link } => {
                self.tell(SAMPLE, f64::from(link.0), 0.0, 0.0);
            }
            Output::Decide { ticket, attempt, cause, close, elapsed, delay, fatal } => {
                let numbers = [f64::from(attempt), elapsed.as_millis_f64(), delay.as_millis_f64()];
                let cause = cause as i32 | i32::from(fatal) << 8;
                self.deciding.set(ticket.0);
                let answer = self.tell_close(DECIDE, numbers, cause, close);
                // Or it is given later.
                if !answer.is_nan() {
                    wire.input(self.decided(answer));
                }
            }
            Output::Settled { payload, outcome } => {
                self.tell(SETTLED, f64::from(payload.receipt), outcome.number() as f64, 0.0);
            }
            Output::Event(event) => wire.tell(event),
        }
    }
}

/// A number of `ts/core.ts` past the counts, or a count.
fn read_from(machine: &Machine<Parcel, Elsewhere>, number: u32) -> f64 {
    match number {
        32 => machine.queued_bytes() as f64,
        33 => machine.queued() as f64,
        // Before the first round trip there is none.
        34 | 35 => machine
            .rtt()
            .map_or(f64::NAN, |(last, smoothed)| if number == 34 { last } else { smoothed }.as_millis_f64()),
        count => machine.stats().at(count as usize) as f64,
    }
}

// The numbers above are the contract; the engine's own may not drift from them.
const _: () = assert!(Delivery::Now as u8 == 1 && Delivery::Later as u8 == 2);
