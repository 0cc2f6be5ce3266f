//! Feeds the core what the browser does, and does what the core says.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use gloo_timers::callback::Timeout;
use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use web_sys::{CloseEvent, WebSocket};

use super::browser;
use super::channel::LaterTask;
use super::network::Network;
use super::socket::{Handlers, Socket};
use crate::core::{
    Cause, Close, Config, Event, Input, Kind, LinkId, Machine, MessageId, Micros, NotSent, Outcome, Output,
    Payload, Reason, SendOptions, State, Ticket, Transmit,
};

/// Longest delay a host timer takes without wrapping.
const LONGEST_TIMEOUT: f64 = 2_147_483_647.0;

/// The application behind a wire: answers the core's questions and hears its events. No borrow of
/// the driver is held while any of these run, so each may call the driver again.
pub trait Host: Sized + 'static {
    /// A message on its way out.
    type Payload: Outgoing;

    /// Find out where to connect and answer with [`Driver::target`] or [`Driver::target_failed`].
    /// Only the answer to the latest question counts.
    fn resolve(&self, ticket: Ticket, attempt: u32, turn: u32, cause: Cause);
    /// Construct a socket with the target of the latest answer.
    ///
    /// # Errors
    /// A final cause, if the constructor threw; see [`refusal`](super::refusal).
    fn dial(&self) -> Result<WebSocket, Cause>;
    /// The handler for the sockets' message events, asked for once. It classifies the data, calls
    /// [`Driver::received`], and delivers as told.
    fn message_handler(&self) -> Function;
    /// Send the greeting through [`Driver::transmit`] and answer with [`Driver::greeted`].
    fn greet(&self, link: LinkId, attempt: u32);
    /// Whoever still resolves or greets may stop.
    fn abort(&self);
    /// What a ping looks like.
    fn ping(&self) -> Option<JsValue>;
    /// Whether and when to try again.
    fn decide(&self, question: Question) -> Option<Micros>;
    /// A message settled.
    fn settled(&self, payload: Self::Payload, outcome: Outcome);
    /// An arriving message whose turn has come.
    fn message(&self, data: JsValue);
    /// Anything else.
    fn event(&self, event: Event);
}

/// A message that a WebSocket can send.
pub trait Outgoing: Payload + 'static {
    /// A string, a buffer, a view or a Blob; nothing that the application can still change.
    fn data(&self) -> JsValue;
}

/// [`Output::Decide`](crate::core::Output::Decide), for the host.
#[derive(Debug)]
pub struct Question {
    /// The attempt it would be.
    pub attempt: u32,
    /// What made it necessary.
    pub cause: Cause,
    /// How the last connection ended.
    pub close: Close,
    /// Since the wire was last stable.
    pub elapsed: Micros,
    /// What the back-off would wait.
    pub delay: Micros,
    /// Whether the close table says stop.
    pub fatal: bool,
}

/// What to do with an arriving message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Delivery {
    /// Nothing.
    Drop = 0,
    /// Deliver it, then call [`Driver::delivered`].
    Now = 1,
    /// Something is being delivered: give it to [`Driver::hold`], and it comes in its turn.
    Later = 2,
}

/// A wire in the browser.
pub struct Driver<H: Host>(Rc<Inner<H>>);

/// A wire that may be gone.
pub struct WeakDriver<H: Host>(Weak<Inner<H>>);

struct Inner<H: Host> {
    me: WeakDriver<H>,
    host: H,
    machine: RefCell<Machine<H::Payload>>,
    parts: RefCell<Parts>,
    /// Messages that arrived while another was being delivered.
    held: Array,
    /// Somebody further out is delivering.
    running: Cell<bool>,
    /// A message is being offered to the socket.
    transmitting: Cell<bool>,
}

/// What is of the browser. None of it outlives a closed wire.
#[derive(Default)]
struct Parts {
    socket: Option<(LinkId, Rc<Socket>)>,
    handlers: Option<Rc<Handlers>>,
    timer: Option<(Micros, Timeout)>,
    network: Option<Network>,
    later: Option<LaterTask>,
}

