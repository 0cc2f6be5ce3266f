use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::config::{Config, Tls};
use crate::listener::Listener;
use crate::ports::Ports;
use crate::rooms::Rooms;
use crate::seats::Seats;
use crate::stats::{RoomStats, Stats, Tally, lock};

/// A running echo server. Dropping it stops it; [`Server::stop`] also waits until it has.
#[derive(Debug)]
pub struct Server {
    listener: Listener,
    secured: Option<Listener>,
    shared: Arc<Shared>,
}

impl Server {
    /// Binds and begins to serve on the current tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(config: Config) -> io::Result<Self> {
        let address = config.address;
        let shared = Arc::new(Shared {
            tally: Arc::default(),
            rooms: Rooms::new(config.limits.rooms, config.limits.queue_size, config.session_store.clone()),
            seats: Arc::new(Seats::new(&config.limits)),
            scheduled: Arc::new(Semaphore::new(SCHEDULED)),
            ports: Mutex::default(),
            config,
        });
        let listener = Listener::bind(address, None, &shared)?;
        let secured = match &shared.config.tls {
            Some(Tls { port, identity }) => {
                let address = SocketAddr::new(address.ip(), *port);
                Some(Listener::bind(address, Some(identity.clone()), &shared)?)
            }
            None => None,
        };
        lock(&shared.ports).add_main(&listener, secured.as_ref());
        Ok(Self { listener, secured, shared })
    }

    /// Where it listens, the port being the one chosen.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// The `http:` URL of a path (with its query) on this server.
    pub fn http_url(&self, path: &str) -> String {
        format!("http://{}{path}", reachable(self.address()))
    }

    /// Where it listens for TLS, if [`Config::tls`] said so.
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.secured.as_ref().map(Listener::address)
    }

    /// The `https:` URL of a path (with its query) on this server, if it listens for TLS.
    pub fn https_url(&self, path: &str) -> Option<String> {
        self.tls_address().map(|address| format!("https://{}{path}", reachable(address)))
    }

    /// The `wss:` URL of a path (with its query) on this server, if it listens for TLS.
    pub fn wss_url(&self, path: &str) -> Option<String> {
        self.tls_address().map(|address| format!("wss://{}{path}", reachable(address)))
    }

    /// The `ws:` URL of a path (with its query) on this server.
    pub fn ws_url(&self, path: &str) -> String {
        format!("ws://{}{path}", reachable(self.address()))
    }

    /// What was counted on the whole server.
    pub fn stats(&self) -> Stats {
        self.shared.tally.stats()
    }

    /// What was counted in a room; all zero if nobody was ever there.
    pub fn room_stats(&self, room: &str) -> RoomStats {
        self.shared.room_stats(room)
    }

    /// Stops listening, drops every connection and listens again on the same port after `down`.
    /// Resolves when it does.
    ///
    /// # Errors
    /// When the port could not be taken again.
    pub async fn restart(&self, down: Duration) -> io::Result<()> {
        self.listener.restart(down).await
    }

    /// Closes every socket and waits for that.
    pub async fn stop(mut self) {
        lock(&self.shared.ports).clear();
        self.listener.stop().await;
        if let Some(mut secured) = self.secured.take() {
            secured.stop().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        lock(&self.shared.ports).clear();
    }
}

/// Raises the number of files this process may open as far as the system lets it; says how far.
///
/// # Errors
/// When the limit cannot be read or changed.
pub fn raise_file_limit() -> io::Result<u64> {
    rlimit::increase_nofile_limit(u64::MAX)
}

/// What every connection of a server sees.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) tally: Arc<Tally>,
    pub(crate) rooms: Rooms,
    pub(crate) seats: Arc<Seats>,
    /// One permit for each order that is to happen later.
    pub(crate) scheduled: Arc<Semaphore>,
    pub(crate) ports: Mutex<Ports>,
}

impl Shared {
    pub(crate) fn room_stats(&self, name: &str) -> RoomStats {
        self.rooms
            .find(name)
            .map_or_else(|| RoomStats { room: name.to_owned(), ..RoomStats::default() }, |room| room.stats())
    }
}

/// The address to dial for one that is listened on.
pub(crate) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    address
}

const SCHEDULED: usize = 256;
