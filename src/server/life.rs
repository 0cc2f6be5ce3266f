//! The task of one session: it lives as long as the session does, with a connection and without.
//!
//! Whatever is there is taken in at each wake-up: what the application asks for, what the client sent, what
//! handlers came to. Then the store keeps the whole change at once, and only then something is written.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep, sleep_until};

use super::greet::{Arrival, Attach, Outcome};
use super::handler::{Cause, Connected, Grant, Handler, Refusal};
use super::inbox::{Done, Inbound, Inbox};
use super::link::{Link, farewell};
use super::peer::{Command, Peer, Settled};
use super::requests::Requests;
use super::server::Inner;
use super::transport::{Broken, Message};
use crate::session::{
    Closing, Code, Control, Due, Found, Hello, Session, SessionStore, Status, Verdict, Violation, refuse,
    violation,
};

/// A frame is about so large at most.
const FRAME: usize = 64 * 1024;
/// How long an acknowledgement waits for company.
const ACK_DELAY: Duration = Duration::from_millis(25);
/// What is taken in at one wake-up, at most.
const ORDERS: usize = 1_024;
const FRAMES: usize = 64;
/// How long a connection stays at most when another has taken over.
const STAY: Duration = Duration::from_secs(1);
/// As good as never.
const FAR: Duration = Duration::from_secs(86_400 * 365);

pub(super) struct Life<S, H> {
    pub(super) server: Arc<Inner<S, H>>,
    pub(super) session: Session,
    pub(super) peer: Peer,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    pub(super) link: Option<Link>,
    /// The connection before, and how long it may stay: until the client has been heard on this one, or it would take
    /// the one for broken before it has the other.
    leaving: Option<(Link, Instant)>,
    attaching: VecDeque<Box<Attach>>,
    pub(super) inbox: Inbox,
    /// Of what has been taken out of `inbox`.
    pub(super) turns: Option<BoxStream<'static, Done>>,
    pub(super) receipts: VecDeque<(u64, oneshot::Sender<Settled>)>,
    pub(super) requests: Requests,
    /// A token that is being judged.
    judging: Option<BoxFuture<'static, Result<Grant, Refusal>>>,
    /// When the session is over if nobody comes back.
    expires_at: Option<Instant>,
    pub(super) over: Option<Cause>,
    /// Read from a store that another server may have written to since.
    pub(super) stale: bool,
}

impl<S, H> Drop for Life<S, H> {
    /// However it ends.
    fn drop(&mut self) {
        self.server.leave(&self.peer);
    }
}

impl<S: SessionStore, H: Handler> Life<S, H> {
    /// A new session, with its first connection, or one that was restored. `stale`: another server may have it.
    pub(super) fn begin(
        server: &Arc<Inner<S, H>>,
        session: Session,
        link: Option<(Link, Status, Vec<u8>)>,
        stale: bool,
    ) {
        let id = session.identity().id;
        let (peer, commands) = Peer::new(id, session.principal().to_vec(), server.config.held);
        if !server.enter(&peer) {
            return;
        }
        let mut life = Self {
            server: Arc::clone(server),
            session,
            peer,
            commands,
            stale,
            link: None,
            leaving: None,
            attaching: VecDeque::new(),
            inbox: Inbox::default(),
            turns: None,
            receipts: VecDeque::new(),
            requests: Requests::default(),
            judging: None,
            expires_at: None,
            over: None,
        };
        for (channel, name) in life.session.channels() {
            life.server.hub.join(&name, &life.peer, channel);
        }
        let Some((mut link, status, welcome)) = link else {
            life.detached();
            tokio::spawn(life.run());
            return;
        };
        let how = if status.is_lost() { Connected::Lost } else { Connected::New };
        tokio::spawn(async move {
            // Not before the session can be found: the client may act on it at once.
            link.welcome(welcome).await;
            life.link = Some(link);
            life.leave_if_draining();
            life.inbox.push(Inbound::Connected(how));
            life.run().await;
        });
    }

