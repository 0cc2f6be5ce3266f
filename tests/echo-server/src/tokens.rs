use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use tokio_rustls::rustls::crypto::ring;

use crate::stats::lock;

/// The tokens that a room has issued and that still hold.
#[derive(Default)]
pub(crate) struct Tokens {
    held: Mutex<HashMap<String, Arc<Validity>>>,
    /// One was issued, so sessions of this room want one.
    guarding: AtomicBool,
}

impl Tokens {
    /// A new token nobody can guess; `None` if too many hold already, or there is no randomness.
    /// `owner` is whose sessions it opens.
    pub(crate) fn issue(&self, lifetime: Option<Duration>, owner: &str) -> Option<String> {
        let mut bytes = [0; 16];
        ring::default_provider().secure_random.fill(&mut bytes).ok()?;
        let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut tokens = lock(&self.held);
        let now = Instant::now();
        tokens.retain(|_, validity| validity.holds(now));
        if tokens.len() >= MAX_TOKENS {
            return None;
        }
        let end = Mutex::new(lifetime.map(|lifetime| now + lifetime));
        tokens.insert(token.clone(), Arc::new(Validity { end, owner: owner.to_owned() }));
        self.guarding.store(true, Ordering::Relaxed);
        Some(token)
    }

    /// Whether sessions of the room are for those with a token alone.
    pub(crate) fn guard(&self) -> bool {
        self.guarding.load(Ordering::Relaxed)
    }

    /// Ends all, and lets everybody in again.
    pub(crate) fn reset(&self) {
        self.revoke(None);
        self.guarding.store(false, Ordering::Relaxed);
    }

    /// How long that token holds, if it does.
    pub(crate) fn find(&self, token: &str) -> Option<Arc<Validity>> {
        lock(&self.held).get(token).filter(|validity| validity.holds(Instant::now())).cloned()
    }

    /// Ends that token, or all; says how many.
    pub(crate) fn revoke(&self, token: Option<&str>) -> usize {
        let now = Instant::now();
        let mut tokens = lock(&self.held);
        let count = tokens.len();
        tokens.retain(|issued, validity| {
            let stays = token.is_some_and(|token| token != issued);
            if !stays {
                *lock(&validity.end) = Some(now);
            }
            stays
        });
        count - tokens.len()
    }
}

impl fmt::Debug for Tokens {
    /// How many, never which.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({})", lock(&self.held).len())
    }
}

/// Until when a token holds, without an end until it is revoked, and whose it is.
#[derive(Debug)]
pub(crate) struct Validity {
    end: Mutex<Option<Instant>>,
    pub(crate) owner: String,
}

impl Validity {
    pub(crate) fn end(&self) -> Option<Instant> {
        *lock(&self.end)
    }

    fn holds(&self, now: Instant) -> bool {
        self.end().is_none_or(|end| now < end)
    }
}

/// A token that somebody named in a query; not for logs.
#[derive(PartialEq)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

const MAX_TOKENS: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_hold_until_they_are_revoked() {
        let tokens = Tokens::default();
        let [one, two] = [(); 2].map(|()| tokens.issue(None, "").unwrap());
        assert_ne!(one, two);
        let held = tokens.find(&one).unwrap();
        assert_eq!(tokens.revoke(Some(&one)), 1);
        assert!(tokens.find(&one).is_none() && held.end().is_some());
        assert!(tokens.find(&two).is_some());
        assert_eq!((tokens.revoke(None), tokens.revoke(None)), (1, 0));
    }

    #[test]
    fn a_token_whose_time_is_over_holds_no_more_and_makes_room() {
        let tokens = Tokens::default();
        for _ in 0..MAX_TOKENS {
            let token = tokens.issue(Some(Duration::ZERO), "").unwrap();
            assert!(tokens.find(&token).is_none());
        }
        for _ in 0..MAX_TOKENS {
            tokens.issue(None, "").unwrap();
        }
        assert_eq!(tokens.issue(None, ""), None);
    }

    #[test]
    fn what_is_printed_for_debugging_holds_no_token() {
        let tokens = Tokens::default();
        let token = tokens.issue(None, "").unwrap();
        assert_eq!(format!("{tokens:?} {:?}", Secret(token)), "Tokens(1) Secret(..)");
    }
}
