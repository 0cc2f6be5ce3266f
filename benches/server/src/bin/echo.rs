//! The smallest server of Everwire's that answers each message with itself. Its sessions are in memory. With `--drill` it
//! obeys orders in messages, as the echo server does, and listens at a second address, where it answers orders alone.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};

use everwire::server::{
    Config, Content, Grant, Handler, Incoming, MemoryStore, Origins, Peer, Refusal, Server, Turn,
};
use everwire_echo_server::drill::{Answer, Drill};
use tokio::net::TcpListener;

struct Echo;

impl Handler for Echo {
    async fn authenticate(&self, _: &[u8]) -> Result<Grant, Refusal> {
        Ok(Grant { principal: Vec::new(), ttl: None })
    }

    async fn message(&self, turn: &mut Turn, message: Incoming) {
        turn.send(message.content);
    }
}

struct Drilled {
    silent: bool,
    sessions: Mutex<HashMap<[u8; 16], Drill>>,
}

impl Drilled {
    fn new(silent: bool) -> Self {
        Self { silent, sessions: Mutex::default() }
    }
}

impl Handler for Drilled {
    async fn authenticate(&self, _: &[u8]) -> Result<Grant, Refusal> {
        Ok(Grant { principal: Vec::new(), ttl: None })
    }

    async fn message(&self, turn: &mut Turn, message: Incoming) {
        let answer = {
            let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
            sessions.entry(turn.peer().session()).or_default().hear(message.content.text())
        };
        match answer {
            Some(Answer::Count(count)) => drop(turn.send(count.to_string())),
            Some(Answer::Flood { copies, size, is_text }) => {
                let filler: Content = if is_text { "x".repeat(size).into() } else { vec![0; size].into() };
                tokio::spawn(pour(turn.peer().clone(), filler, copies));
            }
            None if self.silent => {}
            None => drop(turn.send(message.content)),
        }
    }
}

async fn pour(peer: Peer, filler: Content, copies: u64) {
    for _ in 0..copies {
        peer.ready().await;
        if peer.is_over() {
            return;
        }
        drop(peer.send(filler.clone()));
    }
}

async fn listen(handler: impl Handler) -> Result<(), Box<dyn Error>> {
    let config = Config { origins: Origins::any(), ..Config::default() };
    let server = Server::start(config, MemoryStore::new(), handler).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    server.listen(listener).await;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    if std::env::args().nth(1).as_deref() == Some("--drill") {
        tokio::try_join!(listen(Drilled::new(false)), listen(Drilled::new(true)))?;
        return Ok(());
    }
    listen(Echo).await
}
