//! The client's half.

use super::code::{Violation, violation};
use super::endpoint::{Endpoint, Role};
use super::event::{Event, Loss};
use super::handshake::{Hello, Identity, Limits, Status, Welcome};
use super::outgoing::{Closing, Control, Payload, Room};
use super::receiver::Due;
use super::store::{Delta, Stored};
use super::table::Numbers;
use super::wire::{CLOSE, Span, VERSION, WELCOME, read_alone};

/// A session, seen from the client. It has no clock, no socket and no randomness: its host writes the
/// frames it makes, feeds it those that arrive, and names connections by the fence that
/// [`hello`](Client::hello) gives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    identity: Option<Identity>,
    fence: u64,
    /// The connection whose WELCOME is awaited.
    greeting: Option<u64>,
    /// The connection on which the server's CLOSE is awaited, as the answer to ours.
    closing: Option<u64>,
    end: Endpoint,
    /// What is provably unsent goes on in the session after one that is lost.
    carry: bool,
}

impl Client {
    /// A client without a session. `carry`: after a loss, what was provably never accepted goes on in the
    /// next session. `durable`: a store keeps the session, and nothing is written before
    /// [`keep`](Client::keep).
    pub fn new(limits: Limits, carry: bool, durable: bool) -> Self {
        let end = Endpoint::new(Role::Client, limits, durable);
        Self { identity: None, fence: 0, greeting: None, closing: None, end, carry }
    }

    /// A client that goes on with what a store has kept.
    pub fn restored(limits: Limits, carry: bool, stored: &Stored) -> Self {
        Self {
            identity: Some(stored.identity),
            fence: stored.state.fence,
            greeting: None,
            closing: None,
            end: Endpoint::restored(Role::Client, limits, stored),
            carry,
        }
    }

    /// A connection has opened: its name, and its first frame. With a store, [`delta`](Client::delta) comes
    /// first: a fence that is not kept before it is used would be used again after a restart. Until the
    /// WELCOME an older connection goes on as before.
    pub fn hello(&mut self, token: &[u8], idle_ms: u64) -> (u64, Vec<u8>) {
        self.fence += 1;
        self.end.touch();
        self.greeting = Some(self.fence);
        let hello = Hello {
            version_min: VERSION,
            version_max: VERSION,
            session: self.identity,
            fence: self.fence,
            position: self.end.position(),
            idle_ms,
            token: Span { start: 0, end: 0 },
        };
        (self.fence, hello.frame(token))
    }

    /// A connection is gone.
    pub fn gone(&mut self, fence: u64) {
        for waiting in [&mut self.greeting, &mut self.closing] {
            if *waiting == Some(fence) {
                *waiting = None;
            }
        }
        if self.end.link == Some(fence) {
            self.end.link = None;
        }
    }

    /// The connection that carries the session.
    pub fn link(&self) -> Option<u64> {
        self.end.link
    }

    /// Takes a frame in. From a connection that does not count it changes nothing.
    ///
    /// # Errors
    /// If the server broke the protocol: end the connection with [`violated`](Client::violated). What came
    /// before the fault stands.
    pub fn receive(&mut self, fence: u64, frame: &[u8], events: &mut Vec<Event>) -> Result<(), Violation> {
        if self.greeting == Some(fence) {
            self.greeted(fence, frame, events)
        } else if self.end.link == Some(fence) {
            self.end.receive(frame, false, events)
        } else if self.closing == Some(fence) {
            self.end.receive(frame, true, events)
        } else {
            Ok(())
        }
    }

