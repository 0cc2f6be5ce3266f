//! Every query parameter, driven by a client.

use std::time::{Duration, Instant};

use crate::support::*;
use everwire_echo_server::Close;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

#[tokio::test]
async fn text_comes_back_as_text_and_binary_as_binary() {
    let server = start().await;
    for path in ["/ws", "/"] {
        let mut client = connect(&server, path).await;
        for message in [
            Message::text(""),
            Message::text("grüezi 👋"),
            Message::binary(Bytes::new()),
            Message::binary(vec![0, 255, 10]),
            Message::binary(vec![7; 3 << 20]),
        ] {
            client.send(message.clone()).await.unwrap();
            assert_eq!(next(&mut client).await.unwrap(), message);
        }
    }
}

#[tokio::test]
async fn echoes_keep_their_order_under_load() {
    let server = start().await;
    let (mut sink, mut stream) = connect(&server, "/ws?room=load").await.split();
    let sending = tokio::spawn(async move {
        for index in 0..20_000 {
            sink.feed(Message::text(index.to_string())).await.unwrap();
        }
        sink.flush().await.unwrap();
        sink
    });
    for index in 0..20_000 {
        let message = within(stream.next()).await.unwrap().unwrap();
        assert_eq!(message.to_text().unwrap(), index.to_string());
    }
    drop(sending.await.unwrap());
    let stats = server.room_stats("load").stats;
    assert_eq!((stats.messages_in, stats.messages_out), (20_000, 20_000));
    assert_eq!(stats.bytes_in, stats.bytes_out);
}

#[tokio::test]
async fn a_clients_ping_is_answered_and_its_close_is_echoed() {
    let server = start().await;
    let mut client = connect(&server, "/ws?room=bye").await;
    client.send(Message::Ping("life".into())).await.unwrap();
    assert_eq!(next(&mut client).await.unwrap(), Message::Pong("life".into()));
    let frame = CloseFrame { code: 4321.into(), reason: "done".into() };
    client.close(Some(frame)).await.unwrap();
    assert_eq!(closed(&mut client).await, (4321, "done".to_owned()));
    assert!(within(client.next()).await.is_none());
    let stats = until(&server, "bye", |room| room.stats.closed == 1).await;
    let close = stats.stats.last_close.unwrap();
    assert_eq!((close.code, close.reason.as_str(), close.clean), (4321, "done", true));
}

#[tokio::test]
async fn a_connection_is_in_the_lobby_or_in_the_room_it_names() {
    let server = start().await;
    let _lobby = connect(&server, "/ws").await;
    let _one = connect(&server, "/ws?room=one").await;
    let _two = connect(&server, "/ws?room=one").await;
    assert_eq!(server.room_stats("lobby").stats.connections, 1);
    assert_eq!(server.room_stats("one").stats.connections, 2);
    assert_eq!(server.room_stats("two").stats.connections, 0);
    assert_eq!(server.stats().connections, 3);
    assert_eq!(refusal(&server, "/ws?room=", &[]).await, 400);
    assert_eq!(refusal(&server, &format!("/ws?room={}", "x".repeat(65)), &[]).await, 400);
}

#[tokio::test]
async fn prefix_goes_before_echoed_text_only() {
    let server = start().await;
    let mut client = connect(&server, "/ws?prefix=Echo:%20").await;
    say(&mut client, "hi").await;
    assert_eq!(heard(&mut client).await, "Echo: hi");
    client.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(next(&mut client).await.unwrap(), Message::binary(vec![1]));
}

#[tokio::test]
async fn close_comes_at_once_or_after_so_many_messages() {
    let server = start().await;
    let mut client = connect(&server, "/ws?room=close&close=4001&reason=at%20once").await;
    assert_eq!(closed(&mut client).await, (4001, "at once".to_owned()));
    assert!(within(client.next()).await.is_none());
    let stats = until(&server, "close", |room| room.stats.closed == 1).await;
    let close = stats.stats.last_close.unwrap();
    assert_eq!((close.code, close.reason.as_str(), close.clean), (4001, "at once", true));

    let mut client = connect(&server, "/ws?close=1012&after=2").await;
    say(&mut client, "a").await;
    assert_eq!(heard(&mut client).await, "a");
    say(&mut client, "b").await;
    assert_eq!(heard(&mut client).await, "b");
    assert_eq!(closed(&mut client).await, (1012, String::new()));
}

#[tokio::test]
async fn close_1005_sends_a_frame_without_a_code() {
    let server = start().await;
    let mut client = connect(&server, "/ws?close=1005").await;
    assert_eq!(next(&mut client).await.unwrap(), Message::Close(None));
}

