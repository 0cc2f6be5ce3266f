//! Seeded faults on the bytes between a client and its servers: connections cut at any byte, half-open, slow, in
//! one another's way; restarts with a store and without; sessions that expire, or wait for a reader that takes its
//! time. In the end the network heals, and what both sides have is compared.

mod dice;
mod network;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use world::{Tally, World};

const SEEDS: u64 = 20_000;
const STEPS: usize = 500;

#[test]
fn no_fault_of_a_network_or_a_process_breaks_a_promise() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seeds = match number("EVERWIRE_SESSION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("EVERWIRE_SESSION_SEEDS").unwrap_or(SEEDS),
    };
    let many = seeds.end - seeds.start;
    let mut total = Tally::default();
    for seed in seeds {
        let run = |traced: bool| {
            let mut world = World::new(seed, traced);
            let run = catch_unwind(AssertUnwindSafe(|| world.run(STEPS)));
            (run.unwrap_or_else(|_| Err("a panic, told above".into())), world)
        };
        let (run_well, world) = run(false);
        if run_well.is_err() {
            // Once more, and this time it tells what it does.
            let (wrong, world) = run(true);
            panic!("{}\n{wrong:?}\nreplay with EVERWIRE_SESSION_SEED={seed}", world.trace());
        }
        total.add(&world.tally());
    }
    println!("{total:?}");
    if many >= 1_000 {
        // A simulator in which nothing happens proves nothing.
        assert!(total.delivered > 20 * many && total.links > 4 * many, "{total:?}");
        assert!(total.in_doubt > many / 10 && total.losses > many / 4, "{total:?}");
        assert!(total.answered > many / 2 && total.restarts > many / 2, "{total:?}");
    }
}
