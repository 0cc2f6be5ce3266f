//! The machine itself.

mod attempts;
mod lifecycle;
#[cfg(feature = "session")]
mod session;
mod upkeep;
mod web_socket;

use super::backoff::Backoff;
use super::close::{Close, CloseReason, Owned, Texts};
use super::config::Config;
use super::event::{
    Event, Input, Kind, LinkId, NotSent, Outcome, Output, Page, Reason, Sent, Ticket, Transmit,
};
use super::fifo::Fifo;
use super::keys::Keys;
use super::liveness::{Liveness, Verdict};
use super::outbox::{MessageId, Outbox, Payload, SendOptions, Waiting};
use super::rng::Rng;
use super::state::{Cause, Phase, State};
use super::stats::{Count, Stats};
use super::time::Micros;
use super::timer::{ALL, Timer, Timers};

#[cfg(feature = "session")]
pub use session::{Item, SessionConfig};

/// A full socket buffer is looked at again in a later task this often, then on a timer.
const SAMPLES_AT_ONCE: u32 = 8;
/// The first and the longest wait between looks on a timer.
const SAMPLE_WAIT: (u64, u64) = (1, 50);
/// A silent link that was caught out by a late timer has this long to speak.
const GRACE: Micros = Micros::from_millis(5_000);

/// One wire, in plain mode, without a browser.
#[derive(Debug)]
pub struct Machine<P, T: Texts = Owned> {
    config: Config,
    rng: Rng,
    stage: Stage,
    ending: Ending<T::Reason>,
    timers: Timers,
    outbox: Outbox<P, T::Keys>,
    liveness: Liveness,
    backoff: Backoff,
    outputs: Fifo<Output<P, T::Reason>>,
    flow: Flow,
    /// What was last shown to a socket, and to which.
    offered: Option<(LinkId, MessageId)>,
    watches: Vec<Watch>,
    links: u32,
    tickets: u32,
    watched: u32,
    /// Attempts that failed since the link was last stable.
    failures: u32,
    /// Which URL is next.
    turn: u32,
    /// The current link has proved stable.
    stable: bool,
    /// The application has heard that the wire is open and not yet that it no longer is.
    was_open: bool,
    online: bool,
    /// The page cannot be seen.
    hidden: bool,
    /// The last target needs no network.
    local: bool,
    /// When the wire was last known to be fine; never if it is.
    down_since: Micros,
    /// Until when we stay away because a server asked for it.
    floor: Micros,
    stats: Stats,
    #[cfg(feature = "session")]
    session: session::Slot<P>,
}

/// [`State`], as far as the machine goes by it.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Idle,
    Resolving { ticket: Ticket },
    Dialing { link: LinkId },
    Handshaking { link: LinkId, greeted: bool, welcomed: bool },
    Ready { link: LinkId },
    Deciding { ticket: Ticket },
    Waiting { until: Micros },
    Suspended { cause: Cause },
    Closing { link: LinkId },
    Closed,
}

/// What came before a wait, or before the end: why, and how the last connection ended. How long the wait is.
#[derive(Clone, Debug)]
struct Ending<R> {
    cause: Cause,
    close: Close<R>,
    delay: Micros,
}

/// What is known of the socket's own buffer.
#[derive(Clone, Debug, Default)]
struct Flow {
    paused: bool,
    failing: bool,
    buffered: u64,
    samples: u32,
    /// Bytes that stood before the oldest unanswered ping and have not left yet.
    ahead: u64,
    /// The next look at the buffer tells what stands before the ping.
    measure: bool,
    /// A look at the buffer is on its way.
    asked: bool,
    /// A frame waits for that look, to grow meanwhile.
    #[cfg(feature = "session")]
    holds: bool,
    /// Since when one has waited.
    #[cfg(feature = "session")]
    held_since: Option<Micros>,
}

#[derive(Clone, Debug)]
struct Watch {
    id: u32,
    deadline: Micros,
}

