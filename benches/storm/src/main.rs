//! What a server sees when it is back after an outage, from the clients of one library: prints JSON lines.
//! `everwire-storm CLIENTS` runs every library through every outage.

mod dice;
mod everwire;
mod policies;
mod world;

use serde::Serialize;

use policies::{LIBRARIES, Library};
use world::{Outage, Storm, storm};

/// Everybody could be connected after so many seconds, if each came at its time.
const IDEAL_SECONDS: u64 = 50;
const OUTAGES: [u64; 3] = [10, 60, LONGEST];
const LONGEST: u64 = 600;

#[derive(Serialize)]
struct Line {
    subject: &'static str,
    outage: u64,
    admits: Option<u64>,
    clients: usize,
    #[serde(flatten)]
    storm: Storm,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let clients = std::env::args().nth(1).map_or(Ok(100_000), |count| count.parse())?;
    let ours = Library { name: "everwire", client: |dice| Box::new(everwire::Everwire::new(dice)) };
    let lines: Vec<Line> = std::thread::scope(|scope| {
        let libraries = std::iter::once(&ours).chain(&LIBRARIES);
        let threads: Vec<_> = libraries.map(|library| scope.spawn(move || lines(library, clients))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    });
    for line in lines {
        println!("{}", serde_json::to_string(&line)?);
    }
    Ok(())
}

fn lines(library: &Library, clients: usize) -> Vec<Line> {
    let gates = [None, Some(clients as u64 / IDEAL_SECONDS)];
    let outages = OUTAGES.into_iter().flat_map(|outage| gates.map(|admits| (outage, admits)));
    // After ten minutes everybody waits as long as after one: the longest of all is run once.
    let outages = outages.filter(|(outage, admits)| *outage < LONGEST || admits.is_some());
    let line = |(outage, admits)| {
        let storm = storm(&Outage { seconds: outage, admits }, clients, library.client);
        Line { subject: library.name, outage, admits, clients, storm }
    };
    outages.map(line).collect()
}
