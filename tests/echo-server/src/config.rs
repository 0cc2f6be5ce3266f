use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::application::Hosted;
use crate::tls::Identity;

/// What a [`Server`](crate::Server) listens on, serves and allows.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes a free one. Default: `127.0.0.1:9001`.
    pub address: SocketAddr,
    /// Whether `POST /control/...` is obeyed. Default: no.
    pub control: bool,
    /// Origins allowed to upgrade besides the loopback ones, as browsers send them
    /// (`https://app.example`); `https://app.example:*` is any port of it, `*` any origin. Default: none.
    pub allowed_origins: Vec<String>,
    /// Directories served over HTTP; the longest matching prefix wins. Default: none.
    pub mounts: Vec<Mount>,
    /// The same once more inside TLS (`https:` and `wss:`), on a port of its own. Default: not.
    pub tls: Option<Tls>,
    /// What answers messages instead of the echo. Default: nothing, they are echoed.
    pub application: Option<Hosted>,
    /// A directory for the sessions of `everwire.v1`, so that they outlive the process. Default: they are in memory.
    pub session_store: Option<PathBuf>,
    /// What bounds the server.
    pub limits: Limits,
}

/// A port on which everything goes inside TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The port, on the address of [`Config::address`]; 0 takes a free one.
    pub port: u16,
    /// The certificate to show.
    pub identity: Identity,
}

impl Config {
    /// A free loopback port with control on: what a test wants.
    pub fn ephemeral() -> Self {
        Self { address: SocketAddr::new(LOOPBACK, 0), control: true, ..Self::default() }
    }

    /// Serves `root/www` at `/` and `root/pkg` at `/pkg`, as the binary does.
    pub fn serve_root(&mut self, root: &Path) {
        self.mounts.push(Mount::new("/", root.join("www")));
        self.mounts.push(Mount::new("/pkg", root.join("pkg")));
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: SocketAddr::new(LOOPBACK, 9001),
            control: false,
            allowed_origins: Vec::new(),
            mounts: Vec::new(),
            tls: None,
            application: None,
            session_store: None,
            limits: Limits::default(),
        }
    }
}

/// One directory served under a URL prefix.
#[derive(Clone, Debug)]
pub struct Mount {
    pub(crate) prefix: Vec<String>,
    pub(crate) directory: PathBuf,
}

impl Mount {
    /// Serves the files of `directory` under `prefix` (`/`, `/pkg`, `/lib/x`).
    pub fn new(prefix: &str, directory: impl Into<PathBuf>) -> Self {
        Self {
            prefix: prefix.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect(),
            directory: directory.into(),
        }
    }
}

/// What bounds the server's memory, sockets and patience.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest message taken from a client, in bytes; above it the connection is closed with
    /// 1009. Default: 16 MiB.
    pub message_size: usize,
    /// Connections of every kind at once; above it the answer is 503. Default: 20,000.
    pub connections: usize,
    /// Connections of every kind at once from one address (for IPv6, from one /64); above it the answer
    /// is 429. Default: 20,000.
    pub connections_per_address: usize,
    /// How long a client may take for its TLS handshake, to send a request, or to answer a close frame.
    /// Default: 10 s.
    pub handshake: Duration,
    /// The largest request head, in bytes; above it the answer is 431. Default: 16 KiB.
    pub head_size: usize,
    /// Rooms remembered; the least recently used empty one is forgotten first. Default: 10,000.
    pub rooms: usize,
    /// What may wait to be sent on one connection, in bytes. Echoes above it pause reading,
    /// broadcasts above it kill the connection. Default: 16 MiB.
    pub queue_size: usize,
    /// The most one `flood` may send in total, in bytes. Default: 256 MiB.
    pub flood_size: u64,
    /// The largest message sent by `oversize` or `flood`, in bytes. Default: 64 MiB.
    pub oversize: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_size: 16 << 20,
            connections: 20_000,
            connections_per_address: 20_000,
            handshake: Duration::from_secs(10),
            head_size: 16 << 10,
            rooms: 10_000,
            queue_size: 16 << 20,
            flood_size: 256 << 20,
            oversize: 64 << 20,
        }
    }
}

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
