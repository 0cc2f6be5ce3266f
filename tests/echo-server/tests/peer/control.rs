//! Every control route, driven over HTTP.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::support::*;
use futures_util::{FutureExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn control_is_off_unless_asked_for() {
    let server = start_with(|config| config.control = false).await;
    let mut client = connect(&server, "/ws?room=a").await;
    let answer = post(&server, "/control/a/kill").await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("--control"), "{}", answer.text());
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    echoes(&mut client).await;
}

#[tokio::test]
async fn control_needs_a_post_from_an_allowed_origin() {
    let server = start().await;
    let address = server.address();
    assert_eq!(get(&server, "/control/a/kill").await.status, 405);
    let evil = request(address, "POST", "/control/a/kill", "Origin: https://evil.example\r\n").await;
    assert_eq!(evil.status, 403);
    let page = request(address, "POST", "/control/a/kill", "Origin: http://localhost:3000\r\n").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("access-control-allow-origin"), Some("*"));
    let preflight = request(address, "OPTIONS", "/control/a/kill", "").await;
    assert_eq!(preflight.status, 204);
    assert!(preflight.header("access-control-allow-methods").unwrap().contains("POST"));
}

#[tokio::test]
async fn what_cannot_be_obeyed_is_refused() {
    let server = start().await;
    for (path, status) in [
        ("/control/a/dance", 404),
        ("/control/dance", 404),
        ("/control//kill", 400),
        ("/control/a%00/kill", 400),
        ("/control/a/close?code=1006", 400),
        ("/control/a/kill?client=me", 400),
        ("/control/a/refuse", 400),
        ("/control/a/refuse?ms=1&status=99", 400),
        ("/control/a/silence?ms=-1", 400),
        ("/control/a/hang?ms=99999999999", 400),
        ("/control/a/say", 400),
        ("/control/a/flood", 400),
        ("/control/a/flood?n=1000000&size=1000000", 400),
        ("/control/port?fault=other", 400),
        ("/control/restart?port=1", 404),
        ("/control/restart?down=soon", 400),
    ] {
        assert_eq!(post(&server, path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn kill_resets_every_connection_of_the_room_only() {
    let server = start().await;
    let mut one = connect(&server, "/ws?room=a%20b").await;
    let mut two = connect(&server, "/ws?room=a%20b").await;
    let mut other = connect(&server, "/ws").await;
    assert_eq!(post(&server, "/control/a%20b/kill").await.json(), json!({ "killed": 2 }));
    assert_reset(&mut one).await;
    assert_reset(&mut two).await;
    echoes(&mut other).await;
    assert_eq!(post(&server, "/control/a%20b/kill").await.json(), json!({ "killed": 0 }));
}

#[tokio::test]
async fn one_client_can_be_picked() {
    let server = start().await;
    let mut one = connect(&server, "/ws").await;
    let mut two = connect(&server, "/ws").await;
    let id = server.room_stats("lobby").clients[0].id;
    let answer = post(&server, &format!("/control/lobby/kill?client={id}")).await;
    assert_eq!(answer.json(), json!({ "killed": 1 }));
    assert_reset(&mut one).await;
    echoes(&mut two).await;
}

#[tokio::test]
async fn close_sends_code_and_reason() {
    let server = start().await;
    let mut client = connect(&server, "/ws").await;
    let answer = post(&server, "/control/lobby/close?code=1013&reason=retry-after%3D50").await;
    assert_eq!(answer.json(), json!({ "closed": 1 }));
    assert_eq!(closed(&mut client).await, (1013, "retry-after=50".to_owned()));
}

#[tokio::test]
async fn refuse_lasts_until_it_is_ended() {
    let server = start().await;
    let answer = post(&server, "/control/a/refuse?ms=60000&status=429").await;
    assert_eq!(answer.json(), json!({ "refusing": 60_000, "status": 429 }));
    assert_eq!(refusal(&server, "/ws?room=a", &[]).await, 429);
    echoes(&mut connect(&server, "/ws?room=b").await).await;
    post(&server, "/control/a/refuse?ms=0").await;
    echoes(&mut connect(&server, "/ws?room=a").await).await;

    post(&server, "/control/a/refuse?ms=1500").await;
    assert_eq!(refusal(&server, "/ws?room=a", &[]).await, 503);
    within(async { while dial(server.address(), "/ws?room=a", &[]).await.is_err() {} }).await;
}

#[tokio::test]
async fn hang_leaves_upgrades_of_the_room_unanswered() {
    let server = start().await;
    post(&server, "/control/a/hang?ms=60000").await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(handshake("/ws?room=a", "").as_bytes()).await.unwrap();
    until(&server, "a", |room| room.stats.dialed == 1).await;
    echoes(&mut connect(&server, "/ws?room=b").await).await;
    post(&server, "/control/a/hang?ms=0").await;
    echoes(&mut connect(&server, "/ws?room=a").await).await;
    let mut byte = [0];
    assert!(stream.read(&mut byte).now_or_never().is_none());
}

#[tokio::test]
async fn silence_makes_a_black_hole_of_open_connections() {
    let server = start().await;
    let mut silenced = connect(&server, "/ws").await;
    echoes(&mut silenced).await;
    let answer = post(&server, "/control/lobby/silence?ms=60000").await;
    assert_eq!(answer.json(), json!({ "silenced": 1, "ms": 60_000 }));
    say(&mut silenced, "into the void").await;
    post(&server, "/control/lobby/say?text=out%20of%20it").await;
    // A later connection is served, and in the meantime the silenced one would have been.
    let mut later = connect(&server, "/ws").await;
    echoes(&mut later).await;
    assert_quiet(&mut silenced).await;
    assert_eq!(server.room_stats("lobby").clients[0].messages_in, 1);

    post(&server, "/control/lobby/silence?ms=0").await;
    let mut heard = [heard(&mut silenced).await, heard(&mut silenced).await];
    heard.sort();
    assert_eq!(heard, ["into the void", "out of it"]);
}

#[tokio::test]
async fn silence_ends_by_itself_and_can_be_for_one_client() {
    let server = start().await;
    let mut silenced = connect(&server, "/ws").await;
    let mut other = connect(&server, "/ws").await;
    let id = server.room_stats("lobby").clients[0].id;
    let start = Instant::now();
    let answer = post(&server, &format!("/control/lobby/silence?client={id}&ms=300")).await;
    assert_eq!(answer.json(), json!({ "silenced": 1, "ms": 300 }));
    echoes(&mut other).await;
    echoes(&mut silenced).await;
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_silenced_connection_can_be_killed() {
    let server = start().await;
    let mut client = connect(&server, "/ws").await;
    post(&server, "/control/lobby/silence?ms=60000").await;
    post(&server, "/control/lobby/kill").await;
    assert_reset(&mut client).await;
}

#[tokio::test]
async fn say_and_flood_reach_everyone_in_the_room() {
    let server = start().await;
    let mut clients = [connect(&server, "/ws").await, connect(&server, "/ws").await];
    let answer = post(&server, "/control/lobby/say?text=h%C3%A9&n=2").await;
    assert_eq!(answer.json(), json!({ "said": 2 }));
    let answer = post(&server, "/control/lobby/flood?n=3&size=5&kind=text").await;
    assert_eq!(answer.json(), json!({ "flooded": 2 }));
    for client in &mut clients {
        for expected in ["hé", "hé", "xxxxx", "xxxxx", "xxxxx"] {
            assert_eq!(heard(client).await, expected);
        }
    }
}

#[tokio::test]
async fn reset_forgets_statistics_and_faults() {
    let server = start().await;
    let mut client = connect(&server, "/ws").await;
    echoes(&mut client).await;
    for fault in ["refuse", "hang", "silence"] {
        post(&server, &format!("/control/lobby/{fault}?ms=60000")).await;
    }
    assert_eq!(post(&server, "/control/lobby/reset").await.json(), json!({ "reset": "lobby" }));
    let stats = server.room_stats("lobby");
    assert_eq!((stats.stats.connections, stats.stats.opened, stats.stats.messages_in), (1, 0, 0));
    assert!(stats.received.is_empty());
    echoes(&mut client).await;
    echoes(&mut connect(&server, "/ws").await).await;
}

#[tokio::test]
async fn restart_drops_everyone_and_comes_back_on_the_same_port() {
    let server = start().await;
    let mut client = connect(&server, "/ws").await;
    let start = Instant::now();
    let answer = post(&server, "/control/restart?down=1500").await;
    assert_eq!(answer.json(), json!({ "restarting": true, "down": 1_500 }));
    assert!(next(&mut client).await.is_err());
    let refused = TcpStream::connect(server.address()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    within(async { while TcpStream::connect(server.address()).await.is_err() {} }).await;
    assert!(start.elapsed() >= Duration::from_millis(1_500));
    echoes(&mut connect(&server, "/ws").await).await;
    assert_eq!(server.room_stats("lobby").stats.opened, 2);
}

#[tokio::test]
async fn the_library_restarts_and_stops_too() {
    let server = start().await;
    let address = server.address();
    let mut client = connect(&server, "/ws").await;
    server.restart(Duration::ZERO).await.unwrap();
    assert!(next(&mut client).await.is_err());
    let mut client = connect(&server, "/ws").await;
    echoes(&mut client).await;
    server.stop().await;
    assert!(next(&mut client).await.is_err());
    assert!(TcpStream::connect(address).await.is_err());

    let again = start_with(|config| config.address = address).await;
    assert_eq!(again.address(), address);
    echoes(&mut connect(&again, "/ws").await).await;
    drop(again);
    within(async { while TcpStream::connect(address).await.is_ok() {} }).await;
}

#[tokio::test]
async fn a_fresh_port_refuses_hangs_or_echoes() {
    let server = start().await;
    let open = async |fault| {
        let answer = post(&server, &format!("/control/port?fault={fault}")).await.json();
        let port = answer["port"].as_u64().unwrap();
        assert_eq!(answer["url"], format!("ws://127.0.0.1:{port}/ws"));
        SocketAddr::new(server.address().ip(), port.try_into().unwrap())
    };
    let refusing = TcpStream::connect(open("refuse").await).await.unwrap_err();
    assert_eq!(refusing.kind(), ErrorKind::ConnectionRefused);

    let mut hanging = TcpStream::connect(open("hang").await).await.unwrap();
    hanging.write_all(handshake("/ws", "").as_bytes()).await.unwrap();
    let mut byte = [0];
    assert!(timeout(Duration::from_millis(150), hanging.read(&mut byte)).await.is_err());

    let echoing = open("echo").await;
    let (mut client, _) = dial(echoing, "/ws?room=fresh", &[]).await.unwrap();
    echoes(&mut client).await;
    assert_eq!(server.room_stats("fresh").stats.connections, 1);

    let mut main = connect(&server, "/ws").await;
    post(&server, &format!("/control/restart?port={}", echoing.port())).await;
    assert!(next(&mut client).await.is_err());
    within(async { while dial(echoing, "/ws", &[]).await.is_err() {} }).await;
    echoes(&mut main).await;
}

#[tokio::test]
async fn the_oldest_fresh_port_is_closed_when_there_are_too_many() {
    let server = start().await;
    let first = post(&server, "/control/port?fault=hang").await.json();
    let address = SocketAddr::new(server.address().ip(), first["port"].as_u64().unwrap().try_into().unwrap());
    let mut kept = TcpStream::connect(address).await.unwrap();
    for _ in 0..512 {
        assert_eq!(post(&server, "/control/port?fault=refuse").await.status, 200);
    }
    let mut byte = [0];
    assert!(matches!(within(kept.read(&mut byte)).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn a_client_that_does_not_read_is_killed_by_its_full_queue() {
    let server = start_with(|config| config.limits.queue_size = 1 << 20).await;
    let mut client = connect(&server, "/ws").await;
    let mut killed = false;
    for _ in 0..64 {
        post(&server, "/control/lobby/flood?n=1&size=4000000").await;
        killed |= server.room_stats("lobby").stats.connections == 0;
    }
    assert!(killed);
    // What the kernel had buffered may still arrive; then the reset.
    while let Some(Ok(message)) = within(client.next()).await {
        assert!(matches!(message, Message::Binary(_)));
    }
}
