//! The half of a wire that is JavaScript, and what the core tells and asks it.

use std::cell::Cell;
#[cfg(not(feature = "websocket"))]
use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use super::Wire;
use super::numbers::*;
#[cfg(feature = "session")]
use super::session::{ASKED, LET_GO, SOON};
#[cfg(feature = "session")]
use crate::core::Arrived;
#[cfg(not(feature = "websocket"))]
use crate::core::InboxRoom;
use crate::core::{
    Cause, Close, CloseReason, Event, HostKeys, Input, LinkId, Micros, Output, Payload, Phase, State, Texts,
    Ticket, Transmit,
};
use crate::engine::Platform;
use crate::web::socket::refused;
use crate::web::{browser, lifecycle};

#[wasm_bindgen(module = "/src/web/face.js")]
extern "C" {
    /// Tells or asks the wire something. It may not throw: an exception would end the instance.
    pub(super) fn call(
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
    fn now() -> f64;
}

/// The half of a wire that is JavaScript.
pub(super) struct Face {
    pub(super) number: i32,
    /// Of each loop over the wire, by number. A loop that is over leaves its place empty.
    #[cfg(not(feature = "websocket"))]
    pub(super) inboxes: RefCell<Vec<Option<InboxRoom>>>,
    /// The ticket of the latest question for a decision.
    pub(super) deciding: Cell<u32>,
    /// The largest frame taken, in bytes.
    #[cfg(feature = "session")]
    pub(super) max_frame: u32,
    #[cfg(feature = "session")]
    pub(super) room: super::session::Room,
}

/// A message: its receipt's number, and its length in bytes.
#[derive(Clone, Copy)]
pub(super) struct Parcel {
    pub(super) receipt: u32,
    pub(super) len: u32,
    /// When a request is over; [`Micros::NEVER`] if it never is.
    #[cfg(feature = "session")]
    pub(super) deadline: Micros,
}

/// A close reason: its number in JavaScript, and the floor it sets in milliseconds, 0 for none.
#[derive(Clone, Copy, Default)]
pub(super) struct Text {
    pub(super) number: i32,
    pub(super) retry_after: u32,
}

impl Text {
    pub(super) fn numbered(number: i32) -> Self {
        Self { number, retry_after: 0 }
    }
}

/// Texts are JavaScript's.
pub(super) struct Elsewhere;

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

    fn retry_after(&self) -> Micros {
        Micros::from_millis(u64::from(self.retry_after))
    }
}

impl Payload for Parcel {
    fn byte_len(&self) -> usize {
        self.len as usize
    }
}

impl Face {
    /// The answer to the latest question for a decision.
    pub(super) fn decided(&self, answer: f64) -> Input<Text> {
        let delay = (answer >= 0.0).then(|| Micros::from_millis_f64(answer));
        Input::Decided { ticket: Ticket(self.deciding.get()), delay }
    }

    pub(super) fn tell(&self, what: i32, a: f64, b: f64, c: f64) -> f64 {
        call(self.number, what, a, b, c, 0, 0, 0, 0)
    }

    fn tell_close(&self, what: i32, [a, b, c]: [f64; 3], cause: i32, close: Close<Text>) -> f64 {
        let Close { code, reason, clean } = close;
        call(self.number, what, a, b, c, cause, i32::from(code), i32::from(clean), reason.number)
    }

    pub(super) fn tell_state(&self, describe: i32, state: State<Text>) {
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
    pub(super) fn listen(&self, wire: &Wire) {
        let moment = self.tell(LISTEN, 0.0, 0.0, 0.0);
        if moment >= 0.0 {
            lifecycle::tell(wire, moment as usize);
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
        browser::sent(self.tell(OFFER, f64::from(link.0), f64::from(*data), 0.0))
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

    // Not inlined: an event is read where it lies, and not taken apart first.
    #[inline(never)]
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
            #[cfg(feature = "session")]
            Event::Session(event) => return self.tell_session(event, over),
        };
        self.tell_close(what, [a, b, 0.0], cause as i32, close);
    }

    fn release(&self) {
        self.tell(RELEASE, 0.0, 0.0, 0.0);
    }

    #[cfg(feature = "session")]
    fn encode(&self, payload: &Parcel, out: &mut Vec<u8>) -> crate::engine::Encoded {
        self.encode_parcel(payload, out)
    }

    #[cfg(feature = "session")]
    fn asked(&self, tag: u32, request: u64) {
        self.tell(ASKED, f64::from(tag), request as f64, 0.0);
    }

    #[cfg(feature = "session")]
    fn write(&self, link: LinkId, frame: &[u8]) -> (Transmit, u64) {
        self.write_frame(link, frame)
    }

    #[cfg(feature = "session")]
    fn soon(&self) {
        self.tell(SOON, 0.0, 0.0, 0.0);
    }

    #[cfg(feature = "session")]
    fn messages(&self, wire: &Wire, message: Arrived) {
        self.tell_messages(wire, message);
    }

    #[cfg(feature = "session")]
    fn delivered(&self, wire: &Wire, parcel: Parcel) {
        self.tell_delivered(wire, parcel.receipt);
    }

    #[cfg(feature = "session")]
    fn keep(&self, frame: u32) {
        self.keep_frame(frame);
    }

    #[cfg(feature = "session")]
    fn forget(&self, frame: u32) {
        self.tell(LET_GO, f64::from(frame), 0.0, 0.0);
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
                    wire.with(|machine, now| machine.handle(now, self.decided(answer)));
                }
            }
            Output::Settled { payload, outcome } => {
                #[cfg(feature = "session")]
                let number = self.given_back(wire, payload, outcome);
                #[cfg(not(feature = "session"))]
                let number = outcome.number();
                self.tell(SETTLED, f64::from(payload.receipt), number as f64, 0.0);
            }
            Output::Event(event) => wire.tell(event),
            // The engine's own business.
            #[cfg(feature = "session")]
            Output::Frame { .. } | Output::Forget { .. } => {}
        }
    }
}