#[tokio::test]
async fn refuse_answers_with_the_status() {
    let server = start().await;
    for status in [200, 301, 401, 404, 429, 503] {
        assert_eq!(refusal(&server, &format!("/ws?room=r&refuse={status}"), &[]).await, status);
    }
    let stats = server.room_stats("r").stats;
    assert_eq!((stats.dialed, stats.refused, stats.opened), (6, 6, 0));
    assert_eq!(refusal(&server, "/ws?refuse=100", &[]).await, 400);
}

#[tokio::test]
async fn hang_takes_the_request_and_never_answers() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(handshake("/ws?room=h&hang", "").as_bytes()).await.unwrap();
    until(&server, "h", |room| room.stats.dialed == 1).await;
    let mut byte = [0];
    assert!(timeout(Duration::from_millis(150), stream.read(&mut byte)).await.is_err());
    assert_eq!(server.room_stats("h").stats.opened, 0);
}

#[tokio::test]
async fn silent_reads_everything_and_sends_nothing() {
    let server = start().await;
    let mut client = connect(&server, "/ws?room=s&silent&say=never&flood=1&size=1").await;
    say(&mut client, "a").await;
    say(&mut client, "b").await;
    let stats = until(&server, "s", |room| room.stats.messages_in == 2).await;
    assert_eq!(stats.received, ["a", "b"]);
    assert_eq!(stats.stats.messages_out, 0);
    assert_quiet(&mut client).await;
}

#[tokio::test]
async fn a_drilled_connection_counts_what_it_hears_and_floods_on_demand() {
    let server = start().await;
    let mut client = connect(&server, "/ws?drill&silent").await;
    for text in ["a", "b", "count", "c", "flood 2 3 text", "count"] {
        say(&mut client, text).await;
    }
    for text in ["2", "xxx", "xxx", "1"] {
        assert_eq!(heard(&mut client).await, text);
    }
    assert_quiet(&mut client).await;
}

#[tokio::test]
async fn drop_resets_at_once_or_after_so_many_messages() {
    let server = start().await;
    let mut client = connect(&server, "/ws?room=d&drop").await;
    assert_reset(&mut client).await;
    let stats = until(&server, "d", |room| room.stats.closed == 1).await;
    let close = stats.stats.last_close.unwrap();
    assert_eq!((close.code, close.clean), (1006, false));

    let mut client = connect(&server, "/ws?drop&after=1").await;
    say(&mut client, "a").await;
    assert_eq!(heard(&mut client).await, "a");
    assert_reset(&mut client).await;
}

#[tokio::test]
async fn stall_stops_reading_until_the_window_is_full() {
    let server = start().await;
    let mut client = connect(&server, "/ws?room=full&stall&after=1").await;
    echoes(&mut client).await;
    let full = async {
        loop {
            client.feed(Message::binary(vec![0; 1 << 20])).await.unwrap();
        }
    };
    // A reading server would take this for ever; a stalled one takes what the kernel buffers.
    assert!(timeout(Duration::from_secs(1), full).await.is_err());
    let stats = server.room_stats("full").stats;
    assert_eq!((stats.messages_in, stats.connections), (1, 1));
    post(&server, "/control/full/kill").await;
    until(&server, "full", |room| room.stats.connections == 0).await;

    drop(connect(&server, "/ws?room=left&stall").await);
    until(&server, "left", |room| room.stats.closed == 1).await;
}

#[tokio::test]
async fn delay_holds_every_echo_back_in_order_while_reading_on() {
    let server = start().await;
    let mut client = connect(&server, "/ws?room=late&delay=1000&close=4000&after=3").await;
    let start = Instant::now();
    for text in ["a", "b", "c"] {
        say(&mut client, text).await;
    }
    until(&server, "late", |room| room.received == ["a", "b", "c"]).await;
    assert_eq!(server.room_stats("late").stats.messages_out, 0);
    for text in ["a", "b", "c"] {
        assert_eq!(heard(&mut client).await, text);
    }
    assert!(start.elapsed() >= Duration::from_millis(1_000));
    assert_eq!(closed(&mut client).await.0, 4000);
}

