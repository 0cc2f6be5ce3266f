//! Requests of both sides that wait for their answer.

use std::collections::{BTreeSet, HashMap};
use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use super::config::millis;
use super::content::Content;
use super::handler::{Handler, Request};
use super::life::Life;
use super::reply::{Failure, Part, Responder};
use crate::session::{Answer, Room, SessionStore};

#[derive(Default)]
pub(super) struct Requests {
    /// The application's, by the number they have in the session.
    asked: HashMap<u64, Asked>,
    /// And by the application's own key.
    keys: HashMap<u64, u64>,
    deadlines: BTreeSet<(Instant, u64)>,
    /// The client's that are accepted: they start when the store knows that.
    accepted: Vec<(u64, Request)>,
    /// The client's that run.
    running: HashMap<u64, AbortHandle>,
}

struct Asked {
    key: u64,
    parts: mpsc::Sender<Part>,
    deadline: Option<Instant>,
}

impl Requests {
    pub(super) fn accepted(&mut self, id: u64, request: Request) {
        self.accepted.push((id, request));
    }

    pub(super) fn cancelled(&mut self, id: u64) {
        self.accepted.retain(|(accepted, _)| *accepted != id);
        if let Some(task) = self.running.remove(&id) {
            task.abort();
        }
    }

    /// Who waits for the answer to this request.
    pub(super) fn waiting(&mut self, id: u64, more: bool) -> Option<mpsc::Sender<Part>> {
        if more { self.asked.get(&id).map(|asked| asked.parts.clone()) } else { Some(self.forget(id)?.parts) }
    }

    fn forget(&mut self, id: u64) -> Option<Asked> {
        let asked = self.asked.remove(&id)?;
        self.keys.remove(&asked.key);
        if let Some(deadline) = asked.deadline {
            self.deadlines.remove(&(deadline, id));
        }
        Some(asked)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// The session is over: nothing runs or waits any more.
    pub(super) fn end(&mut self) {
        let Self { asked, running, .. } = mem::take(self);
        for task in running.into_values() {
            task.abort();
        }
        for asked in asked.into_values() {
            let _ = asked.parts.try_send((Err(Failure::Ended), false));
        }
    }
}

/// What a response says.
pub(super) fn part(status: u64, content: Content) -> Result<Content, Failure> {
    if status == Answer::Ok as u64 { Ok(content) } else { Err(Failure::Refused { status, content }) }
}

impl<S: SessionStore, H: Handler> Life<S, H> {
    /// Starts the client's requests whose acceptance is kept, so that none starts twice.
    pub(super) fn start_requests(&mut self) {
        for (id, request) in mem::take(&mut self.requests.accepted) {
            let server = Arc::clone(&self.server);
            let peer = self.peer.clone();
            let patience = request.timeout.unwrap_or(Duration::MAX);
            let task = tokio::spawn(async move {
                let respond = Responder::new(peer.clone(), id);
                // Not dropped before it is answered, for its responder would answer as well.
                let mut handled = pin!(server.handler.request(request, respond));
                if timeout(patience, handled.as_mut()).await.is_err() {
                    Responder::new(peer, id).timed_out();
                }
            });
            self.requests.running.insert(id, task.abort_handle());
        }
    }

    pub(super) fn respond(&mut self, id: u64, status: u64, more: bool, content: &Content) {
        if !more {
            self.requests.running.remove(&id);
        }
        if self.session.room(content.bytes().len()) == Room::Never {
            let reason = Content::from("the answer is larger than this client takes");
            self.session.respond(id, Answer::Error as u64, false, reason.payload(0));
        } else {
            self.session.respond(id, status, more, content.payload(0));
        }
    }

    pub(super) fn ask(
        &mut self,
        key: u64,
        method: &str,
        content: &Content,
        patience: Option<Duration>,
        parts: mpsc::Sender<Part>,
    ) {
        let fits = self.session.room(content.bytes().len() + method.len()) != Room::Never;
        let patience_ms = patience.map_or(0, millis);
        let asked = fits.then(|| self.session.request(patience_ms, method, content.payload(0))).flatten();
        let Some((id, _)) = asked else {
            let _ = parts.try_send((Err(Failure::TooBig), false));
            return;
        };
        let deadline = patience.and_then(|patience| Instant::now().checked_add(patience));
        self.requests.deadlines.extend(deadline.map(|deadline| (deadline, id)));
        self.requests.keys.insert(key, id);
        self.requests.asked.insert(id, Asked { key, parts, deadline });
    }

    /// Nobody waits for this answer any more.
    pub(super) fn abandon(&mut self, key: u64) {
        if let Some(id) = self.requests.keys.get(&key).copied() {
            self.requests.forget(id);
            self.session.cancel(id);
        }
    }

    pub(super) fn time_out_requests(&mut self, now: Instant) {
        while let Some((_, id)) = self.requests.deadlines.first().copied().filter(|(at, _)| *at <= now) {
            if let Some(asked) = self.requests.forget(id) {
                let _ = asked.parts.try_send((Err(Failure::TimedOut), false));
                self.session.cancel(id);
            }
        }
    }
}
