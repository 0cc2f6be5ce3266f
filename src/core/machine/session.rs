//! The machine in session mode: what is sent is numbered and kept until the server has accepted it,
//! frames carry it, and a connection is replaced before it breaks where the server asks for that.

mod arriving;
mod ending;
mod leaving;
mod succession;

use std::collections::VecDeque;

use super::*;
use crate::core::event::{Arrived, LostSession, SessionEvent};
use crate::core::expiries::Expiries;
use crate::session::{
    Answer, Client, Closing, Code, Control, Due, Event as Heard, Framed, Limits, Loss, NAME_MAX,
    Payload as Bytes, Record, Room, Status, Violation,
};

/// An acknowledgement waits so long for company.
const ACK_DELAY: Micros = Micros::from_millis(25);
/// How large a frame is made; a single record may be larger.
const FRAME: usize = 64 * 1024;

/// How a session behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionConfig {
    /// What this side takes.
    pub limits: Limits,
    /// After a loss, what was provably never accepted is sent in the next session. Default true.
    pub resend_unsent: bool,
    /// A record is accepted when the application says so, not when it has been handed to it. Default false.
    pub manual_ack: bool,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self { limits: Limits::default(), resend_unsent: true, manual_ack: false }
    }
}

/// What leaves through the queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item<'a> {
    /// A message.
    Message,
    /// A request, for the method of this name. It is over at `deadline`.
    Request {
        /// Which method.
        method: &'a str,
        /// When nobody waits for the answer any more.
        deadline: Option<Micros>,
    },
}

/// What a machine in session mode has besides.
#[derive(Debug)]
pub(super) struct Sessional<P> {
    client: Client,
    config: SessionConfig,
    /// The sockets in use, each with its fence once it has greeted.
    links: Vec<(LinkId, u64)>,
    /// Bound and not accepted, from number `first` on. What is not the application's has no payload.
    in_flight: VecDeque<Option<P>>,
    first: u64,
    /// How many of those are the application's.
    unsettled: usize,
    /// Records that arrived in the sessions before, so that what is accepted late is not taken for another.
    before: u64,
    /// Until when requests wait, by number. Those may have been answered since.
    deadlines: Expiries,
    successor: Option<Successor>,
    /// What the server said last on this link.
    word: Option<Word>,
    /// After so much silence the link is dead.
    idle: Option<Micros>,
    /// The acknowledgement has waited for company long enough.
    ripe: bool,
    frames: u32,
    pings: u64,
    /// The oldest ping that is not answered.
    pinged: u64,
    heard: Vec<Heard>,
}

/// The attempt to replace a link that still works.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Successor {
    Resolving(Ticket),
    Dialing(LinkId),
    Greeting(LinkId),
}

/// A CLOSE record.
#[derive(Clone, Copy, Debug)]
struct Word {
    retry: bool,
    retry_after: Micros,
}

/// Where a machine has its session. In the npm package each has one, and nothing is compiled that asks whether.
#[derive(Debug)]
pub(super) struct Slot<P>(
    #[cfg(not(feature = "js"))] Option<Box<Sessional<P>>>,
    #[cfg(feature = "js")] Sessional<P>,
);

#[cfg(not(feature = "js"))]
impl<P> Slot<P> {
    pub(super) fn new(session: Option<SessionConfig>) -> Self {
        Self(session.map(|config| Box::new(Sessional::new(config))))
    }

    fn as_ref(&self) -> Option<&Sessional<P>> {
        self.0.as_deref()
    }

    fn as_mut(&mut self) -> Option<&mut Sessional<P>> {
        self.0.as_deref_mut()
    }
}

#[cfg(feature = "js")]
impl<P> Slot<P> {
    pub(super) fn new(session: Option<SessionConfig>) -> Self {
        Self(Sessional::new(session.unwrap_or_default()))
    }

    fn as_ref(&self) -> Option<&Sessional<P>> {
        Some(&self.0)
    }

    fn as_mut(&mut self) -> Option<&mut Sessional<P>> {
        Some(&mut self.0)
    }
}

impl<P: Payload, T: Texts> Machine<P, T> {
    /// An idle machine in session mode.
    pub fn with_session(config: Config, session: SessionConfig, seed: u64) -> Self {
        let config = Config { greets: true, awaits_welcome: true, ..config };
        Self::around(config, seed, Slot::new(Some(session)))
    }

    /// Whether this machine is in session mode.
    pub fn has_session(&self) -> bool {
        self.session.as_ref().is_some()
    }

    /// The session itself, for inspection.
    pub fn session(&self) -> Option<&Client> {
        self.session.as_ref().map(|session| &session.client)
    }

