//! HELLO and WELCOME.

use super::code::{Violation, violation};
use super::wire::{FRAME_LIMITS, HELLO, Reader, Span, VERSION, WELCOME, put_integer, put_record};

/// More than anybody has memory for, and far from what an integer holds.
const WINDOW_MAX: u64 = 1 << 40;

const OTHER_VERSION: Violation = violation!(UnsupportedVersion, "this side speaks version 1 alone");

/// Names a session and proves that it is one's own. Not shown by `Debug`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Which session; never all zero.
    pub id: [u8; 16],
    /// Known to its two sides alone.
    pub secret: [u8; 16],
}

impl core::fmt::Debug for Identity {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Identity(..)")
    }
}

impl Identity {
    /// Compares in a time that tells nothing of where two secrets differ.
    pub fn is(&self, other: &Self) -> bool {
        let differs = |ours: &[u8; 16], theirs: &[u8; 16]| {
            ours.iter().zip(theirs).fold(0, |differs, (a, b)| differs | (a ^ b))
        };
        let found = core::hint::black_box(differs(&self.secret, &other.secret));
        self.id == other.id && found == 0
    }
}

/// What each side says of its own limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The largest frame this side takes, in bytes: 1 KiB to 1 GiB, and never less while sessions live that
    /// were told of more. Default 1 MiB.
    pub max_frame: u64,
    /// Bytes of sequenced records the peer may have outstanding: `max_frame` to 1 TiB. Default 4 MiB.
    pub window: u64,
    /// Requests of the peer that may wait for their answer. Default 1,000.
    pub max_requests: usize,
    /// Channels that may be open. Default 1,000.
    pub max_channels: usize,
}

impl Limits {
    /// The nearest limits that a peer takes.
    pub fn sound(self) -> Self {
        let max_frame = self.max_frame.clamp(FRAME_LIMITS.0, FRAME_LIMITS.1);
        Self { max_frame, window: self.window.clamp(max_frame, WINDOW_MAX), ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_frame: 1 << 20, window: 4 << 20, max_requests: 1_000, max_channels: 1_000 }
    }
}

/// What both sides say of their two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The oldest record this side still holds.
    pub first: u64,
    /// The number that its next new record will have.
    pub next: u64,
    /// It has accepted every record of its peer up to this one.
    pub recv: u64,
    /// Absolute credit for its peer, in bytes.
    pub credit: u64,
    /// The largest frame it takes.
    pub max_frame: u64,
}

/// The first record on a connection, the client's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hello {
    /// The oldest version the client speaks.
    pub version_min: u64,
    /// The newest.
    pub version_max: u64,
    /// The session to resume, if there is one.
    pub session: Option<Identity>,
    /// Higher with every HELLO of a session.
    pub fence: u64,
    /// Where the client's streams are.
    pub position: Position,
    /// The client takes the connection for dead after so much silence, in milliseconds; 0 for never.
    pub idle_ms: u64,
    /// Who the client is.
    pub token: Span,
}

/// What became of the session that a HELLO asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Status {
    /// None was asked for; this is a new one.
    New = 0,
    /// It goes on.
    Resumed = 1,
    /// The server knows nothing of it; this is a new one, as it is after every status that follows.
    Unknown = 2,
    /// The server has ended it: it was not resumed in time, or the server let go of it.
    Expired = 3,
    /// One side has forgotten what the other relies on.
    RolledBack = 4,
    /// It belongs to somebody else.
    Forbidden = 5,
}

impl Status {
    fn from_number(number: u64) -> Option<Self> {
        use Status::{Expired, Forbidden, New, Resumed, RolledBack, Unknown};
        let all = [New, Resumed, Unknown, Expired, RolledBack, Forbidden];
        all.get(usize::try_from(number).ok()?).copied()
    }

    /// Whether an earlier session is gone.
    pub fn is_lost(self) -> bool {
        !matches!(self, Self::New | Self::Resumed)
    }
}

/// What a server can still prove of a session that it has ended. Goes with [`Status::Expired`] alone: after
/// every other loss it knows nothing, or nothing that could be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tombstone {
    /// It accepted every record of the client up to this one, and none after it, for ever.
    pub recv: u64,
    /// The number that its own next record would have had.
    pub next: u64,
}

/// The only answer to HELLO, but for CLOSE.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Welcome {
    /// The version spoken from here on.
    pub version: u64,
    /// What became of the session asked for.
    pub status: Status,
    /// The session that goes on from here.
    pub session: Identity,
    /// Where the server's streams are.
    pub position: Position,
    /// The server keeps the session so long after its last connection.
    pub resume_ms: u64,
    /// The server pings after so much silence; 0 for never.
    pub ping_ms: u64,
    /// The server takes the connection for dead after so much silence; 0 for never.
    pub idle_ms: u64,
    /// The token counts for so long; 0 for as long as the connection.
    pub auth_ttl_ms: u64,
    /// What is known of the session that is gone.
    pub tombstone: Option<Tombstone>,
}

