//! Everwire's own machine, at its defaults, on a clock that is only counted.

use everwire::core::{Close, Config, Input, Machine, Micros, Output};

use crate::dice::Dice;
use crate::world::{Client, Wake};

pub struct Everwire {
    machine: Machine<Vec<u8>>,
}

impl Everwire {
    /// One whose connection has proved stable at the time 0.
    pub fn new(mut dice: Dice) -> Self {
        let config = Config::default();
        let seed = (dice.unit() * (1_u64 << 53) as f64) as u64;
        let machine = Machine::new(config, seed);
        let mut client = Self { machine };
        client.machine.connect(Micros::ZERO);
        client.obey(Micros::ZERO);
        client.opened(0);
        let stable = client.machine.next_wake().unwrap_or_default();
        client.machine.handle(stable, Input::Timeout);
        client.obey(stable);
        client
    }

    /// Whether a socket is dialed.
    fn obey(&mut self, now: Micros) -> bool {
        let mut dialed = false;
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Resolve { ticket, .. } => {
                    self.machine.handle(now, Input::Target { ticket, local: false })
                }
                Output::Dial { .. } => dialed = true,
                _ => {}
            }
        }
        dialed
    }
}

impl Client for Everwire {
    fn failed(&mut self, now: u64) -> Option<u64> {
        let now = Micros(now);
        if let Some(link) = self.machine.link() {
            self.machine.handle(now, Input::Closed { link, close: Close::abnormal() });
        }
        self.obey(now);
        self.machine.next_wake().map(|wake| wake.0)
    }

    fn wake(&mut self, now: u64) -> Wake {
        let now = Micros(now);
        self.machine.handle(now, Input::Timeout);
        if self.obey(now) { Wake::Dials } else { Wake::Later(self.machine.next_wake().map(|wake| wake.0)) }
    }

    fn opened(&mut self, now: u64) {
        let now = Micros(now);
        if let Some(link) = self.machine.link() {
            self.machine.handle(now, Input::Opened { link });
        }
        self.obey(now);
    }
}
