//! How a session ends, and what is said of what was sent in it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::config::millis;
use super::content::Content;
use super::drain::Drain;
use super::handler::{Cause, Ending, Handler, Undelivered};
use super::life::Life;
use super::peer::Settled;
use crate::session::{Code, Control, SessionStore};

impl<S: SessionStore, H: Handler> Life<S, H> {
    /// The session is over: whoever waits is told.
    pub(super) async fn end(mut self) {
        let cause = self.over.take().unwrap_or(Cause::Expired);
        let cause = match self.bury(cause).await {
            Ok(cause) | Err(cause) => cause,
        };
        self.goodbye(&cause);
        self.server.leave(&self.peer);
        self.commands.close();
        self.peer.wake();
        self.requests.end();
        let ending = self.ending(cause);
        for (number, settle) in self.receipts.drain(..) {
            let settled = if number <= ending.delivered {
                Settled::Delivered
            } else if number <= ending.in_doubt {
                Settled::InDoubt
            } else {
                Settled::NotDelivered
            };
            let _ = settle.send(settled);
        }
        while let Ok(command) = self.commands.try_recv() {
            command.too_late();
        }
        self.server.handler.ended(&self.peer, ending).await;
    }

    /// The store forgets all but a tombstone.
    async fn bury(&mut self, cause: Cause) -> Result<Cause, Cause> {
        if matches!(cause, Cause::Moved | Cause::Store(_)) {
            return Ok(cause);
        }
        if self.stale {
            // It was looked up and never taken over.
            return Err(Cause::Moved);
        }
        let failed = |error: S::Error| Cause::Store(error.to_string());
        let store = &self.server.store;
        let (id, fence) = (self.peer.session(), self.session.fence());
        if let Some(delta) = self.session.delta() {
            if !store.commit(id, &delta).await.map_err(failed)? {
                return Err(Cause::Moved);
            }
            self.session.keep(&delta);
        }
        // Who has forgotten something proves nothing.
        let tombstone = (cause != Cause::RolledBack).then(|| self.session.tombstone());
        let buried = store.bury(id, fence, tombstone).await.map_err(failed)?;
        if buried { Ok(cause) } else { Err(Cause::Moved) }
    }

    /// The last frame, if there is a connection.
    fn goodbye(&mut self, cause: &Cause) {
        if self.link.is_none() {
            return;
        }
        let (code, retry, forget, reason) = match cause {
            Cause::Closed => (Code::Normal, false, true, ""),
            Cause::Ended(code, reason) => (*code, false, true, reason.as_str()),
            Cause::Expired | Cause::RolledBack | Cause::TooBig => (Code::SessionLost, true, true, ""),
            Cause::SlowConsumer => (Code::SlowConsumer, true, true, "too much is held for this client"),
            Cause::Moved => (Code::Superseded, false, false, "another connection has taken over"),
            Cause::Store(_) => (Code::Internal, true, false, "the store of sessions failed"),
        };
        self.close(code, retry, forget, Duration::ZERO, reason);
    }

    fn ending(&self, cause: Cause) -> Ending {
        let (last, delivered) = self.session.outgoing();
        let moved = matches!(cause, Cause::Moved | Cause::Store(_));
        // A client that closes says how far it came, so that nothing is in doubt; what another server may go on
        // with is.
        let in_doubt = match cause {
            Cause::Closed => delivered,
            _ if moved => last,
            _ => self.session.written(),
        };
        let undelivered = self.session.unacknowledged().into_iter().map(|held| Undelivered {
            number: held.number,
            channel: held.channel,
            content: Content::received(held.payload.into(), held.text),
        });
        Ending { cause, delivered, in_doubt, last, undelivered: undelivered.collect() }
    }

    /// A connection that was on its way when the server began to go away goes, too.
    pub(super) fn leave_if_draining(&mut self) {
        let server = Arc::clone(&self.server);
        if let Some(drain) = server.draining.get() {
            self.go_away(drain);
        }
    }

    /// The server goes away: the client is to look for another.
    pub(super) fn go_away(&mut self, drain: &Drain) {
        let Some(link) = &mut self.link else { return };
        link.leaves_at = Some((Instant::now() + drain.grace, drain.retry_after));
        self.session.control(Control::GoAway {
            code: Code::Draining,
            grace_ms: millis(drain.grace),
            min_ms: millis(drain.min),
            jitter_ms: millis(drain.jitter),
            reason: &drain.reason,
        });
    }
}
