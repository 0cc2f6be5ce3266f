//! What a session wire's parts share: it knows who waits for what, and hands it to them.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::channel::{ChannelEvent, Side};
use super::request::{Call, RequestError};
use super::respond::{Handler, Running};
use super::token::Token;
use super::{Delivery, Event};
use crate::codec::{CodecError, Decode, Encode, Raw};
use crate::core::{Arrived, Cause, Close, SessionEvent};
use crate::session::{Answer, Record, Span};
use crate::web::{Driver, WeakDriver};
use crate::wire::WireError;
use crate::wire::bell::Bell;
use crate::wire::face::{Face, SessionHost};
use crate::wire::mailbox::Mailbox;
use crate::wire::target::Provided;
use crate::wire::task::Task;

pub(in crate::wire) struct Hub<In, Out: 'static> {
    pub(super) driver: OnceCell<WeakDriver<Face<Out>>>,
    pub(super) bell: OnceCell<Rc<Bell>>,
    pub(super) decode: Rc<dyn Decode<In>>,
    pub(super) encode: Rc<dyn Encode<Out>>,
    mailbox: Rc<Mailbox<In>>,
    token: Option<Token>,
    manual: bool,
    /// Requests that wait for their answer: by the name they got here, and by number.
    calls: RefCell<BTreeMap<u32, Rc<Call<In>>>>,
    asked: RefCell<BTreeMap<u64, u32>>,
    tags: Cell<u32>,
    channels: RefCell<BTreeMap<u64, Rc<Side<In>>>>,
    pub(super) handlers: RefCell<BTreeMap<String, Handler<In, Out>>>,
    pub(super) running: Running,
    renewing: RefCell<Option<Task>>,
}

impl<In: 'static, Out: 'static> Hub<In, Out> {
    pub(super) fn new(
        decode: Rc<dyn Decode<In>>,
        encode: Rc<dyn Encode<Out>>,
        mailbox: Rc<Mailbox<In>>,
        token: Option<Token>,
        manual: bool,
    ) -> Rc<Self> {
        Rc::new(Self {
            driver: OnceCell::new(),
            bell: OnceCell::new(),
            decode,
            encode,
            mailbox,
            token,
            manual,
            calls: RefCell::default(),
            asked: RefCell::default(),
            tags: Cell::new(0),
            channels: RefCell::default(),
            handlers: RefCell::default(),
            running: Running::default(),
            renewing: RefCell::default(),
        })
    }

    fn decode(&self, bytes: &[u8], text: bool) -> Result<In, (Raw, CodecError)> {
        let raw = raw(bytes, text);
        self.decode.decode(&raw).map_err(|error| (raw, error))
    }

    fn message(&self, bytes: &[u8], text: bool) -> Event<In> {
        match self.decode(bytes, text) {
            Ok(message) => Event::Message(message),
            Err((raw, error)) => Event::Undecodable { raw, error },
        }
    }

    fn heard(self: &Rc<Self>, number: u64, record: Record, frame: &[u8]) {
        match record {
            Record::Message { channel: 0, text, payload } => {
                let event = self.message(payload.of(frame), text);
                match event {
                    Event::Message(message) if self.manual => {
                        let driver = self.driver.get().cloned();
                        let accept = move || accept(driver.as_ref(), number);
                        let delivery = Delivery::new(message, Box::new(accept));
                        // Read or not, the server hears of it when the application says so.
                        self.mailbox.push_record(Event::Delivery(delivery), 0);
                    }
                    event => self.mailbox.push_record(event, number),
                }
            }
            Record::Volatile { channel: 0, text, payload } => {
                self.mailbox.push_volatile(match self.decode(payload.of(frame), text) {
                    Ok(message) => Event::Volatile(message),
                    Err((raw, error)) => Event::Undecodable { raw, error },
                });
            }
            Record::Message { channel, text, payload } => match self.side(channel) {
                Some(side) => {
                    side.push(number, self.on_channel(payload.of(frame), text, ChannelEvent::Message))
                }
                None => self.accept(number),
            },
            Record::Volatile { channel, text, payload } => {
                if let Some(side) = self.side(channel) {
                    side.push_volatile(self.on_channel(payload.of(frame), text, ChannelEvent::Volatile));
                }
            }
            Record::Open { channel, text, payload, .. } => match self.side(channel) {
                Some(side) => {
                    side.push(number, ChannelEvent::Opened { answer: raw_of(payload, text, frame) })
                }
                None => self.accept(number),
            },
            Record::Shut { channel, code, reason } => {
                let side = self.channels.borrow_mut().remove(&channel);
                match side {
                    Some(side) => {
                        side.push(number, ChannelEvent::Shut { code, reason: reason.text(frame).to_owned() });
                        side.end();
                    }
                    None => self.accept(number),
                }
            }
            Record::Request { id, method, text, payload, .. } => {
                self.accept(number);
                self.handle(id, method.text(frame), &raw(payload.of(frame), text));
            }
            Record::Cancel { id } => {
                self.accept(number);
                if self.running.stop(id) {
                    self.respond(id, Answer::Cancelled as u64, false, &Raw::Text(String::new()));
                }
            }
            Record::Response { id, status, more, text, payload } => {
                self.answered(number, id, status, more, raw_of(payload, text, frame));
            }
            _ => self.accept(number),
        }
    }

