//! Whether the link is alive: pings, deadlines, and what a late timer means.

use super::time::Micros;

/// A deadline that fires this late was not kept by a running host: the machine slept or the page was
/// frozen, and what arrived meanwhile may still be on its way to us.
const LATE: Micros = Micros::from_millis(1_000);

#[derive(Clone, Debug, Default)]
pub(crate) struct Liveness {
    /// When something last arrived.
    seen: Micros,
    /// Pings whose pongs have not come.
    asked: u32,
    /// When the newest of them left.
    pinged: Micros,
    /// When a late deadline was last forgiven.
    forgiven: Micros,
    /// The last round trip and the smoothed one.
    rtt: Option<(Micros, Micros)>,
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
        self.asked = 0;
    }

    /// Anything that arrives is a sign of life.
    pub(crate) fn seen(&mut self, now: Micros) {
        self.seen = now;
    }

    pub(crate) fn last_seen(&self) -> Micros {
        self.seen
    }

    pub(crate) fn pinged(&mut self, now: Micros) {
        self.pinged = now;
        self.asked = self.asked.saturating_add(1);
    }

    /// Whether a ping waits for its pong.
    #[cfg(feature = "session")]
    pub(crate) fn is_asking(&self) -> bool {
        self.asked > 0
    }

    /// The round trip and its smoothed value, if this is the pong of the newest ping. Pongs have no names, but
    /// keep the order of their pings: that is the one which leaves no ping unanswered.
    pub(crate) fn ponged(&mut self, now: Micros) -> Option<(Micros, Micros)> {
        self.asked = self.asked.checked_sub(1)?;
        if self.asked > 0 {
            return None;
        }
        let rtt = now.since(self.pinged);
        let smoothed = self.rtt.map_or(rtt, |(_, old)| Micros(old.0 - old.0 / 8 + rtt.0 / 8));
        let measured = Some((rtt, smoothed));
        self.rtt = measured;
        measured
    }

    /// A deadline that was `due` fires `now`: a late one is forgiven if something has arrived since the last
    /// that was, and with it all that were missed in the same sleep.
    pub(crate) fn judge(&mut self, now: Micros, due: Micros) -> Verdict {
        if now.since(due) > LATE && (self.forgiven <= self.seen || self.forgiven == now) {
            self.forgiven = now;
            return Verdict::Probe;
        }
        Verdict::Dead
    }

    /// The last round trip and the smoothed one.
    pub(crate) fn rtt(&self) -> Option<(Micros, Micros)> {
        self.rtt
    }
}
