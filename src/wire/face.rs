//! What the driver asks and tells.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::rc::Rc;

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, WebSocket};

use super::bell::{Bell, Line};
use super::event::duration;
use super::mailbox::Inbound;
use super::options::{Greet, Ping, Pinged, Policy, Retry, micros};
use super::receipt::{Letter, to_js};
use super::target::{Attempt, Failure, Protocols, Target, Urls};
use super::task::Task;
use crate::codec::{CodecError, Encode, Raw};
use crate::core::{Cause, Event, LinkId, Micros, Outcome, Reason, State, Ticket};
use crate::web::{Delivery, Driver, Host, Question, WeakDriver, refusal};

/// The application behind a wire, as it was built.
pub(super) struct Face<Out: 'static> {
    pub(super) me: WeakDriver<Self>,
    pub(super) urls: Urls,
    pub(super) protocols: Protocols,
    pub(super) class: Option<Function>,
    pub(super) encode: Rc<dyn Encode<Out>>,
    pub(super) greet: Option<Greet<Out>>,
    pub(super) ping: Option<Ping<Out>>,
    pub(super) policy: Option<Policy>,
    pub(super) inbound: Box<dyn Inbound>,
    pub(super) bell: Rc<Bell>,
    pub(super) line: Rc<Line>,
    pub(super) now: Now,
    #[cfg(feature = "session")]
    pub(super) session: Option<Rc<dyn SessionHost<Out>>>,
}

/// What a wire is told to be a session's.
#[cfg(feature = "session")]
pub(super) type SessionPart<Out> = (crate::core::SessionConfig, Rc<dyn SessionHost<Out>>);
#[cfg(not(feature = "session"))]
pub(super) type SessionPart<Out> = (std::convert::Infallible, std::marker::PhantomData<Out>);

/// What hears of a session.
#[cfg(feature = "session")]
pub(super) trait SessionHost<Out: 'static> {
    /// Its wire is this one.
    fn attach(&self, me: &WeakDriver<Face<Out>>, bell: &Rc<Bell>);
    /// What to greet with.
    fn token(&self) -> Option<&super::target::Provided<Vec<u8>>>;
    /// The request of this tag has got this number.
    fn asked(&self, tag: u32, request: u64);
    /// Something of the session.
    fn event(&self, event: crate::core::SessionEvent);
    /// The wire is closed for good.
    fn closed(&self);
}

type Handler = Closure<dyn Fn(MessageEvent)>;

/// What changes from attempt to attempt.
#[derive(Default)]
pub(super) struct Now {
    target: RefCell<Target>,
    /// The function of the application's that is being asked.
    task: RefCell<Option<Task>>,
    /// What it said, on its way to the event that tells of it.
    failure: RefCell<Option<Failure>>,
    handler: RefCell<Option<Handler>>,
}

impl<Out: 'static> Face<Out> {
    fn answer(&self, driver: &Driver<Self>, ticket: Ticket, target: Target) {
        let is_local = target.is_local;
        self.now.target.replace(target);
        driver.target(ticket, is_local);
    }

    /// Greets with the application's token.
    #[cfg(feature = "session")]
    fn say_hello(&self, link: LinkId, attempt: u32, token: Option<&super::target::Provided<Vec<u8>>>) {
        let hello = move |driver: &Driver<Self>, token: &[u8]| {
            driver.session(|machine, now| machine.hello(now, link, token));
        };
        let fixed = token.map_or(Some([].as_slice()), |token| token.fixed().map(Vec::as_slice));
        if let Some(token) = fixed {
            if let Some(driver) = self.me.upgrade() {
                hello(&driver, token);
            }
            return;
        }
        let (me, Some(token)) = (self.me.clone(), token.cloned()) else { return };
        self.ask(async move {
            let token = token.get(Attempt { attempt, cause: Cause::Requested }).await;
            let Some(driver) = me.upgrade() else { return };
            match token {
                Ok(token) => hello(&driver, &token),
                Err(error) => {
                    driver.host().now.failure.replace(Some(error));
                    driver.greeted(link, false);
                }
            }
        });
    }

    fn ask(&self, future: impl Future<Output = ()> + 'static) {
        // The one before is dropped after the borrow.
        let before = self.now.task.replace(None);
        drop(before);
        let task = Task::spawn(future);
        let before = self.now.task.replace(Some(task));
        drop(before);
    }
}

