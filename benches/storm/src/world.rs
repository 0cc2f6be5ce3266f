//! The server, its outage, and everybody who wants to come back. Times are in microseconds from the outage on.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::Serialize;

use crate::dice::Dice;

const SECOND: u64 = 1_000_000;
/// From dialing to knowing.
const ROUND_TRIP: u64 = 50_000;
/// Within such a time everybody notices that the server is gone.
const NOTICED: f64 = 200_000.0;
/// Nobody is watched for longer, after the server is back.
const PATIENCE: u64 = 300 * SECOND;

/// One that comes back.
pub trait Client {
    /// The connection is lost, or an attempt failed: when it does something again; never if it has given up.
    fn failed(&mut self, now: u64) -> Option<u64>;

    /// Its time has come.
    fn wake(&mut self, _now: u64) -> Wake {
        Wake::Dials
    }

    /// It is connected.
    fn opened(&mut self, _now: u64) {}
}

pub enum Wake {
    Dials,
    Later(Option<u64>),
}

pub struct Outage {
    pub seconds: u64,
    /// Connects that the server takes each second once it is back; it refuses the rest.
    pub admits: Option<u64>,
}

/// What came of it. Times are in seconds after the server is back.
#[derive(Serialize)]
pub struct Storm {
    /// Attempts in the worst second, and in the worst tenth of one, by the second.
    pub peak: u64,
    pub peak_tenth: u64,
    pub refused: u64,
    pub gave_up: u64,
    /// When so many of all clients were connected; never if too many gave up.
    pub half: Option<f64>,
    pub nearly_all: Option<f64>,
    /// Attempts in each second, and clients connected at its end.
    pub attempts: Vec<u64>,
    pub connected: Vec<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Wakes,
    Fails,
    Opens,
}

pub fn storm(outage: &Outage, clients: usize, client: impl Fn(Dice) -> Box<dyn Client>) -> Storm {
    let mut dice = Dice::new(1);
    let back = outage.seconds * SECOND;
    let mut people: Vec<_> =
        (0..clients).map(|number| client(Dice::new((number as u64 + 1) << 32))).collect();
    let mut agenda: BinaryHeap<_> =
        (0..clients).map(|number| Reverse(((dice.unit() * NOTICED) as u64, number, What::Fails))).collect();
    let mut gate = Gate::new(outage.admits, back);
    let (mut tenths, mut opened) = (Vec::new(), Vec::new());
    let (mut refused, mut gave_up) = (0, 0);
    // They have been connected for an hour when it begins.
    let begin = 3_600 * SECOND;
    while let Some(Reverse((now, number, what))) = agenda.pop() {
        if now > back + PATIENCE {
            break;
        }
        let Some(person) = people.get_mut(number) else { continue };
        let clock = begin + now;
        let next = match what {
            What::Opens => {
                person.opened(clock);
                opened.push(now - back);
                continue;
            }
            What::Wakes => match person.wake(clock) {
                Wake::Later(next) => next,
                Wake::Dials => {
                    let taken = now >= back && gate.admits(now);
                    if now >= back {
                        add(&mut tenths, (now - back) / (SECOND / 10));
                        refused += u64::from(!taken);
                    }
                    let what = if taken { What::Opens } else { What::Fails };
                    agenda.push(Reverse((now + ROUND_TRIP, number, what)));
                    continue;
                }
            },
            What::Fails => person.failed(clock),
        };
        match next {
            Some(next) => agenda.push(Reverse((next.saturating_sub(begin).max(now), number, What::Wakes))),
            None => gave_up += 1,
        }
    }
    let attempts: Vec<u64> = tenths.chunks(10).map(|second| second.iter().sum()).collect();
    let at = |share: f64| {
        let index = (share * clients as f64).ceil() as usize - 1;
        opened.get(index).map(|at| *at as f64 / SECOND as f64)
    };
    Storm {
        peak: attempts.iter().copied().max().unwrap_or_default(),
        peak_tenth: 10 * tenths.iter().copied().max().unwrap_or_default(),
        refused,
        gave_up,
        half: at(0.5),
        nearly_all: at(0.99),
        connected: by_second(&opened),
        attempts,
    }
}

fn add(counts: &mut Vec<u64>, index: u64) {
    let index = index as usize;
    if counts.len() <= index {
        counts.resize(index + 1, 0);
    }
    if let Some(count) = counts.get_mut(index) {
        *count += 1;
    }
}

/// How many had opened at the end of each second. `opened` rises.
fn by_second(opened: &[u64]) -> Vec<u64> {
    let seconds = opened.last().map_or(0, |last| last / SECOND + 1);
    (1..=seconds).map(|second| opened.partition_point(|at| *at < second * SECOND) as u64).collect()
}

/// What the server takes: a bucket that fills evenly and holds what a tenth of a second brings.
struct Gate {
    rate: Option<f64>,
    tokens: f64,
    filled: u64,
}

impl Gate {
    fn new(admits: Option<u64>, back: u64) -> Self {
        let rate = admits.map(|admits| admits as f64 / SECOND as f64);
        Self { rate, tokens: 0.0, filled: back }
    }

    fn admits(&mut self, now: u64) -> bool {
        let Some(rate) = self.rate else { return true };
        let gained = (now - self.filled) as f64 * rate;
        self.filled = now;
        self.tokens = (self.tokens + gained).min(rate * (SECOND / 10) as f64);
        let taken = self.tokens >= 1.0;
        if taken {
            self.tokens -= 1.0;
        }
        taken
    }
}
