//! What bounds the server, over real sockets.

use std::time::Duration;

use crate::server_support::probe::Probed;
use crate::server_support::{Peer, Seen, message, text};
use everwire::server::{Cause, Config, Settled};
use everwire::session::{Client, Code, Limits, Status};
use futures_util::SinkExt;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

async fn closed(client: &mut Peer) -> (u64, bool, u64) {
    match client.until(|seen| matches!(seen, Seen::Close { .. })).await {
        Seen::Close { code, retry, retry_after_ms, .. } => (code, retry, retry_after_ms),
        _ => unreachable!(),
    }
}

#[tokio::test]
async fn a_client_that_takes_nothing_while_more_and_more_is_held_for_it_loses_its_session() {
    let mut served = Probed::start(Config { held: 100_000, ..Config::default() }).await;
    let mut ann = served.client().await;
    let peer = served.peer().await;
    ann.accepts = false;
    let receipts: Vec<_> = (0..20).map(|_| peer.send("x".repeat(9_000))).collect();
    assert_eq!(closed(&mut ann).await, (Code::SlowConsumer as u64, true, 0));
    let ending = served.ending().await;
    assert_eq!((ending.cause, ending.delivered), (Cause::SlowConsumer, 0));
    let mut last = None;
    for receipt in receipts {
        last = Some(receipt.await);
        assert_ne!(last, Some(Settled::Delivered));
    }
    assert_eq!(last, Some(Settled::NotDelivered));
}

#[tokio::test]
async fn a_client_that_is_away_is_held_no_more_than_that_either() {
    let mut served = Probed::start(Config { held: 10_000, ..Config::default() }).await;
    let mut ann = served.client().await;
    let peer = served.peer().await;
    ann.drop_link();
    for _ in 0..100 {
        drop(peer.send("x".repeat(1_000)));
    }
    let ending = served.ending().await;
    assert_eq!(ending.cause, Cause::SlowConsumer);
    assert!(ending.undelivered.len() < 10, "{}", ending.undelivered.len());
}

#[tokio::test]
async fn answers_to_requests_are_held_no_more_than_messages() {
    let mut served = Probed::start(Config { held: 100_000, ..Config::default() }).await;
    let mut ann = served.client().await;
    ann.accepts = false;
    for _ in 0..3 {
        ann.half.request(0, "long", text(b"")).unwrap();
    }
    ann.flush().await;
    assert_eq!(closed(&mut ann).await.0, Code::SlowConsumer as u64);
    assert_eq!(served.ending().await.cause, Cause::SlowConsumer);
}

#[tokio::test]
async fn who_waits_until_there_is_room_sends_any_amount() {
    let mut served = Probed::start(Config { held: 50_000, ..Config::default() }).await;
    let mut ann = served.client().await;
    let peer = served.peer().await;
    let sending = tokio::spawn(async move {
        for number in 0..200 {
            peer.ready().await;
            drop(peer.send(format!("{number:10000}")));
        }
    });
    for number in 0..200 {
        assert_eq!(ann.next().await, message(&format!("{number:10000}")));
    }
    sending.await.unwrap();
}

#[tokio::test]
async fn a_frame_over_the_limit_ends_the_connection_as_too_big_and_not_the_session() {
    let mut config = Config::default();
    config.limits = Limits { max_frame: 4_096, window: 4_096, ..config.limits };
    let served = Probed::start(config).await;
    let mut ann = served.client().await;
    ann.write(vec![0; 5_000]).await;
    assert_eq!(closed(&mut ann).await.0, Code::TooBig as u64);
    assert_eq!(ann.next().await, Seen::Ended(Some(4010)));
    ann.dial(served.address, "ann").await;
    assert_eq!(ann.welcome.unwrap().status, Status::Resumed);
}

#[tokio::test]
async fn a_client_is_granted_no_more_than_the_window_until_the_handler_has_accepted() {
    let mut config = Config::default();
    config.limits = Limits { max_frame: 4_096, window: 8_192, ..config.limits };
    let mut served = Probed::start(config).await;
    let mut ann = served.client().await;
    ann.say("wait").await;
    assert_eq!(served.message().await, "wait");
    for _ in 0..10 {
        ann.half.message(text("x".repeat(2_000).as_bytes()));
    }
    ann.flush().await;
    // What is left stays with the client.
    assert_eq!(ann.half.due(), everwire::session::Due::Nothing);
    served.gate.add_permits(1);
    ann.settled().await;
    assert_eq!(ann.half.outgoing(), (11, 11));
}

