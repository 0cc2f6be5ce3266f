//! The command line of the echo server.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use everwire_echo_server::{Config, Identity, Limits, Mount, REFERENCE, Server, Tls, raise_file_limit};

/// A WebSocket echo server that misbehaves on command.
///
/// Once ready it prints "listening on http://HOST:PORT", with TLS a second line with its https URL, and serves until it is killed.
#[derive(Parser)]
#[command(version, after_long_help = REFERENCE)]
struct Arguments {
    /// Address to listen on
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,

    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 9001)]
    port: u16,

    /// Directory whose www/ is served at / and pkg/ at /pkg
    #[arg(long, default_value = ".")]
    root: PathBuf,

    /// Serve one more directory; may be repeated
    #[arg(long, value_name = "/PREFIX=DIR", value_parser = parse_mount)]
    serve: Vec<Mount>,

    /// Obey POST /control/...
    #[arg(long)]
    control: bool,

    /// Allow upgrades from pages of this origin, besides loopback ones; may be repeated.
    /// https://a.example:* is any port of it, * everybody
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,

    /// Serve the same once more by https and wss, on this port; 0 takes a free one. Without the two
    /// flags below with a certificate made on the spot
    #[arg(long, value_name = "N")]
    tls_port: Option<u16>,

    /// PEM file of the certificate to show, followed by those it was issued with
    #[arg(long, value_name = "FILE", requires = "tls_key", requires = "tls_port")]
    tls_cert: Option<PathBuf>,

    /// PEM file of its key
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// One more host name for the certificate made on the spot; may be repeated
    #[arg(long, value_name = "HOST", requires = "tls_port", conflicts_with = "tls_cert")]
    tls_name: Vec<String>,

    /// Directory that keeps the sessions of everwire.v1, so that they outlive this process; without it they are in memory
    #[arg(long, value_name = "DIR")]
    session_store: Option<PathBuf>,

    /// Largest message taken, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().message_size)]
    max_message: usize,

    /// Connections at once
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections)]
    max_connections: usize,

    /// Connections at once from one address
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections_per_address)]
    max_per_address: usize,

    /// Time a client has for its TLS handshake, its request and answering a close, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    handshake_time: u32,

    /// Largest HTTP request head, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().head_size)]
    max_head: usize,

    /// Rooms remembered
    #[arg(long, value_name = "N", default_value_t = Limits::default().rooms)]
    max_rooms: usize,

    /// What may wait to be sent on one connection, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().queue_size)]
    max_queue: usize,

    /// The most one flood may send in total, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().flood_size)]
    max_flood: u64,

    /// The largest message sent by oversize or flood, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().oversize)]
    max_oversize: usize,
}

impl Arguments {
    fn into_config(self) -> io::Result<Config> {
        let tls = match (self.tls_port, &self.tls_cert, &self.tls_key) {
            (None, ..) => None,
            (Some(port), Some(certificate), Some(key)) => {
                Some(Tls { port, identity: Identity::from_pem_files(certificate, key)? })
            }
            (Some(port), ..) => Some(Tls { port, identity: Identity::made_on_the_spot(&self.tls_name)? }),
        };
        let mut config = Config {
            address: SocketAddr::new(self.bind, self.port),
            control: self.control,
            allowed_origins: self.allow_origin,
            mounts: Vec::new(),
            tls,
            application: None,
            session_store: self.session_store,
            limits: Limits {
                message_size: self.max_message,
                connections: self.max_connections,
                connections_per_address: self.max_per_address,
                handshake: Duration::from_millis(self.handshake_time.into()),
                head_size: self.max_head,
                rooms: self.max_rooms,
                queue_size: self.max_queue,
                flood_size: self.max_flood,
                oversize: self.max_oversize,
            },
        };
        config.serve_root(&self.root);
        config.mounts.extend(self.serve);
        Ok(config)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let config = match Arguments::parse().into_config() {
        Ok(config) => config,
        Err(error) => {
            eprintln!("the certificate cannot be used: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Err(error) = raise_file_limit() {
        eprintln!("the limit of open files stays as it is: {error}");
    }
    let address = config.address;
    let server = match Server::start(config).await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("cannot listen on {address}: {error}; --port 0 takes a free port");
            return ExitCode::FAILURE;
        }
    };
    let mut ready = format!("listening on {}\n", server.http_url(""));
    if let Some(url) = server.https_url("") {
        ready.push_str(&format!("listening on {url}\n"));
    }
    let mut stdout = io::stdout();
    if let Err(error) = stdout.write_all(ready.as_bytes()).and_then(|()| stdout.flush()) {
        eprintln!("cannot say that the server is ready: {error}");
        return ExitCode::FAILURE;
    }
    std::future::pending().await
}

fn parse_mount(argument: &str) -> Result<Mount, String> {
    match argument.split_once('=') {
        Some((prefix, directory)) if prefix.starts_with('/') && !directory.is_empty() => {
            Ok(Mount::new(prefix, directory))
        }
        _ => Err("write it as /PREFIX=DIR".to_owned()),
    }
}
