//! What this side receives: in order, once, and acknowledged when the application has it.

use super::code::{Violation, violation};
use super::durable::Durable;
use super::held::Held;
use super::store::State;
use super::wire::Ack;

/// Acknowledge at once after so many bytes or records, without waiting for company.
const ACK_BYTES: u64 = 256 * 1024;
const ACK_RECORDS: u64 = 1_024;

/// One direction of a session, seen from who receives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Receiver {
    /// Every record up to this number has arrived, which takes the stream so far.
    received: u64,
    received_end: u64,
    /// The application has every record up to this number.
    accepted: u64,
    accepted_end: u64,
    /// A store knows that it has every record up to this number, which takes the stream so far.
    kept: Durable<(u64, u64)>,
    /// Of each record that arrived and is not accepted: twice its length, and one more if the application has it.
    waiting: Held<u64>,
    window: u64,
    /// What was last acknowledged on this link.
    told: Option<Ack>,
    /// The highest credit ever granted.
    granted: u64,
}

/// Whether an acknowledgement waits to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Due {
    /// No.
    Nothing,
    /// With the next frame, or within 25 ms.
    Soon,
    /// Now.
    Now,
}

impl Receiver {
    pub(super) fn new(window: u64, durable: bool) -> Self {
        Self {
            received: 0,
            received_end: 0,
            accepted: 0,
            accepted_end: 0,
            kept: Durable::new(durable, (0, 0)),
            waiting: Held::new(),
            window,
            told: None,
            granted: window,
        }
    }

    /// As a store remembers it. What had arrived and was not accepted comes again.
    pub(super) fn restored(window: u64, state: &State) -> Self {
        let (accepted, accepted_end) = (state.accepted, state.accepted_end);
        Self {
            received: accepted,
            received_end: accepted_end,
            accepted,
            accepted_end,
            kept: Durable::new(true, (accepted, accepted_end)),
            // What was granted once stays granted, even if the window has become smaller.
            granted: state.granted.max(accepted_end + window),
            ..Self::new(window, true)
        }
    }

    /// Whether this record comes next; false if it has come before.
    pub(super) fn expects(&self, seq: u64, len: usize) -> Result<bool, Violation> {
        if seq <= self.received {
            return Ok(false);
        }
        if seq != self.received + 1 {
            return Err(violation!("a gap in the sequence"));
        }
        if self.received_end + len as u64 > self.granted {
            return Err(violation!(CreditViolation, "more was sent than was granted"));
        }
        Ok(true)
    }

    /// Takes the record that comes next.
    pub(super) fn take(&mut self, len: usize) {
        self.received += 1;
        self.received_end += len as u64;
        self.waiting.push(&[2 * len as u64]);
    }

    /// The application has this record. What it has is acknowledged up to the first that it has not.
    pub(super) fn accept(&mut self, seq: u64) {
        let Some(place) = seq.checked_sub(self.accepted + 1) else { return };
        let Some(slot) = usize::try_from(place).ok().and_then(|place| self.waiting.get_mut(place)) else {
            return;
        };
        *slot |= 1;
        while let Some(taken) = self.waiting.first().filter(|slot| slot & 1 != 0) {
            self.waiting.drop_first(1);
            self.accepted += 1;
            self.accepted_end += taken / 2;
        }
    }

    pub(super) fn keep(&mut self, accepted: u64, end: u64) {
        if let Some((kept, kept_end)) = self.kept.as_mut() {
            *kept = accepted.max(*kept);
            *kept_end = end.max(*kept_end);
        }
    }

    pub(super) fn accepted(&self) -> u64 {
        self.accepted
    }

    pub(super) fn accepted_end(&self) -> u64 {
        self.accepted_end
    }

    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// The peer may be told that the application has every record up to this number, which takes the stream so far.
    fn kept(&self) -> (u64, u64) {
        self.kept.as_ref().copied().unwrap_or((self.accepted, self.accepted_end))
    }

    /// The highest credit that may be granted before a store is told again.
    pub(super) fn may_grant(&self) -> u64 {
        self.granted.max(self.accepted_end + self.window)
    }

    /// What may be acknowledged.
    pub(super) fn ack(&self) -> Ack {
        let (to, end) = self.kept();
        Ack { to, credit: self.granted.max(end + self.window) }
    }

    /// A new link has been told nothing yet but what its handshake says.
    pub(super) fn relink(&mut self, told: Option<Ack>) {
        self.told = told;
    }

    pub(super) fn due(&self) -> Due {
        let ack = self.ack();
        let Some(told) = self.told else { return Due::Now };
        let (records, bytes) = (ack.to.saturating_sub(told.to), ack.credit.saturating_sub(told.credit));
        if records == 0 && bytes == 0 {
            Due::Nothing
        } else if records >= ACK_RECORDS || bytes >= ACK_BYTES.min(self.window / 2) {
            Due::Now
        } else {
            Due::Soon
        }
    }

    /// The acknowledgement that goes out in a frame now, if anything is to be said.
    pub(super) fn tell(&mut self) -> Option<Ack> {
        if self.due() == Due::Nothing {
            return None;
        }
        let ack = self.ack();
        self.granted = ack.credit;
        self.told = Some(ack);
        self.told
    }

    /// The credit that a handshake tells.
    pub(super) fn grant(&mut self) -> Ack {
        let ack = self.ack();
        self.granted = ack.credit;
        ack
    }
}
