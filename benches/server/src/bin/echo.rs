//! The smallest server of Everwire's that answers each message with itself. Its sessions are in memory.

use std::error::Error;

use everwire::server::{Config, Grant, Handler, Incoming, MemoryStore, Refusal, Server, Turn};
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

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let server = Server::start(Config::default(), MemoryStore::new(), Echo).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    server.listen(listener).await;
    Ok(())
}
