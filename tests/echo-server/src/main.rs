//! The command line of the echo server.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use everwire_echo_server::{Config, Limits, Mount, REFERENCE, Server, raise_file_limit};

/// A WebSocket echo server that misbehaves on command.
///
/// Once ready it prints "listening on http://HOST:PORT" and serves until it is killed.
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

    /// Allow upgrades from pages of this origin, besides loopback ones; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,

    /// Largest message taken, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().message_size)]
    max_message: usize,

    /// Connections at once
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections)]
    max_connections: usize,

    /// Time a client has for its request and for answering a close, in milliseconds
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
    fn into_config(self) -> Config {
        let mut config = Config {
            address: SocketAddr::new(self.bind, self.port),
            control: self.control,
            allowed_origins: self.allow_origin,
            mounts: Vec::new(),
            limits: Limits {
                message_size: self.max_message,
                connections: self.max_connections,
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
        config
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let config = Arguments::parse().into_config();
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
    let ready = format!("listening on {}\n", server.http_url(""));
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
