//! The options of the class `WebSocket` that reconnects, as reconnecting-websocket and partysocket name them.

use super::config::{Config, Overflow, Queue, Reconnect};
use super::time::Micros;

/// What a wire has no rule for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WebSocketRules {
    /// No retry is made sooner. Default 3 s.
    pub min_delay: Micros,
    /// A connection that ends may be replaced. If not, it is the browser's alone: no deadline is set for it that the
    /// application has not set, and the page's network and visibility are none of its business.
    pub replaces: bool,
}

/// The numbers an application may set, in the order [`Config::web_socket`] takes them. Times are in milliseconds.
pub const WEB_SOCKET_OPTIONS: [&str; 7] = [
    "minReconnectionDelay",
    "reconnectionDelayGrowFactor",
    "maxReconnectionDelay",
    "maxRetries",
    "connectionTimeout",
    "minUptime",
    "maxEnqueuedMessages",
];

/// As long as for ever, in milliseconds.
const YEAR: f64 = 365.0 * 86_400_000.0;
/// Bytes that may wait.
const QUEUE_BYTES: u64 = 16 << 20;

impl Config {
    /// From numbers in the order of [`WEB_SOCKET_OPTIONS`]; a missing one takes its default. Those whom this class replaces
    /// take any number, so none is refused: what is out of range counts as the nearest that is not.
    pub fn web_socket(mut given: impl FnMut(usize) -> Option<f64>) -> Self {
        let mut number = |index, default: f64, most: f64| given(index).unwrap_or(default).clamp(0.0, most);
        let min_delay = number(0, 3_000.0, YEAR);
        let factor = number(1, 1.3, 100.0);
        let max_delay = number(2, 10_000.0, YEAR);
        let retries = number(3, f64::INFINITY, f64::INFINITY);
        let replaces = retries >= 1.0;
        let connect_timeout = number(4, if replaces { 4_000.0 } else { YEAR }, YEAR);
        let stable_after = number(5, 5_000.0, YEAR);
        let messages = number(6, 1_000.0, 1_000_000.0);
        Self {
            reconnect: Reconnect {
                // Between the least delay and this the first retry is drawn.
                base_delay: Micros::from_millis_f64(min_delay * factor),
                factor,
                max_delay: Micros::from_millis_f64(max_delay),
                // The first attempt is no retry.
                max_attempts: retries.is_finite().then_some((retries as u32).saturating_add(1)),
                connect_timeout: Micros::from_millis_f64(connect_timeout),
                stable_after: Micros::from_millis_f64(stable_after),
            },
            close_timeout: Micros::from_millis_f64(if replaces { 3_000.0 } else { YEAR }),
            queue: Queue {
                max_messages: messages as u32,
                max_bytes: QUEUE_BYTES,
                ttl: None,
                overflow: Overflow::Reject,
            },
            // What the browser takes, it has.
            high_water: u64::MAX,
            web_socket: Some(WebSocketRules { min_delay: Micros::from_millis_f64(min_delay), replaces }),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(option: &str, value: f64) -> Config {
        let index = WEB_SOCKET_OPTIONS.iter().position(|name| *name == option);
        Config::web_socket(|i| (Some(i) == index).then_some(value))
    }

    #[test]
    fn an_application_that_says_nothing_gets_the_defaults_of_partysocket() {
        let config = Config::web_socket(|_| None);
        assert_eq!(
            config.web_socket,
            Some(WebSocketRules { min_delay: Micros::from_millis(3_000), replaces: true })
        );
        assert_eq!(config.reconnect.max_delay, Micros::from_millis(10_000));
        assert_eq!(config.reconnect.factor, 1.3);
        assert_eq!(config.reconnect.max_attempts, None);
        assert_eq!(config.reconnect.connect_timeout, Micros::from_millis(4_000));
        assert_eq!(config.reconnect.stable_after, Micros::from_millis(5_000));
    }

    #[test]
    fn no_number_is_refused() {
        for option in WEB_SOCKET_OPTIONS {
            for value in [f64::NEG_INFINITY, -1.0, 0.0, 0.5, 1e300, f64::INFINITY] {
                let config = with(option, value);
                assert!(config.queue.max_messages <= 1_000_000, "{option} {value}");
                assert!(config.reconnect.max_attempts != Some(0), "{option} {value}");
            }
        }
    }

    #[test]
    fn so_many_retries_come_after_the_first_attempt() {
        assert_eq!(with("maxRetries", 0.0).reconnect.max_attempts, Some(1));
        assert_eq!(with("maxRetries", 3.0).reconnect.max_attempts, Some(4));
        assert_eq!(with("maxRetries", 1e12).reconnect.max_attempts, Some(u32::MAX));
        assert_eq!(with("maxRetries", f64::INFINITY).reconnect.max_attempts, None);
    }
}
