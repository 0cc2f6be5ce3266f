//! The surface behind the npm package: numbers in, numbers out, JavaScript values passed through.
//!
//! It belongs to the TypeScript in `ts/` and to nobody else. The meaning of each number is that of
//! the core's enums; names and texts live in TypeScript. It has few exports with few arguments: each
//! export costs as much as ten arms of a match.
#![allow(missing_docs, reason = "each method does what its namesake of Driver or Host does")]

use std::cell::RefCell;

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use super::driver::{Delivery, Driver, Host, Outgoing, Question};
use super::socket::refusal;
use crate::core::{
    Cause, Close, Config, Event, Inbox, Kind, LinkId, MessageId, Micros, OPTIONS, Outcome, Overflow, Payload,
    Phase, SendOptions, State, Ticket, Transmit, cut_reason,
};

/// A wire, for TypeScript.
#[wasm_bindgen]
pub struct Handle {
    driver: Driver<Face>,
    /// Of each loop over the wire, by number. A loop that is over leaves its place empty.
    inboxes: RefCell<Vec<Option<Inbox<JsValue>>>>,
}

/// What `new` is told besides numbers, one bit each; the lowest two are the overflow policy.
const HEARTBEAT: u32 = 4;
const GREETS: u32 = 8;
const AWAITS_WELCOME: u32 = 16;
const DECIDES: u32 = 32;

#[wasm_bindgen]
impl Handle {
    /// The face's numbers are in the order of the core's options, NaN where nothing was given.
    ///
    /// # Errors
    /// The index of the first number outside its range.
    #[wasm_bindgen(constructor)]
    pub fn new(face: JsFace, flags: u32) -> Result<Handle, f64> {
        let given = |index: usize| Some(face.number(index as u32)).filter(|number| !number.is_nan());
        let heartbeat = flags & HEARTBEAT != 0;
        let mut config = Config::from_numbers(given, heartbeat).map_err(|error| error.index as f64)?;
        config.queue.overflow = match flags & 3 {
            1 => Overflow::DropOldest,
            2 => Overflow::DropNewest,
            _ => Overflow::Reject,
        };
        config.greets = flags & GREETS != 0;
        config.awaits_welcome = flags & AWAITS_WELCOME != 0;
        config.decides = flags & DECIDES != 0;
        Ok(Self { driver: Driver::new(config, |_| Face(face)), inboxes: RefCell::default() })
    }

    /// Everything that is not called for every message, by the numbers of `ts/core.ts`.
    pub fn act(&self, what: u8, a: f64, b: f64, value: &JsValue) -> f64 {
        let driver = &self.driver;
        let number = a as u32;
        let millis = |micros: Option<Micros>| micros.map_or(f64::NAN, Micros::as_millis_f64);
        match what {
            0 => driver.connect(),
            1 => driver.reconnect(),
            2 => driver.suspend(),
            3 => driver.clear(),
            4 => return f64::from(driver.withdraw(MessageId(a as u64))),
            5 => return f64::from(driver.watch_drain((a >= 0.0).then(|| Micros::from_millis_f64(a)))),
            6 => driver.target(Ticket(number), b != 0.0),
            7 => driver.target_failed(Ticket(number)),
            8 => return f64::from(driver.transmit(LinkId(number), value)),
            9 => driver.greeted(LinkId(number), b != 0.0),
            10 => driver.hold(value),
            11 => driver.delivered(),
            12 => return driver.read(|machine| machine.queued()) as f64,
            13 => return driver.read(|machine| machine.queued_bytes()) as f64,
            // Before the first round trip there is none.
            14 => return millis(driver.read(|machine| machine.rtt()).map(|(last, _)| last)),
            15 => return millis(driver.read(|machine| machine.rtt()).map(|(_, smoothed)| smoothed)),
            16 => tell_state(&driver.host().0, DESCRIBE, &driver.read(|machine| machine.state())),
            17 => driver.read(|machine| {
                for waiting in machine.waiting_messages() {
                    value.unchecked_ref::<Array>().push(&waiting.payload.receipt);
                }
            }),
            18 => return self.open_inbox(number, b as usize),
            19 => return self.inbox(number, |inbox| f64::from(inbox.push(value.clone(), b as usize))),
            // The message into the array given; 2 after an overflow.
            20 => {
                return self.inbox(number, |inbox| match inbox.take() {
                    Some(message) => f64::from(value.unchecked_ref::<Array>().push(&message)),
                    None => f64::from(u8::from(inbox.overflowed()) * 2),
                });
            }
            _ => {
                if let Some(slot) = self.inboxes.borrow_mut().get_mut(number as usize) {
                    *slot = None;
                }
            }
        }
        0.0
    }