    fn answered(&self, number: u64, id: u64, status: u64, more: bool, raw: Raw) {
        let Some(call) = self.call(id, !more) else { return self.accept(number) };
        if status != Answer::Ok as u64 {
            let error = RequestError::Refused { status, raw };
            let error = if status == Answer::TimedOut as u64 { RequestError::TimedOut } else { error };
            return call.push(Err(error), number, true);
        }
        // After other parts an empty one is the end alone.
        if !more && raw.is_empty() && call.has_part() {
            self.accept(number);
            return call.end(true);
        }
        let part = self.decode.decode(&raw).map_err(|error| RequestError::Undecodable { raw, error });
        call.push(part, number, !more);
    }

    fn on_channel(&self, bytes: &[u8], text: bool, event: fn(In) -> ChannelEvent<In>) -> ChannelEvent<In> {
        match self.decode(bytes, text) {
            Ok(message) => event(message),
            Err((raw, error)) => ChannelEvent::Undecodable { raw, error },
        }
    }

    fn side(&self, channel: u64) -> Option<Rc<Side<In>>> {
        self.channels.borrow().get(&channel).cloned()
    }

    pub(super) fn respond(&self, id: u64, status: u64, more: bool, raw: &Raw) -> bool {
        let text = matches!(raw, Raw::Text(_));
        let respond = |driver: Driver<_>| {
            driver.session(|machine, _| machine.respond(id, status, more, text, raw.as_bytes()))
        };
        self.driver().is_some_and(respond)
    }

    pub(super) fn open(&self, name: &str, params: &Raw) -> Option<(u64, Rc<Side<In>>)> {
        let text = matches!(params, Raw::Text(_));
        let driver = self.driver()?;
        let channel = driver.session(|machine, _| {
            // A wire that is over has no session to open a channel in.
            (!machine.is_over()).then(|| machine.open_channel(name, text, params.as_bytes())).flatten()
        })?;
        let side = Side::new();
        self.channels.borrow_mut().insert(channel, Rc::clone(&side));
        Some((channel, side))
    }

    /// The tag by which the driver names this request when it gets its number.
    pub(super) fn register(&self, call: &Rc<Call<In>>) -> u32 {
        let tag = self.tags.get().wrapping_add(1);
        self.tags.set(tag);
        self.calls.borrow_mut().insert(tag, Rc::clone(call));
        tag
    }

    fn call(&self, id: u64, over: bool) -> Option<Rc<Call<In>>> {
        let tag =
            if over { self.asked.borrow_mut().remove(&id) } else { self.asked.borrow().get(&id).copied() };
        let tag = tag?;
        if over { self.calls.borrow_mut().remove(&tag) } else { self.calls.borrow().get(&tag).cloned() }
    }

    fn unanswered(&self, id: u64, timed_out: bool) {
        if let Some(call) = self.call(id, true) {
            let error = if timed_out { RequestError::TimedOut } else { RequestError::SessionLost };
            call.push(Err(error), 0, true);
        }
    }

    fn renew(&self) {
        let Some(token) = &self.token else { return };
        if let Some(token) = token.0.fixed() {
            authenticate(self.driver.get(), token);
            return;
        }
        let (me, asked, mailbox) = (self.driver.get().cloned(), token.ask_now(), Rc::clone(&self.mailbox));
        let task = Task::spawn(async move {
            match asked.await {
                Ok(token) => authenticate(me.as_ref(), &token),
                Err(source) => mailbox.push_news(Event::Error(WireError {
                    cause: Cause::GreetingFailed,
                    close: Close::abnormal(),
                    source: Some(source),
                })),
            }
        });
        let before = self.renewing.replace(Some(task));
        drop(before);
    }
}

