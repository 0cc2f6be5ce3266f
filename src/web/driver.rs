//! Feeds the core what the browser does, and does what the core says.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use gloo_timers::callback::Timeout;
use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use web_sys::{CloseEvent, WebSocket};

use super::browser;
use super::channel::LaterTask;
use super::lifecycle::{self, Lifecycle};
use super::socket::{Handlers, Socket};
use crate::core::{
    Cause, Close, Config, Event, Input, Kind, LinkId, Machine, MessageId, Micros, NotSent, Outcome, Output,
    Owned, Payload, Reason, SendOptions, Ticket, Transmit,
};
use crate::engine::{Delivery, Engine, Platform};
#[cfg(feature = "session")]
use crate::{
    core::{Arrived, SessionConfig, SessionEvent},
    engine::Encoded,
};

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
    /// The request of this tag has got this number.
    #[cfg(feature = "session")]
    fn asked(&self, _tag: u32, _request: u64) {}
    /// Anything else.
    fn event(&self, event: Event);
}

/// A message that a WebSocket can send.
pub trait Outgoing: Payload + 'static {
    /// A string, a buffer, a view or a Blob; nothing that the application can still change.
    fn data(&self) -> JsValue;

    /// What it is in a session: unless said otherwise, a message of what [`Outgoing::data`] gives.
    #[cfg(feature = "session")]
    fn encode(&self, out: &mut Vec<u8>) -> Encoded {
        let data = self.data();
        let text = data.as_string();
        match &text {
            Some(text) => out.extend_from_slice(text.as_bytes()),
            None => out.extend_from_slice(&js_sys::Uint8Array::new(&data).to_vec()),
        }
        Encoded { text: text.is_some(), ..Encoded::default() }
    }
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

/// A wire in the browser.
pub struct Driver<H: Host>(Rc<Inner<H>>);

/// A wire that may be gone.
pub struct WeakDriver<H: Host>(Weak<Inner<H>>);

type Inner<H> = Engine<Browser<H>>;

/// The browser, for one wire.
struct Browser<H: Host> {
    me: WeakDriver<H>,
    host: H,
    parts: RefCell<Parts>,
    /// Messages that arrived while another was being delivered.
    held: Array,
    #[cfg(feature = "session")]
    frames: Frames,
}

/// Frames of which events still speak, by number, and the one that is arriving.
#[cfg(feature = "session")]
#[derive(Default)]
struct Frames {
    kept: RefCell<Vec<(u32, Rc<[u8]>)>>,
    arriving: RefCell<Option<Rc<[u8]>>>,
}

/// What is of the browser. None of it outlives a closed wire.
#[derive(Default)]
struct Parts {
    /// In plain mode at most one; in a session the second is to replace the first.
    sockets: Vec<(LinkId, Rc<Socket>)>,
    handlers: Option<Rc<Handlers>>,
    timer: Option<Timeout>,
    lifecycle: Option<Lifecycle>,
    later: Option<LaterTask>,
}

impl<H: Host> Driver<H> {
    /// An idle wire. `host` gets a reference to the wire that it may keep.
    pub fn new(config: Config, host: impl FnOnce(WeakDriver<H>) -> H) -> Self {
        Self(Rc::new_cyclic(|me| Engine::new(config, js_sys::Math::random(), Browser::new(me, host))))
    }

    /// An idle wire in session mode.
    #[cfg(feature = "session")]
    pub fn with_session(
        config: Config,
        session: SessionConfig,
        host: impl FnOnce(WeakDriver<H>) -> H,
    ) -> Self {
        let random = js_sys::Math::random();
        Self(Rc::new_cyclic(|me| Engine::with_session(config, session, random, Browser::new(me, host))))
    }

    /// Changes the machine of a session, then does what follows from it.
    #[cfg(feature = "session")]
    pub fn session<T>(&self, change: impl FnOnce(&mut Machine<H::Payload>, Micros) -> T) -> T {
        self.0.with(change)
    }

