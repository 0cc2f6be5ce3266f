//! From a WebSocket to a session: HELLO, the token, the session that it asks for.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::handler::{Handler, Refusal};
use super::life::Life;
use super::link::{Link, farewell};
use super::peer::Command;
use super::server::Inner;
use super::transport::{Broken, Message, Transport};
use crate::session::{
    Closing, Code, Found, Hello, Identity, Session, SessionStore, Status, Stored, Tombstone, Verdict,
    Violation, judge, read_hello, refuse,
};

/// How often a session that moves between servers is looked for before the client is told to come back.
const TRIES: usize = 8;

/// A client that has said who it is and what it wants.
pub(super) struct Arrival {
    pub(super) hello: Hello,
    pub(super) principal: Vec<u8>,
    pub(super) ttl: Option<Duration>,
    pub(super) link: Link,
}

/// An arrival at a session that lives.
pub(super) struct Attach {
    pub(super) arrival: Arrival,
    pub(super) answer: oneshot::Sender<Outcome>,
}

/// What came of it.
pub(super) enum Outcome {
    Welcomed,
    Judged(Arrival, Verdict),
    Gone(Arrival),
}

impl Attach {
    pub(super) fn gone(self) {
        let _ = self.answer.send(Outcome::Gone(self.arrival));
    }
}

impl std::fmt::Debug for Attach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attach")
    }
}

/// Brings one connection to its session, or ends it.
pub(super) async fn greet<S: SessionStore, H: Handler>(server: &Arc<Inner<S, H>>, transport: impl Transport) {
    let link = Link::new(Box::new(transport), server);
    let Ok(_waiting) = server.handshakes.try_acquire() else {
        return turn_away(link, Turned::busy(server, "too many connections wait to be welcomed")).await;
    };
    let mut link = link;
    let said = match timeout(server.config.patience, listen(server, &mut link)).await {
        Ok(said) => said,
        Err(_) => Err(Turned::with(Code::Idle, true, "no HELLO and token in time")),
    };
    match said {
        Ok((hello, principal, ttl)) => settle(server, Arrival { hello, principal, ttl, link }).await,
        Err(turned) => turn_away(link, turned).await,
    }
}

/// Why a connection is ended before it has a session.
struct Turned {
    code: Code,
    retry: bool,
    after: Duration,
    reason: &'static str,
}

impl Turned {
    fn with(code: Code, retry: bool, reason: &'static str) -> Self {
        Self { code, retry, after: Duration::ZERO, reason }
    }

    fn busy<S, H>(server: &Inner<S, H>, reason: &'static str) -> Self {
        Self { after: server.config.retry_after, ..Self::with(Code::Overloaded, true, reason) }
    }
}

impl From<Violation> for Turned {
    fn from(violation: Violation) -> Self {
        Self::with(violation.code, false, violation.what)
    }
}

impl From<Refusal> for Turned {
    fn from(refusal: Refusal) -> Self {
        Self::with(refusal.code(), refusal.may_retry(), "the token was refused")
    }
}

async fn turn_away(link: Link, turned: Turned) {
    let Turned { code, retry, after, reason } = turned;
    let retry_after_ms = super::config::millis(after);
    let frame = refuse(Closing { code, retry, forget: false, retry_after_ms, reason });
    farewell(link, frame, code).await;
}

async fn listen<S: SessionStore, H: Handler>(
    server: &Inner<S, H>,
    link: &mut Link,
) -> Result<(Hello, Vec<u8>, Option<Duration>), Turned> {
    let frame = match link.transport.next().await {
        Some(Ok(Message::Binary(frame))) => frame,
        Some(Ok(Message::Text)) => {
            return Err(Turned::with(Code::Protocol, false, "everwire.v1 has no text messages"));
        }
        Some(Err(Broken::TooBig)) => {
            return Err(Turned::with(Code::TooBig, false, "a HELLO larger than this server takes"));
        }
        Some(Ok(Message::Close { .. }) | Err(Broken::Gone(_))) | None => {
            return Err(Turned::with(Code::Normal, true, ""));
        }
    };
    let hello = read_hello(&frame, server.config.hello)?;
    if server.is_draining() {
        return Err(Turned { after: server.config.retry_after, ..Turned::with(Code::Draining, true, "") });
    }
    let grant = server.handler.authenticate(hello.token.of(&frame)).await?;
    Ok((hello, grant.principal, grant.ttl))
}

