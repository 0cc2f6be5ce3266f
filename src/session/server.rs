//! The server's half.

use super::code::{Violation, violation};
use super::endpoint::{Endpoint, Role};
use super::event::Event;
use super::handshake::{Hello, Identity, Limits, Status, Tombstone, Welcome};
use super::outgoing::{Closing, Control, Payload, Room};
use super::receiver::Due;
use super::store::{Delta, Found, Stored};
use super::wire::{Ack, Frame, Record, VERSION, read_alone, read_record};

/// What a WELCOME says besides where the streams are, in milliseconds; 0 is for never, or for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Times {
    /// A session is kept so long after its last connection.
    pub resume_ms: u64,
    /// The server pings after so much silence.
    pub ping_ms: u64,
    /// A connection is dead after so much silence; a session whose WELCOME was never acknowledged is too.
    pub idle_ms: u64,
    /// The token counts for so long.
    pub auth_ttl_ms: u64,
}

/// A session, seen from the server. Like the client's half it has no clock, no socket and no randomness.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    identity: Identity,
    principal: Vec<u8>,
    fence: u64,
    confirmed: bool,
    end: Endpoint,
}

/// A message that the client has not acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    /// Its number.
    pub number: u64,
    /// Its channel; 0 for none.
    pub channel: u64,
    /// Whether the payload is text.
    pub text: bool,
    /// What it carries.
    pub payload: Vec<u8>,
}

/// What a HELLO comes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The session goes on: [`Session::resume`].
    Resume,
    /// There is a new session: [`Session::new`], with this status and proof.
    Create {
        /// What became of the session asked for.
        status: Status,
        /// What is known of it.
        tombstone: Option<Tombstone>,
    },
    /// The connection is ended: a later one of the same session has been here already.
    Superseded,
}

/// Reads the frame that begins a connection.
///
/// # Errors
/// If it is not a HELLO alone.
pub fn read_hello(bytes: &[u8], max: usize) -> Result<Hello, Violation> {
    if bytes.len() > max {
        return Err(violation!(TooBig, "a HELLO larger than this server takes"));
    }
    match read_alone(bytes)?.map(|record| record.says()) {
        Some(Record::Hello { body }) => Hello::read(bytes, body),
        _ => Err(violation!("the first frame is not a HELLO alone")),
    }
}

/// What a session that a store has kept, or a tombstone, makes of a HELLO.
pub fn judge(hello: &Hello, principal: &[u8], found: Option<&Found>) -> Verdict {
    let Some(asked) = &hello.session else {
        return Verdict::Create { status: Status::New, tombstone: None };
    };
    match found {
        Some(Found::Session(stored)) if stored.identity.is(asked) => {
            let session = Session::restored(Limits::default(), stored);
            session.judge(hello, principal)
        }
        Some(Found::Grave { identity, principal: whose, tombstone })
            if identity.is(asked) && whose == principal =>
        {
            Verdict::Create { status: Status::Expired, tombstone: Some(*tombstone) }
        }
        // Nobody learns that a session exists whose secret they do not have.
        _ => Verdict::Create { status: Status::Unknown, tombstone: None },
    }
}

impl Session {
    /// A session that begins. `durable`: a store keeps it, and nothing is written or acknowledged before
    /// [`keep`](Session::keep).
    pub fn new(identity: Identity, principal: Vec<u8>, limits: Limits, durable: bool) -> Self {
        let end = Endpoint::new(Role::Server, limits, durable);
        Self { identity, principal, fence: 0, confirmed: false, end }
    }

    /// A session that a store has kept. Requests whose handler was lost are answered.
    pub fn restored(limits: Limits, stored: &Stored) -> Self {
        Self {
            identity: stored.identity,
            principal: stored.principal.clone(),
            fence: stored.state.fence,
            confirmed: stored.state.confirmed,
            end: Endpoint::restored(Role::Server, limits, stored),
        }
    }