impl<H: Host> Driver<H> {
    /// An idle wire. `host` gets a reference to the wire that it may keep.
    pub fn new(config: Config, host: impl FnOnce(WeakDriver<H>) -> H) -> Self {
        let seed = (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64;
        Self(Rc::new_cyclic(|me| Inner {
            me: WeakDriver(me.clone()),
            host: host(WeakDriver(me.clone())),
            machine: RefCell::new(Machine::new(config, seed)),
            parts: RefCell::default(),
            held: Array::new(),
            running: Cell::new(false),
            transmitting: Cell::new(false),
        }))
    }

    /// Makes the first attempt.
    pub fn connect(&self) {
        self.0.hear_network();
        self.0.with(|machine, now| machine.connect(now));
    }

    /// Makes an attempt at once, whatever the state.
    pub fn reconnect(&self) {
        self.0.hear_network();
        self.0.with(|machine, now| machine.reconnect(now));
    }

    /// Hangs up and holds everything until [`Driver::reconnect`].
    pub fn suspend(&self) {
        self.0.with(|machine, _| machine.suspend());
    }

    /// Closes for good. The code must be one that may be sent and the reason cut to size.
    pub fn close(&self, close: Close) {
        self.0.with(|machine, now| machine.close(now, close));
    }

    /// Hands data of `len` bytes to the socket past an empty queue, if the wire is open and the
    /// socket's buffer has room. None if it has to queue.
    pub fn pass(&self, data: &JsValue, len: usize) -> Option<Transmit> {
        self.0.pass(data, len)
    }

    /// Queues a message; it may have left when this returns.
    ///
    /// # Errors
    /// The message and why it was not taken.
    pub fn queue(&self, payload: H::Payload, options: SendOptions) -> Result<MessageId, NotSent<H::Payload>> {
        self.0.with(|machine, now| machine.send(now, payload, options))
    }

    /// Passes or queues a message. `Ok(None)`: the browser took it.
    ///
    /// # Errors
    /// The message and why it was not taken.
    pub fn send(
        &self,
        payload: H::Payload,
        options: SendOptions,
    ) -> Result<Option<MessageId>, NotSent<H::Payload>> {
        match self.pass(&payload.data(), payload.byte_len()) {
            Some(Transmit::Accepted) => Ok(None),
            Some(Transmit::Threw) => Err(NotSent { payload, reason: Reason::Refused }),
            _ => self.queue(payload, options).map(Some),
        }
    }

    /// Sends past the queue on `link`, for greetings. False if that link is not open any more.
    pub fn transmit(&self, link: LinkId, data: &JsValue) -> bool {
        self.0.current(link).is_some_and(|socket| socket.send(data) == Transmit::Accepted)
    }

    /// Takes a waiting message back.
    pub fn withdraw(&self, id: MessageId) -> bool {
        self.0.with(|machine, _| machine.withdraw(id))
    }

    /// Takes every waiting message back.
    pub fn clear(&self) {
        self.0.with(|machine, _| machine.clear());
    }

    /// Asks for one [`Event::Drained`].
    pub fn watch_drain(&self, timeout: Option<Micros>) -> u32 {
        self.0.with(|machine, now| machine.watch_drain(now, timeout))
    }

    /// Answers [`Host::resolve`]; `local` if the target is this very machine, which needs no network.
    pub fn target(&self, ticket: Ticket, local: bool) {
        self.0.input(Input::Target { ticket, local });
    }

    /// Answers [`Host::resolve`] when there is no answer.
    pub fn target_failed(&self, ticket: Ticket) {
        self.0.input(Input::TargetFailed { ticket });
    }

    /// Answers [`Host::greet`].
    pub fn greeted(&self, link: LinkId, ok: bool) {
        self.0.input(Input::Greeted { link, ok });
    }

    /// A message arrived on the current socket.
    pub fn received(&self, kind: Kind) -> Delivery {
        self.0.received(kind)
    }

    /// The message that was to be delivered now has been.
    pub fn delivered(&self) {
        self.0.running.set(false);
        self.0.run();
    }

    /// Holds a message that is to be delivered later.
    pub fn hold(&self, data: &JsValue) {
        self.0.held.push(data);
        self.0.with(|machine, _| machine.enqueue_message());
    }

    /// Reads from the core.
    pub fn read<T>(&self, read: impl FnOnce(&Machine<H::Payload>) -> T) -> T {
        read(&self.0.machine.borrow())
    }

    /// Reads from the current socket, if there is one.
    pub fn socket<T>(&self, read: impl FnOnce(&WebSocket) -> T) -> Option<T> {
        let socket = self.0.parts.borrow().socket.clone();
        socket.map(|(_, socket)| read(socket.raw()))
    }

    /// The application.
    pub fn host(&self) -> &H {
        &self.0.host
    }

    /// A reference that does not keep the wire alive.
    pub fn downgrade(&self) -> WeakDriver<H> {
        self.0.me.clone()
    }
}

impl<H: Host> Clone for Driver<H> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<H: Host> Clone for WeakDriver<H> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<H: Host> WeakDriver<H> {
    /// The wire, if it is still there.
    pub fn upgrade(&self) -> Option<Driver<H>> {
        self.0.upgrade().map(Driver)
    }

