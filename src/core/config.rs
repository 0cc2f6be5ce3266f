//! What a wire can be told, each number with its unit, default and range.

use super::time::Micros;
#[cfg(feature = "websocket")]
use super::web_socket::WebSocketRules;

/// Everything the machine can be told: [`Config::default`] with fields set, or read from an
/// application's numbers with [`Config::from_numbers`], which checks them.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// When and how often to try again.
    pub reconnect: Reconnect,
    /// Pings, if the application says what a ping looks like.
    pub heartbeat: Option<Heartbeat>,
    /// A link from which nothing has come for this long is taken for dead. Default: never.
    pub idle_timeout: Option<Micros>,
    /// How long to wait for the socket's close event before it is abandoned. Default 3 s.
    pub close_timeout: Micros,
    /// The bounds of the queue.
    pub queue: Queue,
    /// Above this `bufferedAmount`, in bytes, messages wait in the queue. Default 1 MiB.
    pub high_water: u64,
    /// The host sends a greeting on every open, before the queue.
    pub greets: bool,
    /// The host recognises the server's welcome; until then the queue is held.
    pub awaits_welcome: bool,
    /// The host wants a word on every retry.
    pub decides: bool,
    /// Until the host has said where it connects to, that is taken for this very machine, which needs
    /// no network.
    pub local: bool,
    /// The rules of the class `WebSocket` hold in place of a wire's own.
    #[cfg(feature = "websocket")]
    pub web_socket: Option<WebSocketRules>,
}

/// When and how often to try again.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconnect {
    /// Ceiling of the first retry's delay. Default 250 ms.
    pub base_delay: Micros,
    /// Growth of that ceiling per retry. Default 2.
    pub factor: f64,
    /// The ceiling grows no further than this. Default 30 s.
    pub max_delay: Micros,
    /// Attempts in a row that may fail before the wire gives up. Default: no limit.
    pub max_attempts: Option<u32>,
    /// From asking for the target to ready. Default 10 s.
    pub connect_timeout: Micros,
    /// A link this old has proved stable: earlier failures are forgotten. Default 5 s.
    pub stable_after: Micros,
}

/// When to ping, and how long to wait for a sign of life after one.
#[derive(Clone, Debug, PartialEq)]
pub struct Heartbeat {
    /// From one ping to the next. Default 25 s.
    pub interval: Micros,
    /// From a ping to the conclusion that the link is dead, unless anything at all arrives. Default 10 s.
    pub timeout: Micros,
}

/// The bounds of the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Messages held; never more than 2^20. Default 1,000.
    pub max_messages: u32,
    /// Bytes held; also the largest message accepted. Default 1 MiB.
    pub max_bytes: u64,
    /// How long a message may wait, unless it says otherwise. Default: for ever.
    pub ttl: Option<Micros>,
    /// What gives way when the queue is full. Default [`Overflow::Reject`].
    pub overflow: Overflow,
}

/// What gives way when the queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Overflow {
    /// The message that does not fit.
    #[default]
    Reject,
    /// The oldest of the lowest lane.
    DropOldest,
    /// The newest of the lowest lane, be it the incoming message itself.
    DropNewest,
}

/// An option outside its range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfigError {
    /// Which option: an index into [`OPTIONS`].
    pub index: usize,
    /// What was given.
    pub given: f64,
}

/// A number an application may set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// The option's name, as an application writes it.
    pub name: &'static str,
    /// Used when the application says nothing.
    pub default: f64,
    /// Smallest value allowed.
    pub min: f64,
    /// Largest finite value allowed.
    pub max: f64,
    /// Whether `Infinity`, meaning no limit, is allowed too.
    pub unlimited: bool,
}

/// Every number an application may set, in the order [`Config::from_numbers`] takes them.
/// Times are in milliseconds, sizes in bytes.
pub const OPTIONS: [Number; 14] = [
    number("reconnect.baseDelay", 250.0, 0.0, DAY, false),
    number("reconnect.factor", 2.0, 1.0, 100.0, false),
    number("reconnect.maxDelay", 30_000.0, 0.0, DAY, false),
    number("reconnect.maxAttempts", f64::INFINITY, 1.0, 4_294_967_295.0, true),
    number("reconnect.connectTimeout", 10_000.0, 1.0, DAY, false),
    number("reconnect.stableAfter", 5_000.0, 0.0, DAY, false),
    number("heartbeat.interval", 25_000.0, 10.0, DAY, false),
    number("heartbeat.timeout", 10_000.0, 10.0, DAY, false),
    number("idleTimeout", f64::INFINITY, 10.0, DAY, true),
    number("closeTimeout", 3_000.0, 0.0, DAY, false),
    number("queue.maxMessages", 1_000.0, 0.0, 1_000_000.0, false),
    number("queue.maxBytes", 1_048_576.0, 0.0, 4_294_967_295.0, false),
    number("queue.ttl", f64::INFINITY, 0.0, 365.0 * DAY, true),
    number("highWaterMark", 1_048_576.0, 0.0, 4_294_967_295.0, false),
];

const DAY: f64 = 86_400_000.0;

