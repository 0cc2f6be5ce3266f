//! A wire whose application writes down everything it hears, and tests that wait for it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use everwire::core::{
    Cause, Close, Config, Event, Heartbeat, Kind, LinkId, Micros, Outcome, Payload, SendOptions, State,
    Ticket,
};
use everwire::web::{Delivery, Driver, Host, Outgoing, Question, WeakDriver, refusal};
use gloo_timers::callback::Timeout;
use js_sys::{Array, Function, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use super::ms;

/// How long a test waits for what must come.
const PATIENCE: u32 = 15_000;

/// Something the application heard.
#[derive(Clone, Debug)]
pub(crate) enum Heard {
    Event(Event),
    Message(JsValue),
    /// The message, and what became of it.
    Settled(String, Outcome),
    Resolve {
        attempt: u32,
        turn: u32,
        cause: Cause,
    },
    Decide {
        attempt: u32,
        cause: Cause,
        fatal: bool,
    },
    /// The link would not take the greeting any more.
    GreetingLost,
}

/// What a waiting wire says of itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wait {
    pub(crate) attempt: u32,
    pub(crate) delay: Micros,
    pub(crate) cause: Cause,
    pub(crate) close: Close,
}

type Listener<T> = Box<dyn Fn(&Wire, &T)>;

/// How the application behaves.
pub(crate) struct Script {
    pub(crate) targets: Vec<JsValue>,
    pub(crate) protocols: Vec<String>,
    pub(crate) local: bool,
    pub(crate) ping: Option<JsValue>,
    pub(crate) is_welcome: fn(&JsValue) -> bool,
    pub(crate) greeting: Option<JsValue>,
    pub(crate) decide: Option<fn(&Question) -> Option<Micros>>,
    pub(crate) on_message: Option<Listener<JsValue>>,
    pub(crate) on_event: Option<Listener<Event>>,
    /// Instead of the browser's WebSocket.
    pub(crate) class: Option<Function>,
    /// Writes nothing down.
    pub(crate) forgetful: bool,
    /// Targets passed over by [`Wire::skip_target`].
    skipped: Cell<usize>,
    ticks: Cell<u32>,
}

/// A wire to be.
pub(crate) struct Plan {
    pub(crate) config: Config,
    pub(crate) script: Script,
}

/// Plans a wire to `url` that retries within 20 ms.
pub(crate) fn plan(url: impl Into<JsValue>) -> Plan {
    let mut config = Config::default();
    config.reconnect.base_delay = ms(20);
    config.reconnect.factor = 1.0;
    let script = Script {
        targets: vec![url.into()],
        protocols: Vec::new(),
        local: true,
        ping: None,
        is_welcome: |_| false,
        greeting: None,
        decide: None,
        on_message: None,
        on_event: None,
        class: None,
        forgetful: false,
        skipped: Cell::default(),
        ticks: Cell::default(),
    };
    Plan { config, script }
}

/// Plans a wire that takes these URLs in turn, one an attempt.
pub(crate) fn plan_in_turn(urls: &[String]) -> Plan {
    plan("").with(|_, script| script.targets = urls.iter().map(JsValue::from).collect())
}

impl Plan {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Config, &mut Script)) -> Self {
        change(&mut self.config, &mut self.script);
        self
    }

    /// Pings with the text `ping`, answered by the text `pong`.
    pub(crate) fn heartbeat(self, interval: u64, timeout: u64) -> Self {
        self.with(|config, script| {
            config.heartbeat = Some(Heartbeat { interval: ms(interval), timeout: ms(timeout) });
            script.ping = Some("ping".into());
        })
    }

    pub(crate) fn protocols(self, names: &[&str]) -> Self {
        self.with(|_, script| script.protocols = names.iter().map(|name| (*name).to_owned()).collect())
    }

    pub(crate) fn on_message(self, listener: impl Fn(&Wire, &JsValue) + 'static) -> Self {
        self.with(|_, script| script.on_message = Some(Box::new(listener)))
    }

    /// An idle wire.
    pub(crate) fn idle(mut self) -> Wire {
        self.config.decides |= self.script.decide.is_some();
        self.config.greets |= self.script.greeting.is_some();
        self.config.local = self.script.local;
        let (script, log) = (Rc::new(self.script), Rc::<Log>::default());
        let driver = Driver::new(self.config, |driver| TestHost {
            wire: (driver, Rc::clone(&script), Rc::clone(&log)),
            handler: RefCell::default(),
            target: RefCell::default(),
            thrown: RefCell::default(),
        });
        Wire { driver, script, log, read: Rc::default() }
    }

    pub(crate) fn connect(self) -> Wire {
        let wire = self.idle();
        wire.connect();
        wire
    }

    pub(crate) async fn open(self) -> Wire {
        let wire = self.connect();
        wire.opened().await;
        wire
    }
}

