//! What comes of what arrives.

use super::handshake::Welcome;
use super::table::Numbers;
use super::wire::Framed;

/// What came of a frame, in its order. Every numbered record wants [`accept`](super::Client::accept).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The peer has accepted every record up to this number.
    Acked {
        /// The number.
        to: u64,
    },
    /// A numbered record, for the first time.
    Numbered {
        /// Its number.
        seq: u64,
        /// What it says.
        record: Framed,
    },
    /// A record without a number.
    Plain(Framed),
    /// The server has greeted: records may be sent.
    Welcomed {
        /// Which connection carries the session now.
        fence: u64,
        /// What the server says.
        welcome: Welcome,
    },
    /// The session is gone. What the peer can still prove of it is in here.
    Lost(Loss),
}

/// What a session that is gone leaves behind. Numbers are those of the session that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Loss {
    /// Every record up to this one was accepted by the peer.
    pub delivered: u64,
    /// Records after `delivered` up to this one were written to a link, and nobody can tell what became of them.
    pub in_doubt: u64,
    /// The last record bound. What comes after `in_doubt` was provably never accepted.
    pub last: u64,
    /// Of those, the ones that are part of the next session, in order. They keep their order there.
    pub carried: Vec<u64>,
    /// Records that stand before them in the next session: channels opened anew.
    pub reopened: u64,
    /// Requests among those carried.
    pub requests: Vec<u64>,
    /// Requests that waited for their answer, those carried among them.
    pub asked: Numbers,
    /// The last record of the peer that arrived here.
    pub received: u64,
    /// Whether the peer may have sent more than that.
    pub missing: bool,
}
