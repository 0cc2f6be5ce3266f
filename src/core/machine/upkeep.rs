//! What keeps a wire going: timers, pings, the socket's buffer.

use super::*;

impl<P: Payload, T: Texts> Machine<P, T> {
    pub(super) fn timeout(&mut self, now: Micros) {
        for timer in ALL {
            if let Some(due) = self.timers.take_due(timer, now) {
                self.fire(now, timer, due);
            }
        }
        self.expire(now);
        #[cfg(feature = "session")]
        self.expire_requests(now);
        self.check_watches(now);
    }

    pub(super) fn fire(&mut self, now: Micros, timer: Timer, due: Micros) {
        match timer {
            // Whatever the attempt waited for may have come and gone unheard.
            Timer::Connect if self.overslept(now, due) => self.redial(now, Cause::Slept),
            #[cfg(feature = "session")]
            Timer::Connect if self.awaits_welcome() => self.abandon(now, Cause::NoWelcome),
            Timer::Connect => self.abandon(now, Cause::ConnectTimeout),
            Timer::Ping if !self.asks() && self.overslept(now, due) => self.redial(now, Cause::Slept),
            Timer::Ping => {
                self.timers.set(Timer::Ping, now.plus(self.beat()));
                if let Stage::Ready { link } = self.stage {
                    self.ask(now, link);
                }
            }
            Timer::Pong => match (self.liveness.judge(now, due), &self.stage) {
                (Verdict::Probe, Stage::Ready { link }) => {
                    let link = *link;
                    self.ping(now, link);
                }
                _ => self.abandon(now, Cause::HeartbeatTimeout),
            },
            Timer::Idle => {
                let silent_since = self.liveness.last_seen();
                let idle = self.idle_limit().unwrap_or(Micros(u64::MAX));
                if now.since(silent_since) < idle {
                    self.timers.set(Timer::Idle, silent_since.plus(idle));
                } else if self.liveness.judge(now, due) == Verdict::Probe {
                    self.timers.set(Timer::Idle, now.plus(idle.min(GRACE)));
                } else {
                    self.abandon(now, Cause::IdleTimeout);
                }
            }
            Timer::Stable => {
                self.stable = true;
                self.failures = 0;
                self.down_since = Micros::NEVER;
                self.backoff = Backoff::new(&self.config.reconnect);
            }
            Timer::Retry => {
                if matches!(self.stage, Stage::Waiting { .. }) {
                    self.begin(now, self.ending.cause);
                }
            }
            Timer::Sample => {
                if let Stage::Ready { link } = self.stage {
                    self.outputs.push(Output::Sample { link });
                }
            }
            Timer::Close => match self.stage {
                Stage::Closing { .. } => {
                    self.let_go(None);
                    self.finish(Cause::ClosedByApplication, Close::abnormal());
                }
                Stage::Dialing { .. } => self.abandon(now, Cause::DialFailed),
                _ => self.abandon(now, Cause::ServerClosed),
            },
            #[cfg(feature = "session")]
            Timer::Ack => self.ack_is_ripe(),
            #[cfg(feature = "session")]
            Timer::Renew => self.renew(now),
        }
    }

    /// Pings, unless the answer to a ping is due: another would tell no more.
    pub(super) fn ask(&mut self, now: Micros, link: LinkId) {
        if !self.timers.is_set(Timer::Pong) {
            self.ping(now, link);
        }
    }

    pub(super) fn ping(&mut self, now: Micros, link: LinkId) {
        let Some(heartbeat) = &self.config.heartbeat else {
            return;
        };
        if !self.timers.is_set(Timer::Pong) {
            self.timers.set(Timer::Pong, now.plus(heartbeat.timeout));
            self.flow.measure = true;
        }
        #[cfg(feature = "session")]
        let in_session = self.send_ping(now);
        #[cfg(not(feature = "session"))]
        let in_session = false;
        if !in_session {
            self.liveness.pinged(now);
            self.outputs.push(Output::Ping { link });
        }
        // The ping may stand behind a buffer that takes longer to leave than a pong may take to come.
        self.look_again(now);
    }

    pub(super) fn note_buffered(&mut self, now: Micros, bytes: u64) {
        let before = core::mem::replace(&mut self.flow.buffered, bytes);
        if bytes < before {
            // While it gives away what it has, it may soon have room.
            self.flow.samples = self.flow.samples.min(SAMPLES_AT_ONCE);
        }
        #[cfg(feature = "session")]
        {
            self.flow.holds = false;
        }
        if core::mem::take(&mut self.flow.measure) {
            self.flow.ahead = bytes;
        } else if bytes < before
            && self.flow.ahead > 0
            && self.timers.is_set(Timer::Pong)
            && let Some(heartbeat) = &self.config.heartbeat
        {
            // The ping stands behind what is still leaving: a slow link is not a dead one. What was sent
            // with the ping or after it says nothing, for it may leave for a network that is gone.
            self.flow.ahead = self.flow.ahead.saturating_sub(before - bytes);
            self.timers.set(Timer::Pong, now.plus(heartbeat.timeout));
        }
        if bytes > self.config.high_water {
            self.flow.paused = true;
        } else if bytes <= self.config.high_water / 2 {
            self.flow.paused = false;
        }
        if self.flow.paused || (self.flow.ahead > 0 && self.timers.is_set(Timer::Pong)) {
            self.look_again(now);
            return;
        }
        self.flow.samples = 0;
        if self.timers.is_set(Timer::Sample) {
            self.timers.stop(Timer::Sample);
            self.flow.asked = false;
        }
    }

    /// The socket is failing: nothing more is offered to it, and its close is awaited only so long.
    pub(super) fn distrust(&mut self, now: Micros) {
        self.flow.failing = true;
        if !self.timers.is_set(Timer::Close) {
            self.timers.set(Timer::Close, now.plus(self.config.close_timeout));
        }
    }

    pub(super) fn expire(&mut self, now: Micros) {
        while let Some(payload) = self.outbox.pop_expired(now) {
            self.settle(payload, Outcome::NotSent(Reason::Expired));
        }
        // Whose time is up is told by the timer: who asks in this very call does not know its watch yet.
        self.check_watches(Micros::ZERO);
    }

    #[cfg(not(feature = "session"))]
    pub(super) fn idle_limit(&self) -> Option<Micros> {
        self.config.idle_timeout
    }

    /// Sees to it that the socket's buffer is looked at again.
    pub(super) fn look_again(&mut self, now: Micros) {
        let Stage::Ready { link } = self.stage else {
            return;
        };
        if core::mem::replace(&mut self.flow.asked, true) {
            return;
        }
        let taken = self.flow.samples;
        self.flow.samples = taken.saturating_add(1);
        if taken < SAMPLES_AT_ONCE {
            self.outputs.push(Output::Sample { link });
        } else {
            let (first, longest) = SAMPLE_WAIT;
            let wait = first.checked_shl(taken - SAMPLES_AT_ONCE).unwrap_or(longest).min(longest);
            self.timers.set(Timer::Sample, now.plus(Micros::from_millis(wait)));
        }
    }
}
