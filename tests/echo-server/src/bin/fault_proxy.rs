//! The command line of the fault proxy.

use std::error::Error;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};

use clap::Parser;
use everwire_echo_server::{Faults, Proxy, ProxyControl};

/// A TCP proxy on 127.0.0.1 that spoils the WebSocket connections to a server.
///
/// Once ready it prints the seed of its cuts, "listening on http://127.0.0.1:PORT", and in a second such line the port by
/// which it is controlled, and serves until it is killed.
#[derive(Parser)]
#[command(version, after_long_help = FAULTS)]
struct Arguments {
    /// The server, as IP:PORT
    upstream: SocketAddr,

    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// Port of its control; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    control_port: u16,

    /// The faults to begin with, such as "cut=50-500&seed=7"
    #[arg(long, value_name = "QUERY", default_value = "")]
    faults: Faults,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let proxy = Proxy::start_at(at(arguments.port), arguments.upstream, arguments.faults).await?;
    let (address, seed) = (proxy.address(), proxy.stats().seed);
    let control = ProxyControl::start(at(arguments.control_port), proxy).await?;
    let mut stdout = io::stdout();
    let ready =
        format!("seed {seed}\nlistening on http://{address}\nlistening on http://{}\n", control.address());
    stdout.write_all(ready.as_bytes())?;
    stdout.flush()?;
    std::future::pending().await
}

const FAULTS: &str = include_str!("../proxy/faults.txt");