#[tokio::test]
async fn flood_sends_so_many_messages_of_that_size() {
    let server = start().await;
    let mut client = connect(&server, "/ws?flood=3000&size=1000").await;
    for _ in 0..3_000 {
        assert_eq!(next(&mut client).await.unwrap(), Message::binary(vec![0; 1_000]));
    }
    let mut client = connect(&server, "/ws?flood=2&size=3&kind=text").await;
    assert_eq!(heard(&mut client).await, "xxx");
    assert_eq!(heard(&mut client).await, "xxx");
    echoes(&mut client).await;
    assert_eq!(refusal(&server, "/ws?flood=1000000&size=1000000", &[]).await, 400);
}

#[tokio::test]
async fn invalid_sends_a_text_that_is_no_utf8() {
    let server = start().await;
    let mut client = connect(&server, "/ws?invalid").await;
    assert!(matches!(next(&mut client).await, Err(Error::Utf8(_))));
}

#[tokio::test]
async fn oversize_sends_one_message_of_that_size() {
    let server = start().await;
    let mut client = connect(&server, "/ws?oversize=9000000").await;
    assert_eq!(next(&mut client).await.unwrap().len(), 9_000_000);
    assert_eq!(refusal(&server, "/ws?oversize=999999999", &[]).await, 400);
}

#[tokio::test]
async fn words_answers_ping_with_pong_and_echoes_the_rest() {
    let server = start().await;
    let mut client = connect(&server, "/ws?words&prefix=%3E").await;
    for (said, answer) in [("ping", "pong"), ("hello", ">hello"), ("ping", "pong")] {
        say(&mut client, said).await;
        assert_eq!(heard(&mut client).await, answer);
    }
}

#[tokio::test]
async fn mute_stops_the_pongs_and_nothing_else() {
    let server = start().await;
    let mut client = connect(&server, "/ws?words&mute=2").await;
    for _ in 0..2 {
        say(&mut client, "ping").await;
        assert_eq!(heard(&mut client).await, "pong");
    }
    say(&mut client, "ping").await;
    echoes(&mut client).await;
}

#[tokio::test]
async fn idle_closes_when_nothing_is_received_for_so_long() {
    let server = start().await;
    let mut client = connect(&server, "/ws?idle=200").await;
    let start = Instant::now();
    echoes(&mut client).await;
    assert_eq!(closed(&mut client).await, (4000, "idle".to_owned()));
    assert!(start.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn ping_sends_websocket_pings() {
    let server = start().await;
    let mut client = connect(&server, "/ws?ping=10").await;
    for _ in 0..3 {
        assert!(matches!(next(&mut client).await, Ok(Message::Ping(_))));
    }
}

#[tokio::test]
async fn noclose_leaves_the_clients_close_unanswered() {
    let server = start().await;
    let mut client = connect(&server, "/ws?room=n&noclose").await;
    echoes(&mut client).await;
    client.close(Some(CloseFrame { code: 4009.into(), reason: "bye".into() })).await.unwrap();
    assert_quiet(&mut client).await;
    assert_eq!(server.room_stats("n").stats.connections, 1);
    drop(client);
    let stats = until(&server, "n", |room| room.stats.closed == 1).await;
    let close = stats.stats.last_close.unwrap();
    assert_eq!((close.code, close.reason.as_str(), close.clean), (4009, "bye", false));
}

#[tokio::test]
async fn say_may_be_repeated_and_combined() {
    let server = start().await;
    let mut client = connect(&server, "/ws?say=one&say=two%20%26%20three&drop").await;
    assert_eq!(heard(&mut client).await, "one");
    assert_eq!(heard(&mut client).await, "two & three");
    assert_reset(&mut client).await;
}

#[tokio::test]
async fn a_client_that_vanishes_is_counted_as_1006() {
    let server = start().await;
    drop(connect(&server, "/ws?room=gone").await);
    let stats = until(&server, "gone", |room| room.stats.closed == 1).await;
    let Close { code, clean, .. } = stats.stats.last_close.unwrap();
    assert_eq!((code, clean), (1006, false));
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol_is_told_how() {
    let server = start().await;
    for (bytes, code) in [
        // A text of one byte that is no UTF-8, and an unmasked text; both with four bytes of mask.
        (&[0x81, 0x81, 0, 0, 0, 0, 0xff][..], 1007_u16),
        (&[0x81, 0x01, b'a', 0, 0, 0, 0][..], 1002),
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(handshake("/ws?room=rude", "").as_bytes()).await.unwrap();
        read_head(&mut stream).await;
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        within(stream.read_to_end(&mut answer)).await.unwrap();
        assert_eq!(answer.get(..2), Some(&[0x88, 2][..]));
        assert_eq!(answer.get(2..), Some(&code.to_be_bytes()[..]));
    }
}
