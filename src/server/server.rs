//! The server as a whole.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{Semaphore, watch};
use tokio_tungstenite::tungstenite::http::HeaderMap;

use super::config::Config;
use super::content::Content;
use super::drain::Drain;
use super::greet;
use super::handler::Handler;
use super::hub::Hub;
use super::life::Life;
use super::peer::{Command, Peer};
use super::transport::Transport;
use crate::session::{Found, SUBPROTOCOL, Session, SessionStore, Stored};

/// Serves sessions: bring it connections, it brings your [`Handler`] what they say. Clone it freely; it is one
/// server all the same.
pub struct Server<S, H>(pub(super) Arc<Inner<S, H>>);

pub(super) struct Inner<S, H> {
    pub(super) config: Config,
    pub(super) store: S,
    pub(super) handler: H,
    pub(super) handshakes: Semaphore,
    pub(super) hub: Hub,
    pub(super) links: watch::Sender<usize>,
    sessions: Mutex<HashMap<[u8; 16], Peer>>,
    pub(super) draining: OnceLock<Drain>,
    /// Connections that are not WebSockets yet.
    pub(super) upgrades: Semaphore,
}

impl<S: SessionStore, H: Handler> Server<S, H> {
    /// A server with the sessions that its store holds from before, if they can be its own. Must be called within
    /// a tokio runtime.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn start(config: Config, store: S, handler: H) -> Result<Self, S::Error> {
        let config = Config { limits: config.limits.sound(), ..config };
        let inner = Arc::new(Inner {
            handshakes: Semaphore::new(config.handshakes),
            hub: Hub::default(),
            links: watch::Sender::new(0),
            sessions: Mutex::default(),
            draining: OnceLock::new(),
            upgrades: Semaphore::new(config.handshakes),
            config,
            store,
            handler,
        });
        for id in inner.store.left().await? {
            // One that cannot be read is lost, and its client will be told; the others are not.
            if let Ok(Some(Found::Session(stored))) = inner.store.load(id).await {
                inner.restore(&stored, false);
            }
        }
        Ok(Self(inner))
    }

    /// Serves one WebSocket that has agreed on the subprotocol `everwire.v1`. Returns when it has found its session,
    /// whose task goes on with it, or has been turned away.
    pub async fn serve(&self, transport: impl Transport) {
        greet::greet(&self.0, transport).await;
    }

    /// Sends a message to every session that has a channel of this name open, connected or not: how many.
    pub fn broadcast(&self, name: &str, content: impl Into<Content>) -> usize {
        let content = content.into();
        let members = self.0.hub.members(name);
        for (peer, channel) in &members {
            drop(peer.send_on(*channel, content.clone()));
        }
        members.len()
    }

    /// Sends a volatile message to every connected session that has a channel of this name open.
    pub fn broadcast_volatile(&self, name: &str, content: impl Into<Content>) {
        let content = content.into();
        for (peer, channel) in self.0.hub.members(name) {
            peer.volatile_on(channel, content.clone());
        }
    }

    /// Every session, connected or not.
    pub fn peers(&self) -> Vec<Peer> {
        self.0.sessions().values().cloned().collect()
    }

    /// Goes away: asks every client to connect anew, and ends the connections that are left after
    /// [`Drain::grace`]. New connections are told to come back. Returns when the last one is gone. The sessions stay
    /// with the store.
    pub async fn drain(&self, drain: Drain) {
        let drain = self.0.draining.get_or_init(|| drain);
        for peer in self.peers() {
            peer.order(Command::GoAway(Box::new(drain.clone())));
        }
        let mut links = self.0.links.subscribe();
        // The sender lives as long as this server does.
        let _ = links.wait_for(|count| *count == 0).await;
    }
}

impl<S: SessionStore, H: Handler> Inner<S, H> {
    pub(super) fn peer(&self, id: [u8; 16]) -> Option<Peer> {
        self.sessions().get(&id).cloned()
    }

    /// False if the session is there already.
    pub(super) fn enter(&self, peer: &Peer) -> bool {
        let mut sessions = self.sessions();
        let vacant = !sessions.contains_key(&peer.session());
        if vacant {
            sessions.insert(peer.session(), peer.clone());
        }
        vacant
    }

    pub(super) fn is_full(&self) -> bool {
        self.sessions().len() >= self.config.sessions
    }

    /// Wakes a session that a store has kept.
    pub(super) fn restore(self: &Arc<Self>, stored: &Stored, stale: bool) {
        Life::begin(self, Session::restored(self.config.limits, stored), None, stale);
    }
}

impl<S, H> Inner<S, H> {
    fn sessions(&self) -> MutexGuard<'_, HashMap<[u8; 16], Peer>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn leave(&self, peer: &Peer) {
        let mut sessions = self.sessions();
        // Another may have begun under this name since.
        if sessions.get(&peer.session()).is_some_and(|its| its.is(peer)) {
            sessions.remove(&peer.session());
            drop(sessions);
            self.hub.leave_all(peer);
        }
    }

    /// Whether a request may become a WebSocket; if not, with which status and why.
    pub(super) fn admits(&self, headers: &HeaderMap) -> Result<(), (u16, &'static str)> {
        let offers = headers.get_all("sec-websocket-protocol").into_iter();
        let mut offers = offers.filter_map(|offer| offer.to_str().ok()).flat_map(|offer| offer.split(','));
        if !offers.any(|offer| offer.trim() == SUBPROTOCOL) {
            return Err((400, "This endpoint speaks the WebSocket subprotocol everwire.v1 alone: offer it."));
        }
        let origin = headers.get("origin").map(|origin| origin.to_str().unwrap_or("null"));
        if self.config.origins.admits(origin) {
            Ok(())
        } else {
            Err((403, "This origin may not connect; the server's Config::origins says which may."))
        }
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.get().is_some()
    }
}

impl<S, H> Clone for Server<S, H> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S, H> fmt::Debug for Server<S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}