    fn input(&self, input: impl FnOnce(&Inner<H>) -> Option<Input>) {
        if let Some(driver) = self.upgrade()
            && let Some(input) = input(&driver.0)
        {
            driver.0.input(input);
        }
    }
}

impl<H: Host> Inner<H> {
    /// Changes the machine, then does what follows from it.
    fn with<T>(&self, change: impl FnOnce(&mut Machine<H::Payload>, Micros) -> T) -> T {
        let result = change(&mut self.machine.borrow_mut(), now());
        self.run();
        result
    }

    fn input(&self, input: Input) {
        self.with(|machine, now| machine.handle(now, input));
    }

    fn pass(&self, data: &JsValue, len: usize) -> Option<Transmit> {
        if self.transmitting.get() {
            return None;
        }
        let link = self.machine.borrow().may_pass(len)?;
        let socket = self.current(link)?;
        self.transmitting.set(true);
        let sent = socket.send(data);
        self.transmitting.set(false);
        if sent == Transmit::NotOpen {
            return None;
        }
        self.with(|machine, now| machine.passed(now, socket.buffered()));
        Some(sent)
    }

    fn received(&self, kind: Kind) -> Delivery {
        let Some((link, socket)) = self.parts.borrow().socket.clone() else { return Delivery::Drop };
        let deliver = {
            let mut machine = self.machine.borrow_mut();
            let now = now();
            if machine.is_paused() {
                machine.handle(now, Input::Buffered { link, bytes: socket.buffered(), asked: false });
            }
            machine.received(now, link, kind)
        };
        if !deliver {
            self.run();
            return Delivery::Drop;
        }
        if self.running.replace(true) { Delivery::Later } else { Delivery::Now }
    }

    /// Transmits and delivers until nothing is left to do. Only the outermost call delivers; what an
    /// inner one causes comes after what is being delivered.
    fn run(&self) {
        if self.running.replace(true) {
            self.pump();
            return;
        }
        loop {
            self.pump();
            let output = self.machine.borrow_mut().poll();
            let Some(output) = output else { break };
            self.obey(output);
        }
        self.running.set(false);
        self.arm();
    }

    /// Offers what waits to the socket for as long as it takes it.
    fn pump(&self) {
        if self.transmitting.replace(true) {
            return;
        }
        loop {
            let now = now();
            let offer =
                self.machine.borrow_mut().peek_transmit(now).map(|(link, payload)| (link, payload.data()));
            let Some((link, data)) = offer else { break };
            let (what, buffered) = match self.current(link) {
                Some(socket) => (socket.send(&data), socket.buffered()),
                None => (Transmit::NotOpen, 0),
            };
            self.machine.borrow_mut().transmitted(now, what, buffered);
        }
        self.transmitting.set(false);
    }

    fn obey(&self, output: Output<H::Payload>) {
        let host = &self.host;
        match output {
            Output::Resolve { ticket, attempt, turn, cause } => host.resolve(ticket, attempt, turn, cause),
            Output::AbortResolve => host.abort(),
            Output::Dial { link } => self.dial(link),
            Output::Greet { link, attempt } => host.greet(link, attempt),
            Output::Ping { link } => {
                if let Some(ping) = host.ping()
                    && let Some(socket) = self.current(link)
                {
                    socket.send(&ping);
                }
            }
            Output::Hangup { link, close, forget } => {
                host.abort();
                if let Some(socket) = self.current(link) {
                    if forget {
                        socket.detach();
                        self.parts.borrow_mut().socket = None;
                    }
                    socket.close(close.as_ref());
                }
            }
            Output::Sample { link: _ } => self.sample_later(),
            Output::Decide { ticket, attempt, cause, close, elapsed, delay, fatal } => {
                let delay = host.decide(Question { attempt, cause, close, elapsed, delay, fatal });
                self.input(Input::Decided { ticket, delay });
            }
            Output::Settled { payload, outcome } => host.settled(payload, outcome),
            Output::Event(Event::Message) => {
                let data = self.held.shift();
                // Between its arrival and its turn the wire may have been closed.
                let over = matches!(self.machine.borrow().state(), State::Closing | State::Closed { .. });
                if !over {
                    host.message(data);
                }
            }
            Output::Event(event) => {
                // Unless a listener has opened it again by now, a closed wire holds nothing of the browser.
                let last = matches!(event, Event::Closed { last: true, .. });
                if last && matches!(self.machine.borrow().state(), State::Closed { .. }) {
                    drop(self.parts.take());
                }
                host.event(event);
            }
        }
    }