impl<Out: 'static> Host for Face<Out> {
    type Payload = Letter<Out>;

    fn resolve(&self, ticket: Ticket, attempt: u32, turn: u32, cause: Cause) {
        self.now.failure.take();
        if let (Some(urls), Some(protocols)) = (self.urls.0.fixed(), self.protocols.0.fixed()) {
            if let Some(driver) = self.me.upgrade() {
                self.answer(&driver, ticket, Target::new(urls, protocols, turn));
            }
            return;
        }
        let (me, urls, protocols) = (self.me.clone(), self.urls.clone(), self.protocols.clone());
        let attempt = Attempt { attempt, cause };
        self.ask(async move {
            let provided = async {
                let urls = urls.0.get(attempt.clone()).await?;
                Ok((urls, protocols.0.get(attempt).await?))
            };
            let provided: Result<_, Failure> = provided.await;
            let Some(driver) = me.upgrade().filter(|driver| driver.read(|it| it.is_resolving(ticket))) else {
                return;
            };
            match provided {
                Ok((urls, protocols)) => {
                    driver.host().answer(&driver, ticket, Target::new(&urls, &protocols, turn));
                }
                Err(error) => {
                    driver.host().now.failure.replace(Some(error));
                    driver.target_failed(ticket);
                }
            }
        });
    }

    fn dial(&self) -> Result<WebSocket, Cause> {
        let Some(class) = self.class.clone().or_else(super::target::socket_class) else {
            return Err(Cause::ConstructorFailed);
        };
        let target = self.now.target.borrow().clone();
        target.dial(&class).map_err(|thrown| {
            // Its text may quote the URL, and with it a secret; its name cannot.
            let name = Reflect::get(&thrown, &JsValue::from_str("name")).ok().and_then(|it| it.as_string());
            self.now.failure.replace(name.map(Into::into));
            refusal(&thrown, target.is_good)
        })
    }

    fn message_handler(&self) -> Function {
        let me = self.me.clone();
        let handler = Handler::new(move |event: MessageEvent| {
            let Some(driver) = me.upgrade() else { return };
            #[cfg(feature = "session")]
            if driver.host().session.is_some() {
                driver.received_frame(&event);
                // Who waits for room hears that there may be some.
                driver.host().bell.ring();
                return;
            }
            let data = event.data();
            match driver.host().inbound.arrived(&data, &|kind, len| driver.received(kind, len)) {
                Delivery::Drop => {}
                Delivery::Now => driver.delivered(),
                Delivery::Later => driver.hold(&data),
            }
        });
        let function = handler.as_ref().unchecked_ref::<Function>().clone();
        self.now.handler.replace(Some(handler));
        function
    }

    fn greet(&self, link: LinkId, attempt: u32) {
        #[cfg(feature = "session")]
        if let Some(session) = &self.session {
            return self.say_hello(link, attempt, session.token());
        }
        let Some(greet) = self.greet.clone() else { return };
        let (me, encode) = (self.me.clone(), Rc::clone(&self.encode));
        self.ask(async move {
            let send = {
                let me = me.clone();
                move |raw: &Raw| me.upgrade().is_some_and(|driver| driver.transmit(link, &to_js(raw)))
            };
            let greeted = greet(Greeting { attempt, encode, send: Box::new(send) }).await;
            let is_current = |driver: &Driver<Self>| driver.read(|machine| machine.link() == Some(link));
            let Some(driver) = me.upgrade().filter(is_current) else { return };
            let ok = greeted.is_ok();
            driver.host().now.failure.replace(greeted.err());
            driver.greeted(link, ok);
        });
    }

    fn abort(&self) {
        let task = self.now.task.take();
        drop(task);
    }

    fn ping(&self) -> Option<JsValue> {
        let raw = match self.ping.as_ref()? {
            Ping::Raw(raw) => return Some(to_js(raw)),
            Ping::Message(message) => self.encode.encode(message),
            Ping::Made(make) => match make()? {
                #[cfg(feature = "js-values")]
                Pinged::Raw(raw) => return Some(to_js(&raw)),
                Pinged::Message(message) => self.encode.encode(&message),
            },
        };
        raw.ok().as_ref().map(to_js)
    }

    fn decide(&self, question: Question) -> Option<Micros> {
        let Question { attempt, cause, close, elapsed, delay, fatal } = question;
        let (elapsed, delay) = (duration(elapsed), duration(delay));
        let retry = Retry { attempt, cause, close, elapsed, delay, fatal };
        self.policy.as_ref().and_then(|policy| policy(&retry)).map(micros)
    }

    fn settled(&self, letter: Letter<Out>, outcome: Outcome) {
        if outcome == Outcome::NotSent(Reason::Evicted) {
            self.inbound.evicted();
        }
        letter.slot.settle(outcome);
        self.line.call_first();
        self.bell.ring();
    }

    fn message(&self, data: JsValue) {
        self.inbound.deliver(&data);
    }

    #[cfg(feature = "session")]
    fn asked(&self, tag: u32, request: u64) {
        if let Some(session) = &self.session {
            session.asked(tag, request);
        }
    }

    fn event(&self, event: Event) {
        #[cfg(feature = "session")]
        let event = match (&self.session, event) {
            (Some(session), Event::Session(event)) => {
                session.event(event);
                return self.bell.ring();
            }
            (Some(session), event @ Event::Closed { last: true, .. }) => {
                session.closed();
                event
            }
            (_, event) => event,
        };
        let failure = matches!(event, Event::Failed { .. }).then(|| self.now.failure.take()).flatten();
        match &event {
            Event::StateChanged(State::Closing | State::Closed { .. }) => self.line.call_all(),
            Event::Opened => self.line.call_first(),
            _ => {}
        }
        self.inbound.tell(event, failure);
        self.bell.ring();
    }
}

