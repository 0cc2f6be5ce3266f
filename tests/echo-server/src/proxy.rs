//! A TCP proxy for tests that spoils what passes it.

mod control;
mod faults;
mod link;
mod pump;
mod tally;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::{join, select};

use crate::listener::{accept_one, reserve};
use crate::reply::say_goodbye;
use crate::server::reachable;
use crate::stream::Stream;

pub use control::ProxyControl;
pub use faults::{Faults, How};
pub use tally::ProxyStats;

use faults::Plan;
use link::{Ending, Link, Orders};
use tally::Tally;

/// A proxy before one server, which spoils the WebSocket connections that pass it: it cuts, silences,
/// delays, slows or refuses them, as [`Faults`] say. Dropping it ends them.
///
/// It holds at most 64 KiB of each direction of a connection, and is meant for WebSockets: any other
/// HTTP passes, but is neither slowed nor, once its response head has passed, cut.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use everwire_echo_server::{Config, Faults, How, Proxy, Server};
///
/// let server = Server::start(Config::ephemeral()).await?;
/// let proxy = Proxy::start(server.address(), "cut=50-500&seed=7".parse()?).await?;
/// let url = proxy.ws_url("/ws");
/// // ... connect something to `url` that outlives its connections ...
/// proxy.set(Faults::default()).await?;
/// proxy.cut(How::Fin).await?;
/// assert_eq!(proxy.stats().seed, 7);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    commands: mpsc::Sender<Command>,
    orders: watch::Receiver<Orders>,
    tally: Arc<Tally>,
    stopped: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port of 127.0.0.1 and passes to `upstream` whatever connects.
    ///
    /// # Errors
    /// When there is no port to be had.
    pub async fn start(upstream: SocketAddr, faults: Faults) -> io::Result<Self> {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), upstream, faults).await
    }

    /// The same, listening on this address.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start_at(address: SocketAddr, upstream: SocketAddr, faults: Faults) -> io::Result<Self> {
        let socket = reserve(address)?;
        let address = socket.local_addr()?;
        let plan = Arc::new(Plan::new(faults));
        let gate = Gate::new(socket, plan.refuses())?;
        let (sender, orders) = watch::channel(Orders { plan, cuts: (0, How::default()) });
        let (commands, receiver) = mpsc::channel(MAX_COMMANDS);
        let tally = Arc::new(Tally::default());
        let stopped = Arc::new(Notify::new());
        let doorman = Doorman { address, upstream, orders: sender, tally: Arc::clone(&tally) };
        let task = tokio::spawn(doorman.run(gate, receiver, Arc::clone(&stopped)));
        Ok(Self { address, commands, orders, tally, stopped, task })
    }

    /// Where it listens, the port being the one chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The `ws:` URL of a path (with its query) behind this proxy.
    pub fn ws_url(&self, path: &str) -> String {
        format!("ws://{}{path}", reachable(self.address))
    }

    /// Puts these faults in the place of those before, for the connections there are and those to come.
    /// What counts from the upgrade then counts from now on a connection that is open already; one that
    /// is silent stays so.
    ///
    /// # Errors
    /// When the port cannot be listened on again.
    pub async fn set(&self, faults: Faults) -> io::Result<()> {
        let plan = Arc::new(Plan::new(faults));
        self.command(|done| Command::Follow(plan, done)).await?
    }

    /// Cuts every connection there is, whatever the faults in force; those to come are spared.
    ///
    /// # Errors
    /// When the proxy has ended, for its port could not be listened on again.
    pub async fn cut(&self, how: How) -> io::Result<()> {
        self.command(|done| Command::Cut(how, done)).await
    }

    /// What it has counted.
    pub fn stats(&self) -> ProxyStats {
        self.tally.stats(self.orders.borrow().plan.seed())
    }

    /// Closes every socket and waits for that.
    pub async fn stop(mut self) {
        self.stopped.notify_one();
        // An error would mean that it has ended already.
        let _ = (&mut self.task).await;
    }

    async fn command<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> io::Result<T> {
        let gone = || io::Error::other("the proxy has ended");
        let (done, outcome) = oneshot::channel();
        self.commands.send(command(done)).await.map_err(|_| gone())?;
        outcome.await.map_err(|_| gone())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug)]
enum Command {
    Follow(Arc<Plan>, oneshot::Sender<io::Result<()>>),
    Cut(How, oneshot::Sender<()>),
}

