//! What leaves in a session: bound to its number, written in frames.

use super::*;

/// A frame that is not full is held for so long at most.
const HOLD: Micros = Micros::from_millis(4);

/// In place of an answer that would end every connection it is sent on.
const TOO_LARGE: &str = "The answer is larger than any frame the asking side takes.";

impl<P: Payload, T: Texts> Machine<P, T> {
    /// The link is open, and the server has not welcomed it.
    pub(in crate::core::machine) fn awaits_welcome(&self) -> bool {
        self.has_session() && matches!(self.stage, Stage::Handshaking { greeted: true, welcomed: false, .. })
    }

    /// Settles what stands first in the queue and is too large for the server to take.
    pub(in crate::core::machine) fn refuse_oversized(&mut self) {
        while let Some((_, payload)) = self.outbox.peek()
            && self.room(payload.byte_len()).is_none()
            && let Some(payload) = self.outbox.pop()
        {
            self.settle(payload, Outcome::NotSent(Reason::TooLarge));
        }
    }

    /// Whether what stands first in the queue can be bound at once: `None` if it never can.
    pub(in crate::core::machine) fn room(&self, len: usize) -> Option<bool> {
        let Some(session) = self.session.as_ref() else { return Some(true) };
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
        self.number(now, payload, item, channel, text, bytes)
    }

    /// Bytes and messages that [`Machine::pass`] is sure to take: none if the link is not open.
    pub fn vacancy(&self) -> (u64, usize) {
        if !self.has_session() || !matches!(self.stage, Stage::Ready { .. }) {
            return (0, 0);
        }
        let queue = &self.config.queue;
        let left = (queue.max_messages as usize).saturating_sub(self.outbox.len());
        (queue.max_bytes.saturating_sub(self.outbox.bytes()), left)
    }

    /// Whether a message of so many bytes may be numbered at once, past the empty queue.
    pub fn numbers_at_once(&self, len: usize) -> bool {
        self.outbox.len() == 0 && self.clear_link().is_some() && self.room(len) == Some(true)
    }

    /// Numbers a message past the queue.
    pub fn number_at_once(&mut self, now: Micros, payload: P, channel: u64, text: bool, bytes: &[u8]) {
        self.number(now, payload, Item::Message, channel, text, bytes);
    }

    /// As [`Machine::send`] without options; what is not taken settles through the outputs.
    pub fn pass(&mut self, now: Micros, payload: P) {
        if let Err(NotSent { payload, reason }) = self.send(now, payload, SendOptions::default()) {
            self.outputs.push(Output::Settled { payload, outcome: Outcome::NotSent(reason) });
        }
    }

    fn number(
        &mut self,
        now: Micros,
        payload: P,
        item: Item<'_>,
        channel: u64,
        text: bool,
        bytes: &[u8],
    ) -> Option<u64> {
        let session = self.session.as_mut()?;
        let name = if let Item::Request { method, .. } = &item { method.len() } else { 0 };
        let refused = if name > NAME_MAX || session.client.room(bytes.len() + name) == Room::Never {
            Some(Reason::TooLarge)
        } else if channel > 0 && !session.client.is_open(channel) {
            // Nobody would hear it, and yet it would be acknowledged.
            Some(Reason::Closed)
        } else {
            None
        };
        if let Some(reason) = refused {
            self.settle(payload, Outcome::NotSent(reason));
            self.check_watches(Micros::ZERO);
            return None;
        }
        let bytes = Bytes { channel, text, bytes };
        let asked = match item {
            Item::Message => {
                session.client.message(bytes);
                None
            }
            Item::Request { method, deadline } => {
                let left = deadline.map_or(0, |due| due.since(now).0.div_ceil(1_000).max(1));
                let (id, _) = session.client.request(left, method, bytes)?;
                if let Some(due) = deadline {
                    session.deadlines.push((due, id));
                }
                // Requests with long deadlines leave theirs behind when they are answered.
                if session.deadlines.len() > 2 * session.client.asked().len() + 64 {
                    session.deadlines.sweep(|id| session.client.asked().contains(&id));
                }
                Some(id)
            }
        };
        session.in_flight.push_back(Some(payload));
        session.unsettled += 1;
        asked
    }