    async fn run(mut self) {
        let mut sleep = pin!(sleep_until(self.deadline()));
        while self.over.is_none() {
            let deadline = self.deadline();
            if deadline != sleep.deadline() {
                sleep.as_mut().reset(deadline);
            }
            poll_fn(|cx| self.gather(cx, sleep.as_mut())).await;
            self.commit().await;
            while let Some(attach) = self.attaching.pop_front() {
                self.attach(*attach).await;
                self.commit().await;
            }
            poll_fn(|cx| {
                self.write(cx);
                Poll::Ready(())
            })
            .await;
            self.peer.holds(self.session.held());
            if self.session.held() > self.server.config.held {
                self.over.get_or_insert(Cause::SlowConsumer);
            }
        }
        self.end().await;
    }

    /// Takes in whatever is there.
    fn gather(&mut self, cx: &mut Context<'_>, sleep: Pin<&mut Sleep>) -> Poll<()> {
        let mut busy = self.obey(cx);
        busy |= self.read(cx);
        busy |= self.take_turns(cx);
        busy |= self.judged(cx);
        if self.link.as_ref().is_some_and(|link| link.unflushed) {
            busy |= self.write(cx);
        }
        if sleep.poll(cx).is_ready() {
            self.keep_time();
            busy = true;
        }
        if busy || self.over.is_some() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn obey(&mut self, cx: &mut Context<'_>) -> bool {
        for count in 0..ORDERS {
            match self.commands.poll_recv(cx) {
                Poll::Ready(Some(Command::Attach(attach))) => self.attaching.push_back(attach),
                Poll::Ready(Some(command)) => self.apply(command),
                Poll::Ready(None) | Poll::Pending => return count > 0,
            }
        }
        true
    }

    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        for count in 0..FRAMES {
            let Some(link) = self.link.as_mut().filter(|link| !link.said_all) else { return count > 0 };
            let Poll::Ready(message) = link.transport.poll_next_unpin(cx) else { return count > 0 };
            match message {
                Some(Ok(Message::Binary(frame))) => {
                    link.heard = Instant::now();
                    self.receive(&frame);
                }
                Some(Ok(Message::Text)) => self.violated(violation!("everwire.v1 has no text messages")),
                Some(Err(Broken::TooBig)) => {
                    self.violated(violation!(TooBig, "a frame larger than max_frame"))
                }
                Some(Ok(Message::Close { .. }) | Err(Broken::Gone(_))) | None => self.broke(),
            }
        }
        true
    }

    fn receive(&mut self, frame: &Bytes) {
        self.leave_the_old();
        let mut events = Vec::new();
        let fence = self.session.fence();
        let result = self.session.receive(fence, frame, &mut events);
        for event in events {
            self.happened(event, frame);
        }
        if let Err(violation) = result {
            self.violated(violation);
        }
    }

    /// The connection is gone; the session is not.
    fn broke(&mut self) {
        self.session.gone(self.session.fence());
        self.link = None;
        self.detached();
    }

    fn detached(&mut self) {
        self.leave_the_old();
        let config = &self.server.config;
        let lasting = self.session.is_confirmed() && !self.stale;
        let patience = if lasting { config.resume } else { config.idle };
        self.expires_at = Some(Instant::now() + patience);
        self.judging = None;
    }

    fn violated(&mut self, violation: Violation) {
        let frame = self.session.violated(violation);
        self.part(frame, violation.code);
    }

    /// Ends the connection with its last frame.
    fn part(&mut self, frame: Vec<u8>, code: Code) {
        if let Some(link) = self.link.take() {
            tokio::spawn(farewell(link, frame, code));
        }
        self.detached();
    }

    pub(super) fn close(&mut self, code: Code, retry: bool, forget: bool, after: Duration, reason: &str) {
        let retry_after_ms = super::config::millis(after);
        let frame = self.session.close(Closing { code, retry, forget, retry_after_ms, reason });
        self.part(frame, code);
    }

    /// The store keeps what changed. What it does not keep must never be said.
    async fn commit(&mut self) {
        if let Some(delta) = self.session.delta() {
            match self.server.store.commit(self.peer.session(), &delta).await {
                Ok(true) => self.session.keep(&delta),
                Ok(false) => return self.over = Some(Cause::Moved),
                Err(error) => return self.over = Some(Cause::Store(error.to_string())),
            }
        }
        self.start_requests();
    }

