//! What a wire has done so far, in numbers.

use super::event::{Outcome, Reason};
use super::time::Micros;

/// Where each number stands. The order is part of the contract with the npm face, which reads bytes and
/// messages as pairs.
#[derive(Clone, Copy)]
pub(crate) enum Count {
    Started,
    Opened,
    Attempts,
    Opens,
    BytesIn,
    MessagesIn,
    BytesOut,
    /// Sends by the numbers of their outcomes, from here on.
    Settled,
}

/// What a machine has counted since it was made; [`Machine::stats`](super::Machine::stats) tells.
///
/// A message out is a send that a socket took, a message in is one for the application. Greetings, pings
/// and pongs are neither. A message counts as many bytes as its [`Payload`](super::Payload) says, or as
/// the host says of one that arrives or passes the queue; frame headers and compression are not seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats([u64; COUNTS]);

/// In a session there are three outcomes more.
const COUNTS: usize = if cfg!(feature = "session") { 18 } else { 15 };

impl Stats {
    /// Sends that settled like this. With what waits they make up all sends.
    pub fn settled(&self, outcome: Outcome) -> u64 {
        self.at(Count::Settled as usize + outcome.number())
    }

    /// Messages that the sockets took; in a session, that the server has accepted.
    pub fn messages_out(&self) -> u64 {
        self.settled(Outcome::HandedOver)
    }

    /// Bytes of those messages.
    pub fn bytes_out(&self) -> u64 {
        self.of(Count::BytesOut)
    }

    /// Messages that arrived for the application.
    pub fn messages_in(&self) -> u64 {
        self.of(Count::MessagesIn)
    }

    /// Bytes of the messages that arrived for the application.
    pub fn bytes_in(&self) -> u64 {
        self.of(Count::BytesIn)
    }

    /// How often a connection was attempted: the host was asked where to connect.
    pub fn attempts(&self) -> u64 {
        self.of(Count::Attempts)
    }

    /// How often the wire became open.
    pub fn opens(&self) -> u64 {
        self.of(Count::Opens)
    }

    /// How often it became open again: after the first time.
    pub fn reconnects(&self) -> u64 {
        self.opens().saturating_sub(1)
    }

    /// Messages that gave way to others.
    pub fn evictions(&self) -> u64 {
        self.settled(Outcome::NotSent(Reason::Evicted))
    }

    /// When the first attempt was made.
    pub fn started(&self) -> Option<Micros> {
        Some(Micros(self.of(Count::Started))).filter(|_| self.attempts() > 0)
    }

    /// When the wire last became open.
    pub fn opened(&self) -> Option<Micros> {
        Some(Micros(self.of(Count::Opened))).filter(|_| self.opens() > 0)
    }

    /// By its place, for the npm face.
    pub fn at(&self, number: usize) -> u64 {
        self.0.get(number).copied().unwrap_or(0)
    }

    fn of(&self, count: Count) -> u64 {
        self.at(count as usize)
    }

    pub(crate) fn add(&mut self, count: Count, more: u64) {
        self.add_at(count as usize, more);
    }

    pub(crate) fn set(&mut self, count: Count, now: Micros) {
        if let Some(value) = self.0.get_mut(count as usize) {
            *value = now.0;
        }
    }

    pub(crate) fn settle(&mut self, outcome: Outcome, len: usize) {
        self.add_at(Count::Settled as usize + outcome.number(), 1);
        if outcome.number() == 0 {
            self.add(Count::BytesOut, len as u64);
        }
    }

    fn add_at(&mut self, number: usize, more: u64) {
        if let Some(value) = self.0.get_mut(number) {
            *value = value.wrapping_add(more);
        }
    }
}
