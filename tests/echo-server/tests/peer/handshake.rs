//! Tokens, subprotocols, origins and what makes a handshake.

use crate::support::*;
use everwire_echo_server::Server;
use futures_util::SinkExt;
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
async fn an_issued_token_lets_in_wherever_it_is_shown_and_no_other_does() {
    let server = start().await;
    let token = issue(&server, "issued", "").await;
    let query = format!("/ws?room=issued&token_in=query&auth={token}");
    echoes(&mut connect(&server, &query).await).await;
    let cookie = format!("everwire_token={token}");
    dial(server.address(), "/ws?room=issued&token_in=cookie", &[("Cookie", &cookie)]).await.unwrap();
    let offer = format!("token.{token}, chat");
    let path = "/ws?room=issued&token_in=subprotocol";
    assert_eq!(chosen(&server, path, &offer).await.as_deref(), Some("chat"));
    let mut client = connect(&server, "/ws?room=issued&token_in=message").await;
    say(&mut client, &token).await;
    assert_eq!(heard(&mut client).await, "welcome");

    for auth in ["", &format!("{token}0"), &issue(&server, "other", "").await] {
        let path = format!("/ws?room=issued&token_in=query&auth={auth}");
        assert_eq!(refusal(&server, &path, &[]).await, 401, "{auth}");
    }
}

#[tokio::test]
async fn an_expired_token_ends_its_connection_and_lets_nobody_in() {
    let server = start().await;
    let token = issue(&server, "short", "?ms=2000").await;
    let path = format!("/ws?room=short&token_in=query&auth={token}");
    let mut client = connect(&server, &path).await;
    let mut other = connect(&server, &format!("{path}&expired=3000")).await;
    echoes(&mut client).await;
    assert_eq!(closed(&mut client).await, (4401, "token expired".to_owned()));
    assert_eq!(closed(&mut other).await, (3000, "token expired".to_owned()));
    assert_eq!(refusal(&server, &path, &[]).await, 401);
}

#[tokio::test]
async fn a_revoked_token_ends_its_connections_and_no_others() {
    let server = start().await;
    let mut clients = Vec::new();
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let token = issue(&server, "revoke", "").await;
        let mut client = connect(&server, "/ws?room=revoke&token_in=message").await;
        say(&mut client, &token).await;
        assert_eq!(heard(&mut client).await, "welcome");
        clients.push(client);
        tokens.push(token);
    }
    let path = format!("/control/revoke/revoke?token={}", tokens[0]);
    assert_eq!(post(&server, &path).await.text(), r#"{"revoked":1}"#);
    assert_eq!(closed(&mut clients[0]).await.0, 4401);
    echoes(&mut clients[1]).await;
    assert_eq!(post(&server, "/control/revoke/revoke").await.text(), r#"{"revoked":2}"#);
    assert_eq!(closed(&mut clients[1]).await.0, 4401);
    assert_eq!(closed(&mut clients[2]).await.0, 4401);
}

#[tokio::test]
async fn no_statistics_tell_a_token() {
    let server = start().await;
    let token = issue(&server, "quiet", "").await;
    let mut client = connect(&server, "/ws?room=quiet&token_in=message").await;
    say(&mut client, &token).await;
    assert_eq!(heard(&mut client).await, "welcome");
    echoes(&mut client).await;
    let offer = [("Sec-WebSocket-Protocol", &*format!("chat, token.{token}"))];
    let _client = dial(server.address(), "/ws?room=quiet&token_in=subprotocol", &offer).await.unwrap();
    let seen = get(&server, "/stats?room=quiet").await;
    assert_eq!(seen.json()["received"], serde_json::json!(["are you there?"]));
    assert!(!seen.text().contains(&token));
    assert!(!format!("{server:?}").contains(&token), "not even for debugging");
}

async fn issue(server: &Server, room: &str, query: &str) -> String {
    let answer = post(server, &format!("/control/{room}/issue{query}")).await;
    answer.json()["token"].as_str().unwrap().to_owned()
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
