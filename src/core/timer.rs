//! Every deadline the machine keeps, and the one moment the host must wake it for.

use super::time::Micros;

/// A question the machine asks of the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Timer {
    /// When to give an attempt up that is not ready yet, from resolve to welcome.
    Connect,
    /// When to send the next ping, or to see whether the host stood still.
    Ping,
    /// When to stop waiting for a sign of life after a ping.
    Pong,
    /// When to ask whether the link has been silent for too long.
    Idle,
    /// When to believe that the link is stable and forget earlier failures.
    Stable,
    /// When to make the next attempt.
    Retry,
    /// When to look again whether the socket's buffer has drained.
    Sample,
    /// When to stop waiting for a socket's close event.
    Close,
    /// When to acknowledge without company.
    #[cfg(feature = "session")]
    Ack,
    /// When to replace a link that the server wants to leave.
    #[cfg(feature = "session")]
    Renew,
}

const COUNT: usize = if cfg!(feature = "session") { 10 } else { 8 };

/// When each timer is due: never, if it is stopped.
#[derive(Clone, Debug)]
pub(crate) struct Timers([Micros; COUNT]);

impl Timers {
    pub(crate) fn new() -> Self {
        Self([Micros::NEVER; COUNT])
    }

    pub(crate) fn set(&mut self, timer: Timer, due: Micros) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = due;
        }
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        self.set(timer, Micros::NEVER);
    }

    /// Not inlined: all these stores are far more than a call.
    #[inline(never)]
    pub(crate) fn stop_all(&mut self) {
        self.0 = [Micros::NEVER; COUNT];
    }

    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.0.get(timer as usize).is_some_and(|due| *due != Micros::NEVER)
    }

    pub(crate) fn next(&self) -> Micros {
        self.0.iter().fold(Micros::NEVER, |next, due| next.min(*due))
    }

    /// Stops `timer` and says when it was due, if that moment has come.
    pub(crate) fn take_due(&mut self, timer: Timer, now: Micros) -> Option<Micros> {
        let due = self.0.get(timer as usize).copied().filter(|due| *due <= now && *due != Micros::NEVER)?;
        self.stop(timer);
        Some(due)
    }
}

/// In the order in which they are looked at when several are due at once: what ends a link first.
pub(crate) const ALL: [Timer; COUNT] = [
    Timer::Close,
    Timer::Connect,
    Timer::Pong,
    Timer::Idle,
    Timer::Stable,
    Timer::Retry,
    Timer::Ping,
    Timer::Sample,
    #[cfg(feature = "session")]
    Timer::Ack,
    #[cfg(feature = "session")]
    Timer::Renew,
];
