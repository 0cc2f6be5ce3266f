//! Runs the core on a platform: offers what waits to the socket, obeys the outputs one after the
//! other, and keeps the one timer.
//!
//! No borrow of the machine is held while the platform runs, so whatever it calls may call the engine
//! again. Only the outermost call delivers; what an inner one causes comes after what is being delivered.

use std::cell::{Cell, RefCell};

#[cfg(feature = "session")]
use crate::core::{Arrived, Item, Outcome, SessionConfig, SessionEvent};
use crate::core::{
    Cause, Close, Config, Event, Input, Kind, LinkId, Machine, Micros, Output, Payload, Texts, Transmit,
};
#[cfg(feature = "session")]
use crate::session::Record;

/// Longest delay a host timer takes without wrapping.
const LONGEST_TIMEOUT: Micros = Micros::from_millis(2_147_483_647);

/// What the engine runs on.
pub(crate) trait Platform: Sized {
    /// A message on its way out.
    type Payload: Payload;
    /// How the machine carries texts.
    type Texts: Texts;
    /// What of a message the socket is shown.
    type Data;

    /// The monotonic clock.
    fn now(&self) -> Micros;
    /// What to show to the socket.
    fn data(payload: &Self::Payload) -> Self::Data;
    /// Offers data to the socket of this link; what came of it, and the socket's `bufferedAmount` after.
    fn offer(&self, link: LinkId, data: &Self::Data) -> (Transmit, u64);
    /// The current socket's `bufferedAmount`.
    fn buffered(&self) -> u64;
    /// Does what the core says; [`Engine::dial`] and [`Engine::tell`] know when to dial and what to tell.
    fn obey(&self, engine: &Engine<Self>, output: Output<Self::Payload, Reason<Self>>);
    /// Constructs the socket of this link, which takes the place of any before it.
    ///
    /// # Errors
    /// A final cause, if there can be none.
    fn dial(&self, link: LinkId) -> Result<(), Cause>;
    /// Closes this link's socket; `forget`: its close event is not awaited.
    fn hang_up(&self, link: LinkId, close: Option<Close<Reason<Self>>>, forget: bool);
    /// Tells the application. The message that an [`Event::Message`] stands for is dropped if the wire is `over`.
    fn event(&self, event: Event<Reason<Self>>, over: bool);
    /// Lets go of everything that is the browser's.
    fn release(&self);
    /// Calls [`Engine::wake`] after so many milliseconds, in place of any earlier such request; never if `None`.
    fn alarm(&self, millis: Option<f64>);

    /// Appends the bytes of a message that is to be numbered, and says what it is. The engine is not to
    /// be called meanwhile.
    #[cfg(feature = "session")]
    fn encode(&self, payload: &Self::Payload, out: &mut Vec<u8>) -> Encoded;
    /// The request of this tag has got this number.
    #[cfg(feature = "session")]
    fn asked(&self, tag: u32, request: u64);
    /// Offers a frame to the socket of this link; what came of it, and the socket's `bufferedAmount` after.
    #[cfg(feature = "session")]
    fn write(&self, link: LinkId, frame: &[u8]) -> (Transmit, u64);
    /// Calls [`Engine::flush`] when the current task is over, before the next.
    #[cfg(feature = "session")]
    fn soon(&self);
    /// Tells the application of a message and of whatever [`Engine::more_message`] gives, of those that
    /// [`Engine::took`] lets it.
    #[cfg(feature = "session")]
    fn messages(&self, engine: &Engine<Self>, message: Arrived);
    /// Tells that this send has been delivered, and whatever [`Engine::more_delivered`] gives.
    #[cfg(feature = "session")]
    fn delivered(&self, engine: &Engine<Self>, payload: Self::Payload);
    /// Keeps the frame that is arriving under this number until [`Platform::forget`].
    #[cfg(feature = "session")]
    fn keep(&self, frame: u32);
    /// No event speaks of this frame any more.
    #[cfg(feature = "session")]
    fn forget(&self, frame: u32);
}

/// What a message of a session is, besides its bytes.
#[cfg(feature = "session")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Encoded {
    /// On this channel; 0 for none.
    pub channel: u64,
    /// The bytes are text for the application.
    pub text: bool,
    /// It is a request: the name of the method stands before the other bytes.
    pub request: Option<Request>,
}

