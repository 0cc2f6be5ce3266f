//! Make before break: another connection begins while the current one works.

use super::*;

impl<P: Payload, T: Texts> Machine<P, T> {
    pub(super) fn successor(&self) -> Option<Successor> {
        self.session.as_ref()?.successor
    }

    fn set_successor(&mut self, successor: Option<Successor>) {
        if let Some(session) = self.session.as_mut() {
            session.successor = successor;
        }
    }

    /// Begins another connection while this one works, or gives one up that takes too long.
    pub(in crate::core::machine) fn renew(&mut self, now: Micros) {
        if self.successor().is_some() {
            return self.drop_successor();
        }
        if !matches!(self.stage, Stage::Ready { .. }) {
            return;
        }
        let ticket = self.ticket();
        self.set_successor(Some(Successor::Resolving(ticket)));
        self.timers.set(Timer::Renew, now.plus(self.config.reconnect.connect_timeout));
        self.stats.add(Count::Attempts, 1);
        self.outputs.push(Output::Resolve { ticket, attempt: 1, turn: self.turn, cause: Cause::Draining });
    }

    /// What happens to the successor is not the current link's business. True if it was about it.
    pub(in crate::core::machine) fn succession(&mut self, input: &Input<T::Reason>) -> bool {
        let Some(successor) = self.successor() else { return false };
        match (successor, input) {
            (Successor::Resolving(ticket), Input::Target { ticket: of, .. }) if ticket == *of => {
                self.links = self.links.wrapping_add(1);
                let link = LinkId(self.links);
                self.set_successor(Some(Successor::Dialing(link)));
                self.outputs.push(Output::Dial { link });
            }
            (Successor::Resolving(ticket), Input::TargetFailed { ticket: of }) if ticket == *of => {
                self.set_successor(None);
                self.timers.stop(Timer::Renew);
            }
            (Successor::Dialing(link), Input::Opened { link: of }) if link == *of => {
                self.set_successor(Some(Successor::Greeting(link)));
                self.outputs.push(Output::Greet { link, attempt: 1 });
            }
            (
                Successor::Dialing(link) | Successor::Greeting(link),
                Input::DialFailed { link: of, .. }
                | Input::Errored { link: of }
                | Input::Closed { link: of, .. }
                | Input::Greeted { link: of, ok: false },
            ) if link == *of => self.drop_successor(),
            (_, Input::Greeted { link: of, .. }) => return self.link() != Some(*of),
            _ => return false,
        }
        true
    }

    /// Whether this question is the successor's.
    pub(in crate::core::machine) fn resolves_successor(&self, ticket: Ticket) -> bool {
        self.successor() == Some(Successor::Resolving(ticket))
    }

    pub(in crate::core::machine) fn drop_successor(&mut self) {
        let Some(successor) = self.successor() else { return };
        self.set_successor(None);
        self.timers.stop(Timer::Renew);
        match successor {
            Successor::Resolving(_) => self.outputs.push(Output::AbortResolve),
            Successor::Dialing(link) | Successor::Greeting(link) => {
                self.unlink(Some(link));
                self.outputs.push(Output::Hangup { link, close: None, forget: true });
            }
        }
    }

    /// The successor carries the session now.
    pub(in crate::core::machine) fn succeed(&mut self, now: Micros, link: LinkId) {
        self.set_successor(None);
        let Stage::Ready { link: old } = self.stage else { return };
        self.unlink(Some(old));
        self.stage = Stage::Ready { link };
        let close = Some(Close::normal(T::Reason::reconnect()));
        self.outputs.push(Output::Hangup { link: old, close, forget: true });
        self.liveness.restart(now);
        self.flow = Flow::default();
        for timer in [Timer::Close, Timer::Pong, Timer::Sample, Timer::Renew, Timer::Idle] {
            self.timers.stop(timer);
        }
        if let Some(idle) = self.idle_limit() {
            self.timers.set(Timer::Idle, now.plus(idle));
        }
    }

    /// The link broke before its successor was there. What the successor has come to is not thrown away:
    /// a server that has moved the session to it ends the old link first.
    pub(in crate::core::machine) fn promote(
        &mut self,
        now: Micros,
        gone: LinkId,
        close: &Close<T::Reason>,
    ) -> bool {
        let Some(successor) = self.successor() else { return false };
        // Where the server wants nobody to come back, nobody does.
        if self.session.as_ref().and_then(|it| it.word).is_some_and(|word| !word.retry) {
            return false;
        }
        let _ = self.last_word();
        self.set_successor(None);
        self.unlink(Some(gone));
        let greeted = |link| self.session.as_ref().is_some_and(|session| session.fence(link).is_some());
        self.stage = match successor {
            Successor::Resolving(ticket) => Stage::Resolving { ticket },
            Successor::Dialing(link) => Stage::Dialing { link },
            Successor::Greeting(link) => Stage::Handshaking { link, greeted: greeted(link), welcomed: false },
        };
        self.timers.stop_all();
        self.timers.set(Timer::Connect, now.plus(self.config.reconnect.connect_timeout));
        self.stable = false;
        self.down_since = self.down_since.min(now);
        self.flow = Flow::default();
        self.liveness.restart(now);
        self.announce();
        self.announce_down(Cause::ServerClosed, close);
        true
    }
}