/// A wire and what its application heard. Each kind of thing is read in order, independently of the others.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) driver: Driver<TestHost>,
    script: Rc<Script>,
    log: Rc<Log>,
    read: Rc<Read>,
}

#[derive(Default)]
struct Log {
    heard: RefCell<Vec<Heard>>,
    waiting: RefCell<Vec<Waker>>,
}

/// Up to where a test has read.
#[derive(Default)]
struct Read {
    events: Cell<usize>,
    messages: Cell<usize>,
    settled: Cell<usize>,
}

impl Wire {
    pub(crate) fn connect(&self) {
        self.driver.connect();
    }

    pub(crate) fn reconnect(&self) {
        self.driver.reconnect();
    }

    pub(crate) fn send(&self, data: impl Into<JsValue>) {
        self.send_with(data, SendOptions::default());
    }

    pub(crate) fn send_with(&self, data: impl Into<JsValue>, options: SendOptions) {
        let letter = Letter { data: data.into() };
        match self.driver.send(letter, options) {
            Ok(Some(_)) => {}
            Ok(None) => self.log.add(Heard::Settled(String::new(), Outcome::HandedOver)),
            Err(refused) => {
                self.log.add(Heard::Settled(refused.payload.name(), Outcome::NotSent(refused.reason)));
            }
        }
    }

    pub(crate) fn close(&self, code: u16, reason: &str) {
        self.driver.close(Close { code, reason: reason.into(), clean: true });
    }

    pub(crate) fn state(&self) -> State {
        self.driver.read(|machine| machine.state())
    }

    pub(crate) fn queued(&self) -> usize {
        self.driver.read(|machine| machine.queued())
    }

    /// The subprotocol in use.
    pub(crate) fn protocol(&self) -> String {
        self.driver.socket(WebSocket::protocol).unwrap()
    }

    /// The name of the exception that the latest failure tells of.
    pub(crate) fn thrown(&self) -> String {
        let detail = self.driver.host().thrown.borrow().clone();
        Reflect::get(&detail, &"name".into()).unwrap().as_string().unwrap()
    }

    /// The next attempt takes the target after the one due.
    pub(crate) fn skip_target(&self) {
        self.script.skipped.set(self.script.skipped.get() + 1);
    }

    /// Counts something that is not worth writing down.
    pub(crate) fn tick(&self) {
        self.script.ticks.set(self.script.ticks.get() + 1);
        self.log.wake();
    }

    /// So many have been counted since the beginning.
    pub(crate) async fn ticks(&self, count: u32) {
        self.until("enough ticks", || (self.script.ticks.get() >= count).then_some(())).await;
    }

