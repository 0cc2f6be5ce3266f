//! From one attempt to the next: resolving, dialing, greeting, losing, waiting.

use super::*;

impl<P: Payload, T: Texts> Machine<P, T> {
    pub(super) fn begin(&mut self, now: Micros, cause: Cause) {
        self.timers.stop_all();
        self.stable = false;
        self.down_since = self.down_since.min(now);
        #[cfg(feature = "session")]
        let _ = self.last_word();
        // Nobody is asked in vain where to connect; only the application itself can insist.
        if cause != Cause::Requested && self.unreachable() {
            return self.enter_suspended(Cause::Offline, cause, &Close::abnormal());
        }
        if self.stats.attempts() == 0 {
            self.stats.set(Count::Started, now);
        }
        self.stats.add(Count::Attempts, 1);
        let ticket = self.ticket();
        self.stage = Stage::Resolving { ticket };
        self.timers.set(Timer::Connect, now.plus(self.config.reconnect.connect_timeout));
        self.announce();
        self.announce_down(cause, &Close::abnormal());
        self.was_open = self.is_web_socket();
        let attempt = self.failures.saturating_add(1);
        self.outputs.push(Output::Resolve { ticket, attempt, turn: self.turn, cause });
    }

    pub(super) fn target(&mut self, ticket: Ticket, local: bool) {
        if !matches!(self.stage, Stage::Resolving { ticket: current } if current == ticket) {
            return;
        }
        self.local = local;
        if self.unreachable() {
            self.timers.stop_all();
            self.enter_suspended(Cause::Offline, Cause::Offline, &Close::abnormal());
            return;
        }
        self.links = self.links.wrapping_add(1);
        let link = LinkId(self.links);
        self.stage = Stage::Dialing { link };
        self.announce();
        self.outputs.push(Output::Dial { link });
    }

    pub(super) fn opened(&mut self, now: Micros, link: LinkId) {
        if !matches!(self.stage, Stage::Dialing { link: current } if current == link) {
            return;
        }
        self.liveness.restart(now);
        self.flow = Flow::default();
        let (greets, awaits) = (self.config.greets, self.config.awaits_welcome);
        self.stage = Stage::Handshaking { link, greeted: !greets, welcomed: !awaits };
        if greets || awaits {
            self.announce();
        }
        if greets {
            let attempt = self.failures.saturating_add(1);
            self.outputs.push(Output::Greet { link, attempt });
        }
        self.check_handshake(now);
    }

    pub(super) fn greeted(&mut self, now: Micros, link: LinkId, ok: bool) {
        let Stage::Handshaking { link: current, greeted, .. } = &mut self.stage else {
            return;
        };
        if *current != link {
            return;
        }
        if ok {
            *greeted = true;
            self.check_handshake(now);
        } else {
            self.abandon(now, Cause::GreetingFailed);
        }
    }

    pub(super) fn check_handshake(&mut self, now: Micros) {
        let Stage::Handshaking { link, greeted: true, welcomed: true } = self.stage else {
            return;
        };
        if self.flow.failing {
            return;
        }
        self.timers.stop_all();
        self.stage = Stage::Ready { link };
        self.timers.set(Timer::Stable, now.plus(self.config.reconnect.stable_after));
        self.timers.set(Timer::Ping, now.plus(self.beat()));
        if let Some(idle) = self.idle_limit() {
            self.timers.set(Timer::Idle, now.plus(idle));
        }
        self.was_open = true;
        self.stats.add(Count::Opens, 1);
        self.stats.set(Count::Opened, now);
        self.floor = Micros::ZERO;
        self.announce();
        self.event(Event::Opened);
    }

    pub(super) fn closed(&mut self, now: Micros, link: LinkId, close: Close<T::Reason>) {
        if self.link() != Some(link) {
            return;
        }
        #[cfg(feature = "session")]
        if matches!(self.stage, Stage::Ready { .. }) && self.promote(now, link, &close) {
            return;
        }
        #[cfg(feature = "session")]
        self.unlink(None);
        match self.stage {
            Stage::Closing { .. } => {
                self.timers.stop_all();
                self.finish(Cause::ClosedByApplication, close);
            }
            Stage::Dialing { .. } => self.attempt_over(now, Cause::DialFailed, close),
            _ => self.attempt_over(now, Cause::ServerClosed, close),
        }
    }

    /// The link is of no use any more, but its close event may take a minute: forget it.
    pub(super) fn abandon(&mut self, now: Micros, cause: Cause) {
        self.let_go(None);
        self.attempt_over(now, cause, Close::abnormal());
    }

