//! What arrives and what happens, held for the one who reads.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::event::{Event, WireError, duration};
use super::options::Inbox as Bounds;
#[cfg(feature = "session")]
use super::session::post::Post;
use crate::codec::{CodecError, Decode, Raw};
use crate::core::{self, Inbox, Kind, State};
use crate::web::Delivery;

/// Events that were not read yet, bounded in count and bytes.
pub(super) struct Mailbox<In> {
    bounds: Bounds,
    inbox: RefCell<Inbox<Event<In>>>,
    /// In place of the inbox, in a session.
    #[cfg(feature = "session")]
    session: Option<Session<In>>,
    evicted: Cell<u32>,
    over: Cell<bool>,
    reader: RefCell<Option<Waker>>,
}

impl<In> Mailbox<In> {
    pub(super) fn new(bounds: Bounds) -> Rc<Self> {
        Rc::new(Self {
            inbox: RefCell::new(bounds.empty()),
            bounds,
            #[cfg(feature = "session")]
            session: None,
            evicted: Cell::new(0),
            over: Cell::new(false),
            reader: RefCell::default(),
        })
    }

    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<Option<Event<In>>> {
        let evicted = self.evicted.take();
        if evicted > 0 {
            return Poll::Ready(Some(Event::Evicted { count: evicted }));
        }
        #[cfg(feature = "session")]
        let next =
            if let Some(session) = &self.session { session.take() } else { self.inbox.borrow_mut().take() };
        #[cfg(not(feature = "session"))]
        let next = self.inbox.borrow_mut().take();
        if next.is_some() {
            return Poll::Ready(next);
        }
        if self.inbox.borrow().overflowed() {
            self.inbox.replace(self.bounds.empty());
            return Poll::Ready(Some(Event::InboundOverflow));
        }
        if self.over.get() {
            return Poll::Ready(None);
        }
        self.reader.replace(Some(context.waker().clone()));
        Poll::Pending
    }

    fn push(&self, event: Event<In>, len: usize) {
        #[cfg(feature = "session")]
        if self.session.is_some() {
            return self.push_news(event);
        }
        self.inbox.borrow_mut().push(event, len);
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.reader.take() {
            waker.wake();
        }
    }
}

/// Events of a session that were not read yet, and whom to tell what has been.
#[cfg(feature = "session")]
struct Session<In> {
    post: RefCell<Post<Event<In>>>,
    when_read: std::cell::OnceCell<Box<dyn Fn(u64)>>,
}

#[cfg(feature = "session")]
impl<In> Session<In> {
    fn take(&self) -> Option<Event<In>> {
        let (event, kind) = self.post.borrow_mut().take()?;
        if let (super::session::post::Kind::Record(number), Some(tell)) = (kind, self.when_read.get()) {
            tell(number);
        }
        Some(event)
    }
}

#[cfg(feature = "session")]
impl<In> Mailbox<In> {
    pub(super) fn of_session(bounds: Bounds) -> Rc<Self> {
        let post = RefCell::new(Post::new(bounds.max_messages as usize));
        let session = Some(Session { post, when_read: std::cell::OnceCell::new() });
        Rc::new(Self {
            inbox: RefCell::new(bounds.empty()),
            bounds,
            session,
            evicted: Cell::new(0),
            over: Cell::new(false),
            reader: RefCell::default(),
        })
    }

    /// Whom to tell that the record of this number has been read.
    pub(super) fn when_read(&self, tell: Box<dyn Fn(u64)>) {
        if let Some(session) = &self.session {
            let _ = session.when_read.set(tell);
        }
    }

    fn post(&self, push: impl FnOnce(&mut Post<Event<In>>)) {
        if let Some(session) = &self.session {
            push(&mut session.post.borrow_mut());
        }
        self.wake();
    }

    pub(super) fn push_record(&self, event: Event<In>, number: u64) {
        self.post(|post| post.record(event, number));
    }

    pub(super) fn push_volatile(&self, event: Event<In>) {
        self.post(|post| post.volatile(event));
    }

    pub(super) fn push_news(&self, event: Event<In>) {
        self.post(|post| post.news(event, Event::InboundOverflow));
    }
}

