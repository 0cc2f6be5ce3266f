//! What a room does with sessions when it behaves.

use crate::session::{Seen, Session, payload, said};
use crate::support::*;
use everwire::session::{Control, Payload, Status};
use everwire_echo_server::Server;

async fn welcomed(server: &Server) -> Session {
    Session::welcomed(server.address(), "/ws?room=s").await
}

fn response(status: u64, more: bool, text: &str) -> Seen {
    Seen::Response { status, more, text: text.to_owned() }
}

#[tokio::test]
async fn who_offers_the_subprotocol_has_a_session_and_others_are_echoed_as_ever() {
    let server = start().await;
    assert_eq!(chosen(&server, "/ws", "everwire.v1").await.as_deref(), Some("everwire.v1"));
    assert_eq!(chosen(&server, "/ws", "chat, everwire.v1").await.as_deref(), Some("chat"));
    assert_eq!(
        chosen(&server, "/ws?protocol=everwire.v1", "chat, everwire.v1").await.as_deref(),
        Some("everwire.v1")
    );
    assert_eq!(chosen(&server, "/ws?protocol=none", "everwire.v1").await, None);
    let (mut plain, _) =
        dial(server.address(), "/ws?plain", &[("Sec-WebSocket-Protocol", "everwire.v1")]).await.unwrap();
    echoes(&mut plain).await;
    welcomed(&server).await.echoes("hello").await;
}

#[tokio::test]
async fn text_comes_back_as_text_and_bytes_as_bytes() {
    let server = start().await;
    let mut client = welcomed(&server).await;
    client.echoes("grüezi").await;
    client.half.message(Payload { channel: 0, text: false, bytes: &[0, 255] });
    client.flush().await;
    assert_eq!(client.next().await, Seen::Binary(vec![0, 255]));
    client.half.volatile(payload(0, "perhaps"));
    client.flush().await;
    assert_eq!(client.next().await, Seen::Volatile("perhaps".into()));
}

#[tokio::test]
async fn each_method_answers_as_its_name_says() {
    let server = start().await;
    let mut client = welcomed(&server).await;
    client.ask("echo", "hello").await;
    assert_eq!(client.next().await, response(0, false, "hello"));
    client.ask("stream", "3").await;
    for (more, item) in [(true, "1"), (true, "2"), (false, "3")] {
        assert_eq!(client.next().await, response(0, more, item));
    }
    client.ask("stream", "2 20").await;
    assert_eq!([client.next().await, client.next().await], [response(0, true, "1"), response(0, false, "2")]);
    client.ask("fail", "17").await;
    assert_eq!(client.next().await, response(17, false, "failed, as asked"));
    client.ask("never", "").await;
    client.ask("slow", "20").await;
    client.ask("other", "").await;
    assert_eq!(client.next().await, response(3, false, "other"));
    assert_eq!(client.next().await, response(0, false, "20"));
    client.ask("ask", "name who are you").await;
    let Seen::Request { id, method, text } = client.next().await else { panic!() };
    assert_eq!((method.as_str(), text.as_str()), ("name", "who are you"));
    client.half.respond(id, 0, false, payload(0, "ann"));
    client.flush().await;
    assert_eq!(client.next().await, response(0, false, "ann"));
}