    /// Drops whatever is under way without a word to the application.
    pub(super) fn let_go(&mut self, close: Option<Close<T::Reason>>) {
        if matches!(self.stage, Stage::Resolving { .. }) {
            self.outputs.push(Output::AbortResolve);
        }
        if let Some(link) = self.link() {
            self.outputs.push(Output::Hangup { link, close, forget: true });
        }
        #[cfg(feature = "session")]
        self.unlink(None);
        self.timers.stop_all();
    }

    /// An attempt failed or a link was lost: try again, or not.
    pub(super) fn attempt_over(&mut self, now: Micros, cause: Cause, close: Close<T::Reason>) {
        self.timers.stop_all();
        self.down_since = self.down_since.min(now);
        let after_stable = core::mem::take(&mut self.stable);
        let counts = !after_stable || self.is_web_socket();
        if counts {
            self.failures = self.failures.saturating_add(1);
            self.turn = self.turn.wrapping_add(1);
        }
        // The end of an open connection is told as such.
        if !(self.was_open && cause == Cause::ServerClosed) {
            self.event(Event::Failed { cause, close: close.clone() });
        }
        #[cfg(feature = "session")]
        let word = self.last_word();
        let config = &self.config.reconnect;
        let fatal = close.is_fatal() && !self.is_web_socket();
        #[cfg(feature = "session")]
        let fatal = word.map_or(fatal, |(last, _)| last);
        if fatal && !self.config.decides {
            return self.finish(cause, close);
        }
        if config.max_attempts.is_some_and(|max| self.failures >= max) {
            return self.finish(Cause::GaveUp, close);
        }
        let drawn = if counts {
            self.backoff.draw(config, self.least_delay(), &mut self.rng)
        } else {
            Backoff::draw_after_stable(&mut self.rng)
        };
        // On top of the floor, so that those who were told the same do not return at the same moment.
        let floor = close.retry_after();
        #[cfg(feature = "session")]
        let floor = word.map_or(floor, |(_, asked)| asked.max(floor));
        #[cfg(feature = "session")]
        if floor > Micros::ZERO {
            self.floor = now.plus(floor);
        }
        let delay = floor.plus(drawn);
        self.ending = Ending { cause, close, delay };
        if !self.config.decides {
            return self.wait(now);
        }
        let ticket = self.ticket();
        self.outputs.push(Output::Decide {
            ticket,
            attempt: self.failures.saturating_add(1),
            cause,
            close: self.ending.close.clone(),
            elapsed: now.since(self.down_since),
            delay,
            fatal,
        });
        self.stage = Stage::Deciding { ticket };
    }

    pub(super) fn decided(&mut self, now: Micros, ticket: Ticket, delay: Option<Micros>) {
        if !matches!(self.stage, Stage::Deciding { ticket: current } if current == ticket) {
            return;
        }
        if let Some(delay) = delay {
            self.ending.delay = delay;
            return self.wait(now);
        }
        let Ending { cause, close, .. } = self.ending.clone();
        self.finish(if close.is_fatal() { cause } else { Cause::GaveUp }, close);
    }

    /// Waits as long as the ending says.
    pub(super) fn wait(&mut self, now: Micros) {
        let Ending { cause, close, delay } = self.ending.clone();
        let until = now.plus(delay);
        if close.retry_after() > Micros::ZERO {
            self.floor = until;
        }
        if self.unreachable() {
            return self.enter_suspended(Cause::Offline, cause, &close);
        }
        self.timers.set(Timer::Retry, until);
        self.stage = Stage::Waiting { until };
        self.announce();
        self.announce_down(cause, &close);
    }

    /// `why` is what the application reads as the cause of the end of an open connection.
    pub(super) fn enter_suspended(&mut self, cause: Cause, why: Cause, close: &Close<T::Reason>) {
        self.stable = false;
        self.stage = Stage::Suspended { cause };
        self.announce();
        self.announce_down(why, close);
    }

    pub(super) fn finish(&mut self, cause: Cause, close: Close<T::Reason>) {
        self.timers.stop_all();
        self.stable = false;
        self.was_open = false;
        self.stage = Stage::Closed;
        self.ending = Ending { cause, close: close.clone(), delay: Micros::ZERO };
        self.announce();
        self.give_back();
        #[cfg(feature = "session")]
        self.end_session(None);
        self.event(Event::Closed { cause, close, last: true });
    }

    /// A wire that is over and starts afresh owes nothing to its past.
    pub(super) fn forgive(&mut self) {
        self.failures = 0;
        self.down_since = Micros::NEVER;
        self.floor = Micros::ZERO;
        self.backoff = Backoff::new(&self.config.reconnect);
    }
}