    /// What the number at `index` may be: 0 for its smallest value, 1 for its largest, 2 for whether
    /// `Infinity` is allowed too.
    pub fn range(index: usize, what: u8) -> f64 {
        OPTIONS.get(index).map_or(0.0, |option| match what {
            0 => option.min,
            1 => option.max,
            _ => f64::from(option.unlimited),
        })
    }

    /// A long reason is cut; TypeScript has checked the code.
    pub fn close(&self, code: u16, reason: &str) {
        self.driver.close(Close { code, reason: cut_reason(reason).into(), clean: true });
    }

    /// 1: the socket took it, 2: the socket threw, 0: it has to queue.
    pub fn pass(&self, data: &JsValue, len: u32) -> u8 {
        match self.driver.pass(data, len as usize) {
            Some(Transmit::Accepted) => 1,
            Some(Transmit::Threw) => 2,
            _ => 0,
        }
    }

    /// The message's number while it waits; 0 minus the reason if it was refused; -100 if it has gone
    /// through the queue already and its receipt is being told.
    pub fn queue(&self, receipt: JsReceipt, len: u32, lane: u8, ttl: f64, key: Option<String>) -> f64 {
        let ttl = ttl.is_finite().then(|| Micros::from_millis_f64(ttl));
        let options = SendOptions { key: key.map(String::into_boxed_str), ttl, lane };
        match self.driver.queue(JsPayload { receipt, len }, options) {
            Ok(id) if self.driver.read(|machine| machine.is_queued(id)) => id.0 as f64,
            Ok(_) => -100.0,
            Err(refused) => -f64::from(refused.reason as u8),
        }
    }

    /// 0: drop it, 1: deliver it and say so, 2: hold it.
    pub fn received(&self, kind: u8) -> u8 {
        let kind = match kind {
            1 => Kind::Pong,
            2 => Kind::Welcome,
            _ => Kind::Message,
        };
        self.driver.received(kind) as u8
    }
}

impl Handle {
    fn open_inbox(&self, max_messages: u32, max_bytes: usize) -> f64 {
        let mut inboxes = self.inboxes.borrow_mut();
        let empty = inboxes.iter().position(Option::is_none);
        let inbox = Some(Inbox::new(max_messages as usize, max_bytes));
        match empty.and_then(|place| inboxes.get_mut(place)) {
            Some(slot) => *slot = inbox,
            None => inboxes.push(inbox),
        }
        empty.unwrap_or(inboxes.len() - 1) as f64
    }

    fn inbox(&self, number: u32, use_it: impl FnOnce(&mut Inbox<JsValue>) -> f64) -> f64 {
        let mut inboxes = self.inboxes.borrow_mut();
        inboxes.get_mut(number as usize).and_then(Option::as_mut).map_or(0.0, use_it)
    }
}

#[wasm_bindgen]
extern "C" {
    /// What stands for the TypeScript `Wire`. It may not throw: an exception would end the instance.
    pub type JsFace;

    #[wasm_bindgen(method)]
    fn number(this: &JsFace, index: u32) -> f64;
    #[wasm_bindgen(method, getter)]
    fn onmessage(this: &JsFace) -> Function;
    #[wasm_bindgen(method)]
    fn resolve(this: &JsFace, ticket: u32, attempt: u32, turn: u32, cause: u8);
    #[wasm_bindgen(method, catch)]
    fn dial(this: &JsFace) -> Result<WebSocket, JsValue>;
    /// Whether the URL last dialed can be one of a WebSocket.
    #[wasm_bindgen(method, getter)]
    fn good(this: &JsFace) -> bool;
    #[wasm_bindgen(method)]
    fn greet(this: &JsFace, link: u32, attempt: u32);
    #[wasm_bindgen(method)]
    fn abort(this: &JsFace);
    #[wasm_bindgen(method)]
    fn ping(this: &JsFace) -> JsValue;
    /// Milliseconds, or a negative number to stop.
    #[wasm_bindgen(method)]
    fn decide(
        this: &JsFace,
        attempt: u32,
        cause: u8,
        code: u16,
        reason: &str,
        clean: bool,
        elapsed: f64,
        delay: f64,
        fatal: bool,
    ) -> f64;
    #[wasm_bindgen(method)]
    fn message(this: &JsFace, data: JsValue);
    #[wasm_bindgen(method)]
    fn tell(this: &JsFace, what: u8, a: f64, b: f64, c: f64, cause: u8, code: u16, reason: &str, clean: bool);

    /// A TypeScript `Receipt`.
    #[wasm_bindgen(extends = js_sys::Object)]
    pub type JsReceipt;

    #[wasm_bindgen(method)]
    fn settle(this: &JsReceipt, reason: u8);
    #[wasm_bindgen(method, getter)]
    fn data(this: &JsReceipt) -> JsValue;
}

