//! Close codes: which are final, what a reason may ask for, and what may be sent.

use super::keys::{Keys, TextKeys};
use super::time::Micros;

/// Longest wait a server may ask for in a close reason.
const RETRY_AFTER_MAX: Micros = Micros::from_millis(3_600_000);

/// How a connection ended, as the browser's `CloseEvent` tells it (RFC 6455, section 7.1.5-6).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Close<R = Box<str>> {
    /// Status code; 1005 when the peer gave none, 1006 when there was no close frame at all.
    pub code: u16,
    /// The peer's reason, empty if it gave none.
    pub reason: R,
    /// Whether both ends completed the closing handshake.
    pub clean: bool,
}

/// What the machine carries of a close reason: the text itself, or whatever stands for it where texts
/// are kept by the host.
pub trait CloseReason: Clone + Default {
    /// Said by [`Machine::reconnect`](super::Machine::reconnect).
    fn reconnect() -> Self;
    /// Said by [`Machine::suspend`](super::Machine::suspend).
    fn suspended() -> Self;
    /// The floor a server sets with `retry-after=MS` anywhere in its reason; zero if it sets none.
    fn retry_after(&self) -> Micros;
}

/// How a machine carries the texts that it only passes on: close reasons and keys.
pub trait Texts {
    /// What it carries of a close reason.
    type Reason: CloseReason;
    /// How it finds messages by key.
    type Keys: Keys;
}

/// A machine that carries texts as they are.
#[derive(Clone, Copy, Debug)]
pub struct Owned;

impl Texts for Owned {
    type Reason = Box<str>;
    type Keys = TextKeys;
}

impl CloseReason for Box<str> {
    fn reconnect() -> Self {
        "reconnect".into()
    }

    fn suspended() -> Self {
        "suspended".into()
    }

    fn retry_after(&self) -> Micros {
        const NAME: &[u8] = b"retry-after=";
        let bytes = self.as_bytes();
        let Some(place) = bytes.windows(NAME.len()).position(|part| part == NAME) else {
            return Micros::ZERO;
        };
        let after = bytes.iter().skip(place + NAME.len());
        let digits = after.take_while(|byte| byte.is_ascii_digit()).map(|digit| u64::from(digit - b'0'));
        Micros::from_millis(
            digits.fold(0, |millis: u64, digit| millis.saturating_mul(10).saturating_add(digit)),
        )
    }
}

impl<R: CloseReason> Close<R> {
    /// A connection that ended without a close frame.
    pub fn abnormal() -> Self {
        Self { code: 1006, reason: R::default(), clean: false }
    }

    /// A normal closure of our own.
    pub(crate) fn normal(reason: R) -> Self {
        Self { code: 1000, reason, clean: true }
    }

    /// Whether trying again cannot help, by the close table: 1002, 1003, 1007, 1008, 1010 and
    /// 4400-4499. Every other code, 1000 included, is retried.
    pub fn is_fatal(&self) -> bool {
        matches!(self.code, 1002 | 1003 | 1007 | 1008 | 1010 | 4400..=4499)
    }

    /// The floor a server sets in its reason, held at one hour; zero if it sets none.
    pub fn retry_after(&self) -> Micros {
        self.reason.retry_after().min(RETRY_AFTER_MAX)
    }
}

/// Whether an application may close with `code`: 1000 and 3000-4999 (WHATWG WebSockets, `close()`).
pub fn may_send(code: u16) -> bool {
    matches!(code, 1000 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_reason(reason: &str) -> Close {
        Close { code: 1013, reason: reason.into(), clean: true }
    }

    #[test]
    fn the_close_table_is_what_the_readme_says() {
        let fatal: Vec<u16> =
            (0..=u16::MAX).filter(|code| Close { code: *code, ..with_reason("") }.is_fatal()).collect();
        let expected: Vec<u16> = [1002, 1003, 1007, 1008, 1010].into_iter().chain(4400..=4499).collect();
        assert_eq!(fatal, expected);
    }

    #[test]
    fn retry_after_is_read_from_the_reason_and_held_at_an_hour() {
        assert_eq!(with_reason("retry-after=1500").retry_after(), Micros::from_millis(1500));
        assert_eq!(with_reason("busy; retry-after=20, sorry").retry_after(), Micros::from_millis(20));
        assert_eq!(
            with_reason("retry-after=99999999999999999999").retry_after(),
            Micros::from_millis(3_600_000)
        );
        assert_eq!(with_reason("retry-after=").retry_after(), Micros::ZERO);
        assert_eq!(with_reason("retry-after=-5").retry_after(), Micros::ZERO);
        assert_eq!(with_reason("later").retry_after(), Micros::ZERO);
    }

    #[test]
    fn only_1000_and_3000_to_4999_may_be_sent() {
        let allowed: Vec<u16> = (0..=u16::MAX).filter(|code| may_send(*code)).collect();
        assert_eq!(allowed, [1000].into_iter().chain(3000..=4999).collect::<Vec<_>>());
    }
}