    fn greeted(&mut self, fence: u64, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Violation> {
        if bytes.len() as u64 > self.end.limits.max_frame {
            return Err(violation!(TooBig, "a frame larger than max_frame"));
        }
        match read_alone(bytes)? {
            Some(welcome) if welcome.type_number() == WELCOME => {
                self.welcomed(fence, Welcome::read(bytes, welcome.rest())?, events)
            }
            Some(close) if close.type_number() == CLOSE => {
                events.push(Event::Plain(close));
                Ok(())
            }
            _ => Err(violation!("the first frame is not a WELCOME")),
        }
    }

    fn welcomed(&mut self, fence: u64, welcome: Welcome, events: &mut Vec<Event>) -> Result<(), Violation> {
        let same = self.identity.is_some_and(|ours| ours.is(&welcome.session));
        let fits = match welcome.status {
            Status::New => self.identity.is_none(),
            Status::Resumed => same,
            _ => self.identity.is_some() && self.identity.is_none_or(|ours| ours.id != welcome.session.id),
        };
        let position = welcome.position;
        let carry = self.carry.then_some(position.max_frame);
        let fresh = position.first == 1 && position.next == 1 && position.recv == 0;
        if !fits || !(fresh || welcome.status == Status::Resumed) {
            return Err(violation!("a WELCOME that does not answer the HELLO"));
        }
        let before = self.end.sender.acked();
        if welcome.status == Status::Resumed {
            let heard = self.end.receiver.received();
            let sent = before..=self.end.sender.written();
            if position.first > heard + 1 || position.next <= heard || !sent.contains(&position.recv) {
                // Asked again, it would answer the same.
                self.identity = None;
                self.greeting = None;
                events.push(Event::Lost(self.end.lose(None, carry)));
                return Err(violation!(SessionLost, "one side has forgotten too much"));
            }
            self.end.sender.resume(&position)?;
            if self.end.sender.acked() > before {
                events.push(Event::Acked { to: self.end.sender.acked() });
            }
        } else {
            if welcome.status.is_lost() {
                events.push(Event::Lost(self.end.lose(welcome.tombstone, carry)));
            }
            self.identity = Some(welcome.session);
            self.end.sender.resume(&position)?;
            self.end.begin();
        }
        self.greeting = None;
        self.end.relink(fence, None);
        events.push(Event::Welcomed { fence, welcome });
        Ok(())
    }

    /// The session is over: what is not acknowledged is in doubt, or not sent by the proof of the peer's
    /// CLOSE with `forget`, which says how far it came. `goes_on`: another session is to follow, with the
    /// same channels.
    pub fn end(&mut self, recv: Option<u64>, goes_on: bool) -> Loss {
        self.identity = None;
        self.greeting = None;
        self.closing = None;
        let next = self.end.receiver.received() + 1;
        let carry = (goes_on && self.carry).then_some(u64::MAX);
        let mut loss = self.end.lose(recv.map(|recv| super::Tombstone { recv, next }), carry);
        if !goes_on {
            self.end.forget();
            loss.reopened = 0;
        }
        loss
    }

    /// The name and secret, once there is a session.
    pub fn identity(&self) -> Option<Identity> {
        self.identity
    }

    /// The fence of the latest HELLO. A CLOSE `superseded` on an older connection is this client's own doing.
    pub fn fence(&self) -> u64 {
        self.fence
    }

    /// The application has the record of this number. What it has is acknowledged up to the first that it
    /// has not. Comes before what the application does about it, such as a response.
    pub fn accept(&mut self, seq: u64) {
        self.end.accept(seq);
    }

    /// Whether a payload of so many bytes could be written; that of a request with its method. What is bound
    /// although there is never room for it waits for ever.
    pub fn room(&self, payload: usize) -> Room {
        self.end.room(payload)
    }

    /// Bytes that wait to be written to the current connection.
    pub fn unwritten(&self) -> u64 {
        self.end.unwritten()
    }

    /// Binds a message: its number.
    pub fn message(&mut self, payload: Payload<'_>) -> u64 {
        self.end.message(payload)
    }

    /// Binds a request: its own number, and the record's. `timeout_ms` 0 is for ever. None if the method's name
    /// is over 1 KiB.
    pub fn request(&mut self, timeout_ms: u64, method: &str, payload: Payload<'_>) -> Option<(u64, u64)> {
        self.end.request(timeout_ms, method, payload)
    }

    /// Answers a request of the server's; none if nobody waits for it any more.
    pub fn respond(&mut self, id: u64, status: u64, more: bool, payload: Payload<'_>) -> Option<u64> {
        self.end.respond(id, status, more, payload)
    }

    /// Tells the server that nobody waits for this answer any more.
    pub fn cancel(&mut self, id: u64) -> Option<u64> {
        self.end.cancel(id)
    }

    /// Requests that wait for their answer.
    pub fn asked(&self) -> &Numbers {
        self.end.asked()
    }

    /// Opens a channel: its number, and the record's. None if the name is over 1 KiB, the whole over
    /// 8 KiB, or too many are open. The parameters are `payload`, whose own channel is not looked at.
    pub fn open(&mut self, name: &str, payload: Payload<'_>) -> Option<(u64, u64)> {
        self.end.open(name, payload)
    }

    /// Shuts a channel; none if it is not open.
    pub fn shut(&mut self, channel: u64, code: u64, reason: &str) -> Option<u64> {
        self.end.shut(channel, code, reason)
    }

    /// Whether this channel is open.
    pub fn is_open(&self, channel: u64) -> bool {
        self.end.is_open(channel)
    }

    /// Goes with the next frame or never; false if it will not.
    pub fn volatile(&mut self, payload: Payload<'_>) -> bool {
        self.end.volatile(payload)
    }

    /// Goes with the next frame of this link. Nothing if there is none, if 64 KiB wait already, or if
    /// [`room`](Self::room) would never be there for it.
    pub fn control(&mut self, control: Control<'_>) {
        self.end.control(control);
    }

    /// Whether a frame has something to say.
    pub fn due(&self) -> Due {
        self.end.due()
    }

    /// The next frame for the current link, of about `room` bytes; false if there is nothing to say.
    pub fn frame(&mut self, room: usize, out: &mut Vec<u8>) -> bool {
        self.end.frame(room, out)
    }

    /// The last frame on the current link. What arrives there afterwards counts only as far as it
    /// acknowledges, up to the server's own CLOSE.
    pub fn close(&mut self, closing: Closing<'_>) -> Vec<u8> {
        self.greeting = None;
        self.closing = self.end.link;
        self.end.close(closing)
    }

    /// Answers a violation on this link: its last frame.
    pub fn violated(&mut self, fence: u64, violation: Violation) -> Vec<u8> {
        let closing = Closing::for_violation(violation);
        if self.greeting == Some(fence) {
            self.greeting = None;
            // The session itself stays where it is.
            let link = self.end.link;
            let frame = self.end.close(closing);
            self.end.link = link;
            return frame;
        }
        self.end.close(closing)
    }

    /// The last record bound, and the last one accepted by the server.
    pub fn outgoing(&self) -> (u64, u64) {
        (self.end.sender.last(), self.end.sender.acked())
    }

    /// The last record that arrived, and the last one accepted here.
    pub fn incoming(&self) -> (u64, u64) {
        (self.end.receiver.received(), self.end.receiver.accepted())
    }

    /// Bytes held until the server has accepted them.
    pub fn held(&self) -> usize {
        self.end.sender.held()
    }

    /// What a store is to keep of the session, if anything changed since the last one. Deltas are kept in
    /// their order, none left out. The first of a session is part of what the store begins with.
    pub fn delta(&mut self) -> Option<Delta> {
        self.identity.and_then(|_| self.end.delta(self.fence, true))
    }

    /// A store has kept this.
    pub fn keep(&mut self, delta: &Delta) {
        self.end.keep(delta);
    }
}
