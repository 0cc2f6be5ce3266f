//! Opens many idle WebSocket connections from a process of its own, so that the server's share of
//! files and memory is measured apart.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::SocketAddr;

use clap::Parser;
use everwire_echo_server::raise_file_limit;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Opens N WebSocket connections, prints "open N" and keeps them until stdin ends; then lets some of
/// them be echoed, prints "echoed K" and leaves.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The server, as IP:PORT
    address: SocketAddr,

    /// Path and query to connect to
    #[arg(long, default_value = "/ws")]
    path: String,

    /// How many connections to open
    #[arg(long, default_value_t = 10_000)]
    count: usize,

    /// How many to open at a time
    #[arg(long, default_value_t = 128)]
    at_once: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    raise_file_limit()?;
    let mut clients = open(&arguments).await?;

    let mut stdout = io::stdout();
    writeln!(stdout, "open {}", clients.len())?;
    stdout.flush()?;
    let mut rest = Vec::new();
    io::stdin().read_to_end(&mut rest)?;

    let mut echoed = 0;
    for client in clients.iter_mut().step_by(SAMPLE) {
        client.send(Message::text("still here")).await?;
        match client.next().await {
            Some(Ok(Message::Text(text))) if text.as_str() == "still here" => echoed += 1,
            other => return Err(format!("expected an echo, got {other:?}").into()),
        }
    }
    writeln!(stdout, "echoed {echoed}")?;
    stdout.flush()?;
    Ok(())
}

async fn open(arguments: &Arguments) -> Result<Vec<WebSocketStream<TcpStream>>, Box<dyn Error>> {
    let url = format!("ws://{}{}", arguments.address, arguments.path);
    let address = arguments.address;
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
    let mut clients = Vec::with_capacity(arguments.count);
    let mut dials = JoinSet::new();
    for started in 0..arguments.count {
        if started >= arguments.at_once
            && let Some(client) = dials.join_next().await
        {
            clients.push(client??);
        }
        let url = url.clone();
        dials.spawn(async move {
            let stream = TcpStream::connect(address).await?;
            tokio_tungstenite::client_async_with_config(url, stream, Some(config))
                .await
                .map(|(client, _)| client)
        });
    }
    while let Some(client) = dials.join_next().await {
        clients.push(client??);
    }
    Ok(clients)
}

const READ_BUFFER: usize = 1024;
const SAMPLE: usize = 1_000;