impl Position {
    fn integers(&self) -> [u64; 5] {
        [self.first, self.next, self.recv, self.credit, self.max_frame]
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let position = Self {
            first: from.integer(),
            next: from.integer(),
            recv: from.integer(),
            credit: from.integer(),
            max_frame: from.integer(),
        };
        let ordered = position.first > 0 && position.next >= position.first;
        from.check(ordered, violation!("the first record held comes after the next one"));
        let limited = (FRAME_LIMITS.0..=FRAME_LIMITS.1).contains(&position.max_frame);
        from.check(limited, violation!("max_frame must be 1 KiB to 1 GiB"));
        let roomy = position.credit >= position.max_frame;
        from.check(roomy, violation!("the credit window is smaller than max_frame"));
        position
    }
}

impl Hello {
    /// Reads the body of a HELLO record, which stands at this place in a frame.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(frame: &[u8], body: Span) -> Result<Self, Violation> {
        let from = &mut Reader::within(frame, body);
        let (version_min, version_max) = (from.integer(), from.integer());
        from.check((version_min..=version_max).contains(&VERSION), OTHER_VERSION);
        let (id, secret) = (from.sixteen(), from.sixteen());
        let fence = from.integer();
        let sound = fence > 0 && (id != [0; 16] || secret == id);
        from.check(sound, violation!("a fence of 0, or a secret without a session"));
        let hello = Self {
            version_min,
            version_max,
            session: (id != [0; 16]).then_some(Identity { id, secret }),
            fence,
            position: Position::read(from),
            idle_ms: from.integer(),
            token: from.rest(),
        };
        from.all(hello)
    }

    /// The frame that holds it and nothing else. `self.token` is not looked at.
    pub fn frame(&self, token: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(96 + token.len());
        put_integer(&mut bytes, self.version_min);
        put_integer(&mut bytes, self.version_max);
        let none = Identity { id: [0; 16], secret: [0; 16] };
        let Identity { id, secret } = self.session.unwrap_or(none);
        bytes.extend_from_slice(&id);
        bytes.extend_from_slice(&secret);
        let Position { first, next, recv, credit, max_frame } = self.position;
        for integer in [self.fence, first, next, recv, credit, max_frame, self.idle_ms] {
            put_integer(&mut bytes, integer);
        }
        bytes.extend_from_slice(token);
        alone(HELLO, &bytes)
    }
}

impl Welcome {
    /// Reads the body of a WELCOME record, which stands at this place in a frame.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(frame: &[u8], body: Span) -> Result<Self, Violation> {
        let from = &mut Reader::within(frame, body);
        let version = from.integer();
        from.check(version == VERSION, OTHER_VERSION);
        let status = Status::from_number(from.integer());
        from.check(status.is_some(), violation!("a status that does not exist"));
        let status = status.unwrap_or(Status::New);
        let session = Identity { id: from.sixteen(), secret: from.sixteen() };
        from.check(session.id != [0; 16], violation!("a session has no name"));
        let position = Position::read(from);
        let (resume_ms, ping_ms) = (from.integer(), from.integer());
        let (idle_ms, auth_ttl_ms) = (from.integer(), from.integer());
        // One more than it says, so that 0 stands for what is not known.
        let known = from.integer();
        let next = if known > 0 { from.integer() } else { 0 };
        let proof = known == 0 || (status == Status::Expired && next > 0);
        from.check(proof, violation!("a tombstone that proves nothing"));
        let tombstone = known.checked_sub(1).map(|recv| Tombstone { recv, next });
        from.all(Self {
            version,
            status,
            session,
            position,
            resume_ms,
            ping_ms,
            idle_ms,
            auth_ttl_ms,
            tombstone,
        })
    }

    /// The frame that holds it and nothing else.
    pub fn frame(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        put_integer(&mut bytes, self.version);
        put_integer(&mut bytes, self.status as u64);
        bytes.extend_from_slice(&self.session.id);
        bytes.extend_from_slice(&self.session.secret);
        let times = [self.resume_ms, self.ping_ms, self.idle_ms, self.auth_ttl_ms];
        for integer in self.position.integers().into_iter().chain(times) {
            put_integer(&mut bytes, integer);
        }
        match self.tombstone {
            None => put_integer(&mut bytes, 0),
            Some(Tombstone { recv, next }) => {
                put_integer(&mut bytes, recv + 1);
                put_integer(&mut bytes, next);
            }
        }
        alone(WELCOME, &bytes)
    }
}

fn alone(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(8 + body.len());
    // The head: nothing numbered, nothing acknowledged.
    frame.push(0);
    put_record(&mut frame, kind, &[], body);
    frame
}
