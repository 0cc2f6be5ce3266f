//! The machine in session mode: what is sent is numbered and kept until the server has accepted it,
//! frames carry it, and a connection is replaced before it breaks where the server asks for that.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::core::event::{LostSession, SessionEvent};
use crate::session::{
    Client, Closing, Code, Control, Due, Event as Heard, Limits, Loss, NAME_MAX, Payload as Bytes, Record,
    Room, Violation,
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
    /// How many of them are the application's.
    unsettled: usize,
    first: u64,
    /// Requests that wait for their answer, and until when.
    asked: BTreeMap<u64, Micros>,
    deadlines: BTreeSet<(Micros, u64)>,
    successor: Option<Successor>,
    /// What the server said last on this link.
    word: Option<Word>,
    /// After so much silence the link is dead.
    idle: Option<Micros>,
    /// The acknowledgement has waited for company long enough.
    ripe: bool,
    frames: u32,
    pings: u64,
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

const NEVER: Micros = Micros(u64::MAX);

impl<P: Payload, T: Texts> Machine<P, T> {
    /// An idle machine in session mode.
    pub fn with_session(config: Config, session: SessionConfig, seed: u64) -> Self {
        let config = Config { greets: true, awaits_welcome: true, ..config };
        let mut machine = Self::new(config, seed);
        machine.session = Some(Box::new(Sessional {
            client: Client::new(session.limits, session.resend_unsent, false),
            config: session,
            links: Vec::new(),
            in_flight: VecDeque::new(),
            unsettled: 0,
            first: 1,
            asked: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            successor: None,
            word: None,
            idle: None,
            ripe: false,
            frames: 0,
            pings: 0,
            heard: Vec::new(),
        }));
        machine
    }

    /// Whether this machine is in session mode.
    pub fn has_session(&self) -> bool {
        self.session.is_some()
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
        let Some(session) = self.session.as_mut().filter(|_| greeting) else { return };
        let idle = session.idle.or(self.config.idle_timeout).map_or(0, |idle| idle.0 / 1_000);
        let (fence, bytes) = session.client.hello(token, idle);
        session.links.push((link, fence));
        self.outputs.push_back(Output::Frame { link, bytes });
        self.greeted(now, link, true);
    }

    /// A new token, as the server asked for by [`SessionEvent::TokenWanted`].
    pub fn authenticate(&mut self, token: &[u8]) {
        if let Some(session) = &mut self.session {
            session.client.control(Control::Auth { token });
        }
    }

    /// The application has this record, in manual mode.
    pub fn accept(&mut self, now: Micros, seq: u64) {
        if let Some(session) = &mut self.session {
            session.client.accept(seq);
        }
        self.note_ack(now);
    }

    /// A record has been handed to the application.
    pub(crate) fn dispatched(&mut self, now: Micros, seq: u64) {
        if self.session.as_ref().is_some_and(|session| !session.config.manual_ack) {
            self.accept(now, seq);
        }
    }

    // What leaves.

    /// The link is open, and the server has not welcomed it.
    pub(super) fn awaits_welcome(&self) -> bool {
        self.has_session() && matches!(self.stage, Stage::Handshaking { greeted: true, welcomed: false, .. })
    }

    /// Settles what stands first in the queue and is too large for the server to take.
    pub(super) fn refuse_oversized(&mut self) {
        while let Some((_, payload)) = self.outbox.peek()
            && self.room(payload.byte_len()).is_none()
            && let Some(payload) = self.outbox.pop()
        {
            self.settle(payload, Outcome::NotSent(Reason::TooLarge));
        }
    }

    /// Whether what stands first in the queue can be bound at once: `None` if it never can.
    pub(super) fn room(&self, len: usize) -> Option<bool> {
        let Some(session) = &self.session else { return Some(true) };
        match session.client.room(len) {
            Room::Now => Some(true),
            Room::Later => Some(false),
            Room::Never => None,
        }
    }

    /// Numbers the message shown by [`Machine::peek_transmit`], whose bytes are these. A request's number.
    pub fn bind(
        &mut self,
        now: Micros,
        item: Item<'_>,
        channel: u64,
        text: bool,
        bytes: &[u8],
    ) -> Option<u64> {
        let (_, id) = self.offered.take()?;
        let payload = self.outbox.withdraw(id)?;
        let session = self.session.as_mut()?;
        let method = if let Item::Request { method, .. } = &item { method.len() } else { 0 };
        if method > NAME_MAX || session.client.room(bytes.len() + method) == Room::Never {
            self.settle(payload, Outcome::NotSent(Reason::TooLarge));
            return None;
        }
        let bytes = Bytes { channel, text, bytes };
        let asked = match item {
            Item::Message => {
                session.client.message(bytes);
                None
            }
            Item::Request { method, deadline } => {
                let due = deadline.unwrap_or(NEVER);
                let left = deadline.map_or(0, |due| due.since(now).0.div_ceil(1_000).max(1));
                let (id, _) = session.client.request(left, method, bytes)?;
                session.asked.insert(id, due);
                session.deadlines.insert((due, id));
                Some(id)
            }
        };
        session.in_flight.push_back(Some(payload));
        session.unsettled += 1;
        asked
    }

    /// Answers a request of the server's; false if it no longer waits for this answer.
    pub fn respond(&mut self, id: u64, status: u64, more: bool, text: bool, bytes: &[u8]) -> bool {
        let bytes = Bytes { channel: 0, text, bytes };
        self.bind_own(|client| client.respond(id, status, more, bytes)).is_some()
    }

    /// Nobody waits for this answer any more.
    pub fn cancel(&mut self, id: u64) {
        if let Some(session) = &mut self.session
            && let Some(due) = session.asked.remove(&id)
        {
            session.deadlines.remove(&(due, id));
            self.bind_own(|client| client.cancel(id));
        }
    }

    /// Opens a channel: its number. None if the name or the parameters are too long, or too many are open.
    pub fn open_channel(&mut self, name: &str, text: bool, bytes: &[u8]) -> Option<u64> {
        let bytes = Bytes { channel: 0, text, bytes };
        let mut opened = None;
        self.bind_own(|client| {
            let (channel, seq) = client.open(name, bytes)?;
            opened = Some(channel);
            Some(seq)
        });
        opened
    }

    /// Shuts a channel.
    pub fn shut_channel(&mut self, channel: u64, code: u64, reason: &str) -> bool {
        self.bind_own(|client| client.shut(channel, code, reason)).is_some()
    }

    /// Sends without a promise: now or never. False if it will not.
    pub fn volatile(&mut self, channel: u64, text: bool, bytes: &[u8]) -> bool {
        let clear = self.clear_link().is_some();
        let payload = Bytes { channel, text, bytes };
        self.session.as_mut().is_some_and(|session| clear && session.client.volatile(payload))
    }

    /// Binds what is not the application's.
    fn bind_own(&mut self, bind: impl FnOnce(&mut Client) -> Option<u64>) -> Option<u64> {
        let session = self.session.as_mut()?;
        let seq = bind(&mut session.client);
        session.align();
        seq
    }

    /// Whether [`Machine::next_frame`] has something to say.
    pub fn frame_is_due(&self) -> bool {
        let Some(session) = &self.session else { return false };
        let due = session.client.due();
        let ripe = due == Due::Now || (due == Due::Soon && session.ripe);
        ripe && self.frame_link().is_some()
    }

    /// Writes the next frame, and says to which socket it goes; what came of it is told with
    /// [`Machine::written`].
    pub fn next_frame(&mut self, out: &mut Vec<u8>) -> Option<LinkId> {
        if !self.frame_is_due() {
            return None;
        }
        let link = self.frame_link()?;
        let session = self.session.as_mut()?;
        session.ripe = false;
        self.timers.stop(Timer::Ack);
        session.client.frame(FRAME, out).then_some(link)
    }

    /// What the socket made of a frame, and its `bufferedAmount` after.
    pub fn written(&mut self, now: Micros, link: LinkId, what: Transmit, buffered: u64) {
        if what != Transmit::Accepted {
            // The session goes on with the next link, and sends again.
            self.distrust(now);
        } else if self.is_ready(link) {
            self.note_buffered(now, buffered);
        }
    }

    fn frame_link(&self) -> Option<LinkId> {
        let link = self.clear_link()?;
        let session = self.session.as_ref()?;
        session.fence(link).filter(|fence| session.client.link() == Some(*fence)).map(|_| link)
    }

    fn note_ack(&mut self, now: Micros) {
        let Some(session) = &self.session else { return };
        if session.client.due() == Due::Soon && !self.timers.is_set(Timer::Ack) {
            self.timers.set(Timer::Ack, now.plus(ACK_DELAY));
        }
    }

    /// A timer may come late, a frame that arrives does not.
    fn ripen(&mut self, now: Micros) {
        if self.timers.take_due(Timer::Ack, now).is_some() {
            self.ack_is_ripe();
        }
    }

    pub(super) fn ack_is_ripe(&mut self) {
        if let Some(session) = &mut self.session {
            session.ripe = true;
        }
    }

    // What arrives.

    /// A frame arrived. The host keeps it under the number this answers with until
    /// [`Output::Forget`]; events say where in it things are.
    pub fn received_frame(&mut self, now: Micros, link: LinkId, bytes: &[u8]) -> Option<u32> {
        let current = self.link() == Some(link);
        let succeeding = self.successor() == Some(Successor::Greeting(link));
        if !current && !succeeding {
            return None;
        }
        if current {
            self.liveness.seen(now);
            self.timers.stop(Timer::Pong);
        }
        self.ripen(now);
        let session = self.session.as_mut()?;
        let fence = session.fence(link)?;
        session.frames = session.frames.wrapping_add(1);
        let frame = session.frames;
        let mut heard = core::mem::take(&mut session.heard);
        let result = session.client.receive(fence, bytes, &mut heard);
        session.align();
        for heard in heard.drain(..) {
            self.hear(now, link, frame, heard);
        }
        if let Some(session) = &mut self.session {
            session.heard = heard;
        }
        self.outputs.push_back(Output::Forget { frame });
        if let Err(violation) = result {
            self.violated(now, link, fence, violation);
        }
        self.note_ack(now);
        Some(frame)
    }

    fn hear(&mut self, now: Micros, link: LinkId, frame: u32, heard: Heard) {
        match heard {
            Heard::Acked { to } => self.acked(to),
            Heard::Numbered { seq, record } => {
                if let Record::Response { id, more: false, .. } = &record
                    && let Some(session) = &mut self.session
                    && let Some(due) = session.asked.remove(id)
                {
                    session.deadlines.remove(&(due, *id));
                }
                if let Record::Message { payload, .. } = &record {
                    self.stats.add(Count::MessagesIn, 1);
                    self.stats.add(Count::BytesIn, payload.len() as u64);
                }
                self.tell(SessionEvent::Record { seq, frame, record });
            }
            Heard::Plain(record) => self.hear_plain(now, link, frame, record),
            Heard::Lost(loss) => self.lost(loss),
            Heard::Welcomed { welcome, .. } => {
                let resumed = welcome.status == crate::session::Status::Resumed;
                if let Some(session) = &mut self.session {
                    let silence =
                        (welcome.ping_ms > 0).then(|| Micros::from_millis(welcome.ping_ms * 2 + 5_000));
                    session.idle = [silence, self.config.idle_timeout].into_iter().flatten().min();
                    session.word = None;
                    session.align();
                }
                self.tell(SessionEvent::Welcomed { resumed });
                self.note_ack(now);
                if self.successor() == Some(Successor::Greeting(link)) {
                    self.succeed(now, link);
                } else if let Stage::Handshaking { link: current, welcomed, .. } = &mut self.stage
                    && *current == link
                {
                    *welcomed = true;
                    self.check_handshake(now);
                }
            }
        }
    }

    fn hear_plain(&mut self, now: Micros, link: LinkId, frame: u32, record: Record) {
        let Some(session) = &mut self.session else { return };
        match record {
            // In the task of its arrival, so that a hidden page's throttled timers do not slow it down.
            Record::Ping { token } => {
                session.client.control(Control::Pong { token, hold_us: 0 });
                session.ripe = true;
            }
            Record::Pong { token, .. } if token == session.pings => {
                if let Some((rtt, smoothed)) = self.liveness.ponged(now) {
                    self.event(Event::Pong { rtt, smoothed });
                }
            }
            Record::Auth { .. } => self.tell(SessionEvent::TokenWanted),
            Record::GoAway { min_ms, jitter_ms, .. } if session.successor.is_none() => {
                let wait = min_ms.saturating_add(self.rng.below(jitter_ms.saturating_add(1)));
                self.timers.set(Timer::Renew, now.plus(Micros::from_millis(wait.min(3_600_000))));
            }
            Record::Close { retry, forget, retry_after_ms, recv, .. } => {
                if matches!(self.stage, Stage::Closing { .. }) {
                    self.end_session(forget.then_some(recv));
                    return self.outputs.push_back(Output::Hangup { link, close: None, forget: false });
                }
                if self.successor() == Some(Successor::Greeting(link)) {
                    return self.drop_successor();
                }
                let retry_after = Micros::from_millis(retry_after_ms.min(3_600_000));
                if let Some(session) = &mut self.session {
                    session.word = Some(Word { retry, retry_after });
                }
                if forget {
                    self.end_session(Some(recv));
                }
                // Its close event should be on the way.
                self.distrust(now);
            }
            record @ Record::Volatile { .. } => self.tell(SessionEvent::Record { seq: 0, frame, record }),
            _ => {}
        }
    }

    fn tell(&mut self, event: SessionEvent) {
        self.event(Event::Session(event));
    }

    fn acked(&mut self, to: u64) {
        while let Some(session) = &mut self.session
            && session.first <= to
            && let Some(payload) = session.in_flight.pop_front()
        {
            session.first += 1;
            if let Some(payload) = payload {
                session.unsettled -= 1;
                self.settle(payload, Outcome::Delivered);
            }
        }
        self.check_watches();
    }

    fn violated(&mut self, now: Micros, link: LinkId, fence: u64, violation: Violation) {
        let Some(session) = &mut self.session else { return };
        let bytes = session.client.violated(fence, violation);
        self.outputs.push_back(Output::Frame { link, bytes });
        if self.successor() == Some(Successor::Greeting(link)) {
            return self.drop_successor();
        }
        let close = Close { code: violation.code.websocket(), reason: T::Reason::default(), clean: false };
        let closing = matches!(self.stage, Stage::Closing { .. });
        self.let_go(Some(close.clone()));
        if closing {
            self.finish(Cause::ClosedByApplication, close)
        } else {
            self.attempt_over(now, Cause::ProtocolViolated, close)
        }
    }

    // The end of a session.

    /// Settles what the session leaves behind.
    fn lost(&mut self, loss: Loss) {
        let over = self.is_over();
        let Some(session) = &mut self.session else { return };
        let mut carried = loss.carried.iter().copied().peekable();
        let mut kept: VecDeque<Option<P>> = (0..loss.reopened).map(|_| None).collect();
        let mut unsent = 0_u64;
        let mut settled = Vec::new();
        for (seq, payload) in (session.first..).zip(core::mem::take(&mut session.in_flight)) {
            if carried.next_if_eq(&seq).is_some() {
                kept.push_back(payload);
                continue;
            }
            let Some(payload) = payload else { continue };
            let outcome = if seq <= loss.delivered {
                Outcome::Delivered
            } else if seq <= loss.in_doubt {
                Outcome::InDoubt
            } else {
                unsent += 1;
                Outcome::NotSent(if over { Reason::Closed } else { Reason::SessionLost })
            };
            settled.push((payload, outcome));
        }
        session.unsettled = kept.iter().flatten().count();
        session.in_flight = kept;
        session.first = 1;
        let unanswered: Vec<u64> =
            session.asked.keys().copied().filter(|id| !loss.requests.contains(id)).collect();
        for id in &unanswered {
            if let Some(due) = session.asked.remove(id) {
                session.deadlines.remove(&(due, *id));
            }
        }
        for (payload, outcome) in settled {
            self.settle(payload, outcome);
        }
        for id in unanswered {
            self.tell(SessionEvent::Unanswered { id, timed_out: false });
        }
        let summary = LostSession {
            delivered: loss.delivered,
            in_doubt: loss.in_doubt,
            last: loss.last,
            carried: loss.carried.len() as u64,
            unsent,
            received: loss.received,
            missing: loss.missing,
        };
        self.tell(SessionEvent::Lost(summary));
        self.check_watches();
    }

    /// The session is over for good; with `recv` as proof nothing is in doubt.
    pub(super) fn end_session(&mut self, recv: Option<u64>) {
        let Some(session) = &mut self.session else { return };
        if session.client.identity().is_none() && session.in_flight.is_empty() {
            return;
        }
        let goes_on = !self.is_over();
        let Some(session) = &mut self.session else { return };
        let loss = session.client.end(recv, goes_on);
        session.links.clear();
        // What it leaves is told by its receipts; a session that ends with its wire is not lost.
        let outputs = self.outputs.len();
        self.lost(loss);
        if !goes_on {
            let tail = self.outputs.split_off(outputs);
            self.outputs
                .extend(tail.into_iter().filter(|output| {
                    !matches!(output, Output::Event(Event::Session(SessionEvent::Lost(_))))
                }));
        }
    }

    /// Says goodbye: the session ends with the connection, and the server's answer says how far it came.
    pub(super) fn say_goodbye(&mut self, link: LinkId) -> bool {
        let Some(session) = self.session.as_mut().filter(|session| session.client.link().is_some()) else {
            return false;
        };
        let closing =
            Closing { code: Code::Normal, retry: false, forget: true, retry_after_ms: 0, reason: "" };
        // What was sent before the end still leaves.
        let mut frame = Vec::new();
        while session.client.due() != Due::Nothing && session.client.frame(FRAME, &mut frame) {
            self.outputs.push_back(Output::Frame { link, bytes: core::mem::take(&mut frame) });
        }
        let bytes = session.client.close(closing);
        self.drop_successor();
        self.outputs.push_back(Output::Frame { link, bytes });
        true
    }

    /// Every link is gone, or this one.
    pub(super) fn unlink(&mut self, gone: Option<LinkId>) {
        let Some(session) = &mut self.session else { return };
        let client = &mut session.client;
        session.links.retain(|(link, fence)| {
            let keep = gone.is_some_and(|gone| gone != *link);
            if !keep {
                client.gone(*fence);
            }
            keep
        });
        if gone.is_none() {
            self.drop_successor();
        }
    }

    /// What the server's last word makes of the end of a link: whether it is final, and the floor it sets.
    pub(super) fn last_word(&mut self) -> Option<(bool, Micros)> {
        let word = self.session.as_mut()?.word.take()?;
        Some((!word.retry, word.retry_after))
    }

    // Time.

    pub(super) fn session_deadline(&self) -> Option<Micros> {
        let (due, _) = self.session.as_ref()?.deadlines.first()?;
        Some(*due).filter(|due| *due != NEVER)
    }

    /// Requests whose time is up.
    pub(super) fn expire_requests(&mut self, now: Micros) {
        while let Some(session) = &mut self.session
            && let Some((due, id)) = session.deadlines.first().copied()
            && due <= now
        {
            self.cancel(id);
            self.tell(SessionEvent::Unanswered { id, timed_out: true });
        }
    }

    /// What a ping looks like in a session.
    pub(super) fn send_ping(&mut self) -> bool {
        let Some(session) = &mut self.session else { return false };
        session.pings += 1;
        session.client.control(Control::Ping { token: session.pings });
        true
    }

    pub(super) fn idle_limit(&self) -> Option<Micros> {
        self.session.as_ref().map_or(self.config.idle_timeout, |session| session.idle)
    }

    // Make before break.

    fn successor(&self) -> Option<Successor> {
        self.session.as_ref()?.successor
    }

    fn set_successor(&mut self, successor: Option<Successor>) {
        if let Some(session) = &mut self.session {
            session.successor = successor;
        }
    }

    /// Begins another connection while this one works.
    pub(super) fn renew(&mut self) {
        if !matches!(self.stage, Stage::Ready { .. }) {
            return;
        }
        let ticket = self.ticket();
        self.set_successor(Some(Successor::Resolving(ticket)));
        self.stats.add(Count::Attempts, 1);
        self.outputs.push_back(Output::Resolve {
            ticket,
            attempt: 1,
            turn: self.turn,
            cause: Cause::Draining,
        });
    }

    /// What happens to the successor is not the current link's business. True if it was about it.
    pub(super) fn succession(&mut self, input: &Input<T::Reason>) -> bool {
        let Some(successor) = self.successor() else { return false };
        match (successor, input) {
            (Successor::Resolving(ticket), Input::Target { ticket: of, .. }) if ticket == *of => {
                self.links = self.links.wrapping_add(1);
                let link = LinkId(self.links);
                self.set_successor(Some(Successor::Dialing(link)));
                self.outputs.push_back(Output::Dial { link });
            }
            (Successor::Resolving(ticket), Input::TargetFailed { ticket: of }) if ticket == *of => {
                self.set_successor(None);
            }
            (Successor::Dialing(link), Input::Opened { link: of }) if link == *of => {
                self.set_successor(Some(Successor::Greeting(link)));
                self.outputs.push_back(Output::Greet { link, attempt: 1 });
            }
            (
                Successor::Dialing(link) | Successor::Greeting(link),
                Input::DialFailed { link: of, .. }
                | Input::Errored { link: of }
                | Input::Closed { link: of, .. }
                | Input::Greeted { link: of, ok: false },
            ) if link == *of => self.drop_successor(),
            (_, Input::Greeted { link: of, .. }) => return self.link() != Some(*of),
            _ => return false,
        }
        true
    }

    /// Whether this question is the successor's.
    pub(super) fn resolves_successor(&self, ticket: Ticket) -> bool {
        self.successor() == Some(Successor::Resolving(ticket))
    }

    fn drop_successor(&mut self) {
        let Some(successor) = self.successor() else { return };
        self.set_successor(None);
        match successor {
            Successor::Resolving(_) => self.outputs.push_back(Output::AbortResolve),
            Successor::Dialing(link) | Successor::Greeting(link) => {
                self.unlink(Some(link));
                self.outputs.push_back(Output::Hangup { link, close: None, forget: true });
            }
        }
    }

    /// The successor carries the session now.
    fn succeed(&mut self, now: Micros, link: LinkId) {
        self.set_successor(None);
        let Stage::Ready { link: old } = self.stage else { return };
        self.unlink(Some(old));
        self.stage = Stage::Ready { link };
        let close = Some(Close::normal(T::Reason::reconnect()));
        self.outputs.push_back(Output::Hangup { link: old, close, forget: true });
        self.liveness.restart(now);
        self.flow = Flow::default();
        self.timers.stop(Timer::Close);
        self.timers.stop(Timer::Pong);
        self.timers.stop(Timer::Sample);
    }
}

impl<P> Sessional<P> {
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
