//! Requests, channels and volatile messages, over real sockets.

use std::time::Duration;

use crate::server_support::probe::{Asked, Probed};
use crate::server_support::{Peer, Seen, message, text};
use everwire::server::{Config, Failure, Settled, Shut};
use everwire::session::Answer;

async fn ask(client: &mut Peer, method: &str, timeout_ms: u64) -> u64 {
    let (id, _) = client.half.request(timeout_ms, method, text(b"hello")).unwrap();
    client.flush().await;
    id
}

fn answer(id: u64, status: u64, more: bool, text: &str) -> Seen {
    Seen::Response { id, status, more, text: text.to_owned() }
}

#[tokio::test]
async fn a_request_is_answered_in_one_part_or_in_several() {
    let served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let id = ask(&mut ann, "upper", 0).await;
    assert_eq!(ann.next().await, answer(id, 0, false, "HELLO"));
    let id = ask(&mut ann, "count", 0).await;
    assert_eq!(ann.next().await, answer(id, 0, true, "1"));
    assert_eq!(ann.next().await, answer(id, 0, true, "2"));
    assert_eq!(ann.next().await, answer(id, 0, false, "3"));
}

#[tokio::test]
async fn a_request_that_fails_says_how() {
    let served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    for (method, status, says) in [
        ("fail", 42, "as it was told"),
        ("panic", Answer::Error as u64, "the handler gave no answer"),
        ("unheard of", Answer::NoMethod as u64, "unheard of"),
    ] {
        let id = ask(&mut ann, method, 0).await;
        assert_eq!(ann.next().await, answer(id, status, false, says));
    }
}

#[tokio::test]
async fn a_request_that_is_cancelled_or_takes_too_long_is_aborted() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let id = ask(&mut ann, "forever", 0).await;
    while !matches!(served.next().await, Asked::Request(_)) {}
    ann.half.cancel(id);
    ann.flush().await;
    assert!(matches!(served.next().await, Asked::Aborted));
    let id = ask(&mut ann, "forever", 20).await;
    let seen = ann.until(|seen| matches!(seen, Seen::Response { id: its, .. } if *its == id)).await;
    assert!(matches!(seen, Seen::Response { status, .. } if status == Answer::TimedOut as u64));
    while !matches!(served.next().await, Asked::Aborted) {}
}

#[tokio::test]
async fn a_request_goes_on_while_the_connection_is_gone_and_its_answer_waits() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let id = ask(&mut ann, "upper", 0).await;
    while !matches!(served.next().await, Asked::Request(_)) {}
    ann.drop_link();
    ann.dial(served.address, "ann").await;
    assert_eq!(ann.next().await, answer(id, 0, false, "HELLO"));
}

#[tokio::test]
async fn more_requests_than_may_wait_are_told_that_the_server_is_busy() {
    let mut config = Config::default();
    config.limits.max_requests = 2;
    let served = Probed::start(config).await;
    let mut ann = served.client().await;
    ask(&mut ann, "forever", 0).await;
    ask(&mut ann, "forever", 0).await;
    let id = ask(&mut ann, "upper", 0).await;
    assert!(matches!(
        ann.next().await,
        Seen::Response { id: its, status, .. } if its == id && status == Answer::Busy as u64
    ));
}

#[tokio::test]
async fn the_server_asks_the_client_and_takes_its_answer_in_parts() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let peer = served.peer().await;
    let mut reply = peer.request("colour", "of the sky", None);
    let Seen::Request { id, method, text: says } = ann.next().await else { panic!("no request") };
    assert_eq!((method.as_str(), says.as_str()), ("colour", "of the sky"));
    ann.half.respond(id, 0, true, text(b"blue"));
    ann.half.respond(id, 0, false, text(b"red"));
    ann.flush().await;
    assert_eq!(reply.next().await.unwrap().unwrap().text(), Some("blue"));
    assert_eq!(reply.next().await.unwrap().unwrap().text(), Some("red"));
    assert_eq!(reply.next().await, None);
    let reply = peer.request("colour", "", None);
    let Seen::Request { id, .. } = ann.next().await else { panic!("no request") };
    ann.half.respond(id, 16, false, text(b"it is night"));
    ann.flush().await;
    let refused = Failure::Refused { status: 16, content: "it is night".into() };
    assert_eq!(reply.last().await, Err(refused));
}

#[tokio::test]
async fn a_request_of_the_server_that_takes_too_long_or_is_dropped_is_cancelled_at_the_client() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let peer = served.peer().await;
    let reply = peer.request("slow", "", Some(Duration::from_millis(20)));
    let Seen::Request { id, .. } = ann.next().await else { panic!("no request") };
    assert_eq!(ann.next().await, Seen::Cancel { id });
    assert_eq!(reply.last().await, Err(Failure::TimedOut));
    let reply = peer.request("dropped", "", None);
    let Seen::Request { id, .. } = ann.next().await else { panic!("no request") };
    drop(reply);
    assert_eq!(ann.next().await, Seen::Cancel { id });
    // An answer that comes all the same is nobody's.
    ann.half.respond(id, 0, false, text(b"late"));
    ann.say("echo on").await;
    assert_eq!(ann.next().await, message("on"));
}