    /// Messages sent and not yet settled.
    pub fn in_flight(&self) -> usize {
        self.session.as_ref().map_or(0, |session| session.unsettled)
    }

    /// Whether this socket is in use, be it as the one that is to replace the current one.
    pub fn holds(&self, link: LinkId) -> bool {
        self.link() == Some(link)
            || self.successor() == Some(Successor::Dialing(link))
            || self.successor() == Some(Successor::Greeting(link))
    }

    // What the host answers.

    /// The token is here: greets the server with it.
    pub fn hello(&mut self, now: Micros, link: LinkId, token: &[u8]) {
        let greeting = match self.stage {
            Stage::Handshaking { link: current, greeted: false, .. } => current == link,
            _ => false,
        } || self.successor() == Some(Successor::Greeting(link));
        let Some(session) = self.session.as_mut().filter(|it| greeting && it.fence(link).is_none()) else {
            return;
        };
        let idle = session.idle.or(self.config.idle_timeout).map_or(0, |idle| idle.0 / 1_000);
        let (fence, bytes) = session.client.hello(token, idle);
        session.links.push((link, fence));
        self.outputs.push(Output::Frame { link, bytes });
        self.greeted(now, link, true);
    }

    /// A new token, as the server asked for by [`SessionEvent::TokenWanted`]. None at all is not told.
    pub fn authenticate(&mut self, token: &[u8]) {
        if let Some(session) = self.session.as_mut().filter(|_| !token.is_empty()) {
            session.client.control(Control::Auth { token });
        }
    }

    /// The application has the record of this number, in manual mode. One of a session that is gone is nobody's.
    pub fn accept(&mut self, now: Micros, number: u64) {
        if let Some(session) = self.session.as_mut()
            && let Some(seq) = number.checked_sub(session.before)
        {
            session.client.accept(seq);
        }
        self.note_ack(now);
    }

    /// These have been handed to the application, all of them messages.
    pub(crate) fn dispatched_messages(&mut self, now: Micros, numbers: core::ops::Range<u64>) {
        if let Some(session) = self.session.as_mut().filter(|session| !session.config.manual_ack) {
            let before = session.before;
            numbers.for_each(|number| session.client.accept(number.saturating_sub(before)));
        }
        self.note_ack(now);
    }

    /// A record has been handed to the application. `bookkeeping`: it is neither a message nor a request, and
    /// no application says that it has it.
    pub(crate) fn dispatched(&mut self, now: Micros, number: u64, bookkeeping: bool) {
        if self.session.as_ref().is_some_and(|session| bookkeeping || !session.config.manual_ack) {
            self.accept(now, number);
        }
    }

    // Time.

    pub(super) fn session_deadline(&self) -> Micros {
        let first = self.session.as_ref().and_then(|session| session.deadlines.first());
        first.map_or(Micros::NEVER, |(deadline, _)| deadline)
    }

    /// Requests whose time is up.
    pub(super) fn expire_requests(&mut self, now: Micros) {
        while let Some(session) = self.session.as_mut()
            && let Some((due, id)) = session.deadlines.first()
            && due <= now
        {
            session.deadlines.pop();
            if self.cancel(id) {
                self.tell(SessionEvent::Unanswered { id, timed_out: true });
            }
        }
    }

    /// Pings as a session does; false if there is none. A pong has its ping's name, and so the oldest is measured.
    pub(super) fn send_ping(&mut self, now: Micros) -> bool {
        let Some(session) = self.session.as_mut() else { return false };
        session.pings += 1;
        if !self.liveness.is_asking() {
            session.pinged = session.pings;
            self.liveness.pinged(now);
        }
        session.client.control(Control::Ping { token: session.pings });
        true
    }

    pub(super) fn idle_limit(&self) -> Option<Micros> {
        self.session.as_ref().map_or(self.config.idle_timeout, |session| session.idle)
    }
}

impl<P> Sessional<P> {
    fn new(config: SessionConfig) -> Self {
        Self {
            client: Client::new(config.limits, config.resend_unsent, false),
            config,
            links: Vec::new(),
            in_flight: VecDeque::new(),
            first: 1,
            unsettled: 0,
            before: 0,
            deadlines: Expiries::default(),
            successor: None,
            word: None,
            idle: None,
            ripe: false,
            frames: 0,
            pings: 0,
            pinged: 0,
            heard: Vec::new(),
        }
    }

    fn fence(&self, link: LinkId) -> Option<u64> {
        self.links.iter().find(|(of, _)| *of == link).map(|(_, fence)| *fence)
    }

    /// What the half has bound by itself is nobody's message.
    fn align(&mut self) {
        let (last, _) = self.client.outgoing();
        while self.first + (self.in_flight.len() as u64) <= last {
            self.in_flight.push_back(None);
        }
    }
}
