//! Tokens, subprotocols, origins and what makes a handshake.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use futures_util::SinkExt;
use support::*;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_token_in_the_query_must_be_shown() {
    let server = start().await;
    echoes(&mut connect(&server, "/ws?token=s3cret&auth=s3cret").await).await;
    echoes(&mut connect(&server, "/ws?token=s3cret&token_in=query&auth=s3cret").await).await;
    assert_eq!(refusal(&server, "/ws?token=s3cret", &[]).await, 401);
    assert_eq!(refusal(&server, "/ws?token=s3cret&auth=other", &[]).await, 401);
    assert_eq!(refusal(&server, "/ws?token=s3cret&token_in=nowhere", &[]).await, 400);
}

#[tokio::test]
async fn a_token_in_the_cookie_comes_from_login() {
    let server = start().await;
    let path = "/ws?token=s3cret&token_in=cookie";
    assert_eq!(refusal(&server, path, &[]).await, 401);
    assert_eq!(refusal(&server, path, &[("Cookie", "everwire_token=other")]).await, 401);

    let answer = get(&server, "/login?token=s3cret").await;
    let cookie = answer.header("set-cookie").unwrap();
    assert_eq!(cookie, "everwire_token=s3cret; Path=/; SameSite=Lax; HttpOnly");
    let pair = format!("a=b; {}", cookie.split(';').next().unwrap());
    let (mut client, _) = dial(server.address(), path, &[("Cookie", &pair)]).await.unwrap();
    echoes(&mut client).await;

    let answer = get(&server, "/login?token=s3cret&cross_site").await;
    let cookie = answer.header("set-cookie").unwrap();
    assert_eq!(cookie, "everwire_token=s3cret; Path=/; SameSite=None; Secure; HttpOnly");

    assert_eq!(get(&server, "/login?token=a%0D%0Ab").await.status, 400);
    assert_eq!(get(&server, "/login").await.status, 400);
}

#[tokio::test]
async fn a_token_in_a_subprotocol_must_come_with_a_real_one() {
    let server = start().await;
    let path = "/ws?token=s3cret&token_in=subprotocol";
    let offer = |protocols| [("Sec-WebSocket-Protocol", protocols)];
    assert_eq!(refusal(&server, path, &[]).await, 401);
    assert_eq!(refusal(&server, path, &offer("chat")).await, 401);
    assert_eq!(refusal(&server, path, &offer("token.s3cret")).await, 401);
    assert_eq!(refusal(&server, path, &offer("token.other, chat")).await, 401);
    assert_eq!(chosen(&server, path, "token.s3cret, chat").await.as_deref(), Some("chat"));
    let stubborn = format!("{path}&protocol=token.s3cret");
    assert_eq!(chosen(&server, &stubborn, "token.s3cret, chat").await, None);
}

#[tokio::test]
async fn a_token_in_the_first_message_comes_before_everything_else() {
    let server = start().await;
    let path = "/ws?token=s3cret&token_in=message&say=hello";
    let mut client = connect(&server, path).await;
    assert_quiet(&mut client).await;
    say(&mut client, "s3cret").await;
    assert_eq!(heard(&mut client).await, "welcome");
    assert_eq!(heard(&mut client).await, "hello");
    echoes(&mut client).await;

    let mut client = connect(&server, path).await;
    say(&mut client, "other").await;
    assert_eq!(closed(&mut client).await, (4401, "token".to_owned()));

    let mut client = connect(&server, path).await;
    client.send(Message::binary(&b"s3cret"[..])).await.unwrap();
    assert_eq!(closed(&mut client).await, (4401, "token".to_owned()));
}

#[tokio::test]
async fn a_token_that_never_comes_closes_the_connection() {
    let server = start().await;
    let mut client = connect(&server, "/ws?token=s3cret&token_in=message").await;
    assert_eq!(closed(&mut client).await, (4401, "token".to_owned()));
}

#[tokio::test]
async fn the_first_offered_subprotocol_is_chosen_unless_one_is_named() {
    let server = start().await;
    for (path, offered, expected) in [
        ("/ws", "one, two", Some("one")),
        ("/ws", "token.x, two", Some("two")),
        ("/ws", "token.x", None),
        ("/ws?protocol=two", "one, two", Some("two")),
        ("/ws?protocol=three", "one, two", None),
        ("/ws?protocol=none", "one, two", None),
    ] {
        assert_eq!(chosen(&server, path, offered).await.as_deref(), expected, "{path} {offered}");
    }
    let offer = [("Sec-WebSocket-Protocol", "one")];
    let (_client, _) = dial(server.address(), "/ws?room=p", &offer).await.unwrap();
    assert_eq!(server.room_stats("p").clients[0].protocol.as_deref(), Some("one"));
}

#[tokio::test]
async fn only_pages_of_loopback_and_listed_origins_may_connect() {
    let server = start_with(|config| {
        config.allowed_origins.push("https://app.example".to_owned());
    })
    .await;
    for origin in ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:8", "https://app.example"] {
        let (mut client, _) = dial(server.address(), "/ws", &[("Origin", origin)]).await.unwrap();
        echoes(&mut client).await;
    }
    for origin in ["null", "https://evil.example", "http://app.example", "http://localhost.evil.example"] {
        assert_eq!(refusal(&server, "/ws", &[("Origin", origin)]).await, 403, "{origin}");
    }
    let both = [("Origin", "http://localhost"), ("Origin", "https://evil.example")];
    assert_eq!(refusal(&server, "/ws", &both).await, 403);
}

#[tokio::test]
async fn what_is_no_handshake_is_refused_with_a_reason() {
    let server = start().await;
    let whole = handshake("/ws", "Connection: close\r\n");
    for (from, to, status) in [
        ("GET /ws", "POST /ws", 400),
        ("GET /ws", "GET /elsewhere", 404),
        ("Connection: Upgrade", "Connection: x", 400),
        ("Version: 13", "Version: 8", 426),
        ("dGhlIHNhbXBsZSBub25jZQ==", "short", 400),
        ("Sec-WebSocket-Key", "X-Key", 400),
    ] {
        let answer = exchange(server.address(), whole.replace(from, to).as_bytes()).await;
        assert_eq!(answer.status, status, "{to}: {}", answer.text());
    }
    let answer = get(&server, "/ws").await;
    assert_eq!(answer.status, 426);
    let stats = server.stats();
    assert_eq!((stats.dialed, stats.refused, stats.opened), (6, 6, 0));
}
