//! What happens around a wire: to its network, its page, and its clock.

use super::*;

/// A deadline that comes this late was not kept by a running host.
const STANDSTILL: Micros = Micros::from_millis(30_000);
/// Without a ping, how often a look at the clock shows whether the host stood still.
const TICK: Micros = Micros::from_millis(15_000);
/// Chromium wakes a page that has been hidden for five minutes once a minute.
const THROTTLED: Micros = Micros::from_millis(60_000);

impl<P: Payload, T: Texts> Machine<P, T> {
    pub(super) fn network(&mut self, now: Micros, online: bool) {
        let changed = core::mem::replace(&mut self.online, online) != online;
        if !changed || self.local {
            return;
        }
        match self.stage {
            Stage::Ready { link } if self.config.heartbeat.is_some() => self.ping(now, link),
            Stage::Waiting { .. } if !online => {
                self.timers.stop_all();
                self.enter_suspended(Cause::Offline, Cause::Offline, &Close::abnormal());
            }
            Stage::Suspended { cause: Cause::Offline } => self.go_on(now, Cause::Online),
            // An attempt or a link may be bound to a network that is gone.
            Stage::Resolving { .. }
            | Stage::Dialing { .. }
            | Stage::Handshaking { .. }
            | Stage::Ready { .. }
                if online =>
            {
                self.redial(now, Cause::Online);
            }
            _ => {}
        }
    }

    pub(super) fn page(&mut self, now: Micros, page: Page) {
        // What is overdue is so by the measure of the page that was.
        self.timeout(now);
        match page {
            Page::Hidden => self.hidden = true,
            Page::Shown => self.hidden = false,
            _ => {}
        }
        match (page, &self.stage) {
            (Page::Hidden, _) | (_, Stage::Idle | Stage::Closing { .. } | Stage::Closed) => {}
            (Page::Cached | Page::Frozen, Stage::Suspended { cause }) if *cause != Cause::Offline => {}
            // Its server would go on sending to a page that hears nothing, and no browser keeps the link.
            (Page::Cached, _) => self.pause(Cause::Cached),
            (Page::Frozen, _) => self.pause(Cause::Frozen),
            (_, Stage::Suspended { cause: Cause::Frozen })
            | (Page::Restored, Stage::Suspended { cause: Cause::Cached }) => {
                self.go_on(now, Cause::Resumed);
            }
            (_, Stage::Suspended { .. }) => {}
            (_, Stage::Waiting { .. }) if now >= self.floor => self.begin(now, Cause::Resumed),
            (_, Stage::Waiting { .. }) => {}
            (Page::Restored, _) => self.redial(now, Cause::Resumed),
            (_, Stage::Ready { link }) => {
                let link = *link;
                self.ask(now, link);
            }
            _ => {}
        }
    }

    /// Hangs up and keeps the queue.
    pub(super) fn pause(&mut self, cause: Cause) {
        self.let_go(Some(Close::normal(T::Reason::suspended())));
        self.enter_suspended(cause, cause, &Close::abnormal());
    }

    /// Makes an attempt, but not before the time that a server asked for: it meant it, whatever happened since.
    fn go_on(&mut self, now: Micros, cause: Cause) {
        if now < self.floor {
            let delay = self.floor.since(now);
            self.ending = Ending { cause, close: Close::abnormal(), delay };
            self.wait(now);
        } else {
            self.begin(now, cause);
        }
    }

    /// Throws away what there is and makes an attempt.
    pub(super) fn redial(&mut self, now: Micros, cause: Cause) {
        self.let_go(None);
        self.begin(now, cause);
    }

    /// Whether the host stood still when it should have looked at the clock.
    pub(super) fn overslept(&self, now: Micros, due: Micros) -> bool {
        let allowed = if self.hidden { STANDSTILL.plus(THROTTLED) } else { STANDSTILL };
        now.since(due) > allowed && self.minds_page()
    }

    /// From one ping, or look at the clock, to the next.
    pub(super) fn beat(&self) -> Micros {
        self.config.heartbeat.as_ref().map_or(TICK, |heartbeat| heartbeat.interval)
    }

    /// Whether a dead link is found out by itself.
    pub(super) fn asks(&self) -> bool {
        self.config.heartbeat.is_some() || self.idle_limit().is_some()
    }
}
