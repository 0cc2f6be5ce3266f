//! What bounds the server.

use std::time::Duration;

use crate::support::*;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_message_above_the_limit_is_closed_with_1009() {
    let server = start_with(|config| config.limits.message_size = 1_000).await;
    let mut client = connect(&server, "/ws").await;
    client.send(Message::binary(vec![0; 1_000])).await.unwrap();
    assert_eq!(next(&mut client).await.unwrap().len(), 1_000);
    client.send(Message::binary(vec![0; 1_001])).await.unwrap();
    assert_eq!(closed(&mut client).await.0, 1009);
}

#[tokio::test]
async fn connections_above_the_limit_get_503_until_one_leaves() {
    let server = start_with(|config| config.limits.connections = 2).await;
    let one = connect(&server, "/ws").await;
    let _two = connect(&server, "/ws").await;
    assert_eq!(refusal(&server, "/ws", &[]).await, 503);
    assert_eq!(get(&server, "/stats").await.status, 503);
    drop(one);
    within(async { while dial(server.address(), "/ws", &[]).await.is_err() {} }).await;
}

#[tokio::test]
async fn connections_above_the_limit_of_one_address_get_429_until_one_leaves() {
    let server = start_with(|config| config.limits.connections_per_address = 2).await;
    let one = connect(&server, "/ws").await;
    // One that never says a word has a seat, too.
    let _two = TcpStream::connect(server.address()).await.unwrap();
    within(async { while get(&server, "/stats").await.status != 429 {} }).await;
    assert_eq!(refusal(&server, "/ws", &[]).await, 429);
    drop(one);
    within(async { while dial(server.address(), "/ws", &[]).await.is_err() {} }).await;
}

#[tokio::test]
async fn a_flood_of_connections_that_say_nothing_is_over_when_their_time_is() {
    let server = start_with(|config| {
        config.limits.connections = 8;
        config.limits.handshake = Duration::from_millis(200);
    })
    .await;
    let mut flood = Vec::new();
    for _ in 0..500 {
        flood.push(TcpStream::connect(server.address()).await.unwrap());
    }
    // Seated or not, every one of them is ended by the server.
    for mut stream in flood {
        let mut rest = Vec::new();
        let _ = within(stream.read_to_end(&mut rest)).await;
    }
    echoes(&mut connect(&server, "/ws").await).await;
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_wins_no_time() {
    let server = start_with(|config| config.limits.handshake = Duration::from_millis(200)).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let dripping = async {
        for byte in handshake("/ws?room=drip", "").bytes().cycle() {
            if byte != b'\r' && stream.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within(dripping).await;
    assert_eq!(server.stats().dialed, 0);
}

#[tokio::test]
async fn rooms_above_the_limit_get_503_while_all_are_in_use() {
    let server = start_with(|config| config.limits.rooms = 2).await;
    let one = connect(&server, "/ws?room=1").await;
    let _two = connect(&server, "/ws?room=2").await;
    assert_eq!(refusal(&server, "/ws?room=3", &[]).await, 503);
    drop(one);
    until(&server, "1", |room| room.stats.connections == 0).await;
    let _three = connect(&server, "/ws?room=3").await;
    assert_eq!(server.room_stats("1").stats.opened, 0);
}

#[tokio::test]
async fn a_head_that_takes_too_long_is_cut_off() {
    let server = start_with(|config| config.limits.handshake = Duration::from_millis(100)).await;
    let answer = exchange(server.address(), b"GET /stats HTT").await;
    assert_eq!(answer.status, 408);
    let mut silent = TcpStream::connect(server.address()).await.unwrap();
    let mut byte = [0];
    assert!(matches!(within(silent.read(&mut byte)).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn a_close_that_is_never_answered_is_given_up() {
    let server = start_with(|config| config.limits.handshake = Duration::from_millis(100)).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(handshake("/ws?room=deaf&close=4002", "").as_bytes()).await.unwrap();
    let stats = until(&server, "deaf", |room| room.stats.closed == 1).await;
    let close = stats.stats.last_close.unwrap();
    assert_eq!((close.code, close.clean), (4002, false));
}

#[tokio::test]
async fn echoes_to_a_client_that_does_not_read_pause_the_reading() {
    let server = start_with(|config| config.limits.queue_size = 1 << 20).await;
    let (mut sink, mut stream) = connect(&server, "/ws").await.split();
    let sending = tokio::spawn(async move {
        for _ in 0..64 {
            sink.send(Message::binary(vec![0; 1 << 20])).await.unwrap();
        }
        sink
    });
    // Nothing is lost: once the client reads, everything comes.
    for _ in 0..64 {
        assert_eq!(within(stream.next()).await.unwrap().unwrap().len(), 1 << 20);
    }
    drop(sending.await.unwrap());
}
