//! The machine's randomness: seeded by the host, so that a run can be replayed.

/// A linear congruential generator with the multiplier of Knuth's MMIX, of which the upper bits are used. Spreads retries; guards
/// nothing.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Uniform in [0, `bound`).
    #[cfg(feature = "session")]
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        (self.unit() * bound as f64) as u64
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(1).wrapping_mul(6_364_136_223_846_793_005);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}
