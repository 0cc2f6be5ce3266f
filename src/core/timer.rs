//! Every deadline the machine keeps, and the one moment the host must wake it for.

use super::time::Micros;

/// A question the machine asks of the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Timer {
    /// When to give an attempt up that is not ready yet, from resolve to welcome.
    Connect,
    /// When to send the next ping.
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
}

const COUNT: usize = 8;

#[derive(Clone, Debug, Default)]
pub(crate) struct Timers([Option<Micros>; COUNT]);

impl Timers {
    pub(crate) fn set(&mut self, timer: Timer, due: Micros) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = Some(due);
        }
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = None;
        }
    }

    pub(crate) fn stop_all(&mut self) {
        self.0 = [None; COUNT];
    }

    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.0.get(timer as usize).is_some_and(Option::is_some)
    }

    pub(crate) fn next(&self) -> Option<Micros> {
        self.0.iter().flatten().min().copied()
    }

    /// Stops `timer` and says when it was due, if that moment has come.
    pub(crate) fn take_due(&mut self, timer: Timer, now: Micros) -> Option<Micros> {
        let slot = self.0.get_mut(timer as usize)?;
        slot.take_if(|due| *due <= now)
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
];