async fn settle<S: SessionStore, H: Handler>(server: &Arc<Inner<S, H>>, mut arrival: Arrival) {
    for _ in 0..TRIES {
        let verdict = match arrival.hello.session {
            None => Verdict::Create { status: Status::New, tombstone: None },
            Some(asked) => match find(server, arrival, asked).await {
                Ok(None) => return,
                Ok(Some((back, verdict))) => {
                    arrival = back;
                    verdict
                }
                Err((back, _)) => {
                    let turned = Turned::with(Code::Internal, true, "the store of sessions failed");
                    return turn_away(back.link, turned).await;
                }
            },
        };
        match verdict {
            // It has only just become known here.
            Verdict::Resume => {}
            Verdict::Create { status, tombstone } => return create(server, arrival, status, tombstone).await,
            Verdict::Superseded => {
                let turned = Turned::with(Code::Superseded, false, "a later connection has been here");
                return turn_away(arrival.link, turned).await;
            }
        }
    }
    turn_away(arrival.link, Turned::busy(server, "the session moves between servers")).await;
}

type Judged = Option<(Arrival, Verdict)>;

/// Looks for the session: none if the arrival is with it.
async fn find<S: SessionStore, H: Handler>(
    server: &Arc<Inner<S, H>>,
    arrival: Arrival,
    asked: Identity,
) -> Result<Judged, (Arrival, S::Error)> {
    if let Some(peer) = server.peer(asked.id) {
        let (answer, outcome) = oneshot::channel();
        peer.order(Command::Attach(Box::new(Attach { arrival, answer })));
        return Ok(match outcome.await {
            Ok(Outcome::Welcomed) | Err(_) => None,
            Ok(Outcome::Judged(arrival, verdict)) => Some((arrival, verdict)),
            Ok(Outcome::Gone(arrival)) => Some((arrival, Verdict::Resume)),
        });
    }
    let found = match server.store.load(asked.id).await {
        Ok(found) => found,
        Err(error) => return Err((arrival, error)),
    };
    let verdict = judge(&arrival.hello, &arrival.principal, found.as_ref());
    if let (Verdict::Resume, Some(Found::Session(stored))) = (&verdict, &found) {
        server.restore(stored, true);
    }
    Ok(Some((arrival, verdict)))
}

async fn create<S: SessionStore, H: Handler>(
    server: &Arc<Inner<S, H>>,
    arrival: Arrival,
    status: Status,
    tombstone: Option<Tombstone>,
) {
    let Arrival { hello, principal, ttl, mut link } = arrival;
    if server.is_full() {
        return turn_away(link, Turned::busy(server, "too many sessions")).await;
    }
    let mut identity = Identity { id: [0; 16], secret: [0; 16] };
    let random = getrandom::fill(&mut identity.id).and_then(|()| getrandom::fill(&mut identity.secret));
    if random.is_err() || identity.id == [0; 16] {
        return turn_away(link, Turned::with(Code::Internal, true, "no randomness")).await;
    }
    let mut session = Session::new(identity, principal.clone(), server.config.limits, true);
    let times = server.config.times(ttl);
    let welcome = match session.welcome_new(&hello, times, status, tombstone) {
        Ok(welcome) => welcome,
        Err(violation) => return turn_away(link, violation.into()).await,
    };
    let mut stored = Stored::new(identity, principal);
    stored.state.fence = hello.fence;
    if server.store.create(stored).await.is_err() {
        return turn_away(link, Turned::with(Code::Internal, true, "the store of sessions failed")).await;
    }
    link.begin(&server.config, &hello, ttl);
    Life::begin(server, session, Some((link, status, welcome)), false);
}