    /// Moves the session to another connection, if that one may have it.
    async fn attach(&mut self, attach: Attach) {
        let Attach { arrival, answer } = attach;
        let _ = answer.send(match self.judge(&arrival.hello, &arrival.principal).await {
            Ok(Verdict::Resume) => self.welcome(arrival).await,
            Ok(verdict) => Outcome::Judged(arrival, verdict),
            Err(cause) => {
                self.over.get_or_insert(cause);
                Outcome::Gone(arrival)
            }
        });
    }

    async fn judge(&mut self, hello: &Hello, principal: &[u8]) -> Result<Verdict, Cause> {
        if let Some(cause) = &self.over {
            return Err(cause.clone());
        }
        let verdict = self.session.judge(hello, principal);
        let server = Arc::clone(&self.server);
        let (store, id) = (&server.store, self.peer.session());
        let failed = |error: S::Error| Cause::Store(error.to_string());
        if matches!(verdict, Verdict::Create { status: Status::RolledBack | Status::Expired, .. }) {
            // Another server may have gone on with it, and then it is this one that knows too little.
            match store.load(id).await.map_err(failed)? {
                Some(Found::Session(stored)) if stored.state.fence == self.session.fence() => {}
                _ => return Err(Cause::Moved),
            }
        }
        self.judged_over(&verdict);
        if verdict != Verdict::Resume {
            return Ok(verdict);
        }
        if !store.bind(id, self.session.fence(), hello.fence).await.map_err(failed)? {
            return Err(Cause::Moved);
        }
        if std::mem::take(&mut self.stale) {
            // Whoever had it may have gone on until a moment ago.
            let Some(Found::Session(mut stored)) = store.load(id).await.map_err(failed)? else {
                return Err(Cause::Moved);
            };
            let bound = std::mem::replace(&mut stored.state.fence, self.session.fence());
            let limits = self.server.config.limits;
            self.session = Session::restored(limits, &stored);
            let verdict = self.session.judge(hello, principal);
            if verdict != Verdict::Resume {
                stored.state.fence = bound;
                self.session = Session::restored(limits, &stored);
                self.judged_over(&verdict);
            }
            return Ok(verdict);
        }
        Ok(verdict)
    }