impl<P: Payload, T: Texts> Machine<P, T> {
    /// An idle machine. The same seed, inputs and times give the same outputs.
    pub fn new(config: Config, seed: u64) -> Self {
        #[cfg(feature = "session")]
        return Self::around(config, seed, session::Slot::new(None));
        #[cfg(not(feature = "session"))]
        Self::around(config, seed)
    }

    fn around(config: Config, seed: u64, #[cfg(feature = "session")] session: session::Slot<P>) -> Self {
        Self {
            rng: Rng::new(seed),
            stage: Stage::Idle,
            ending: Ending { cause: Cause::Started, close: Close::default(), delay: Micros::ZERO },
            timers: Timers::new(),
            outbox: Outbox::new(seed),
            liveness: Liveness::default(),
            backoff: Backoff::new(&config.reconnect),
            outputs: Fifo::new(),
            flow: Flow::default(),
            offered: None,
            watches: Vec::new(),
            links: 0,
            tickets: 0,
            watched: 0,
            failures: 0,
            turn: 0,
            stable: false,
            was_open: false,
            online: true,
            hidden: false,
            local: config.local,
            down_since: Micros::NEVER,
            floor: Micros::ZERO,
            stats: Stats::default(),
            #[cfg(feature = "session")]
            session,
            config,
        }
    }

    /// Makes the first attempt. Does nothing unless idle.
    pub fn connect(&mut self, now: Micros) {
        if matches!(self.stage, Stage::Idle) {
            self.begin(now, Cause::Started);
        }
    }

    /// Makes an attempt at once, whatever the state: hangs up first if there is a link, ends a wait
    /// or a suspension, starts afresh when closed.
    pub fn reconnect(&mut self, now: Micros) {
        if self.is_over() || self.is_web_socket() {
            self.forgive();
        }
        self.let_go(Some(Close::normal(T::Reason::reconnect())));
        self.begin(now, Cause::Requested);
    }

    /// Hangs up, keeps the queue and makes no attempt until [`Machine::reconnect`].
    pub fn suspend(&mut self) {
        if !self.is_over() && !matches!(self.stage, Stage::Suspended { cause: Cause::Suspended }) {
            self.pause(Cause::Suspended);
        }
    }

    /// Closes for good. What waits settles as not sent; no message is delivered from here on.
    pub fn close(&mut self, now: Micros, close: Close<T::Reason>) {
        match self.stage {
            _ if self.is_over() => {}
            Stage::Handshaking { .. } | Stage::Ready { .. } => self.close_link(now, close),
            _ if self.is_web_socket() => self.close_as_web_socket(now, close),
            _ => {
                self.let_go(None);
                self.finish(Cause::ClosedByApplication, Close { clean: false, ..close });
            }
        }
    }

    fn close_link(&mut self, now: Micros, close: Close<T::Reason>) {
        let Some(link) = self.link() else { return };
        self.timers.stop_all();
        self.stage = Stage::Closing { link };
        self.timers.set(Timer::Close, now.plus(self.config.close_timeout));
        #[cfg(feature = "session")]
        let hangs_up = !self.say_goodbye(link);
        #[cfg(feature = "session")]
        if hangs_up {
            // A WELCOME that comes now opens nothing.
            self.unlink(None);
        }
        #[cfg(not(feature = "session"))]
        let hangs_up = true;
        if hangs_up {
            self.outputs.push(Output::Hangup { link, close: Some(close), forget: false });
        }
        self.announce();
        self.give_back();
    }

    /// Queues a message, or gives it back. Messages that give way settle through the outputs.
    ///
    /// # Errors
    /// The message and why it was not taken.
    pub fn send(&mut self, now: Micros, payload: P, options: SendOptions<<T::Keys as Keys>::Key>) -> Sent<P> {
        if self.is_over() {
            return self.refuse(payload, Reason::Closed);
        }
        // A timer may come late; a message whose time is up takes nobody's room.
        self.expire(now);
        let (outputs, stats) = (&mut self.outputs, &mut self.stats);
        let mut settle = |payload, reason| {
            let outcome = Outcome::NotSent(reason);
            stats.settle(outcome, 0);
            outputs.push(Output::Settled { payload, outcome });
        };
        let sent = self.outbox.push(&self.config.queue, now, payload, options, &mut settle);
        sent.or_else(|NotSent { payload, reason }| self.refuse(payload, reason))
    }

