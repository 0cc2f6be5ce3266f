//! Why a side ends a connection.

use core::fmt;
use core::ops::Deref;

/// What a CLOSE record says; the WebSocket closes with 4000 plus its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Code {
    /// Done.
    Normal = 1,
    /// Another connection has taken this session over.
    Superseded = 2,
    /// Nothing was heard for too long.
    Idle = 3,
    /// The other side broke the protocol.
    Protocol = 4,
    /// No token, or none that counts.
    AuthRequired = 5,
    /// The token has run out.
    AuthExpired = 6,
    /// Who this token stands for may not do this.
    Forbidden = 7,
    /// The server has too much to do.
    Overloaded = 8,
    /// The server is going away.
    Draining = 9,
    /// A frame or record is larger than was allowed.
    TooBig = 10,
    /// More was sent than was granted.
    CreditViolation = 11,
    /// The other side does not take what it is sent.
    SlowConsumer = 12,
    /// The session cannot go on.
    SessionLost = 13,
    /// No version is spoken by both.
    UnsupportedVersion = 14,
    /// A fault of this side's own.
    Internal = 15,
}

impl Code {
    /// In the order of their numbers, from 1.
    pub const ALL: [Self; 15] = [
        Self::Normal,
        Self::Superseded,
        Self::Idle,
        Self::Protocol,
        Self::AuthRequired,
        Self::AuthExpired,
        Self::Forbidden,
        Self::Overloaded,
        Self::Draining,
        Self::TooBig,
        Self::CreditViolation,
        Self::SlowConsumer,
        Self::SessionLost,
        Self::UnsupportedVersion,
        Self::Internal,
    ];

    /// The code of this number.
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?.checked_sub(1)?).copied()
    }

    /// The WebSocket close code that goes with it.
    pub fn websocket(self) -> u16 {
        4000 + self as u16
    }
}

/// The other side broke the protocol. The connection ends; the session does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Violation(&'static Fault);

/// What a [`Violation`] is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// What to close with.
    pub code: Code,
    /// What was wrong, for the close reason.
    pub what: &'static str,
}

impl Violation {
    /// By such a fault.
    pub const fn of(fault: &'static Fault) -> Self {
        Self(fault)
    }
}

impl Deref for Violation {
    type Target = Fault;

    fn deref(&self) -> &Fault {
        self.0
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl std::error::Error for Violation {}

/// A [`Violation`] by the name of its code and what was wrong; of the protocol, unless another code is named.
macro_rules! violation {
    ($what:expr) => {
        violation!(Protocol, $what)
    };
    ($code:ident, $what:expr) => {
        $crate::session::Violation::of(
            const { &$crate::session::Fault { code: $crate::session::Code::$code, what: $what } },
        )
    };
}
pub(crate) use violation;