impl<In, Out: 'static> Hub<In, Out> {
    pub(super) fn driver(&self) -> Option<Driver<Face<Out>>> {
        self.driver.get()?.upgrade()
    }

    pub(super) fn accept(&self, number: u64) {
        accept(self.driver.get(), number);
    }

    pub(super) fn cancel(&self, number: u64) {
        if let Some(driver) = self.driver() {
            driver.session(|machine, _| machine.cancel(number));
        }
    }

    pub(super) fn forget_call(&self, tag: u32, call: &Rc<Call<In>>) {
        let mut calls = self.calls.borrow_mut();
        if calls.get(&tag).is_some_and(|held| Rc::ptr_eq(held, call)) {
            calls.remove(&tag);
        }
        if let Some(number) = call.number.get() {
            let mut asked = self.asked.borrow_mut();
            if asked.get(&number) == Some(&tag) {
                asked.remove(&number);
            }
        }
    }

    pub(super) fn shut(&self, channel: u64, code: u64, reason: &str) {
        let side = self.channels.borrow_mut().remove(&channel);
        let Some(side) = side else { return };
        side.end();
        if let Some(driver) = self.driver() {
            driver.session(|machine, _| machine.shut_channel(channel, code, reason));
        }
    }
}

impl<In: 'static, Out: 'static> SessionHost<Out> for Rc<Hub<In, Out>> {
    fn attach(&self, me: &WeakDriver<Face<Out>>, bell: &Rc<Bell>) {
        let (for_mailbox, _) = (me.clone(), self.driver.set(me.clone()));
        let _ = self.bell.set(Rc::clone(bell));
        self.mailbox.when_read(Box::new(move |number| accept(Some(&for_mailbox), number)));
    }

    fn token(&self) -> Option<&Provided<Vec<u8>>> {
        self.token.as_ref().map(|token| &token.0)
    }

    fn asked(&self, tag: u32, request: u64) {
        if let Some(call) = self.calls.borrow().get(&tag) {
            call.number.set(Some(request));
        }
        self.asked.borrow_mut().insert(request, tag);
    }

    fn event(&self, event: SessionEvent) {
        match event {
            SessionEvent::Record(Arrived { seq, frame, record }) => {
                let frame = self.driver().and_then(|driver| driver.frame(frame));
                if let Some(frame) = frame {
                    self.heard(seq, record.says(), &frame);
                }
            }
            SessionEvent::Welcomed { resumed } => self.mailbox.push_news(Event::Welcomed { resumed }),
            SessionEvent::Lost(lost) => {
                self.running.stop_all();
                self.mailbox.push_news(Event::SessionLost(lost));
            }
            SessionEvent::Unanswered { id, timed_out } => self.unanswered(id, timed_out),
            SessionEvent::TokenWanted => self.renew(),
        }
    }

    fn closed(&self) {
        self.running.stop_all();
        drop(self.renewing.take());
        for side in self.channels.take().into_values() {
            side.end();
        }
        let numbers: Vec<u64> = self.asked.borrow().keys().copied().collect();
        for number in numbers {
            self.unanswered(number, false);
        }
    }
}

pub(super) fn accept<Out: 'static>(driver: Option<&WeakDriver<Face<Out>>>, number: u64) {
    if number > 0
        && let Some(driver) = driver.and_then(WeakDriver::upgrade)
    {
        driver.session(|machine, now| machine.accept(now, number));
    }
}

fn authenticate<Out: 'static>(driver: Option<&WeakDriver<Face<Out>>>, token: &[u8]) {
    if let Some(driver) = driver.and_then(WeakDriver::upgrade) {
        driver.session(|machine, _| machine.authenticate(token));
    }
}

fn raw(bytes: &[u8], text: bool) -> Raw {
    // Text that is none is bytes: the codec says what it makes of it.
    match text.then(|| std::str::from_utf8(bytes)) {
        Some(Ok(text)) => Raw::Text(text.to_owned()),
        _ => Raw::Binary(bytes.to_owned()),
    }
}

fn raw_of(payload: Span, text: bool, frame: &[u8]) -> Raw {
    raw(payload.of(frame), text)
}