    /// What this session makes of a HELLO that names it.
    pub fn judge(&self, hello: &Hello, principal: &[u8]) -> Verdict {
        let lost = |status, tombstone| Verdict::Create { status, tombstone };
        if !hello.session.is_some_and(|asked| self.identity.is(&asked)) {
            return lost(Status::Unknown, None);
        }
        if self.principal != principal {
            return lost(Status::Forbidden, None);
        }
        if hello.fence <= self.fence {
            return Verdict::Superseded;
        }
        // A HELLO may be late: what the client wrote on an older connection since may have arrived before it.
        // So this side can tell only what it has forgotten itself, and then it proves nothing; what the
        // client has forgotten, the client finds in the WELCOME.
        let theirs = &hello.position;
        let inbound = theirs.first <= self.end.receiver.accepted() + 1;
        let outbound = theirs.recv <= self.end.sender.written();
        if !inbound || !outbound {
            return lost(Status::RolledBack, None);
        }
        if !self.end.sender.all_fit(theirs.max_frame) {
            // What waits can never be delivered to this client.
            return lost(Status::Expired, Some(self.tombstone()));
        }
        Verdict::Resume
    }

    /// Moves a new session to its first connection: the frame that welcomes it.
    ///
    /// # Errors
    /// If the HELLO grants less than one frame.
    pub fn welcome_new(
        &mut self,
        hello: &Hello,
        times: Times,
        status: Status,
        tombstone: Option<Tombstone>,
    ) -> Result<Vec<u8>, Violation> {
        // What a HELLO grants is of the session it asks for; one frame is always within a new one's window.
        let theirs = hello.position;
        let credit = if hello.session.is_some() { theirs.max_frame } else { theirs.credit };
        let fresh = super::Position { first: 1, next: 1, recv: 0, credit, max_frame: theirs.max_frame };
        self.end.sender.resume(&fresh)?;
        Ok(self.welcome(hello, times, status, tombstone))
    }

    /// Moves the session to another connection, after [`Verdict::Resume`]: the frame that welcomes it.
    ///
    /// # Errors
    /// If the HELLO does not fit after all.
    pub fn resume(
        &mut self,
        hello: &Hello,
        times: Times,
        events: &mut Vec<Event>,
    ) -> Result<Vec<u8>, Violation> {
        let before = self.end.sender.acked();
        self.end.sender.resume(&hello.position)?;
        if self.end.sender.acked() > before {
            events.push(Event::Acked { to: self.end.sender.acked() });
        }
        self.confirm_client();
        Ok(self.welcome(hello, times, Status::Resumed, None))
    }

    fn welcome(
        &mut self,
        hello: &Hello,
        times: Times,
        status: Status,
        tombstone: Option<Tombstone>,
    ) -> Vec<u8> {
        self.fence = hello.fence;
        let position = self.end.position();
        self.end.relink(hello.fence, Some(Ack { to: position.recv, credit: position.credit }));
        let Times { resume_ms, ping_ms, idle_ms, auth_ttl_ms } = times;
        let welcome = Welcome {
            version: VERSION,
            status,
            session: self.identity,
            position,
            resume_ms,
            ping_ms,
            idle_ms,
            auth_ttl_ms,
            tombstone,
        };
        welcome.frame()
    }

    /// Takes a frame in. From a connection that no longer counts it changes nothing.
    ///
    /// # Errors
    /// If the client broke the protocol: end the connection with [`violated`](Session::violated). What came
    /// before the fault stands.
    pub fn receive(&mut self, fence: u64, frame: &[u8], events: &mut Vec<Event>) -> Result<(), Violation> {
        if self.end.link != Some(fence) {
            return Ok(());
        }
        let head = Frame::read(frame)?.head;
        // Nothing numbered counts before the client has had its WELCOME, and it says so with an acknowledgement.
        if head.ack.is_some() {
            self.confirm_client();
        }
        if !self.confirmed && head.base.is_some() {
            return Err(violation!("a numbered record before the WELCOME was acknowledged"));
        }
        self.end.receive(frame, false, events)
    }

    fn confirm_client(&mut self) {
        if !self.confirmed {
            self.confirmed = true;
            self.end.touch();
        }
    }

    /// A connection is gone.
    pub fn gone(&mut self, fence: u64) {
        if self.end.link == Some(fence) {
            self.end.link = None;
        }
    }

    /// The connection that carries the session.
    pub fn link(&self) -> Option<u64> {
        self.end.link
    }

    /// The fence of its latest connection.
    pub fn fence(&self) -> u64 {
        self.fence
    }

    /// Its name and secret.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Whose it is.
    pub fn principal(&self) -> &[u8] {
        &self.principal
    }

    /// Whether the client is known to have had its WELCOME. Until then the session lives `idle_ms` only.
    pub fn is_confirmed(&self) -> bool {
        self.confirmed
    }

