//! How a room misbehaves in sessions, on command, and that the sessions outlast it.

use crate::session::{Seen, Session, said};
use crate::support::*;
use everwire::session::{Code, Status};
use everwire_echo_server::Server;
use serde_json::Value;

async fn obedient() -> Server {
    start_with(|config| config.control = true).await
}

async fn welcomed(server: &Server) -> Session {
    Session::welcomed(server.address(), "/ws?room=s").await
}

async fn command(server: &Server, command: &str) -> Value {
    let answer = post(server, &format!("/control/s/session/{command}")).await;
    assert_eq!(answer.status, 200, "{command}: {}", answer.text());
    answer.json()
}

/// The connection is of no more use, and the session goes on.
async fn goes_on(mut client: Session, text: &str) {
    client.resumes().await;
    client.echoes(text).await;
}

#[tokio::test]
async fn a_restart_with_its_state_loses_nothing() {
    let server = obedient().await;
    let mut client = welcomed(&server).await;
    for round in 0..3 {
        let text = format!("before {round}");
        client.say(&text).await;
        command(&server, "restart").await;
        // The echo may have come before.
        let mut heard = Vec::new();
        while heard != [said(&text)] {
            match client.next().await {
                Seen::Ended(_) => client.redial().await,
                Seen::Welcome(Status::Resumed) => {}
                other => heard.push(other),
            }
        }
        client.resumes().await;
        client.settled().await;
    }
    let sessions = server.room_stats("s").sessions.unwrap();
    assert_eq!((sessions.each[0].messages, sessions.lost), (3, 0));
}

#[tokio::test]
async fn a_session_that_is_forgotten_is_lost_with_proof_or_without() {
    let server = obedient().await;
    for (state, status) in [("buried", Status::Expired), ("lost", Status::Unknown)] {
        let mut client = welcomed(&server).await;
        client.echoes("one").await;
        client.echoes("two").await;
        client.settled().await;
        command(&server, &format!("restart?state={state}")).await;
        assert_eq!(client.next().await, Seen::Ended(None));
        // It is bound to the old session and was never written.
        client.half.message(crate::session::payload(0, "three"));
        client.redial().await;
        let Seen::Lost(loss) = client.next().await else { panic!() };
        assert_eq!((loss.delivered, loss.in_doubt, loss.last), (2, 2, 3), "{state}");
        assert_eq!(loss.missing, state == "lost");
        assert_eq!(client.next().await, Seen::Welcome(status));
        assert_eq!(client.next().await, said("three"), "it is carried over");
    }
}

#[tokio::test]
async fn a_restart_changes_limits_and_times() {
    let server = obedient().await;
    command(&server, "restart?max_frame=2048&window=4096&ping=300&idle=700&resume=9000").await;
    let client = welcomed(&server).await;
    let welcome = client.welcome.as_ref().unwrap();
    assert_eq!((welcome.position.max_frame, welcome.position.credit), (2048, 4096));
    assert_eq!((welcome.ping_ms, welcome.idle_ms, welcome.resume_ms), (300, 700, 9000));
}

#[tokio::test]
async fn a_handshake_is_spoiled_as_often_as_wanted() {
    let server = obedient().await;
    for (kind, code) in [("foreign", Code::Protocol), ("poor", Code::Protocol), ("early", Code::Protocol)] {
        let path = format!("/ws?room={kind}&welcome={kind}&times=1");
        let mut client = Session::dialed(server.address(), &path, "").await;
        assert_eq!(client.next().await, Seen::Violated(code), "{kind}");
        client.redial().await;
        assert_eq!(client.next().await, Seen::Welcome(Status::New), "{kind}");
        client.echoes(kind).await;
    }
    let mut client = Session::dialed(server.address(), "/ws?room=twice&welcome=twice&times=1", "").await;
    assert_eq!(client.next().await, Seen::Welcome(Status::New));
    assert_eq!(client.next().await, Seen::Violated(Code::Protocol));
    goes_on(client, "twice").await;

    let path = "/ws?room=close&welcome=close&times=1&code=8&retry&retry_after=70&reason=busy";
    let mut client = Session::dialed(server.address(), path, "").await;
    let Seen::Close { code, retry, forget, retry_after_ms, reason, .. } = client.next().await else {
        panic!()
    };
    assert_eq!((code, retry, forget, retry_after_ms, reason.as_str()), (8, true, false, 70, "busy"));
    assert_eq!(client.next().await, Seen::Ended(Some(4008)));
    client.redial().await;
    assert_eq!(client.next().await, Seen::Welcome(Status::New));

    let mut client = Session::dialed(server.address(), "/ws?room=late&welcome=late&ms=50", "").await;
    assert_eq!(client.next().await, Seen::Welcome(Status::New));
    let mut client = Session::dialed(server.address(), "/ws?room=never&welcome=never&times=1", "").await;
    // Whoever is never answered goes, and comes back.
    until(&server, "never", |stats| stats.stats.messages_in == 1).await;
    client.redial().await;
    assert_eq!(client.next().await, Seen::Welcome(Status::New));
    assert_eq!(refusal(&server, "/ws?welcome=odd", &[("Sec-WebSocket-Protocol", "everwire.v1")]).await, 400);
}

