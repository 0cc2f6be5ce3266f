use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpSocket;
use tokio::task::{AbortHandle, JoinSet};

use crate::listener::{Listener, Remote, accept_one, reserve};
use crate::server::Shared;
use crate::tls::Identity;
use crate::upgrade;

/// The ports opened over HTTP, each with a fault of its own, and how to restart any of them.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    main: Vec<(u16, Remote)>,
    extra: VecDeque<Port>,
}

impl Ports {
    /// The listeners that were there from the beginning, the one without TLS first.
    pub(crate) fn add_main(&mut self, bare: &Listener, secured: Option<&Listener>) {
        let mains = [Some(bare), secured].into_iter().flatten();
        self.main = mains.map(|listener| (listener.address().port(), listener.remote())).collect();
    }

    /// Opens one more port, which speaks TLS if there is an identity to show, and says where; the oldest
    /// is closed if there are too many.
    pub(crate) fn open(
        &mut self,
        fault: PortFault,
        identity: Option<Identity>,
        shared: &Arc<Shared>,
    ) -> io::Result<SocketAddr> {
        let address = SocketAddr::new(shared.config.address.ip(), 0);
        let port = match fault {
            PortFault::Refuse => Port::Refusing(reserve(address)?),
            PortFault::Hang => Port::Hanging(HangingPort::open(reserve(address)?, Arc::clone(shared))?),
            PortFault::Echo => Port::Echoing(Listener::bind(address, identity, shared)?),
        };
        let address = port.address()?;
        if self.extra.len() >= MAX_PORTS {
            self.extra.pop_front();
        }
        self.extra.push_back(port);
        Ok(address)
    }

    /// The remote of the listener on that port, or of the main one.
    pub(crate) fn remote(&self, port: Option<u16>) -> Option<Remote> {
        let is_meant = |(main, _): &&(u16, Remote)| port.is_none_or(|port| port == *main);
        let main = self.main.iter().find(is_meant).map(|(_, remote)| remote.clone());
        main.or_else(|| {
            self.extra.iter().find_map(|extra| match extra {
                Port::Echoing(listener) if Some(listener.address().port()) == port => Some(listener.remote()),
                _ => None,
            })
        })
    }

    pub(crate) fn clear(&mut self) {
        self.main.clear();
        self.extra.clear();
    }
}

/// How a port opened over HTTP behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PortFault {
    Refuse,
    Hang,
    Echo,
}

#[derive(Debug)]
enum Port {
    Refusing(TcpSocket),
    Hanging(HangingPort),
    Echoing(Listener),
}

impl Port {
    fn address(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Refusing(socket) => socket.local_addr(),
            Self::Hanging(port) => Ok(port.address),
            Self::Echoing(listener) => Ok(listener.address()),
        }
    }
}

/// A port that accepts and never answers.
#[derive(Debug)]
struct HangingPort {
    address: SocketAddr,
    task: AbortHandle,
}

impl HangingPort {
    fn open(socket: TcpSocket, shared: Arc<Shared>) -> io::Result<Self> {
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, from) = accept_one(&listener).await;
                while connections.try_join_next().is_some() {}
                if let Some((seat, None)) = shared.seats.admit(from.ip()) {
                    connections.spawn(async move {
                        upgrade::hang(stream).await;
                        drop(seat);
                    });
                }
            }
        });
        Ok(Self { address, task: task.abort_handle() })
    }
}

impl Drop for HangingPort {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const MAX_PORTS: usize = 512;
const BACKLOG: u32 = 1024;
