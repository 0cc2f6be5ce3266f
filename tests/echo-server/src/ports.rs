use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpSocket;
use tokio::task::{AbortHandle, JoinSet};

use crate::listener::{Listener, Remote, accept_one, reserve};
use crate::server::Shared;
use crate::upgrade;

/// The ports opened over HTTP, each with a fault of its own, and how to restart any of them.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    main: Option<(u16, Remote)>,
    extra: VecDeque<Port>,
}

impl Ports {
    pub(crate) fn add_main(&mut self, listener: &Listener) {
        self.main = Some((listener.address().port(), listener.remote()));
    }

    /// Opens one more port and says where; the oldest is closed if there are too many.
    pub(crate) fn open(&mut self, fault: PortFault, shared: &Arc<Shared>) -> io::Result<SocketAddr> {
        let address = SocketAddr::new(shared.config.address.ip(), 0);
        let port = match fault {
            PortFault::Refuse => Port::Refusing(reserve(address)?),
            PortFault::Hang => Port::Hanging(HangingPort::open(reserve(address)?, Arc::clone(shared))?),
            PortFault::Echo => Port::Echoing(Listener::bind(address, shared)?),
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
        let (main, remote) = self.main.as_ref()?;
        match port {
            Some(port) if port != *main => self.extra.iter().find_map(|extra| match extra {
                Port::Echoing(listener) if listener.address().port() == port => Some(listener.remote()),
                _ => None,
            }),
            _ => Some(remote.clone()),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.main = None;
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
                let stream = accept_one(&listener).await;
                while connections.try_join_next().is_some() {}
                if let Ok(seat) = Arc::clone(&shared.seats).try_acquire_owned() {
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