/// A request on its way out.
#[cfg(feature = "session")]
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// How many bytes the name of its method takes.
    pub method: usize,
    /// Over at this time.
    pub deadline: Option<Micros>,
    /// The host's name for it.
    pub tag: u32,
}

/// What the machine carries of a close reason.
type Reason<P> = <<P as Platform>::Texts as Texts>::Reason;

/// What to do with an arriving message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Delivery {
    /// Nothing.
    Drop = 0,
    /// Deliver it, then say so: `delivered`.
    Now = 1,
    /// Something is being delivered: hold it, and it comes in its turn.
    Later = 2,
}

pub(crate) struct Engine<P: Platform> {
    pub(crate) platform: P,
    machine: RefCell<Machine<P::Payload, P::Texts>>,
    /// Somebody further out is delivering.
    running: Cell<bool>,
    /// A message is being offered to the socket.
    transmitting: Cell<bool>,
    /// When the platform's timer is due.
    alarm: Cell<Micros>,
    /// The platform has been asked for a flush.
    #[cfg(feature = "session")]
    flushing: Cell<bool>,
    /// Where frames are made, and what goes into them.
    #[cfg(feature = "session")]
    frame: Cell<Vec<u8>>,
    #[cfg(feature = "session")]
    body: Cell<Vec<u8>>,
}

impl<P: Platform> Engine<P> {
    /// An idle wire. `random`, uniform in [0, 1), is where its own randomness starts.
    pub(crate) fn new(config: Config, random: f64, platform: P) -> Self {
        Self::around(Machine::new(config, seed(random)), platform)
    }

    /// An idle wire in session mode.
    #[cfg(feature = "session")]
    pub(crate) fn with_session(config: Config, session: SessionConfig, random: f64, platform: P) -> Self {
        Self::around(Machine::with_session(config, session, seed(random)), platform)
    }

    fn around(machine: Machine<P::Payload, P::Texts>, platform: P) -> Self {
        Self {
            platform,
            machine: RefCell::new(machine),
            running: Cell::new(false),
            transmitting: Cell::new(false),
            alarm: Cell::new(Micros::NEVER),
            #[cfg(feature = "session")]
            flushing: Cell::new(false),
            #[cfg(feature = "session")]
            frame: Cell::default(),
            #[cfg(feature = "session")]
            body: Cell::default(),
        }
    }

