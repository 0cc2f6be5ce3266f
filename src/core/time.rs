//! The machine's own notion of time: it is told, it never looks.

/// Microseconds: a point on the host's monotonic clock, or a span of it. Arithmetic saturates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Micros(pub u64);

impl Micros {
    /// The start of the host's clock, or no time at all.
    pub const ZERO: Self = Self(0);

    /// Later than any time, longer than any span.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// From whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// From the fractional milliseconds of `performance.now()`. Negative and NaN become zero.
    pub fn from_millis_f64(millis: f64) -> Self {
        Self((millis * 1_000.0) as u64)
    }

    /// The same; none for `Infinity`, which is no limit.
    pub(crate) fn limit_from_millis(millis: f64) -> Option<Self> {
        Some(Self::from_millis_f64(millis)).filter(|limit| *limit != Self::NEVER)
    }

    /// In fractional milliseconds.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1_000.0
    }

    /// This point or span, and `span` more. To saturate takes more wasm than a call.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub const fn plus(self, span: Self) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// This part of a span.
    pub(crate) fn part(self, part: f64) -> Self {
        Self((self.0 as f64 * part) as u64)
    }

    /// How long ago `earlier` was; zero if it has yet to come.
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}
