//! When the clients of other libraries try again, as their sources have it, each at its defaults.

use crate::dice::Dice;
use crate::world::Client;

/// A library and how it waits, in milliseconds.
pub struct Library {
    pub name: &'static str,
    pub client: fn(Dice) -> Box<dyn Client>,
}

pub const LIBRARIES: [Library; 6] = [
    Library {
        name: "reconnecting-websocket 4.4.0",
        client: |dice| Box::new(ReconnectingWebSocket::new(dice)),
    },
    Library { name: "partysocket 1.3.0", client: |_| Box::new(PartySocket::default()) },
    Library { name: "socket.io-client 4.8.4", client: |dice| Box::new(SocketIo { attempts: 0, dice }) },
    Library { name: "@nktkas/rews 4.1.0", client: |dice| Box::new(Rews { retries: 0, dice }) },
    Library { name: "centrifuge 5.8.0", client: |dice| Box::new(Centrifuge { attempts: 0, dice }) },
    Library { name: "graphql-ws 6.4.2", client: |dice| Box::new(GraphqlWs { retries: 0, dice }) },
];

/// `reconnecting-websocket.ts`, `_getNextDelay`: grows by 1.3 up to 10 s from a minimum that is drawn once, when the
/// script is loaded.
struct ReconnectingWebSocket {
    minimum: f64,
    retries: i32,
}

impl ReconnectingWebSocket {
    fn new(mut dice: Dice) -> Self {
        Self { minimum: 1_000.0 + dice.unit() * 4_000.0, retries: 0 }
    }
}

impl Client for ReconnectingWebSocket {
    fn failed(&mut self, now: u64) -> Option<u64> {
        let delay = (self.minimum * 1.3_f64.powi(self.retries)).min(10_000.0);
        self.retries += 1;
        Some(now + millis(delay))
    }
}

/// `ws.js`, `_getNextDelay`: the same with a minimum of 3 s for everybody.
#[derive(Default)]
struct PartySocket {
    retries: i32,
}

impl Client for PartySocket {
    fn failed(&mut self, now: u64) -> Option<u64> {
        let delay = (3_000.0 * 1.3_f64.powi(self.retries)).min(10_000.0);
        self.retries += 1;
        Some(now + millis(delay))
    }
}

/// `contrib/backo2.js`, `duration`: 1 s doubled, half of it more or less, and only then held at 5 s.
struct SocketIo {
    attempts: i32,
    dice: Dice,
}

impl Client for SocketIo {
    fn failed(&mut self, now: u64) -> Option<u64> {
        let delay = 1_000.0 * 2_f64.powi(self.attempts);
        self.attempts += 1;
        let drawn = self.dice.unit();
        let deviation = (drawn * 0.5 * delay).floor();
        let less = ((drawn * 10.0).floor() as u64).is_multiple_of(2);
        let delay = if less { delay - deviation } else { delay + deviation };
        Some(now + millis(delay.min(5_000.0).floor()))
    }
}

/// `mod.ts`, `reconnectionDelay`: 150 ms doubled up to 10 s, and of that a half for certain.
struct Rews {
    retries: i32,
    dice: Dice,
}

impl Client for Rews {
    fn failed(&mut self, now: u64) -> Option<u64> {
        let most = (150.0 * 2_f64.powi(self.retries)).min(10_000.0);
        self.retries += 1;
        Some(now + millis(most / 2.0 + self.dice.unit() * most / 2.0))
    }
}

/// `utils.ts`, `backoff`: 500 ms and up to 500 ms doubled, up to 20 s in all.
struct Centrifuge {
    attempts: i32,
    dice: Dice,
}

impl Client for Centrifuge {
    fn failed(&mut self, now: u64) -> Option<u64> {
        let most = (500.0 * 2_f64.powi(self.attempts.min(31))).min(20_000.0);
        self.attempts += 1;
        let drawn = (self.dice.unit() * (most + 1.0)).floor();
        Some(now + millis((500.0 + drawn).min(20_000.0)))
    }
}

/// `client.ts`, `randomisedExponentialBackoff`: 1 s doubled and 300 ms to 3 s, five times, and no more.
struct GraphqlWs {
    retries: i32,
    dice: Dice,
}

impl Client for GraphqlWs {
    fn failed(&mut self, now: u64) -> Option<u64> {
        let delay = 1_000.0 * 2_f64.powi(self.retries) + (self.dice.unit() * 2_700.0 + 300.0).floor();
        self.retries += 1;
        (self.retries <= 5).then(|| now + millis(delay))
    }
}

fn millis(millis: f64) -> u64 {
    (millis * 1_000.0) as u64
}
