use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::select;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::http;
use crate::server::Shared;
use crate::stream::Stream;
use crate::tls::Identity;

/// A listening port and the connections accepted on it.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    commands: mpsc::Sender<Command>,
    stopped: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Listens for ordinary connections, inside TLS if there is an identity to show.
    pub(crate) fn bind(
        address: SocketAddr,
        identity: Option<Identity>,
        shared: &Arc<Shared>,
    ) -> io::Result<Self> {
        let listener = reserve(address)?.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let (commands, receiver) = mpsc::channel(MAX_COMMANDS);
        let stopped = Arc::new(Notify::new());
        let door = Door { address, identity, shared: Arc::clone(shared) };
        let task = tokio::spawn(run(listener, door, receiver, Arc::clone(&stopped)));
        Ok(Self { address, commands, stopped, task })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What tells this listener to restart, without owning it.
    pub(crate) fn remote(&self) -> Remote {
        Remote(self.commands.clone())
    }

    /// Goes down for some time; resolves when it listens again.
    pub(crate) async fn restart(&self, down: Duration) -> io::Result<()> {
        let (done, up) = oneshot::channel();
        let command = Command { down, done: Some(done) };
        let gone = || io::Error::other("the server has stopped");
        self.commands.send(command).await.map_err(|_| gone())?;
        up.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Closes the port and its connections, and waits for that.
    pub(crate) async fn stop(&mut self) {
        self.stopped.notify_one();
        // An error would mean that it has ended already.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Restarts a [`Listener`] from one of its own connections.
#[derive(Clone, Debug)]
pub(crate) struct Remote(mpsc::Sender<Command>);

impl Remote {
    pub(crate) fn restart(&self, down: Duration) {
        // A full channel means that it is restarting already.
        let _ = self.0.try_send(Command { down, done: None });
    }
}

/// A bound socket that does not listen: the port is taken, and whoever dials it is refused.
pub(crate) fn reserve(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restart must not wait for the sockets of the last life to time out.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Accepts one connection, outlasting moments in which there are no files to be had.
pub(crate) async fn accept_one(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
}

#[derive(Debug)]
struct Command {
    down: Duration,
    done: Option<oneshot::Sender<io::Result<()>>>,
}

/// What every connection to a port comes through.
struct Door {
    address: SocketAddr,
    identity: Option<Identity>,
    shared: Arc<Shared>,
}

async fn run(listener: TcpListener, door: Door, commands: mpsc::Receiver<Command>, stopped: Arc<Notify>) {
    let mut connections = JoinSet::new();
    select! {
        () = stopped.notified() => {}
        () = accept(listener, &door, commands, &mut connections) => {}
    }
    connections.shutdown().await;
}

async fn accept(
    mut listener: TcpListener,
    door: &Door,
    mut commands: mpsc::Receiver<Command>,
    connections: &mut JoinSet<()>,
) {
    loop {
        select! {
            (tcp, from) = accept_one(&listener) => door.admit(tcp, from, connections),
            Some(_) = connections.join_next() => {}
            Some(command) = commands.recv() => {
                drop(listener);
                connections.shutdown().await;
                let risen = rise(door.address, command.down).await;
                let (up, outcome) = match risen {
                    Ok(risen) => (Some(risen), Ok(())),
                    Err(error) => (None, Err(error)),
                };
                if let Some(done) = command.done {
                    // Nobody waiting is fine.
                    let _ = done.send(outcome);
                }
                match up {
                    Some(risen) => listener = risen,
                    None => return,
                }
            }
        }
    }
}

/// Holds the port without listening for a while, then listens on it.
async fn rise(address: SocketAddr, down: Duration) -> io::Result<TcpListener> {
    let socket = reserve(address)?;
    sleep(down).await;
    socket.listen(BACKLOG)
}

impl Door {
    fn admit(&self, tcp: TcpStream, from: SocketAddr, connections: &mut JoinSet<()>) {
        // Without even a standing place the connection is dropped unheard.
        let Some((place, crowded)) = self.shared.seats.admit(from.ip()) else {
            return;
        };
        // Small answers must not wait for one another; without it things are only slower.
        let _ = tcp.set_nodelay(true);
        let shared = Arc::clone(&self.shared);
        let identity = self.identity.clone();
        connections.spawn(async move {
            let stream = match identity {
                None => Some(Stream::Bare(tcp)),
                // Boxed, for a connection that is open need not carry its handshake.
                Some(identity) => Box::pin(identity.accept(tcp, shared.config.limits.handshake)).await,
            };
            if let Some(stream) = stream {
                http::serve(&shared, stream, crowded).await;
            }
            drop(place);
        });
    }
}

const BACKLOG: u32 = 4096;
const MAX_COMMANDS: usize = 4;
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);