/// What the application recognises a message by: decoded, if it could be, and as it came.
pub(super) type Recognise<In> = Box<dyn Fn(Option<&In>, &Raw) -> bool>;

/// Turns what arrives into events.
pub(super) struct Reader<In> {
    pub(super) codec: Rc<dyn Decode<In>>,
    pub(super) is_pong: Option<Recognise<In>>,
    pub(super) is_welcome: Option<Recognise<In>>,
    pub(super) mailbox: Rc<Mailbox<In>>,
}

/// A [`Reader`], whatever it reads.
pub(super) trait Inbound {
    /// Delivers what the socket brought, if `verdict` says so.
    fn arrived(&self, data: &JsValue, verdict: &dyn Fn(Kind, usize) -> Delivery) -> Delivery;
    /// Delivers what was held until its turn.
    fn deliver(&self, data: &JsValue);
    /// Tells what happened, with what the application itself had to say of it.
    fn tell(&self, event: core::Event, source: Option<Box<dyn Error>>);
    /// A waiting message gave way to another.
    fn evicted(&self);
}

impl<In> Reader<In> {
    fn decode(&self, raw: &Raw) -> Result<In, CodecError> {
        self.codec.decode(raw)
    }

    fn push(&self, message: Result<In, CodecError>, raw: Raw) {
        let len = raw.len();
        let event = match message {
            Ok(message) => Event::Message(message),
            Err(error) => Event::Undecodable { raw, error },
        };
        self.mailbox.push(event, len);
    }
}

impl<In> Inbound for Reader<In> {
    fn arrived(&self, data: &JsValue, verdict: &dyn Fn(Kind, usize) -> Delivery) -> Delivery {
        let raw = from_js(data);
        let message = self.decode(&raw);
        let is = |recognise: &Option<Recognise<In>>| {
            recognise.as_ref().is_some_and(|recognise| recognise(message.as_ref().ok(), &raw))
        };
        let kind = if is(&self.is_pong) {
            Kind::Pong
        } else if is(&self.is_welcome) {
            Kind::Welcome
        } else {
            Kind::Message
        };
        let delivery = verdict(kind, raw.len());
        if delivery == Delivery::Now {
            self.push(message, raw);
        }
        delivery
    }

    fn deliver(&self, data: &JsValue) {
        let raw = from_js(data);
        self.push(self.decode(&raw), raw);
    }

    fn tell(&self, event: core::Event, source: Option<Box<dyn Error>>) {
        let mut len = 0;
        let event = match event {
            core::Event::StateChanged(state) => {
                if !matches!(state, State::Closed { .. }) {
                    self.mailbox.over.set(false);
                }
                Event::StateChanged(state)
            }
            core::Event::Opened => Event::Opened,
            core::Event::Closed { cause, close, last } => {
                self.mailbox.over.set(last);
                len = close.reason.len();
                Event::Closed { cause, close, last }
            }
            core::Event::Failed { cause, close } => {
                len = close.reason.len();
                Event::Error(WireError { cause, close, source })
            }
            core::Event::Pong { rtt, smoothed } => {
                Event::Pong { rtt: duration(rtt), smoothed: duration(smoothed) }
            }
            // Nobody here asks for the one, and the other is delivered by itself.
            core::Event::Drained { .. } | core::Event::Message => return,
            #[cfg(feature = "session")]
            core::Event::Session(_) => return,
        };
        self.mailbox.push(event, len);
    }

    fn evicted(&self) {
        self.mailbox.evicted.set(self.mailbox.evicted.get().saturating_add(1));
        self.mailbox.wake();
    }
}

/// Sockets are set to give buffers; a Blob, from a class of the application's own, reads as nothing.
pub(super) fn from_js(data: &JsValue) -> Raw {
    if let Some(text) = data.as_string() {
        return Raw::Text(text);
    }
    let is_buffer = data.is_instance_of::<ArrayBuffer>() || ArrayBuffer::is_view(data);
    Raw::Binary(if is_buffer { view(data).to_vec() } else { Vec::new() })
}

/// All that a buffer or a view shows.
fn view(data: &JsValue) -> Uint8Array {
    match data.dyn_ref::<Uint8Array>() {
        Some(bytes) => bytes.clone(),
        None => Uint8Array::new(data),
    }
}