#[tokio::test]
async fn frames_that_no_server_should_send_are_sent_and_the_session_outlasts_them() {
    let server = obedient().await;
    for (what, code) in [
        ("gap", Code::Protocol),
        ("number&number=0", Code::Protocol),
        ("number&number=900", Code::Protocol),
        ("garbage", Code::Protocol),
        ("oversize", Code::TooBig),
        ("welcome", Code::Protocol),
        ("ack", Code::Protocol),
        ("ack&number=3", Code::Protocol),
        ("frame&hex=0800", Code::Protocol),
    ] {
        let mut client = welcomed(&server).await;
        client.echoes(what).await;
        command(&server, &format!("send?what={what}")).await;
        assert_eq!(client.next().await, Seen::Violated(code), "{what}");
        goes_on(client, "still here").await;
        post(&server, "/control/s/kill").await;
    }
}

#[tokio::test]
async fn what_comes_again_changes_nothing() {
    let server = obedient().await;
    let mut client = welcomed(&server).await;
    client.echoes("once").await;
    command(&server, "send?what=again").await;
    command(&server, "send?what=number&number=1").await;
    command(&server, "send?what=frame&hex=0024026869").await;
    assert_eq!(client.next().await, Seen::Volatile("hi".into()), "any frame at all");
    client.echoes("twice").await;
}

#[tokio::test]
async fn what_is_withheld_is_told_when_it_no_longer_is() {
    let server = obedient().await;
    for what in ["acks", "credit"] {
        let mut client = welcomed(&server).await;
        client.echoes("first").await;
        client.settled().await;
        let before = client.half.outgoing().1;
        command(&server, &format!("withhold?withhold={what}")).await;
        client.echoes("second").await;
        client.echoes("third").await;
        // The echo comes in one frame with the acknowledgement, or after it.
        if what == "acks" {
            assert_eq!(client.half.outgoing(), (before + 2, before));
        } else {
            client.settled().await;
        }
        command(&server, "withhold?withhold=nothing").await;
        client.settled().await;
        post(&server, "/control/s/kill").await;
        assert_eq!(client.next().await, Seen::Ended(None));
    }
    // One frame is granted, and never another.
    command(&server, "restart?max_frame=1024&window=1024").await;
    let mut client = Session::welcomed(server.address(), "/ws?room=s&withhold=credit&silent").await;
    let text = "x".repeat(600);
    client.say(&text).await;
    client.settled().await;
    client.say(&text).await;
    client.ask("echo", "").await;
    assert_eq!(client.half.outgoing(), (3, 1), "what was accepted is acknowledged");
    command(&server, "withhold").await;
    client.settled().await;
    assert!(matches!(client.next().await, Seen::Response { .. }));
}

#[tokio::test]
async fn every_close_code_and_flag_can_be_had_and_only_the_server_itself_tells_the_truth() {
    let server = obedient().await;
    for code in 1..=15 {
        for (flags, retry, forget) in [("", false, false), ("&retry", true, false), ("&forget", false, true)]
        {
            let mut client = welcomed(&server).await;
            client.echoes("one").await;
            client.settled().await;
            command(&server, &format!("close?code={code}{flags}&retry_after=5&reason=why")).await;
            let expected =
                Seen::Close { code, retry, forget, retry_after_ms: 5, recv: 1, reason: "why".into() };
            assert_eq!(client.next().await, expected);
            assert_eq!(client.next().await, Seen::Ended(Some(4000 + code as u16)));
        }
    }
    let mut client = welcomed(&server).await;
    client.echoes("one").await;
    command(&server, "end?code=7&reason=enough").await;
    let Seen::Close { code, forget, recv, .. } = client.next().await else { panic!() };
    assert_eq!((code, forget, recv), (7, true, 1));
    assert_eq!(client.next().await, Seen::Ended(Some(4007)));
    client.redial().await;
    assert!(matches!(client.next().await, Seen::Lost(_)));
}

#[tokio::test]
async fn a_server_that_says_it_goes_away_can_be_connected_to_anew() {
    let server = obedient().await;
    let mut client = welcomed(&server).await;
    client.echoes("here").await;
    command(&server, "goaway?grace=900&min=1&jitter=20&reason=update").await;
    let expected = Seen::GoAway {
        code: Code::Draining as u64,
        grace_ms: 900,
        min_ms: 1,
        jitter_ms: 20,
        reason: "update".into(),
    };
    assert_eq!(client.next().await, expected);
    client.echoes("still here").await;
    goes_on(client, "and there").await;
}
