//! Whether the link is alive: pings, deadlines, and what a late timer means.

use super::time::Micros;

/// A deadline that fires this late was not kept by a running host: the machine slept or the page was
/// frozen, and what arrived meanwhile may still be on its way to us.
const LATE: Micros = Micros::from_millis(1_000);

#[derive(Clone, Debug, Default)]
pub(crate) struct Liveness {
    /// When something last arrived.
    seen: Micros,
    /// When the oldest unanswered ping left.
    pinged: Option<Micros>,
    /// When a late deadline was forgiven, if nothing has arrived since.
    forgiven: Option<Micros>,
    last: Option<Micros>,
    smoothed: Option<Micros>,
}

/// What a deadline that came means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// Ask once more, and wait as long again.
    Probe,
    /// Nobody is there.
    Dead,
}

impl Liveness {
    /// A new link: old pings are void, the round-trip times stay.
    pub(crate) fn restart(&mut self, now: Micros) {
        self.seen = now;
        self.pinged = None;
        self.forgiven = None;
    }

    /// Anything that arrives is a sign of life.
    pub(crate) fn seen(&mut self, now: Micros) {
        self.seen = now;
        self.forgiven = None;
    }

    pub(crate) fn last_seen(&self) -> Micros {
        self.seen
    }

    pub(crate) fn pinged(&mut self, now: Micros) {
        self.pinged.get_or_insert(now);
    }

    /// Whether a ping waits for its pong.
    #[cfg(feature = "session")]
    pub(crate) fn is_asking(&self) -> bool {
        self.pinged.is_some()
    }

    /// The round trip and its smoothed value, if a ping was waiting for this pong.
    pub(crate) fn ponged(&mut self, now: Micros) -> Option<(Micros, Micros)> {
        let rtt = now.since(self.pinged.take()?);
        let smoothed = self.smoothed.map_or(rtt, |old| Micros(old.0 - old.0 / 8 + rtt.0 / 8));
        self.last = Some(rtt);
        self.smoothed = Some(smoothed);
        Some((rtt, smoothed))
    }

    /// A deadline that was `due` fires `now`: a late one is forgiven once, and with it all that were
    /// missed in the same sleep.
    pub(crate) fn judge(&mut self, now: Micros, due: Micros) -> Verdict {
        if now.since(due) > LATE && *self.forgiven.get_or_insert(now) == now {
            return Verdict::Probe;
        }
        Verdict::Dead
    }

    /// The last round trip and the smoothed one.
    pub(crate) fn rtt(&self) -> Option<(Micros, Micros)> {
        self.last.zip(self.smoothed)
    }
}
