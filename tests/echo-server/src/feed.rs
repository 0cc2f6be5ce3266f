use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tokio::time::Instant;

use crate::query::Query;
use crate::reply::Reply;

/// Numbered updates, so many a second, of values that wander.
///
/// Number and values follow from the time alone: every connection sees the same, and one that
/// comes back can tell from the number how many it missed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Feed {
    hertz: u32,
    values: u32,
}

impl Feed {
    pub(crate) fn parse(query: &Query) -> Result<Option<Self>, Reply> {
        let values = query.number("values", 0..=MAX_VALUES)?.unwrap_or(0);
        Ok(query.number("feed", 1..=MAX_HERTZ)?.map(|hertz| Self { hertz, values }))
    }

    /// The number of the update that is due at `now`, counted from 1970.
    pub(crate) fn number(self, now: Instant) -> u64 {
        self.number_at(since_1970(now))
    }

    /// When the update of this number is due.
    pub(crate) fn due(self, number: u64) -> Instant {
        let due = self.time_of(number);
        let (start, since) = *START;
        // Never a hair early: the update before would be sent twice.
        start + due.saturating_sub(since) + Duration::from_micros(1)
    }

    pub(crate) fn text(self, number: u64) -> String {
        let time = self.time_of(number);
        let values: Vec<f64> = (0..self.values).map(|index| wander(index, time.as_secs_f64())).collect();
        json!({ "type": "feed", "n": number, "ms": millis(time), "values": values }).to_string()
    }

    fn number_at(self, time: Duration) -> u64 {
        let number = time.as_micros() * u128::from(self.hertz) / MICROS;
        u64::try_from(number).unwrap_or(u64::MAX)
    }

    fn time_of(self, number: u64) -> Duration {
        let micros = u128::from(number) * MICROS / u128::from(self.hertz);
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The time of day, on a clock that nobody sets: a jump would look like lost updates.
fn since_1970(now: Instant) -> Duration {
    let (start, since) = *START;
    since + now.saturating_duration_since(start)
}

static START: LazyLock<(Instant, Duration)> =
    LazyLock::new(|| (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()));

/// A value from 0 to 1 that moves smoothly with the time: slow waves, and small quick ones on them.
fn wander(index: u32, seconds: f64) -> f64 {
    let value = 0.8 * wave(index, seconds / 5.0) + 0.2 * wave(!index, seconds / 0.6);
    (value * 10_000.0).round() / 10_000.0
}

/// Value noise: random at every whole `x`, smooth in between.
fn wave(index: u32, x: f64) -> f64 {
    let step = x.floor();
    let part = x - step;
    let [from, to] = [step, step + 1.0].map(|at| random(index, at));
    from + (to - from) * part * part * (3.0 - 2.0 * part)
}

/// From 0 to 1, always the same for the same input (the finalizer of SplitMix64).
fn random(index: u32, at: f64) -> f64 {
    let mut bits = at.to_bits() ^ u64::from(index).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    f64::from((bits >> 32) as u32) / f64::from(u32::MAX)
}

const MAX_HERTZ: u32 = 1_000;
const MAX_VALUES: u32 = 64;
const MICROS: u128 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_due_when_its_number_says() {
        for hertz in [1, 3, 20, 60, 144, MAX_HERTZ] {
            let feed = Feed { hertz, values: 0 };
            let now = feed.number(Instant::now());
            for number in now + 1..now + 300 {
                assert_eq!(feed.number(feed.due(number)), number, "{hertz} a second");
            }
        }
    }

    #[test]
    fn values_are_the_same_for_all_stay_between_0_and_1_and_never_jump() {
        let mut before = wander(7, 1_000.0);
        for step in 1..20_000 {
            let value = wander(7, 1_000.0 + f64::from(step) * 0.01);
            assert!((0.0..=1.0).contains(&value), "{value}");
            assert!((value - before).abs() < 0.02, "{before} to {value}");
            before = value;
        }
        let feed = Feed { hertz: 20, values: 3 };
        assert_eq!(feed.text(123), feed.text(123));
        assert_ne!(wander(1, 5.0), wander(2, 5.0));
    }
}
