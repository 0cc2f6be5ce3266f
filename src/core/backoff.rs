//! How long to wait before the next attempt.

use super::config::Reconnect;
use super::rng::Rng;
use super::time::Micros;

/// The first retry after a link that had proved stable is drawn from this span, so that the clients
/// of a restarted server come back spread over a second.
const AFTER_STABLE: Micros = Micros::from_millis(1_000);

/// Full jitter: each delay is uniform in `[0, min(max_delay, base_delay * factor^n)]`.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    /// `base_delay * factor^n`.
    ceiling: Micros,
}

impl Backoff {
    pub(crate) fn new(config: &Reconnect) -> Self {
        Self { ceiling: config.base_delay }
    }

    /// Draws the delay before retry `n`, not under `floor`, and moves on to `n + 1`.
    pub(crate) fn draw(&mut self, config: &Reconnect, floor: Micros, rng: &mut Rng) -> Micros {
        let ceiling = self.ceiling.min(config.max_delay);
        self.ceiling = ceiling.part(config.factor);
        let floor = floor.min(ceiling);
        floor.plus(ceiling.since(floor).part(rng.unit()))
    }

    /// Draws the delay of the first retry after a stable link.
    pub(crate) fn draw_after_stable(rng: &mut Rng) -> Micros {
        AFTER_STABLE.part(rng.unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_stay_under_the_growing_ceiling_and_reach_into_its_upper_half() {
        let config = Reconnect::default();
        for n in 0..12 {
            let ceiling = (250_000.0 * 2f64.powi(n)).min(30_000_000.0);
            let mut highest = 0;
            for seed in 0..200 {
                let mut rng = Rng::new(seed);
                let mut backoff = Backoff::new(&config);
                for _ in 0..n {
                    backoff.draw(&config, Micros::ZERO, &mut rng);
                }
                let drawn = backoff.draw(&config, Micros::ZERO, &mut rng).0;
                assert!(drawn as f64 <= ceiling, "retry {n} waited {drawn} us, ceiling {ceiling}");
                highest = highest.max(drawn);
            }
            assert!(highest as f64 > ceiling / 2.0, "retry {n} never waited long: {highest} us");
        }
    }
}