    /// Answers a request of the server's; false if it no longer waits for this answer. An answer that the
    /// server would never take is an error instead.
    pub fn respond(&mut self, id: u64, status: u64, more: bool, text: bool, bytes: &[u8]) -> bool {
        let fits = self.room(bytes.len()).is_some();
        let answer = Bytes { channel: 0, text, bytes };
        let excuse = Bytes { channel: 0, text: true, bytes: TOO_LARGE.as_bytes() };
        let (status, more, answer) =
            if fits { (status, more, answer) } else { (Answer::Error as u64, false, excuse) };
        self.bind_own(|client| client.respond(id, status, more, answer)).is_some() && fits
    }

    /// Nobody waits for this answer any more; false if nobody did.
    pub fn cancel(&mut self, id: u64) -> bool {
        self.bind_own(|client| client.cancel(id)).is_some()
    }

    /// Opens a channel: its number. None if the name or the parameters are too long, or too many are open.
    pub fn open_channel(&mut self, name: &str, text: bool, bytes: &[u8]) -> Option<u64> {
        let bytes = Bytes { channel: 0, text, bytes };
        let (channel, _) = self.bind_own(|client| client.open(name, bytes))?;
        Some(channel)
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
    fn bind_own<B>(&mut self, bind: impl FnOnce(&mut Client) -> Option<B>) -> Option<B> {
        let session = self.session.as_mut()?;
        let bound = bind(&mut session.client);
        session.align();
        bound
    }

    /// Whether [`Machine::next_frame`] is worth asking.
    pub fn frame_is_due(&self) -> bool {
        let Some(session) = self.session.as_ref() else { return false };
        let due = session.client.due();
        let ripe = due == Due::Now || (due == Due::Soon && session.ripe);
        ripe && (!self.flow.holds || self.frame_is_full()) && self.frame_link().is_some()
    }

    /// Whether as much waits to be written as goes into one frame.
    pub fn frame_is_full(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.client.unwritten() >= FRAME as u64)
    }

    /// Whether the next frame depends on what the socket still buffers: [`Input::Buffered`] tells.
    pub fn weighs_buffer(&self) -> bool {
        self.flow.buffered > 0
    }

    /// Writes the next frame, and says to which socket it goes; what came of it is told with
    /// [`Machine::written`]. A frame that is not full is held while the socket has not given away what it took before.
    pub fn next_frame(&mut self, now: Micros, out: &mut Vec<u8>) -> Option<LinkId> {
        if !self.frame_is_due() {
            return None;
        }
        let link = self.frame_link()?;
        if self.flow.buffered > 0 && !self.frame_is_full() {
            let since = *self.flow.held_since.get_or_insert(now);
            if now.since(since) < HOLD {
                self.flow.holds = true;
                // Timers are too slow for this. Should the look never come, the one for acknowledgements ends the wait.
                self.ripen_later(now);
                let slow = self.timers.is_set(Timer::Sample);
                self.timers.stop(Timer::Sample);
                if !core::mem::replace(&mut self.flow.asked, true) || slow {
                    self.outputs.push(Output::Sample { link });
                }
                return None;
            }
        }
        self.flow.held_since = None;
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

    pub(super) fn note_ack(&mut self, now: Micros) {
        if self.session.as_ref().is_some_and(|session| session.client.due() == Due::Soon) {
            self.ripen_later(now);
        }
    }

    fn ripen_later(&mut self, now: Micros) {
        if !self.timers.is_set(Timer::Ack) {
            self.timers.set(Timer::Ack, now.plus(ACK_DELAY));
        }
    }

    /// A timer may come late, a frame that arrives does not.
    pub(super) fn ripen(&mut self, now: Micros) {
        if self.timers.take_due(Timer::Ack, now).is_some() {
            self.ack_is_ripe();
        }
    }

    pub(in crate::core::machine) fn ack_is_ripe(&mut self) {
        if let Some(session) = self.session.as_mut() {
            session.ripe = true;
        }
        if core::mem::take(&mut self.flow.holds) {
            self.flow.asked = false;
        }
    }
}