#[tokio::test]
async fn what_a_delayed_session_is_sent_comes_late_and_in_order_and_does_not_add_up() {
    let server = start().await;
    let mut client = Session::welcomed(server.address(), "/ws?room=s&delay=200").await;
    let start = std::time::Instant::now();
    for number in 0..20 {
        client.say(&number.to_string()).await;
    }
    assert_eq!(client.next().await, said("0"));
    assert!(start.elapsed().as_millis() >= 200, "{:?}", start.elapsed());
    for number in 1..20 {
        assert_eq!(client.next().await, said(&number.to_string()));
    }
    assert!(start.elapsed().as_millis() < 20 * 200, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_client_is_asked_on_command_and_its_answer_is_told() {
    let server = start_with(|config| config.control = true).await;
    let mut client = welcomed(&server).await;
    client.echoes("here").await;
    let asked = post(&server, "/control/s/session/ask?method=add&text=1+2");
    let answers = async {
        let Seen::Request { id, method, text } = client.next().await else { panic!() };
        assert_eq!((method.as_str(), text.as_str()), ("add", "1 2"));
        client.half.respond(id, 0, true, payload(0, "thinking"));
        client.half.respond(id, 0, false, payload(0, "3"));
        client.flush().await;
    };
    let (answer, ()) = tokio::join!(asked, answers);
    assert_eq!(answer.json()["answers"][0]["parts"], serde_json::json!(["thinking", "3"]));
}

#[tokio::test]
async fn what_is_said_on_a_channel_reaches_everybody_who_has_it_open() {
    let server = start().await;
    let mut clients = [welcomed(&server).await, welcomed(&server).await];
    for client in &mut clients {
        // So that the numbers of the channels differ.
        client.half.open("other", payload(0, ""));
        let (channel, _) = client.half.open("news", payload(0, "hi")).unwrap();
        client.flush().await;
        assert!(matches!(client.next().await, Seen::Opened { .. }));
        assert_eq!(client.next().await, Seen::Opened { channel, text: "hi".into() });
    }
    clients[0].say_on(2, "hear, hear").await;
    for client in &mut clients {
        assert_eq!(client.next().await, Seen::Text(2, "hear, hear".into()));
    }
    clients[1].half.open("closed for today", payload(0, "")).unwrap();
    clients[1].flush().await;
    let Seen::Shut { code, reason, .. } = clients[1].next().await else { panic!() };
    assert_eq!((code, reason.as_str()), (1, "for today"));
}

#[tokio::test]
async fn a_drilled_session_counts_what_it_hears_and_floods_on_demand() {
    let server = start().await;
    let mut client = Session::welcomed(server.address(), "/ws?drill&silent").await;
    for text in ["a", "b", "count"] {
        client.say(text).await;
    }
    assert_eq!(client.next().await, Seen::Text(0, "2".into()));
    client.say("flood 2 3 text").await;
    for _ in 0..2 {
        assert_eq!(client.next().await, Seen::Text(0, "xxx".into()));
    }
}

#[tokio::test]
async fn numbers_are_sent_as_fast_as_they_are_taken_and_those_that_come_are_checked() {
    let server = start().await;
    let mut client = Session::welcomed(server.address(), "/ws?room=s&silent").await;
    client.ask("source", "5000").await;
    let mut next = 1;
    while next <= 5000 {
        match client.next().await {
            Seen::Text(0, number) => {
                assert_eq!(number, next.to_string());
                next += 1;
                if next % 1000 == 0 {
                    client.redial().await;
                }
            }
            Seen::Welcome(Status::Resumed) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(client.next().await, response(0, false, "5000"));
    for number in 1..=100 {
        client.say(&number.to_string()).await;
    }
    client.settled().await;
    let sessions = server.room_stats("s").sessions.unwrap();
    let checked = &sessions.each[0];
    assert_eq!((checked.counted, checked.first, checked.last), (100, 1, 100));
    assert_eq!((checked.gaps, checked.duplicates, checked.connections), (0, 0, 6));
    assert_eq!((sessions.new, sessions.resumed, sessions.lost), (1, 5, 0));
}

#[tokio::test]
async fn a_room_that_has_issued_a_token_wants_one_and_asks_again_when_it_is_revoked() {
    let server = start_with(|config| config.control = true).await;
    let issue = async |query: &str| {
        let answer = post(&server, &format!("/control/s/issue?{query}")).await;
        answer.json()["token"].as_str().unwrap().to_owned()
    };
    let (first, second, other) =
        (issue("owner=ann").await, issue("owner=ann").await, issue("owner=bob").await);
    let mut stranger = Session::dialed(server.address(), "/ws?room=s", "wrong").await;
    assert!(matches!(stranger.next().await, Seen::Close { code: 5, retry: true, .. }));
    assert_eq!(stranger.next().await, Seen::Ended(Some(4005)));

    let mut client = Session::dialed(server.address(), "/ws?room=s", &first).await;
    assert!(matches!(client.next().await, Seen::Welcome(_)));
    post(&server, &format!("/control/s/revoke?token={first}")).await;
    assert_eq!(client.next().await, Seen::TokenWanted);
    client.control(Control::Auth { token: second.as_bytes() }).await;
    assert_eq!(client.next().await, Seen::Authed { ttl_ms: 0 });
    client.echoes("still here").await;

    client.token(&other);
    client.redial().await;
    assert!(matches!(client.next().await, Seen::Lost(_)), "the session of another is none");
    assert_eq!(client.next().await, Seen::Welcome(Status::Forbidden));
    client.token(&second);
    client.redial().await;
    assert!(matches!(client.next().await, Seen::Lost(_)));
    assert_eq!(client.next().await, Seen::Welcome(Status::Forbidden));
    post(&server, &format!("/control/s/revoke?token={second}")).await;
    assert_eq!(client.next().await, Seen::TokenWanted);
    client.control(Control::Auth { token: second.as_bytes() }).await;
    assert!(matches!(client.next().await, Seen::Close { code: 6, retry: true, forget: false, .. }));
    assert_eq!(client.next().await, Seen::Ended(Some(4006)));
}

#[tokio::test]
async fn a_token_that_runs_out_is_asked_for_in_time_and_ends_the_connection_if_none_comes() {
    let server = start_with(|config| config.control = true).await;
    let answer = post(&server, "/control/s/issue?ms=400").await;
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let mut client = Session::dialed(server.address(), "/ws?room=s", &token).await;
    assert!(matches!(client.next().await, Seen::Welcome(_)));
    let ttl = client.welcome.as_ref().unwrap().auth_ttl_ms;
    assert!((1..=400).contains(&ttl), "{ttl}");
    assert_eq!(client.next().await, Seen::TokenWanted);
    assert!(matches!(client.next().await, Seen::Close { code: 6, .. }));
}

#[tokio::test]
async fn what_is_commanded_to_a_room_happens_to_its_sessions_too() {
    let server = start_with(|config| config.control = true).await;
    let mut client = welcomed(&server).await;
    client.echoes("here").await;
    post(&server, "/control/s/say?text=listen&n=2").await;
    assert_eq!([client.next().await, client.next().await], [said("listen"), said("listen")]);
    post(&server, "/control/s/session/volatile?text=perhaps").await;
    assert_eq!(client.next().await, Seen::Volatile("perhaps".into()));
    post(&server, "/control/s/session/source?n=2").await;
    assert_eq!([client.next().await, client.next().await], [said("1"), said("2")]);
    post(&server, "/control/s/kill").await;
    assert_eq!(client.next().await, Seen::Ended(None));
    client.resumes().await;
    client.hang_up(1000).await;
    assert_eq!(client.next().await, Seen::Ended(Some(1000)), "a close is answered");
    until(&server, "s", |room| room.stats.last_close.as_ref().is_some_and(|close| close.clean)).await;
    client.resumes().await;
    post(&server, "/control/s/close?code=4321").await;
    assert_eq!(client.next().await, Seen::Ended(Some(4321)));
    client.resumes().await;
    post(&server, "/control/s/silence?ms=60000").await;
    client.say("are you there?").await;
    // Whoever is silent does not even see that its client comes back.
    client.resumes().await;
    assert_eq!(client.next().await, said("are you there?"));
}