#[tokio::test]
async fn a_request_of_the_server_whose_session_ends_fails() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let peer = served.peer().await;
    let reply = peer.request("colour", "", None);
    ann.until(|seen| matches!(seen, Seen::Request { .. })).await;
    ann.bye().await;
    assert_eq!(reply.last().await, Err(Failure::Ended));
    assert_eq!(peer.request("colour", "", None).last().await, Err(Failure::Ended));
}

async fn open(client: &mut Peer, name: &str) -> u64 {
    let (channel, _) = client.half.open(name, text(b"")).unwrap();
    client.flush().await;
    channel
}

#[tokio::test]
async fn a_broadcast_reaches_every_session_that_has_the_channel_open_and_no_other() {
    let served = Probed::start(Config::default()).await;
    let (mut ann, mut bob, mut eve) = (served.client().await, served.client().await, served.client().await);
    let news = open(&mut ann, "news").await;
    assert_eq!(ann.next().await, Seen::Open { channel: news, text: "welcome to news".into() });
    open(&mut bob, "weather").await;
    let also = open(&mut bob, "news").await;
    bob.next().await;
    bob.next().await;
    open(&mut eve, "weather").await;
    eve.next().await;
    assert_eq!(served.server.broadcast("news", "extra"), 2);
    assert_eq!(ann.next().await, Seen::Message { channel: news, text: "extra".into() });
    assert_eq!(bob.next().await, Seen::Message { channel: also, text: "extra".into() });
    eve.say("echo nothing for me").await;
    assert_eq!(eve.next().await, message("nothing for me"));
    assert_eq!(served.server.broadcast("nobody's", "extra"), 0);
}

#[tokio::test]
async fn a_broadcast_waits_for_a_session_that_is_away_and_a_volatile_one_does_not() {
    let served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let news = open(&mut ann, "news").await;
    ann.next().await;
    served.server.broadcast_volatile("news", "now");
    assert_eq!(ann.next().await, Seen::Volatile { channel: news, text: "now".into() });
    ann.drop_link();
    served.server.broadcast("news", "later");
    ann.dial(served.address, "ann").await;
    assert_eq!(ann.next().await, Seen::Message { channel: news, text: "later".into() });
}

#[tokio::test]
async fn a_channel_that_is_refused_or_shut_by_either_side_hears_nothing_more() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let peer = served.peer().await;
    let secret = open(&mut ann, "secret").await;
    assert_eq!(ann.next().await, Seen::Shut { channel: secret, code: 7, reason: "not for you".into() });
    assert_eq!(served.server.broadcast("secret", "?"), 0);
    // Shut by the client.
    let news = open(&mut ann, "news").await;
    ann.next().await;
    ann.half.shut(news, 0, "enough");
    ann.flush().await;
    while !matches!(served.next().await, Asked::Shut(channel, _) if channel == news) {}
    assert_eq!(served.server.broadcast("news", "?"), 0);
    // Shut by the server.
    let news = open(&mut ann, "news").await;
    ann.next().await;
    peer.shut(news, Shut { code: 3, reason: "over".into() });
    assert_eq!(ann.next().await, Seen::Shut { channel: news, code: 3, reason: "over".into() });
    assert_eq!(peer.send_on(news, "?").await, Settled::NotDelivered);
    assert_eq!(served.server.broadcast("news", "?"), 0);
}

#[tokio::test]
async fn a_message_on_a_channel_is_told_from_one_without() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let news = open(&mut ann, "news").await;
    ann.next().await;
    ann.half.message(everwire::session::Payload { channel: news, text: true, bytes: b"say it" });
    ann.flush().await;
    assert_eq!(ann.next().await, Seen::Message { channel: news, text: "it".into() });
    assert_eq!(served.message().await, "say it");
}

#[tokio::test]
async fn of_volatile_messages_that_wait_the_oldest_give_way_and_others_never_do() {
    let mut served = Probed::start(Config { volatile: 3, ..Config::default() }).await;
    let mut ann = served.client().await;
    ann.say("wait").await;
    assert_eq!(served.message().await, "wait");
    for number in 0..10 {
        ann.half.volatile(text(number.to_string().as_bytes()));
        ann.say(&format!("kept {number}")).await;
    }
    // The server has them all when it answers what came after.
    ann.control(everwire::session::Control::Ping { token: 1 }).await;
    assert_eq!(ann.next().await, Seen::Pong { token: 1 });
    served.gate.add_permits(1);
    let mut volatile = Vec::new();
    for number in 0..10 {
        loop {
            match served.next().await {
                Asked::Volatile(text) => volatile.push(text),
                Asked::Message(_, text) => {
                    assert_eq!(text, format!("kept {number}"));
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(volatile, ["7", "8", "9"]);
}

#[tokio::test]
async fn volatile_messages_go_both_ways() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let peer = served.peer().await;
    ann.half.volatile(text(b"up"));
    ann.flush().await;
    assert!(matches!(served.next().await, Asked::Volatile(text) if text == "up"));
    peer.volatile("down");
    assert_eq!(ann.next().await, Seen::Volatile { channel: 0, text: "down".into() });
}