/// The port: a socket that is bound and does not listen refuses whoever dials.
#[derive(Debug)]
enum Gate {
    Open(TcpListener),
    Shut(TcpSocket),
}

impl Gate {
    fn new(socket: TcpSocket, refuses: bool) -> io::Result<Self> {
        if refuses { Ok(Self::Shut(socket)) } else { socket.listen(BACKLOG).map(Self::Open) }
    }

    fn turn(self, refuses: bool, address: SocketAddr) -> io::Result<Self> {
        match self {
            Self::Open(listener) if refuses => {
                drop(listener);
                reserve(address).map(Self::Shut)
            }
            Self::Shut(socket) => Self::new(socket, refuses),
            open @ Self::Open(_) => Ok(open),
        }
    }

    async fn accept(&self) -> TcpStream {
        match self {
            Self::Open(listener) => accept_one(listener).await.0,
            Self::Shut(_) => std::future::pending().await,
        }
    }
}

/// Lets connections in and tells them what to do.
#[derive(Debug)]
struct Doorman {
    address: SocketAddr,
    upstream: SocketAddr,
    orders: watch::Sender<Orders>,
    tally: Arc<Tally>,
}

impl Doorman {
    async fn run(self, gate: Gate, commands: mpsc::Receiver<Command>, stopped: Arc<Notify>) {
        let mut links = JoinSet::new();
        select! {
            () = stopped.notified() => {}
            () = self.serve(gate, commands, &mut links) => {}
        }
        links.shutdown().await;
    }

    async fn serve(&self, mut gate: Gate, mut commands: mpsc::Receiver<Command>, links: &mut JoinSet<()>) {
        loop {
            select! {
                client = gate.accept(), if links.len() < MAX_LINKS => self.admit(client, links),
                Some(_) = links.join_next() => {}
                command = commands.recv() => match command {
                    None => return,
                    Some(Command::Cut(how, done)) => {
                        self.orders.send_modify(|orders| orders.cuts = (orders.cuts.0 + 1, how));
                        // Nobody waiting is fine.
                        let _ = done.send(());
                    }
                    Some(Command::Follow(plan, done)) => {
                        let turned = gate.turn(plan.refuses(), self.address);
                        self.orders.send_modify(|orders| orders.plan = plan);
                        match turned {
                            Ok(turned) => {
                                gate = turned;
                                let _ = done.send(Ok(()));
                            }
                            Err(error) => {
                                let _ = done.send(Err(error));
                                return;
                            }
                        }
                    }
                },
            }
        }
    }

    fn admit(&self, client: TcpStream, links: &mut JoinSet<()>) {
        let orders = self.orders.subscribe();
        let plan = Arc::clone(&orders.borrow().plan);
        let guard = Guard::new(Arc::clone(&self.tally));
        let link = Link::new(plan, Arc::clone(&self.tally));
        let upstream = self.upstream;
        links.spawn(async move {
            pass(client, upstream, &link, orders, guard).await;
        });
    }
}

/// Counts a connection for as long as it is there.
struct Guard(Arc<Tally>);

impl Guard {
    fn new(tally: Arc<Tally>) -> Self {
        tally.accepted();
        Self(tally)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.ended();
    }
}

async fn pass(
    mut client: TcpStream,
    upstream: SocketAddr,
    link: &Link,
    orders: watch::Receiver<Orders>,
    guard: Guard,
) {
    let Ok(mut server) = TcpStream::connect(upstream).await else {
        return reset(&client);
    };
    for stream in [&client, &server] {
        // Nothing must wait for the proxy's sake; without it things are only slower.
        let _ = stream.set_nodelay(true);
    }
    let ending = link.run(client.split(), server.split(), orders).await;
    // Whoever hears of the end finds it counted.
    drop(guard);
    match ending {
        Ending::Reset => {
            reset(&client);
            reset(&server);
        }
        // Whatever is left to be sent must arrive, though it closes.
        Ending::Over | Ending::Fin => {
            let (mut client, mut server) = (Stream::Bare(client), Stream::Bare(server));
            join!(say_goodbye(&mut client), say_goodbye(&mut server));
        }
    }
}

/// Has the connection end with RST when it is dropped.
fn reset(stream: &TcpStream) {
    // An error would mean that it has ended already.
    let _ = stream.set_zero_linger();
}

const BACKLOG: u32 = 1024;
const MAX_COMMANDS: usize = 16;
const MAX_LINKS: usize = 4_096;