    /// Changes the machine, then does what follows from it.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut Machine<P::Payload, P::Texts>, Micros) -> T) -> T {
        let result = change(&mut self.machine.borrow_mut(), self.platform.now());
        self.run();
        result
    }

    pub(crate) fn input(&self, input: Input<Reason<P>>) {
        self.with(|machine, now| machine.handle(now, input));
    }

    /// Reads from the machine.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Machine<P::Payload, P::Texts>) -> T) -> T {
        read(&self.machine.borrow_mut())
    }

    /// Dials, unless a listener has moved on since this was asked for.
    pub(crate) fn dial(&self, link: LinkId) {
        #[cfg(feature = "session")]
        let wanted = || self.read(|machine| machine.holds(link));
        #[cfg(not(feature = "session"))]
        let wanted = || self.read(Machine::link) == Some(link);
        if !wanted() {
            return;
        }
        match self.platform.dial(link) {
            Err(cause) => self.with(|machine, now| machine.handle(now, Input::DialFailed { link, cause })),
            // What a constructor calls may move on, too.
            Ok(()) if !wanted() => self.platform.hang_up(link, None, true),
            Ok(()) => {}
        }
    }

    /// Tells the application.
    // As with `Platform::event`: read where it lies.
    #[inline(never)]
    pub(crate) fn tell(&self, event: Event<Reason<P>>) {
        // Unless a listener has opened it again by now, a closed wire holds nothing of the browser.
        let last = matches!(event, Event::Closed { last: true, .. });
        if last && self.read(Machine::is_closed) {
            self.platform.release();
        }
        #[cfg(feature = "session")]
        let (seq, bookkeeping) = match &event {
            Event::Session(SessionEvent::Record(Arrived { seq, record, .. })) => {
                (*seq, !matches!(record.says(), Record::Request { .. }))
            }
            _ => (0, false),
        };
        // Between its arrival and its turn a message may have lost its wire.
        let over = self.read(Machine::is_over);
        #[cfg(feature = "session")]
        if seq > 0 && !over {
            // First, so that a listener that closes the wire has told the server of what it was told itself.
            self.machine.borrow_mut().dispatched(self.platform.now(), seq, bookkeeping);
        }
        self.platform.event(event, over);
    }

    /// The platform's timer has run out.
    pub(crate) fn wake(&self) {
        self.alarm.set(Micros::NEVER);
        self.with(|machine, now| machine.handle(now, Input::Timeout));
    }

    /// Hands data of `len` bytes to the socket past an empty queue, if the wire is open and the
    /// socket's buffer has room. None if it has to queue.
    pub(crate) fn pass(&self, data: &P::Data, len: usize) -> Option<Transmit> {
        if self.transmitting.get() {
            return None;
        }
        let link = self.read(|machine| machine.may_pass(len))?;
        self.transmitting.set(true);
        let (sent, buffered) = self.platform.offer(link, data);
        self.transmitting.set(false);
        if sent == Transmit::NotOpen {
            return None;
        }
        self.with(|machine, now| machine.passed(now, len, sent, buffered));
        Some(sent)
    }

    /// A message of `len` bytes arrived on this link's socket, which is the current one.
    pub(crate) fn received(&self, link: LinkId, kind: Kind, len: usize) -> Delivery {
        let deliver = self.arrived(link, |machine, now| machine.received(now, link, kind, len));
        if !deliver {
            self.run();
            return Delivery::Drop;
        }
        if self.running.replace(true) { Delivery::Later } else { Delivery::Now }
    }

    /// Something arrived. Whatever does is an occasion to look at a full buffer again.
    fn arrived<T>(
        &self,
        link: LinkId,
        take: impl FnOnce(&mut Machine<P::Payload, P::Texts>, Micros) -> T,
    ) -> T {
        let mut machine = self.machine.borrow_mut();
        let now = self.platform.now();
        if machine.is_paused() {
            machine.handle(now, Input::Buffered { link, bytes: self.platform.buffered(), asked: false });
        }
        take(&mut machine, now)
    }

    /// The message that was to be delivered now has been.
    pub(crate) fn delivered(&self) {
        self.running.set(false);
        self.run();
    }

    pub(crate) fn run(&self) {
        if self.running.replace(true) {
            self.pump();
            return;
        }
        loop {
            self.pump();
            let output = self.machine.borrow_mut().poll();
            let Some(output) = output else { break };
            #[cfg(feature = "session")]
            let Some(output) = self.obey_session(output) else { continue };
            self.platform.obey(self, output);
        }
        self.running.set(false);
        self.arm();
    }

    /// Offers what waits to the socket for as long as it takes it.
    fn pump(&self) {
        if self.transmitting.replace(true) {
            return;
        }
        #[cfg(feature = "session")]
        let in_session = self.bind_all();
        #[cfg(not(feature = "session"))]
        let in_session = false;
        // Nothing is asked of the platform when nothing waits.
        while !in_session && self.read(Machine::queued) > 0 {
            let now = self.platform.now();
            let offer =
                self.machine.borrow_mut().peek_transmit(now).map(|(link, payload)| (link, P::data(payload)));
            let Some((link, data)) = offer else { break };
            let (what, buffered) = self.platform.offer(link, &data);
            self.machine.borrow_mut().transmitted(now, what, buffered);
        }
        self.transmitting.set(false);
        #[cfg(feature = "session")]
        if self.read(|machine| machine.frame_is_full() && machine.frame_is_due()) {
            self.write();
        }
        #[cfg(feature = "session")]
        if self.read(Machine::frame_is_due) && !self.flushing.replace(true) {
            self.platform.soon();
        }
    }

    /// An alarm that goes off too early does no harm and is left alone.
    fn arm(&self) {
        let next = self.machine.borrow_mut().wakes();
        let set = self.alarm.get();
        let needed = next != Micros::NEVER;
        if next == set || needed && set < next {
            return;
        }
        self.alarm.set(next);
        let millis = || next.since(self.platform.now()).min(LONGEST_TIMEOUT).as_millis_f64().ceil();
        self.platform.alarm(needed.then(millis));
    }
}

/// All that the host's 53 bits hold.
fn seed(random: f64) -> u64 {
    (random * (1_u64 << 53) as f64) as u64
}

/// The text that stands first, so many bytes of it, and the rest.
#[cfg(feature = "session")]
pub(crate) fn split(bytes: &[u8], at: usize) -> (&str, &[u8]) {
    let (head, tail) = bytes.split_at_checked(at).unwrap_or_default();
    (core::str::from_utf8(head).unwrap_or_default(), tail)
}