/// A connection that was just opened, for first messages: a token, a join.
pub struct Greeting<Out> {
    attempt: u32,
    encode: Rc<dyn Encode<Out>>,
    send: Box<dyn Fn(&Raw) -> bool>,
}

impl<Out> Greeting<Out> {
    /// Which attempt since the last stable link, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Sends a message past the queue.
    ///
    /// # Errors
    /// If it cannot be encoded, or the connection is not open any more.
    pub fn send(&self, message: &Out) -> Result<(), GreetingError> {
        let raw = self.encode.encode(message).map_err(GreetingError::Unencodable)?;
        self.send_raw(raw)
    }

    /// Sends text or bytes past the queue and the codec.
    ///
    /// # Errors
    /// If the connection is not open any more.
    pub fn send_raw(&self, raw: impl Into<Raw>) -> Result<(), GreetingError> {
        if (self.send)(&raw.into()) { Ok(()) } else { Err(GreetingError::NotOpen) }
    }
}

/// Why a first message was not sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum GreetingError {
    /// The codec has no form for it.
    Unencodable(CodecError),
    /// The connection is not open any more. The next one is greeted anew.
    NotOpen,
}

impl fmt::Display for GreetingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unencodable(error) => write!(f, "The message cannot be encoded: {error}."),
            Self::NotOpen => f.write_str("The link is not open any more; the next one is greeted anew."),
        }
    }
}

impl Error for GreetingError {}