struct Face(JsFace);

struct JsPayload {
    receipt: JsReceipt,
    len: u32,
}

impl Payload for JsPayload {
    fn byte_len(&self) -> usize {
        self.len as usize
    }
}

impl Outgoing for JsPayload {
    fn data(&self) -> JsValue {
        self.receipt.data()
    }
}

// What `tell` tells. A state by its number; the others from here on.
const OPENED: u8 = 16;
const CLOSED: u8 = 17;
const FAILED: u8 = 18;
const PONG: u8 = 19;
const DRAINED: u8 = 20;
/// Added to a state that was asked for and did not change.
const DESCRIBE: u8 = 32;

impl Host for Face {
    type Payload = JsPayload;

    fn resolve(&self, ticket: Ticket, attempt: u32, turn: u32, cause: Cause) {
        self.0.resolve(ticket.0, attempt, turn, cause as u8);
    }

    fn dial(&self) -> Result<WebSocket, Cause> {
        self.0.dial().map_err(|thrown| refusal(&thrown, self.0.good()))
    }

    fn message_handler(&self) -> Function {
        self.0.onmessage()
    }

    fn greet(&self, link: LinkId, attempt: u32) {
        self.0.greet(link.0, attempt);
    }

    fn abort(&self) {
        self.0.abort();
    }

    fn ping(&self) -> Option<JsValue> {
        Some(self.0.ping()).filter(|ping| !ping.is_undefined())
    }

    fn decide(&self, q: Question) -> Option<Micros> {
        let (elapsed, delay) = (q.elapsed.as_millis_f64(), q.delay.as_millis_f64());
        let Close { code, reason, clean } = &q.close;
        let answer = self.0.decide(q.attempt, q.cause as u8, *code, reason, *clean, elapsed, delay, q.fatal);
        (answer >= 0.0).then(|| Micros::from_millis_f64(answer))
    }

    fn settled(&self, payload: JsPayload, outcome: Outcome) {
        payload.receipt.settle(match outcome {
            Outcome::HandedOver => 0,
            Outcome::NotSent(reason) => reason as u8,
        });
    }

    fn message(&self, data: JsValue) {
        self.0.message(data);
    }

    fn event(&self, event: Event) {
        let none = Close::default();
        let (what, a, b, cause, close) = match &event {
            Event::StateChanged(state) => return tell_state(&self.0, 0, state),
            Event::Opened => (OPENED, 0.0, 0.0, Cause::Started, &none),
            Event::Closed { cause, close, last } => (CLOSED, f64::from(*last), 0.0, *cause, close),
            Event::Failed { cause, close } => (FAILED, 0.0, 0.0, *cause, close),
            Event::Pong { rtt, smoothed } => {
                (PONG, rtt.as_millis_f64(), smoothed.as_millis_f64(), Cause::Started, &none)
            }
            Event::Drained { watch, empty } => {
                (DRAINED, f64::from(*watch), f64::from(*empty), Cause::Started, &none)
            }
            Event::Message => return,
        };
        self.0.tell(what, a, b, 0.0, cause as u8, close.code, &close.reason, close.clean);
    }
}

fn tell_state(face: &JsFace, describe: u8, state: &State) {
    let none = Close::default();
    let (number, attempt, delay, until, cause, close) = match state {
        State::Idle => (0, 0, Micros::ZERO, Micros::ZERO, Cause::Started, &none),
        State::Connecting { phase, attempt } => {
            let number = match phase {
                Phase::Resolving => 1,
                Phase::Dialing => 2,
                Phase::Handshaking => 3,
            };
            (number, *attempt, Micros::ZERO, Micros::ZERO, Cause::Started, &none)
        }
        State::Open => (4, 0, Micros::ZERO, Micros::ZERO, Cause::Started, &none),
        State::Waiting { attempt, delay, until, cause, close } => {
            (5, *attempt, *delay, *until, *cause, close)
        }
        State::Suspended { cause } => (6, 0, Micros::ZERO, Micros::ZERO, *cause, &none),
        State::Closing => (7, 0, Micros::ZERO, Micros::ZERO, Cause::Started, &none),
        State::Closed { cause, close } => (8, 0, Micros::ZERO, Micros::ZERO, *cause, close),
    };
    let (attempt, delay, until) = (f64::from(attempt), delay.as_millis_f64(), until.as_millis_f64());
    face.tell(number + describe, attempt, delay, until, cause as u8, close.code, &close.reason, close.clean);
}

// The numbers above are the contract; the driver's own may not drift from them.
const _: () = assert!(Delivery::Now as u8 == 1 && Delivery::Later as u8 == 2);