#[tokio::test]
async fn a_client_that_sends_more_than_it_was_granted_is_cut_off() {
    let mut config = Config::default();
    config.limits = Limits { max_frame: 4_096, window: 4_096, ..config.limits };
    let mut served = Probed::start(config).await;
    let mut ann = served.client().await;
    ann.say("wait").await;
    assert_eq!(served.message().await, "wait");
    for number in 0..3_u8 {
        // Head, base, and a message of 2,000 bytes.
        let mut frame = vec![1, 2 + number, 3, 0xd0, 0x0f];
        frame.extend([b'x'; 2_000]);
        ann.write(frame).await;
    }
    assert_eq!(closed(&mut ann).await.0, Code::CreditViolation as u64);
}

#[tokio::test]
async fn a_text_message_has_no_place_in_the_protocol() {
    let served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    ann.socket.as_mut().unwrap().send(Message::text("hello")).await.unwrap();
    assert_eq!(closed(&mut ann).await.0, Code::Protocol as u64);
}

#[tokio::test]
async fn more_sessions_than_there_may_be_are_told_to_come_back_later() {
    let served = Probed::start(Config { sessions: 2, ..Config::default() }).await;
    let mut ann = served.client().await;
    let _bob = served.client().await;
    let mut eve = Peer::default();
    eve.dial(served.address, "eve").await;
    assert_eq!(closed(&mut eve).await, (Code::Overloaded as u64, true, 5_000));
    // Who has a session keeps it.
    ann.drop_link();
    ann.dial(served.address, "ann").await;
    assert_eq!(ann.welcome.clone().unwrap().status, Status::Resumed);
    ann.bye().await;
    ann.until(|seen| matches!(seen, Seen::Ended(_))).await;
    while served.server.peers().len() > 1 {
        tokio::task::yield_now().await;
    }
    eve.dial(served.address, "eve").await;
    assert_eq!(eve.welcome.unwrap().status, Status::New);
}

#[tokio::test]
async fn more_connections_than_may_wait_for_their_welcome_are_told_to_come_back_later() {
    let served = Probed::start(Config { handshakes: 1, ..Config::default() }).await;
    let mut first = Peer::default();
    first.open(served.address).await;
    let (fence, hello) = first.half.hello(b"forever", 0);
    first.write(hello).await;
    first.half.gone(fence);
    // The first one waits for its token to be judged.
    let mut second = Peer::default();
    loop {
        second.dial(served.address, "ann").await;
        // It may have been faster than the first one.
        if second.welcome.is_none() {
            break;
        }
        second = Peer::default();
    }
    assert_eq!(closed(&mut second).await, (Code::Overloaded as u64, true, 5_000));
}

#[tokio::test]
async fn a_connection_that_never_becomes_a_websocket_is_dropped_in_time() {
    let served = Probed::start(Config { patience: Duration::from_millis(50), ..Config::default() }).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_token_larger_than_the_server_takes_is_too_big() {
    let served = Probed::start(Config::default()).await;
    let mut ann = Peer::default();
    ann.dial(served.address, &"x".repeat(17_000)).await;
    assert_eq!(closed(&mut ann).await.0, Code::TooBig as u64);
}

#[tokio::test]
async fn limits_that_make_no_sense_are_those_nearest_that_do() {
    let mut config = Config::default();
    config.limits = Limits { max_frame: 1, window: 0, ..config.limits };
    let served = Probed::start(config).await;
    let limits = Limits { max_frame: 1_024, window: 1_024, ..Limits::default() };
    let mut ann = Peer::with(Client::new(limits, true, false));
    ann.dial(served.address, "ann").await;
    ann.say(&format!("echo {}", "x".repeat(900))).await;
    assert_eq!(ann.next().await, message(&"x".repeat(900)));
}
