//! Whole days on a bad network, on a fake clock. `EVERWIRE_SIM_SEEDS` sets how many days, `EVERWIRE_SIM_SEED` repeats
//! the one of that seed.

#![cfg(not(target_arch = "wasm32"))]
// A test that meets the unexpected must stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod agenda;
mod client;
mod dice;
mod faults;
mod network;
#[path = "../support/mod.rs"]
mod support;
mod world;

use world::World;

const SEEDS: u64 = 24;

#[test]
fn a_day_on_a_bad_network_breaks_no_promise() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seeds = match number("EVERWIRE_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("EVERWIRE_SIM_SEEDS").unwrap_or(SEEDS),
    };
    let mut total = Tally::default();
    for seed in seeds {
        match std::panic::catch_unwind(|| World::new(seed).day()) {
            Ok(tally) => total.add(&tally),
            Err(panic) => {
                eprintln!("replay with EVERWIRE_SIM_SEED={seed}");
                std::panic::resume_unwind(panic);
            }
        }
    }
    println!("{total:?}");
    if total.days >= SEEDS {
        // A simulator in which nothing happens proves nothing.
        assert!(total.links > 50 * total.days && total.handed > 1_000 * total.days, "{total:?}");
        assert!(total.not_sent > 100 * total.days, "{total:?}");
    }
}

/// What happened.
#[derive(Debug, Default)]
struct Tally {
    days: u64,
    links: u64,
    handed: u64,
    arrived: u64,
    not_sent: u64,
    refused: u64,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.days += other.days;
        self.links += other.links;
        self.handed += other.handed;
        self.arrived += other.arrived;
        self.not_sent += other.not_sent;
        self.refused += other.refused;
    }
}