    fn dial(&self, link: LinkId) {
        // A listener may have moved on since this was asked for, and so may one during the construction.
        let wanted = || self.machine.borrow().link() == Some(link);
        if !wanted() {
            return;
        }
        match self.host.dial() {
            Ok(raw) => {
                let socket = Socket::own(raw);
                if socket.is_blocked() {
                    self.input(Input::DialFailed { link, cause: Cause::ContentBlocked });
                } else if wanted() {
                    socket.attach(&self.handlers());
                    let old = self.parts.borrow_mut().socket.replace((link, Rc::new(socket)));
                    // Not under the borrow: a class of the application's own may call back when it is closed.
                    drop(old);
                }
            }
            Err(cause) => self.input(Input::DialFailed { link, cause }),
        }
    }

    fn handlers(&self) -> Rc<Handlers> {
        if let Some(handlers) = &self.parts.borrow().handlers {
            return Rc::clone(handlers);
        }
        let message = self.host.message_handler();
        let handlers = Rc::new(Handlers {
            open: self.handler(|inner, _| Some(Input::Opened { link: inner.link()? })),
            error: self.handler(|inner, _| Some(Input::Errored { link: inner.link()? })),
            close: self.handler(|inner, event| {
                let event: &CloseEvent = event.unchecked_ref();
                let (code, reason, clean) = (event.code(), event.reason().into(), event.was_clean());
                Some(Input::Closed { link: inner.link()?, close: Close { code, reason, clean } })
            }),
            message,
        });
        self.parts.borrow_mut().handlers = Some(Rc::clone(&handlers));
        handlers
    }

    /// A handler that feeds what an event of the browser means.
    fn handler(&self, input: fn(&Self, &web_sys::Event) -> Option<Input>) -> Closure<dyn Fn(web_sys::Event)> {
        let me = self.me.clone();
        Closure::new(move |event| me.input(|inner| input(inner, &event)))
    }

    fn sample_later(&self) {
        let mut parts = self.parts.borrow_mut();
        let later = parts.later.get_or_insert_with(|| {
            LaterTask::new(self.handler(|inner, _| {
                let (link, socket) = inner.parts.borrow().socket.clone()?;
                Some(Input::Buffered { link, bytes: socket.buffered(), asked: true })
            }))
        });
        later.ask();
    }

    /// Sets the one host timer. One that comes too early does no harm and is left alone.
    fn arm(&self) {
        let next = self.machine.borrow_mut().next_wake();
        let mut parts = self.parts.borrow_mut();
        let Some(due) = next else {
            parts.timer = None;
            return;
        };
        if parts.timer.as_ref().is_some_and(|(set, _)| *set <= due) {
            return;
        }
        let millis = due.since(now()).as_millis_f64().ceil().min(LONGEST_TIMEOUT);
        let me = self.me.clone();
        let wake = move || {
            me.input(|inner| {
                inner.parts.borrow_mut().timer = None;
                Some(Input::Timeout)
            });
        };
        parts.timer = Some((due, Timeout::new(millis as u32, wake)));
    }

    fn hear_network(&self) {
        let mut parts = self.parts.borrow_mut();
        if parts.network.is_none() {
            parts.network = Some(Network::watch(self.handler(|_, _| Some(Input::Online(browser::online())))));
            self.machine.borrow_mut().handle(now(), Input::Online(browser::online()));
        }
    }

    fn link(&self) -> Option<LinkId> {
        self.parts.borrow().socket.as_ref().map(|(link, _)| *link)
    }

    fn current(&self, link: LinkId) -> Option<Rc<Socket>> {
        let parts = self.parts.borrow();
        parts.socket.as_ref().filter(|(current, _)| *current == link).map(|(_, socket)| Rc::clone(socket))
    }
}

fn now() -> Micros {
    Micros::from_millis_f64(browser::now())
}