    /// The handler for the message events of a session's sockets.
    #[cfg(feature = "session")]
    pub fn received_frame(&self, event: &web_sys::MessageEvent) {
        let Some((link, _)) = self.0.platform.socket_of(event) else { return };
        let data = event.data();
        // A text message is no frame; nothing at all is not one either, and is refused as such.
        let bytes: Rc<[u8]> = match data.dyn_ref::<js_sys::ArrayBuffer>() {
            Some(buffer) => js_sys::Uint8Array::new(buffer).to_vec().into(),
            None => Rc::default(),
        };
        *self.0.platform.frames.arriving.borrow_mut() = Some(Rc::clone(&bytes));
        self.0.take_frame(link, &bytes);
        self.0.run();
    }

    /// A frame of which an event speaks.
    #[cfg(feature = "session")]
    pub fn frame(&self, frame: u32) -> Option<Rc<[u8]>> {
        let kept = self.0.platform.frames.kept.borrow();
        kept.iter().find(|(of, _)| *of == frame).map(|(_, bytes)| Rc::clone(bytes))
    }

    /// Makes the first attempt.
    pub fn connect(&self) {
        self.0.platform.hear_page(&self.0);
        self.0.with(|machine, now| machine.connect(now));
    }

    /// Makes an attempt at once, whatever the state.
    pub fn reconnect(&self) {
        self.0.platform.hear_page(&self.0);
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

    /// Nobody waits any more for what a session's server says last: what would be told of it is told now.
    #[cfg(feature = "session")]
    pub fn abandon(&self) {
        let link = self.read(|machine| machine.link().filter(|_| machine.has_session()));
        if let Some(link) = link {
            self.0.input(Input::Closed { link, close: Close::abnormal() });
        }
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
        self.0.platform.current(link).is_some_and(|socket| socket.send(data).0 == Transmit::Accepted)
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

    /// A message of `len` bytes arrived on the current socket.
    pub fn received(&self, kind: Kind, len: usize) -> Delivery {
        self.0.platform.link().map_or(Delivery::Drop, |link| self.0.received(link, kind, len))
    }

    /// The message that was to be delivered now has been.
    pub fn delivered(&self) {
        self.0.delivered();
    }

    /// Holds a message that is to be delivered later.
    pub fn hold(&self, data: &JsValue) {
        self.0.platform.held.push(data);
        self.0.with(|machine, _| machine.enqueue_message());
    }

    /// Reads from the core.
    pub fn read<T>(&self, read: impl FnOnce(&Machine<H::Payload>) -> T) -> T {
        self.0.read(read)
    }

    /// Reads from the current socket, if there is one.
    pub fn socket<T>(&self, read: impl FnOnce(&WebSocket) -> T) -> Option<T> {
        self.0.platform.main().map(|(_, socket)| read(socket.raw()))
    }

    /// The application.
    pub fn host(&self) -> &H {
        &self.0.platform.host
    }

    /// A reference that does not keep the wire alive.
    pub fn downgrade(&self) -> WeakDriver<H> {
        self.0.platform.me.clone()
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

    fn input(&self, input: impl FnOnce(&Browser<H>) -> Option<Input>) {
        if let Some(driver) = self.upgrade()
            && let Some(input) = input(&driver.0.platform)
        {
            driver.0.input(input);
        }
    }
}

impl<H: Host> Platform for Browser<H> {
    type Payload = H::Payload;
    type Texts = Owned;
    type Data = JsValue;

    fn now(&self) -> Micros {
        Micros::from_millis_f64(browser::now())
    }

    fn data(payload: &H::Payload) -> JsValue {
        payload.data()
    }

    fn offer(&self, link: LinkId, data: &JsValue) -> (Transmit, u64) {
        self.current(link).map_or((Transmit::NotOpen, 0), |socket| socket.send(data))
    }

    fn buffered(&self) -> u64 {
        self.main().map_or(0, |(_, socket)| socket.buffered())
    }

    fn alarm(&self, millis: Option<f64>) {
        let me = self.me.clone();
        let wake = move || {
            if let Some(driver) = me.upgrade() {
                driver.0.wake();
            }
        };
        self.parts.borrow_mut().timer = millis.map(|millis| Timeout::new(millis as u32, wake));
    }

    fn dial(&self, link: LinkId) -> Result<(), Cause> {
        let socket = Socket::own(self.host.dial()?);
        if socket.is_blocked() {
            return Err(Cause::ContentBlocked);
        }
        socket.attach(&self.handlers());
        let mut sockets = core::mem::take(&mut self.parts.borrow_mut().sockets);
        // Not under the borrow: a class of the application's own may call back when it is closed.
        sockets.retain(|(link, _)| self.outlives_dial(*link));
        sockets.push((link, Rc::new(socket)));
        self.parts.borrow_mut().sockets = sockets;
        Ok(())
    }

    fn hang_up(&self, link: LinkId, close: Option<Close>, forget: bool) {
        self.host.abort();
        if let Some(socket) = self.current(link) {
            if forget {
                socket.detach();
                self.parts.borrow_mut().sockets.retain(|(of, _)| *of != link);
            }
            socket.close(close.as_ref());
        }
    }

    fn event(&self, event: Event, over: bool) {
        match event {
            Event::Message => {
                let data = self.held.shift();
                if !over {
                    self.host.message(data);
                }
            }
            // As with messages.
            #[cfg(feature = "session")]
            Event::Session(SessionEvent::Record(_)) if over => {}
            event => self.host.event(event),
        }
    }

    fn release(&self) {
        drop(self.parts.take());
    }

    #[cfg(feature = "session")]
    fn encode(&self, payload: &H::Payload, out: &mut Vec<u8>) -> Encoded {
        payload.encode(out)
    }

    #[cfg(feature = "session")]
    fn asked(&self, tag: u32, request: u64) {
        self.host.asked(tag, request);
    }

    #[cfg(feature = "session")]
    fn write(&self, link: LinkId, frame: &[u8]) -> (Transmit, u64) {
        // A copy: what the socket takes may not move when the memory of the wasm grows.
        self.offer(link, &js_sys::Uint8Array::from(frame).into())
    }

    #[cfg(feature = "session")]
    fn soon(&self) {
        let me = self.me.clone();
        wasm_bindgen_futures::spawn_local(async move {
            if let Some(driver) = me.upgrade() {
                driver.0.flush();
            }
        });
    }

    #[cfg(feature = "session")]
    fn messages(&self, engine: &Engine<Self>, message: Arrived) {
        let mut next = Some(message);
        while let Some(message) = next {
            // First, so that a listener that closes the wire has told the server of what it was told itself.
            if !engine.took(message.seq..message.seq + 1) {
                return;
            }
            self.host.event(Event::Session(SessionEvent::Record(message)));
            next = engine.more_message(&message);
        }
    }

    #[cfg(feature = "session")]
    fn delivered(&self, engine: &Engine<Self>, payload: H::Payload) {
        let mut next = Some(payload);
        while let Some(payload) = next {
            self.host.settled(payload, Outcome::Delivered);
            next = engine.more_delivered();
        }
    }

    #[cfg(feature = "session")]
    fn keep(&self, frame: u32) {
        if let Some(bytes) = self.frames.arriving.take() {
            self.frames.kept.borrow_mut().push((frame, bytes));
        }
    }

    #[cfg(feature = "session")]
    fn forget(&self, frame: u32) {
        self.frames.kept.borrow_mut().retain(|(of, _)| *of != frame);
    }

    fn obey(&self, engine: &Engine<Self>, output: Output<H::Payload>) {
        let host = &self.host;
        match output {
            Output::Resolve { ticket, attempt, turn, cause } => host.resolve(ticket, attempt, turn, cause),
            Output::AbortResolve => host.abort(),
            Output::Dial { link } => engine.dial(link),
            Output::Greet { link, attempt } => host.greet(link, attempt),
            Output::Ping { link } => {
                if let Some(ping) = host.ping()
                    && let Some(socket) = self.current(link)
                {
                    socket.send(&ping);
                }
            }
            Output::Hangup { link, close, forget } => self.hang_up(link, close, forget),
            Output::Sample { link: _ } => self.sample_later(),
            Output::Decide { ticket, attempt, cause, close, elapsed, delay, fatal } => {
                let delay = host.decide(Question { attempt, cause, close, elapsed, delay, fatal });
                engine.input(Input::Decided { ticket, delay });
            }
            Output::Settled { payload, outcome } => host.settled(payload, outcome),
            Output::Event(event) => engine.tell(event),
            // The engine's own business.
            #[cfg(feature = "session")]
            Output::Frame { .. } | Output::Forget { .. } => {}
        }
    }
}

impl<H: Host> Browser<H> {
    fn new(me: &Weak<Inner<H>>, host: impl FnOnce(WeakDriver<H>) -> H) -> Self {
        let me = || WeakDriver(me.clone());
        Self {
            me: me(),
            host: host(me()),
            parts: RefCell::default(),
            held: Array::new(),
            #[cfg(feature = "session")]
            frames: Frames::default(),
        }
    }

    fn handlers(&self) -> Rc<Handlers> {
        if let Some(handlers) = &self.parts.borrow().handlers {
            return Rc::clone(handlers);
        }
        let message = self.host.message_handler();
        let handlers = Rc::new(Handlers {
            open: self.handler(|inner, event| {
                let (link, socket) = inner.socket_of(event)?;
                Some(inner.opened(link, &socket))
            }),
            error: self.handler(|inner, event| {
                let (link, socket) = inner.socket_of(event)?;
                let is_mixed = socket.is_refused_as_mixed();
                let cause = Cause::MixedContent;
                Some(if is_mixed { Input::DialFailed { link, cause } } else { Input::Errored { link } })
            }),
            close: self.handler(|inner, event| {
                let (link, _) = inner.socket_of(event)?;
                // One that has another beside it is not the one in use any more.
                let gone = inner.parts.borrow().sockets.len() > 1;
                if gone {
                    inner.parts.borrow_mut().sockets.retain(|(of, _)| *of != link);
                }
                let event: &CloseEvent = event.unchecked_ref();
                let (code, reason, clean) = (event.code(), event.reason().into(), event.was_clean());
                Some(Input::Closed { link, close: Close { code, reason, clean } })
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
                let (link, socket) = inner.main()?;
                Some(Input::Buffered { link, bytes: socket.buffered(), asked: true })
            }))
        });
        later.ask();
    }

    fn hear_page(&self, engine: &Engine<Self>) {
        if self.parts.borrow().lifecycle.is_none() {
            let me = self.me.clone();
            let heard = Closure::new(move |event: web_sys::Event| {
                if let Some(driver) = me.upgrade() {
                    lifecycle::tell(&driver.0, browser::moment(&event));
                }
            });
            self.parts.borrow_mut().lifecycle = Some(Lifecycle::watch(heard));
            lifecycle::tell(engine, browser::moment(&JsValue::UNDEFINED));
        }
    }

    /// The socket in use; not one that is to replace it.
    fn main(&self) -> Option<(LinkId, Rc<Socket>)> {
        self.parts.borrow().sockets.first().cloned()
    }

    fn link(&self) -> Option<LinkId> {
        self.main().map(|(link, _)| link)
    }

    /// The socket to which an event happened.
    fn socket_of(&self, event: &web_sys::Event) -> Option<(LinkId, Rc<Socket>)> {
        let parts = self.parts.borrow();
        // A class of the application's own may give events that name no target.
        if let [only] = parts.sockets.as_slice() {
            return Some(only.clone());
        }
        let target = event.target()?;
        parts.sockets.iter().find(|(_, socket)| target == **socket.raw()).cloned()
    }

    fn current(&self, link: LinkId) -> Option<Rc<Socket>> {
        let parts = self.parts.borrow();
        parts.sockets.iter().find(|(of, _)| *of == link).map(|(_, socket)| Rc::clone(socket))
    }

    /// In a session a socket goes on until another has taken its place.
    #[cfg(feature = "session")]
    fn outlives_dial(&self, link: LinkId) -> bool {
        self.me.upgrade().is_some_and(|driver| driver.0.read(|machine| machine.holds(link)))
    }

    #[cfg(not(feature = "session"))]
    fn outlives_dial(&self, _: LinkId) -> bool {
        false
    }

    #[cfg(feature = "session")]
    fn opened(&self, link: LinkId, socket: &Socket) -> Input {
        let session = self.me.upgrade().is_some_and(|driver| driver.0.read(Machine::has_session));
        if !session || socket.raw().protocol() == crate::session::SUBPROTOCOL {
            return Input::Opened { link };
        }
        self.parts.borrow_mut().sockets.retain(|(of, _)| *of != link);
        Input::DialFailed { link, cause: Cause::NoSession }
    }

    #[cfg(not(feature = "session"))]
    fn opened(&self, link: LinkId, _: &Socket) -> Input {
        Input::Opened { link }
    }
}
