//! The server in an axum application.

use std::net::SocketAddr;

use crate::server_support::probe::{Probe, Probed};
use crate::server_support::{Peer, Seen, message, refused, request};
use axum::extract::{State, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Router, routing::any};
use everwire::server::{Config, MemoryStore, Origins, Server};
use everwire::session::{Code, Status};

async fn upgrade(
    State(server): State<Server<MemoryStore, Probe>>,
    upgrade: WebSocketUpgrade,
    headers: HeaderMap,
) -> Response {
    server.upgrade(upgrade, &headers)
}

/// A server, and where an axum application serves it.
async fn start(config: Config) -> (Probed<MemoryStore>, SocketAddr) {
    let served = Probed::start(config).await;
    let app = Router::new().route("/", any(upgrade)).with_state(served.server.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (served, address)
}

#[tokio::test]
async fn sessions_live_in_an_axum_application_and_move_between_it_and_a_plain_listener() {
    let (served, address) = start(Config::default()).await;
    let mut ann = Peer::connected(address).await;
    ann.say("echo hello").await;
    assert_eq!(ann.next().await, message("hello"));
    ann.drop_link();
    ann.dial(served.address, "ann").await;
    assert_eq!(ann.welcome.clone().unwrap().status, Status::Resumed);
    ann.drop_link();
    ann.dial(address, "ann").await;
    ann.say("echo again").await;
    assert_eq!(ann.next().await, message("again"));
    ann.bye().await;
    ann.until(|seen| matches!(seen, Seen::Close { forget: true, .. })).await;
    assert_eq!(ann.next().await, Seen::Ended(Some(4001)));
}

#[tokio::test]
async fn an_axum_application_refuses_what_the_plain_listener_refuses() {
    let origins = Origins::of(["https://app.example"]);
    let (_served, address) = start(Config { origins, ..Config::default() }).await;
    let mut plain = request(address);
    plain.headers_mut().remove("sec-websocket-protocol");
    let (status, why) = refused(plain, address).await;
    assert_eq!(status, 400);
    assert!(why.contains("everwire.v1"), "{why}");
    let mut foreign = request(address);
    foreign.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    assert_eq!(refused(foreign, address).await.0, 403);
}

#[tokio::test]
async fn a_frame_over_the_limit_is_too_big_in_an_axum_application_too() {
    let (_served, address) = start(Config::default()).await;
    let mut ann = Peer::connected(address).await;
    ann.write(vec![0; (1 << 20) + 1]).await;
    let closed = ann.until(|seen| matches!(seen, Seen::Close { .. })).await;
    assert!(matches!(closed, Seen::Close { code, .. } if code == Code::TooBig as u64));
}