    /// Takes a waiting message back; it settles as withdrawn. False if it waits no more.
    pub fn withdraw(&mut self, id: MessageId) -> bool {
        let Some(payload) = self.outbox.withdraw(id) else {
            return false;
        };
        self.settle(payload, Outcome::NotSent(Reason::Withdrawn));
        self.check_watches(Micros::ZERO);
        true
    }

    /// Takes every waiting message back; each settles as withdrawn.
    pub fn clear(&mut self) {
        self.settle_all(Reason::Withdrawn);
    }

    /// Asks for one [`Event::Drained`] when the queue is empty, or when `timeout` has passed.
    pub fn watch_drain(&mut self, now: Micros, timeout: Option<Micros>) -> u32 {
        self.watched = self.watched.wrapping_add(1);
        let deadline = now.plus(timeout.unwrap_or(Micros::NEVER));
        self.watches.push(Watch { id: self.watched, deadline });
        self.check_watches(Micros::ZERO);
        self.watched
    }

    /// The message that leaves next and the link that takes it. Offer it to the socket, then say
    /// what came of it with [`Machine::transmitted`]; only then has it left the queue.
    pub fn peek_transmit(&mut self, now: Micros) -> Option<(LinkId, &P)> {
        let link = self.clear_link()?;
        // A timer may come late; a message whose time is up does not leave all the same.
        self.expire(now);
        #[cfg(feature = "session")]
        self.refuse_oversized();
        let (id, payload) = self.outbox.peek()?;
        #[cfg(feature = "session")]
        if self.room(payload.byte_len()) != Some(true) {
            return None;
        }
        self.offered = Some((link, id));
        Some((link, payload))
    }

    /// What the socket made of the message shown by [`Machine::peek_transmit`], and its `bufferedAmount` after.
    pub fn transmitted(&mut self, now: Micros, what: Transmit, buffered: u64) {
        let Some((link, id)) = self.offered.take() else {
            return;
        };
        let Some(outcome) = what.outcome() else {
            // Its close event should be on the way; until then nothing is offered to it.
            if self.is_ready(link) {
                self.distrust(now);
            }
            return;
        };
        // By name: a socket that calls back from within its `send` may have put another at the head.
        if let Some(payload) = self.outbox.withdraw(id) {
            self.settle(payload, outcome);
        }
        self.check_watches(Micros::ZERO);
        if self.is_ready(link) {
            self.note_buffered(now, buffered);
        }
    }

    /// The link that would take a message of `len` bytes at once, past an empty queue. After the
    /// socket has taken it, say so with [`Machine::passed`].
    pub fn may_pass(&self, len: usize) -> Option<LinkId> {
        #[cfg(feature = "session")]
        if self.has_session() {
            return None;
        }
        self.clear_link().filter(|_| self.outbox.len() == 0 && len as u64 <= self.config.queue.max_bytes)
    }

    /// What the socket made of a message of `len` bytes past the queue; its `bufferedAmount` after.
    pub fn passed(&mut self, now: Micros, len: usize, what: Transmit, buffered: u64) {
        if let Some(outcome) = what.outcome() {
            self.stats.settle(outcome, len);
        }
        if buffered > self.config.high_water {
            self.note_buffered(now, buffered);
        }
    }

    /// Something of `len` bytes arrived. True if it is for the application.
    pub fn received(&mut self, now: Micros, link: LinkId, kind: Kind, len: usize) -> bool {
        match &mut self.stage {
            Stage::Handshaking { link: current, welcomed, .. } if *current == link => {
                *welcomed |= kind == Kind::Welcome;
                self.liveness.seen(now);
                self.check_handshake(now);
            }
            Stage::Ready { link: current } if *current == link => {
                self.liveness.seen(now);
                self.timers.stop(Timer::Pong);
            }
            _ => return false,
        }
        if kind != Kind::Pong {
            self.stats.add(Count::MessagesIn, 1);
            self.stats.add(Count::BytesIn, len as u64);
            return true;
        }
        if let Some((rtt, smoothed)) = self.liveness.ponged(now) {
            self.event(Event::Pong { rtt, smoothed });
        }
        false
    }