const fn number(name: &'static str, default: f64, min: f64, max: f64, unlimited: bool) -> Number {
    Number { name, default, min, max, unlimited }
}

impl Number {
    /// Whether `value` may be given.
    pub fn allows(&self, value: f64) -> bool {
        self.range().allows(value)
    }

    const fn range(&self) -> Range {
        let Self { default, min, max, unlimited, .. } = *self;
        Range { default, min, max, unlimited }
    }
}

/// A [`Number`] without its name, which costs as much as everything else of it and which the npm
/// package has a list of anyhow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    default: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) unlimited: bool,
}

/// Of each of [`OPTIONS`].
pub(crate) static RANGES: [Range; OPTIONS.len()] = {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = &OPTIONS;
    let (a, b, c, d, e, f, g) = (a.range(), b.range(), c.range(), d.range(), e.range(), f.range(), g.range());
    [a, b, c, d, e, f, g, h.range(), i.range(), j.range(), k.range(), l.range(), m.range(), n.range()]
};

impl Range {
    fn allows(&self, value: f64) -> bool {
        (self.min..=self.max).contains(&value) || (self.unlimited && value == f64::INFINITY)
    }
}

impl Config {
    /// From numbers in the order of [`OPTIONS`]; a missing or `None` one takes its default.
    /// The heartbeat is on if `heartbeat` says that the host knows what a ping looks like.
    ///
    /// # Errors
    /// The first number outside its range.
    pub fn from_numbers(
        mut given: impl FnMut(usize) -> Option<f64>,
        heartbeat: bool,
    ) -> Result<Self, ConfigError> {
        let mut value = [0.0; OPTIONS.len()];
        for (index, (slot, option)) in value.iter_mut().zip(&RANGES).enumerate() {
            *slot = given(index).unwrap_or(option.default);
            if !option.allows(*slot) {
                return Err(ConfigError { index, given: *slot });
            }
        }
        let [base, factor, max_delay, attempts, connect, stable, rest @ ..] = value;
        let [interval, timeout, idle, close, messages, bytes, ttl, high_water] = rest;
        Ok(Self {
            reconnect: Reconnect {
                base_delay: Micros::from_millis_f64(base),
                factor,
                max_delay: Micros::from_millis_f64(max_delay),
                max_attempts: (attempts < f64::INFINITY).then_some(attempts as u32),
                connect_timeout: Micros::from_millis_f64(connect),
                stable_after: Micros::from_millis_f64(stable),
            },
            heartbeat: heartbeat.then_some(Heartbeat {
                interval: Micros::from_millis_f64(interval),
                timeout: Micros::from_millis_f64(timeout),
            }),
            idle_timeout: Micros::limit_from_millis(idle),
            close_timeout: Micros::from_millis_f64(close),
            queue: Queue {
                max_messages: messages as u32,
                max_bytes: bytes as u64,
                ttl: Micros::limit_from_millis(ttl),
                overflow: Overflow::Reject,
            },
            high_water: high_water as u64,
            ..Self::default()
        })
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            reconnect: Reconnect::default(),
            heartbeat: None,
            idle_timeout: None,
            close_timeout: Micros::from_millis(3_000),
            queue: Queue::default(),
            high_water: 1_048_576,
            greets: false,
            awaits_welcome: false,
            decides: false,
            local: false,
            #[cfg(feature = "websocket")]
            web_socket: None,
        }
    }
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            base_delay: Micros::from_millis(250),
            factor: 2.0,
            max_delay: Micros::from_millis(30_000),
            max_attempts: None,
            connect_timeout: Micros::from_millis(10_000),
            stable_after: Micros::from_millis(5_000),
        }
    }
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self { interval: Micros::from_millis(25_000), timeout: Micros::from_millis(10_000) }
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self { max_messages: 1_000, max_bytes: 1_048_576, ttl: None, overflow: Overflow::Reject }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_that_says_nothing_gets_the_defaults() {
        assert_eq!(Config::from_numbers(|_| None, false), Ok(Config::default()));
        let with_heartbeat = Config { heartbeat: Some(Heartbeat::default()), ..Config::default() };
        assert_eq!(Config::from_numbers(|_| None, true), Ok(with_heartbeat));
    }

    #[test]
    fn a_number_outside_its_range_is_refused_by_index() {
        for (index, option) in OPTIONS.iter().enumerate() {
            for bad in [f64::NAN, -1.0, option.min - 0.5, option.max * 2.0, f64::NEG_INFINITY] {
                let refused = Config::from_numbers(|i| (i == index).then_some(bad), true);
                match refused {
                    Err(error) => assert_eq!(error.index, index, "{} given {bad}", option.name),
                    Ok(_) => panic!("{} took {bad}", option.name),
                }
            }
            let infinite = Config::from_numbers(|i| (i == index).then_some(f64::INFINITY), true);
            assert_eq!(infinite.is_ok(), option.unlimited, "{}", option.name);
            for good in [option.min, option.max] {
                assert!(
                    Config::from_numbers(|i| (i == index).then_some(good), true).is_ok(),
                    "{}",
                    option.name
                );
            }
        }
    }
}