    /// A session that a client can no longer go on with is of no use to anybody.
    fn judged_over(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Create { status: Status::RolledBack, .. } => self.over = Some(Cause::RolledBack),
            Verdict::Create { status: Status::Expired, .. } => self.over = Some(Cause::TooBig),
            _ => {}
        }
    }

    async fn welcome(&mut self, arrival: Arrival) -> Outcome {
        let Arrival { hello, ttl, mut link, .. } = arrival;
        let mut events = Vec::new();
        let times = self.server.config.times(ttl);
        match self.session.resume(&hello, times, &mut events) {
            Ok(welcome) => {
                link.begin(&self.server.config, &hello, ttl);
                link.welcome(welcome).await;
                self.leave_the_old();
                self.leaving = self.link.replace(link).map(|old| (old, Instant::now() + STAY));
                self.expires_at = None;
                self.judging = None;
                self.leave_if_draining();
                self.inbox.push(Inbound::Connected(Connected::Resumed));
                for event in events {
                    self.happened(event, &Bytes::new());
                }
            }
            Err(violation) => {
                let frame = refuse(Closing::for_violation(violation));
                tokio::spawn(farewell(link, frame, violation.code));
            }
        }
        Outcome::Welcomed
    }

    /// Ends the connection before, if it is still there.
    fn leave_the_old(&mut self) {
        if let Some((old, _)) = self.leaving.take() {
            let reason = "another connection has taken over";
            let frame = refuse(Closing { reason, ..closing(Code::Superseded) });
            tokio::spawn(farewell(old, frame, Code::Superseded));
        }
    }

    /// Writes what is due, one frame after the other as the socket takes them.
    fn write(&mut self, cx: &mut Context<'_>) -> bool {
        let mut wrote = false;
        while let Some(link) = &mut self.link {
            let mut transport = Pin::new(&mut *link.transport);
            if link.unflushed {
                match transport.as_mut().poll_flush(cx) {
                    Poll::Ready(Ok(())) => link.unflushed = false,
                    Poll::Ready(Err(_)) => self.broke(),
                    Poll::Pending => return wrote,
                }
                continue;
            }
            let now = Instant::now();
            let due = match self.session.due() {
                Due::Nothing => false,
                Due::Now => true,
                Due::Soon => *link.ack_at.get_or_insert(now + ACK_DELAY) <= now,
            };
            if !due {
                return wrote;
            }
            link.ack_at = None;
            match transport.as_mut().poll_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => {
                    self.broke();
                    continue;
                }
                Poll::Pending => {
                    link.unflushed = true;
                    return wrote;
                }
            }
            let mut frame = Vec::new();
            if !self.session.frame(FRAME, &mut frame) {
                return wrote;
            }
            wrote = true;
            link.unflushed = true;
            if transport.start_send(Message::Binary(frame.into())).is_err() {
                self.broke();
            }
        }
        wrote
    }

    /// The client shows another token.
    pub(super) fn refresh(&mut self, token: Bytes) {
        let server = Arc::clone(&self.server);
        let judging = AssertUnwindSafe(async move { server.handler.authenticate(&token).await });
        let judging = judging.catch_unwind();
        self.judging = Some(Box::pin(judging.map(|grant| grant.unwrap_or(Err(Refusal::Unavailable)))));
    }

    fn judged(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(Poll::Ready(grant)) = self.judging.as_mut().map(|judging| judging.as_mut().poll(cx)) else {
            return false;
        };
        self.judging = None;
        match grant {
            Ok(grant) if grant.principal == self.peer.principal() => {
                if let Some(link) = &mut self.link {
                    link.granted(grant.ttl);
                }
                let ttl_ms = self.server.config.times(grant.ttl).auth_ttl_ms;
                self.session.control(Control::Authed { status: 0, ttl_ms });
            }
            Ok(_) => self.end_link(Code::Forbidden, false, "a session's token may not change whose it is"),
            Err(Refusal::Unavailable) => {
                if let Some(link) = &mut self.link {
                    link.ask_again();
                }
            }
            Err(Refusal::Forbidden) => self.end_link(Code::Forbidden, false, "the token was refused"),
            Err(_) => self.end_link(Code::AuthExpired, true, "the token was refused"),
        }
        true
    }

    pub(super) fn end_link(&mut self, code: Code, retry: bool, reason: &str) {
        self.close(code, retry, false, Duration::ZERO, reason);
    }

    /// What the clock says.
    fn keep_time(&mut self) {
        let now = Instant::now();
        self.time_out_requests(now);
        if self.leaving.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.leave_the_old();
        }
        let Some(link) = &mut self.link else {
            if self.expires_at.is_some_and(|at| at <= now) {
                self.over = Some(Cause::Expired);
            }
            return;
        };
        if link.expires_at.is_some_and(|at| at <= now) {
            self.end_link(Code::AuthExpired, true, "no other token came in time");
        } else if let Some((_, after)) = link.leaves_at.filter(|(at, _)| *at <= now) {
            self.close(Code::Draining, true, false, after, "the server goes away");
        } else if link.heard + link.idle <= now {
            self.end_link(Code::Idle, true, "nothing was heard for too long");
        } else {
            if link.ask_at.is_some_and(|at| at <= now) {
                link.ask_at = None;
                self.session.control(Control::Auth { token: &[] });
            }
            if link.heard.max(link.pinged) + link.ping <= now {
                link.pinged = now;
                self.session.control(Control::Ping { token: 0 });
            }
        }
    }

    fn deadline(&self) -> Instant {
        let clock = match &self.link {
            Some(link) => Some(link.deadline()),
            None => self.expires_at,
        };
        let old = self.leaving.as_ref().map(|(_, until)| *until);
        let clock = clock.into_iter().chain(old).chain(self.requests.deadline()).min();
        clock.unwrap_or_else(|| Instant::now() + FAR)
    }
}

/// Neither to be tried again nor the end of the session.
fn closing(code: Code) -> Closing<'static> {
    Closing { code, retry: false, forget: false, retry_after_ms: 0, reason: "" }
}