    /// Holds a message's place in the outputs: [`Event::Message`] comes out in its turn.
    pub fn enqueue_message(&mut self) {
        self.event(Event::Message);
    }

    /// Feeds what happened outside. Who calls it knows what that is: without a session little is left of it there.
    #[cfg_attr(not(feature = "session"), inline(always))]
    pub fn handle(&mut self, now: Micros, input: Input<T::Reason>) {
        #[cfg(feature = "session")]
        if self.succession(&input) {
            return;
        }
        match input {
            Input::Target { ticket, local } => self.target(ticket, local),
            Input::TargetFailed { ticket } => {
                if matches!(self.stage, Stage::Resolving { ticket: current } if current == ticket) {
                    self.attempt_over(now, Cause::ProviderFailed, Close::abnormal());
                }
            }
            Input::DialFailed { link, cause } => {
                if matches!(self.stage, Stage::Dialing { link: current } if current == link) {
                    self.timers.stop_all();
                    self.event(Event::Failed { cause, close: Close::abnormal() });
                    self.finish(cause, Close::abnormal());
                }
            }
            Input::Opened { link } => self.opened(now, link),
            Input::Greeted { link, ok } => self.greeted(now, link, ok),
            Input::Errored { link } => {
                if self.link() == Some(link) {
                    self.distrust(now);
                }
            }
            Input::Closed { link, close } => self.closed(now, link, close),
            Input::Buffered { link, bytes, asked } => {
                if self.is_ready(link) {
                    self.flow.asked &= !asked;
                    self.note_buffered(now, bytes);
                }
            }
            Input::Decided { ticket, delay } => self.decided(now, ticket, delay),
            Input::Online(online) => self.network(now, online),
            Input::Page(page) => self.page(now, page),
            Input::Timeout => self.timeout(now),
        }
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Output<P, T::Reason>> {
        self.outputs.pop()
    }

    /// When to feed the next [`Input::Timeout`].
    pub fn next_wake(&mut self) -> Option<Micros> {
        Some(self.wakes()).filter(|wakes| *wakes != Micros::NEVER)
    }

    /// As [`Machine::next_wake`], or never.
    pub(crate) fn wakes(&mut self) -> Micros {
        let mut next = self.timers.next().min(self.outbox.next_expiry());
        for watch in &self.watches {
            next = next.min(watch.deadline);
        }
        #[cfg(feature = "session")]
        let next = next.min(self.session_deadline());
        next
    }

    /// Where the wire stands.
    pub fn state(&self) -> State<T::Reason> {
        let attempt = self.failures.saturating_add(1);
        let connecting = |phase| State::Connecting { phase, attempt };
        let Ending { cause, close, delay } = &self.ending;
        let waiting =
            |until| State::Waiting { attempt, delay: *delay, until, cause: *cause, close: close.clone() };
        match self.stage {
            Stage::Idle => State::Idle,
            Stage::Resolving { .. } => connecting(Phase::Resolving),
            Stage::Dialing { .. } => connecting(Phase::Dialing),
            Stage::Handshaking { .. } => connecting(Phase::Handshaking),
            Stage::Ready { .. } => State::Open,
            Stage::Deciding { .. } => waiting(Micros::ZERO),
            Stage::Waiting { until } => waiting(until),
            Stage::Suspended { cause } => State::Suspended { cause },
            Stage::Closing { .. } => State::Closing,
            Stage::Closed => State::Closed { cause: *cause, close: close.clone() },
        }
    }

    /// Whether the wire is closed, for good unless it is connected anew.
    pub fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Closed)
    }

    /// Whether the wire closes or is closed, for good unless it is connected anew.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Closing { .. } | Stage::Closed)
    }

    /// Whether an answer to this question is still awaited.
    pub fn is_resolving(&self, ticket: Ticket) -> bool {
        #[cfg(feature = "session")]
        if self.resolves_successor(ticket) {
            return true;
        }
        matches!(self.stage, Stage::Resolving { ticket: current } if current == ticket)
    }

    /// The socket in use, if any.
    pub fn link(&self) -> Option<LinkId> {
        match self.stage {
            Stage::Dialing { link }
            | Stage::Handshaking { link, .. }
            | Stage::Ready { link }
            | Stage::Closing { link } => Some(link),
            _ => None,
        }
    }

    /// Messages waiting.
    pub fn queued(&self) -> usize {
        self.outbox.len()
    }

    /// Bytes waiting.
    pub fn queued_bytes(&self) -> u64 {
        self.outbox.bytes()
    }

    /// Whether this message still waits.
    pub fn is_queued(&self, id: MessageId) -> bool {
        self.outbox.contains(id)
    }

    /// Every waiting message in the order in which they would leave.
    pub fn waiting_messages(&self) -> impl Iterator<Item = Waiting<'_, P>> {
        self.outbox.iter()
    }

    /// Whether somebody waits for an [`Event::Drained`].
    pub fn is_watched(&self) -> bool {
        !self.watches.is_empty()
    }

    /// Whether the socket's own buffer is so full that messages wait.
    pub fn is_paused(&self) -> bool {
        self.flow.paused && matches!(self.stage, Stage::Ready { .. })
    }

    /// The last round trip and the smoothed one, if a pong ever matched a ping.
    pub fn rtt(&self) -> Option<(Micros, Micros)> {
        self.liveness.rtt()
    }

    /// What has been counted since this machine was made.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    fn clear_link(&self) -> Option<LinkId> {
        match self.stage {
            Stage::Ready { link } if !self.flow.paused && !self.flow.failing => Some(link),
            _ => None,
        }
    }

    fn is_ready(&self, link: LinkId) -> bool {
        matches!(self.stage, Stage::Ready { link: current } if current == link)
    }

    /// There is no network, and the target needs one.
    fn unreachable(&self) -> bool {
        !self.online && !self.local
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets = self.tickets.wrapping_add(1);
        Ticket(self.tickets)
    }

    fn announce(&mut self) {
        let state = self.state();
        self.event(Event::StateChanged(state));
    }

    /// If the application takes the wire for open, it learns that it no longer is.
    fn announce_down(&mut self, cause: Cause, close: &Close<T::Reason>) {
        if core::mem::take(&mut self.was_open) {
            self.event(Event::Closed { cause, close: close.clone(), last: false });
        }
    }

    fn event(&mut self, event: Event<T::Reason>) {
        self.outputs.push(Output::Event(event));
    }

    fn settle(&mut self, payload: P, outcome: Outcome) {
        self.stats.settle(outcome, payload.byte_len());
        self.outputs.push(Output::Settled { payload, outcome });
    }

    fn refuse(&mut self, payload: P, reason: Reason) -> Sent<P> {
        self.stats.settle(Outcome::NotSent(reason), 0);
        Err(NotSent { payload, reason })
    }

    fn settle_all(&mut self, reason: Reason) {
        while let Some(payload) = self.outbox.pop() {
            self.settle(payload, Outcome::NotSent(reason));
        }
        self.check_watches(Micros::ZERO);
    }

    /// What waits at the end, unless it is kept for another beginning.
    fn give_back(&mut self) {
        if !self.is_web_socket() {
            self.settle_all(Reason::Closed);
        }
    }

    /// Tells those who wait for an empty queue: all if it is empty, else those whose time is up by now.
    fn check_watches(&mut self, now: Micros) {
        if self.watches.is_empty() {
            return;
        }
        #[cfg(feature = "session")]
        let settled = self.in_flight() == 0;
        #[cfg(not(feature = "session"))]
        let settled = true;
        let empty = settled && self.outbox.len() == 0;
        for watch in core::mem::take(&mut self.watches) {
            if empty || watch.deadline <= now {
                self.event(Event::Drained { watch: watch.id, empty });
            } else {
                self.watches.push(watch);
            }
        }
    }
}