    /// All that was heard so far.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.log.heard.borrow().clone()
    }

    /// All messages so far, as text.
    pub(crate) fn texts(&self) -> Vec<String> {
        let message = |heard: &Heard| match heard {
            Heard::Message(data) => data.as_string(),
            _ => None,
        };
        self.log.heard.borrow().iter().filter_map(message).collect()
    }

    pub(crate) async fn opened(&self) {
        self.event("the wire is open", |event| matches!(event, Event::Opened).then_some(())).await;
    }

    /// An open wire is not open any more, and tries again.
    pub(crate) async fn lost(&self) -> (Cause, Close) {
        let lost = |event: &Event| match event {
            Event::Closed { cause, close, last: false } => Some((*cause, close.clone())),
            _ => None,
        };
        self.event("the open wire is lost", lost).await
    }

    /// The wire is closed for good.
    pub(crate) async fn ended(&self) -> (Cause, Close) {
        let ended = |event: &Event| match event {
            Event::Closed { cause, close, last: true } => Some((*cause, close.clone())),
            _ => None,
        };
        self.event("the wire is closed for good", ended).await
    }

    /// An attempt or a link failed.
    pub(crate) async fn failed(&self) -> (Cause, Close) {
        let failed = |event: &Event| match event {
            Event::Failed { cause, close } => Some((*cause, close.clone())),
            _ => None,
        };
        self.event("something failed", failed).await
    }

    pub(crate) async fn waits(&self) -> Wait {
        let waits = |event: &Event| match event {
            Event::StateChanged(State::Waiting { attempt, delay, cause, close, .. }) => {
                Some(Wait { attempt: *attempt, delay: *delay, cause: *cause, close: close.clone() })
            }
            _ => None,
        };
        self.event("the wire waits to try again", waits).await
    }

    pub(crate) async fn suspended(&self) -> Cause {
        let suspended = |event: &Event| match event {
            Event::StateChanged(State::Suspended { cause }) => Some(*cause),
            _ => None,
        };
        self.event("the wire is suspended", suspended).await
    }

    /// This round trip and the smoothed one.
    pub(crate) async fn pong(&self) -> (Micros, Micros) {
        let pong = |event: &Event| match event {
            Event::Pong { rtt, smoothed } => Some((*rtt, *smoothed)),
            _ => None,
        };
        self.event("a pong", pong).await
    }

    /// How the watch ended: with an empty queue, or because its time ran out.
    pub(crate) async fn drained(&self, watch: u32) -> bool {
        let drained = |event: &Event| match event {
            Event::Drained { watch: id, empty } if *id == watch => Some(*empty),
            _ => None,
        };
        self.event("the end of a watch", drained).await
    }

    pub(crate) async fn message(&self) -> JsValue {
        let message = |heard: &Heard| match heard {
            Heard::Message(data) => Some(data.clone()),
            _ => None,
        };
        self.next("a message", &self.read.messages, message).await
    }

    pub(crate) async fn text(&self) -> String {
        let data = self.message().await;
        data.as_string().unwrap_or_else(|| panic!("a text was expected, not {data:?}"))
    }

    /// So many messages, as text.
    pub(crate) async fn next_texts(&self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        while texts.len() < count {
            texts.push(self.text().await);
        }
        texts
    }

    /// A message that had to wait, or was refused, has settled. Those that left at once have no name.
    pub(crate) async fn settled(&self) -> (String, Outcome) {
        let settled = |heard: &Heard| match heard {
            Heard::Settled(name, outcome) => Some((name.clone(), *outcome)),
            _ => None,
        };
        self.next("a message settles", &self.read.settled, settled).await
    }

    pub(crate) async fn event<T>(&self, what: &str, is: impl Fn(&Event) -> Option<T>) -> T {
        let event = |heard: &Heard| match heard {
            Heard::Event(event) => is(event),
            _ => None,
        };
        self.next(what, &self.read.events, event).await
    }

    async fn next<T>(&self, what: &str, read: &Cell<usize>, is: impl Fn(&Heard) -> Option<T>) -> T {
        let find = || {
            let heard = self.log.heard.borrow();
            let (place, found) =
                heard.iter().enumerate().skip(read.get()).find_map(|(i, heard)| Some((i, is(heard)?)))?;
            read.set(place + 1);
            Some(found)
        };
        self.until(what, find).await
    }

    /// Waits until `find` finds something; it looks again whenever the application hears something.
    pub(crate) async fn until<T>(&self, what: &str, find: impl Fn() -> Option<T>) -> T {
        let late = Rc::new(Cell::new(false));
        let _deadline = Timeout::new(PATIENCE, {
            let (late, log) = (Rc::clone(&late), Rc::clone(&self.log));
            move || {
                late.set(true);
                log.wake();
            }
        });
        poll_fn(|context| {
            if let Some(found) = find() {
                return Poll::Ready(found);
            }
            let heard = self.log.heard.borrow();
            let latest = heard.get(heard.len().saturating_sub(30)..).unwrap();
            assert!(!late.get(), "Not heard within {PATIENCE} ms: {what}. The latest heard: {latest:#?}");
            self.log.waiting.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

impl Log {
    fn add(&self, heard: Heard) {
        self.heard.borrow_mut().push(heard);
        self.wake();
    }

    fn wake(&self) {
        for waker in self.waiting.take() {
            waker.wake();
        }
    }
}

/// A message on its way out.
pub(crate) struct Letter {
    data: JsValue,
}

impl Letter {
    fn name(&self) -> String {
        self.data.as_string().unwrap_or_else(|| format!("{} bytes", self.byte_len()))
    }
}

impl Payload for Letter {
    fn byte_len(&self) -> usize {
        let number = |name: &str| Reflect::get(&self.data, &name.into()).ok()?.as_f64();
        match self.data.as_string() {
            Some(text) => text.len(),
            None => number("byteLength").or_else(|| number("size")).unwrap_or_default() as usize,
        }
    }
}

impl Outgoing for Letter {
    fn data(&self) -> JsValue {
        self.data.clone()
    }
}

/// The application behind a wire.
pub(crate) struct TestHost {
    wire: WeakWire,
    handler: RefCell<Option<MessageHandler>>,
    target: RefCell<(JsValue, Array)>,
    /// What the constructor threw last.
    thrown: RefCell<JsValue>,
}

type WeakWire = (WeakDriver<TestHost>, Rc<Script>, Rc<Log>);
type MessageHandler = Closure<dyn Fn(Arrival)>;

#[wasm_bindgen]
extern "C" {
    /// A message event, without a feature of web-sys that only tests would need.
    type Arrival;
    #[wasm_bindgen(method, getter)]
    fn data(this: &Arrival) -> JsValue;
}

impl TestHost {
    fn script(&self) -> &Script {
        &self.wire.1
    }

    fn hear(&self, heard: Heard) {
        if !self.script().forgetful {
            self.wire.2.add(heard);
        }
    }

    fn with_wire(&self, run: impl FnOnce(&Wire)) {
        with_wire(&self.wire, run);
    }
}

fn with_wire((driver, script, log): &WeakWire, run: impl FnOnce(&Wire)) {
    let driver = driver.upgrade().expect("a wire that calls its application is there");
    run(&Wire { driver, script: Rc::clone(script), log: Rc::clone(log), read: Rc::default() });
}

fn deliver(wire: &Wire, data: &JsValue) {
    wire.log.add(Heard::Message(data.clone()));
    if let Some(listener) = &wire.script.on_message {
        listener(wire, data);
    }
}

impl Host for TestHost {
    type Payload = Letter;

    fn dial(&self) -> Result<WebSocket, Cause> {
        let (url, protocols) = self.target.borrow().clone();
        let socket = if let Some(class) = &self.script().class {
            Reflect::construct(class, &Array::of2(&url, &protocols)).map(JsCast::unchecked_into)
        } else {
            let url = url.as_string().expect("a target is a string");
            if protocols.length() == 0 {
                WebSocket::new(&url)
            } else {
                WebSocket::new_with_str_sequence(&url, &protocols)
            }
        };
        socket.map_err(|thrown| {
            let cause = refusal(&thrown, protocols.length() > 0);
            self.thrown.replace(thrown);
            cause
        })
    }

    fn abort(&self) {}

    fn message_handler(&self) -> Function {
        let wire = self.wire.clone();
        let handler = MessageHandler::new(move |event: Arrival| {
            let data = event.data();
            with_wire(&wire, |wire| {
                let kind = if wire.script.ping.is_some() && data == "pong" {
                    Kind::Pong
                } else if (wire.script.is_welcome)(&data) {
                    Kind::Welcome
                } else {
                    Kind::Message
                };
                match wire.driver.received(kind, data.as_string().map_or(0, |text| text.len())) {
                    Delivery::Drop => {}
                    Delivery::Now => {
                        deliver(wire, &data);
                        wire.driver.delivered();
                    }
                    Delivery::Later => wire.driver.hold(&data),
                }
            });
        });
        let function = handler.as_ref().unchecked_ref::<Function>().clone();
        self.handler.replace(Some(handler));
        function
    }

    fn resolve(&self, ticket: Ticket, attempt: u32, turn: u32, cause: Cause) {
        self.hear(Heard::Resolve { attempt, turn, cause });
        let script = self.script();
        let place = turn as usize + script.skipped.get();
        let url = script.targets[place % script.targets.len()].clone();
        let protocols = script.protocols.iter().map(JsValue::from).collect();
        self.target.replace((url, protocols));
        self.with_wire(|wire| wire.driver.target(ticket, script.local));
    }

    fn greet(&self, link: LinkId, _: u32) {
        let greeting = self.script().greeting.clone().unwrap_or_default();
        self.with_wire(|wire| {
            if wire.driver.transmit(link, &greeting) {
                wire.driver.greeted(link, true);
            } else {
                self.hear(Heard::GreetingLost);
                wire.driver.greeted(link, false);
            }
        });
    }

    fn ping(&self) -> Option<JsValue> {
        self.script().ping.clone()
    }

    fn decide(&self, question: Question) -> Option<Micros> {
        let Question { attempt, cause, fatal, .. } = question;
        self.hear(Heard::Decide { attempt, cause, fatal });
        self.script().decide.and_then(|decide| decide(&question))
    }

    fn settled(&self, letter: Letter, outcome: Outcome) {
        self.hear(Heard::Settled(letter.name(), outcome));
    }

    fn message(&self, data: JsValue) {
        self.with_wire(|wire| deliver(wire, &data));
    }

    fn event(&self, event: Event) {
        self.hear(Heard::Event(event.clone()));
        if let Some(listener) = &self.script().on_event {
            self.with_wire(|wire| listener(wire, &event));
        }
    }
}