    /// What can be proved of this session once it is gone. Nothing may be accepted afterwards, and a store must
    /// have kept what was.
    pub fn tombstone(&self) -> Tombstone {
        Tombstone { recv: self.end.receiver.accepted(), next: self.end.sender.last() + 1 }
    }

    /// The application has the record of this number. What it has is acknowledged up to the first that it
    /// has not. Comes before what the application does about it, such as a response.
    pub fn accept(&mut self, seq: u64) {
        self.end.accept(seq);
    }

    /// Whether a payload of so many bytes could be written at once; that of a request with its method. What is
    /// bound although there is never room for it waits for ever.
    pub fn room(&self, payload: usize) -> Room {
        self.end.room(payload)
    }

    /// Binds a message: its number. It is held until the client has accepted it.
    pub fn message(&mut self, payload: Payload<'_>) -> u64 {
        self.end.message(payload)
    }

    /// Binds a request: its own number, and the record's. `timeout_ms` 0 is for ever. None if the method's name
    /// is over 1 KiB.
    pub fn request(&mut self, timeout_ms: u64, method: &str, payload: Payload<'_>) -> Option<(u64, u64)> {
        self.end.request(timeout_ms, method, payload)
    }

    /// Answers a request of the client's; none if nobody waits for it any more.
    pub fn respond(&mut self, id: u64, status: u64, more: bool, payload: Payload<'_>) -> Option<u64> {
        self.end.respond(id, status, more, payload)
    }

    /// Tells the client that nobody waits for this answer any more.
    pub fn cancel(&mut self, id: u64) -> Option<u64> {
        self.end.cancel(id)
    }

    /// Tells the client that its channel is open; none if it is not.
    pub fn confirm(&mut self, channel: u64, payload: Payload<'_>) -> Option<u64> {
        self.end.confirm(channel, payload)
    }

    /// Shuts a channel; none if it is not open.
    pub fn shut(&mut self, channel: u64, code: u64, reason: &str) -> Option<u64> {
        self.end.shut(channel, code, reason)
    }

    /// Open channels: number and name.
    pub fn channels(&self) -> Vec<(u64, String)> {
        let mut channels = Vec::new();
        for (channel, record) in self.end.channels() {
            if let Some(Record::Open { name, .. }) = read_record(record) {
                channels.push((channel, name.text(record).to_owned()));
            }
        }
        channels
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

    /// The last frame on the current link.
    pub fn close(&mut self, closing: Closing<'_>) -> Vec<u8> {
        self.end.close(closing)
    }

    /// Answers a violation: the last frame on the current link.
    pub fn violated(&mut self, violation: Violation) -> Vec<u8> {
        self.end.close(Closing::for_violation(violation))
    }

    /// The last record bound, and the last one accepted by the client.
    pub fn outgoing(&self) -> (u64, u64) {
        (self.end.sender.last(), self.end.sender.acked())
    }

    /// The last record that was ever written to a link.
    pub fn written(&self) -> u64 {
        self.end.sender.written()
    }

    /// Messages that the client has not acknowledged, in order.
    pub fn unacknowledged(&self) -> Vec<Held> {
        let mut held = Vec::new();
        for (number, record) in self.end.sender.records_from(0) {
            if let Some(Record::Message { channel, text, payload }) = read_record(record) {
                held.push(Held { number, channel, text, payload: payload.of(record).to_vec() });
            }
        }
        held
    }

    /// Whether a channel is open; 0, which is none, always is.
    pub fn is_open(&self, channel: u64) -> bool {
        self.end.is_open(channel)
    }

    /// The last record that arrived, and the last one accepted here.
    pub fn incoming(&self) -> (u64, u64) {
        (self.end.receiver.received(), self.end.receiver.accepted())
    }

    /// Bytes held until the client has accepted them.
    pub fn held(&self) -> usize {
        self.end.sender.held()
    }

    /// What a store is to keep, if anything changed since the last one. Deltas are kept in their order, none
    /// left out.
    pub fn delta(&mut self) -> Option<Delta> {
        self.end.delta(self.fence, self.confirmed)
    }

    /// A store has kept this.
    pub fn keep(&mut self, delta: &Delta) {
        self.end.keep(delta);
    }
}

/// A frame that ends a connection which has no session.
pub fn refuse(closing: Closing<'_>) -> Vec<u8> {
    Endpoint::new(Role::Server, Limits::default(), false).close(closing)
}
