//! The server, over real sockets: what it promises of one session.
#![cfg(all(feature = "server", not(target_arch = "wasm32")))]
// A test that meets the unexpected must stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod server_support;

use std::net::SocketAddr;

use everwire::server::{Config, Grant, Handler, Incoming, MemoryStore, Refusal, Server, Turn};
use everwire::session::Status;
use server_support::{Peer, message};
use tokio::net::TcpListener;

struct Echo;

impl Handler for Echo {
    async fn authenticate(&self, token: &[u8]) -> Result<Grant, Refusal> {
        Ok(Grant { principal: token.to_vec(), ttl: None })
    }

    async fn message(&self, turn: &mut Turn, message: Incoming) {
        turn.send(message.content);
    }
}

async fn serve(config: Config) -> SocketAddr {
    let server = Server::start(config, MemoryStore::new(), Echo).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { server.listen(listener).await });
    address
}

#[tokio::test]
async fn what_a_client_sends_comes_back() {
    let address = serve(Config::default()).await;
    let mut ann = Peer::connected(address).await;
    ann.say("hello").await;
    assert_eq!(ann.next().await, message("hello"));
    ann.settled().await;
}

#[tokio::test]
async fn a_session_goes_on_over_another_connection_and_nothing_comes_twice() {
    let address = serve(Config::default()).await;
    let mut ann = Peer::connected(address).await;
    let session = ann.welcome.clone().unwrap().session;
    for number in 0..20 {
        ann.say(&number.to_string()).await;
        if number % 3 == 0 {
            ann.drop_link();
            ann.dial(address, "ann").await;
            let welcome = ann.welcome.clone().unwrap();
            assert_eq!((welcome.status, welcome.session), (Status::Resumed, session));
        }
    }
    for number in 0..20 {
        assert_eq!(ann.next().await, message(&number.to_string()));
    }
    ann.settled().await;
    assert!(ann.seen.is_empty());
}
