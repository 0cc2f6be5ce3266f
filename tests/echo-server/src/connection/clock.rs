//! What a connection does by the clock.

use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::{Connection, LOOK_INTERVAL};
use crate::behaviour::WRONG_TOKEN;
use crate::phase::Phase;
use crate::stats::Close;

impl Connection {
    /// When [`Connection::keep_time`] has something to do next.
    pub(super) fn next_alarm(&self) -> Instant {
        if let Some(until) = self.silent_until {
            return until.min(self.next_look);
        }
        let phase = match &self.phase {
            Phase::Open => self.behaviour.idle.map(|idle| self.last_heard + idle),
            Phase::Guarded(deadline) | Phase::Closing { deadline, .. } => Some(*deadline),
            Phase::Held(_) => None,
        };
        let look = (!self.may_read()).then_some(self.next_look);
        let token = self.token_end();
        [phase, look, self.stalled_until, self.ping_due(), self.update_due(), token, self.outbox.next_due()]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(self.never)
    }

    pub(super) fn keep_time(&mut self) -> Option<Close> {
        let now = Instant::now();
        if now >= self.next_look {
            self.next_look = now + LOOK_INTERVAL;
            if !self.may_read() && self.is_peer_gone() {
                return Some(self.close_so_far());
            }
        }
        if self.silent_until.is_some_and(|until| now >= until) {
            self.silent_until = None;
            self.last_heard = now;
            self.next_update = self.next_update.and(self.behaviour.feed).map(|feed| feed.number(now));
        }
        if self.silent_until.is_some() {
            return None;
        }
        match &self.phase {
            Phase::Guarded(deadline) if now >= *deadline => {
                self.close_with(WRONG_TOKEN, "token");
            }
            Phase::Closing { deadline, .. } if now >= *deadline => return Some(self.reset()),
            _ if self.stalled_until.is_some_and(|until| now >= until) => return Some(self.reset()),
            Phase::Open if self.token_end().is_some_and(|end| now >= end) => {
                self.close_with(self.behaviour.expired, "token expired");
            }
            Phase::Open if self.behaviour.idle.is_some_and(|idle| now >= self.last_heard + idle) => {
                self.close_with(IDLE, "idle");
            }
            _ => {}
        }
        if self.ping_due().is_some_and(|due| now >= due) {
            self.next_ping = self.behaviour.ping.map(|interval| now + interval);
            // Behind a full socket one ping is as good as many.
            if self.outbox.front().is_none() {
                self.send(Message::Ping(Bytes::new()));
            }
        }
        if self.update_due().is_some_and(|due| now >= due) {
            self.update(now);
        }
        None
    }

    /// Sends the updates that are due.
    fn update(&mut self, now: Instant) {
        let (Some(feed), Some(next)) = (self.behaviour.feed, self.next_update) else {
            return;
        };
        let number = feed.number(now);
        // Behind a full socket updates are left out; their numbers tell.
        if self.outbox.front().is_none() {
            let due = next.max(number.saturating_sub(MOST_UPDATES))..=number;
            due.for_each(|number| self.send(Message::text(feed.text(number))));
        }
        self.next_update = Some(next.max(number + 1));
    }

    fn update_due(&self) -> Option<Instant> {
        let feed = self.behaviour.feed.filter(|_| matches!(self.phase, Phase::Open))?;
        self.next_update.map(|number| feed.due(number))
    }

    fn token_end(&self) -> Option<Instant> {
        let end = self.validity.as_ref().and_then(|validity| validity.end());
        end.filter(|_| matches!(self.phase, Phase::Open))
    }

    fn ping_due(&self) -> Option<Instant> {
        matches!(self.phase, Phase::Open).then_some(self.next_ping).flatten()
    }
}

/// Updates sent at once by a connection that was kept from sending them in time.
const MOST_UPDATES: u64 = 100;
const IDLE: u16 = 4000;