#[cfg(feature = "session")]
impl<P: Platform> Engine<P> {
    /// A frame arrived on this link's socket: [`Engine::run`] does what comes of it.
    pub(crate) fn take_frame(&self, link: LinkId, bytes: &[u8]) {
        let frame = self.arrived(link, |machine, now| machine.received_frame(now, link, bytes));
        if let Some(frame) = frame {
            self.platform.keep(frame);
        }
    }

    /// Writes what is due.
    pub(crate) fn flush(&self) {
        self.flushing.set(false);
        self.write();
        self.run();
    }

    /// Changes the machine, then writes what is due without waiting for the end of the task.
    #[cfg(feature = "js")]
    pub(crate) fn flush_with(&self, change: impl FnOnce(&mut Machine<P::Payload, P::Texts>, Micros)) {
        self.flushing.set(true);
        self.with(change);
        self.flush();
    }

    fn write(&self) {
        if self.transmitting.replace(true) {
            return;
        }
        let mut out = self.frame.take();
        let now = self.platform.now();
        if let Some(link) = self.read(|machine| machine.link().filter(|_| machine.weighs_buffer())) {
            let bytes = self.platform.buffered();
            self.machine.borrow_mut().handle(now, Input::Buffered { link, bytes, asked: false });
        }
        loop {
            let link = self.machine.borrow_mut().next_frame(now, &mut out);
            let Some(link) = link else { break };
            let (what, buffered) = self.platform.write(link, &out);
            self.machine.borrow_mut().written(now, link, what, buffered);
        }
        self.frame.set(out);
        self.transmitting.set(false);
    }

    /// The application is told of the messages of these numbers: they are accepted. Not if the wire is over.
    pub(crate) fn took(&self, numbers: core::ops::Range<u64>) -> bool {
        let goes_on = !self.read(Machine::is_over);
        if goes_on && !numbers.is_empty() {
            self.machine.borrow_mut().dispatched_messages(self.platform.now(), numbers);
        }
        goes_on
    }

    /// Another send that has been delivered, if that is what is to be told next.
    pub(crate) fn more_delivered(&self) -> Option<P::Payload> {
        self.machine.borrow_mut().poll_delivered()
    }

    /// The message after this one, if it is to be told next and stands in the same frame.
    pub(crate) fn more_message(&self, after: &Arrived) -> Option<Arrived> {
        self.machine.borrow_mut().poll_message(after)
    }

    /// Numbers all that may leave; false if there is no session. No browser is asked between them, so no time passes.
    fn bind_all(&self) -> bool {
        let in_session = self.read(Machine::has_session);
        if in_session && self.read(Machine::queued) > 0 {
            let now = self.platform.now();
            while self.bind(now) {}
        }
        in_session
    }

    /// Numbers the message that leaves next; false if there is none.
    fn bind(&self, now: Micros) -> bool {
        let mut machine = self.machine.borrow_mut();
        let Some((_, payload)) = machine.peek_transmit(now) else { return false };
        let mut bytes = self.body.take();
        bytes.clear();
        let Encoded { channel, text, request } = self.platform.encode(payload, &mut bytes);
        let (method, rest) = split(&bytes, request.map_or(0, |request| request.method));
        let item = match request {
            Some(Request { deadline, .. }) => Item::Request { method, deadline },
            None => Item::Message,
        };
        let number = machine.bind(now, item, channel, text, rest);
        drop(machine);
        self.body.set(bytes);
        if let Some((number, request)) = number.zip(request) {
            self.platform.asked(request.tag, number);
        }
        true
    }

    /// Does what concerns frames; gives the rest back.
    fn obey_session(&self, output: Output<P::Payload, Reason<P>>) -> Option<Output<P::Payload, Reason<P>>> {
        match output {
            Output::Frame { link, bytes } => {
                self.platform.write(link, &bytes);
                None
            }
            Output::Forget { frame } => {
                self.platform.forget(frame);
                None
            }
            Output::Settled { payload, outcome: Outcome::Delivered } => {
                self.platform.delivered(self, payload);
                None
            }
            Output::Event(Event::Session(SessionEvent::Record(arrived))) if arrived.record.is_message() => {
                self.platform.messages(self, arrived);
                None
            }
            output => Some(output),
        }
    }
}

#[cfg(all(test, feature = "session"))]
mod tests;
