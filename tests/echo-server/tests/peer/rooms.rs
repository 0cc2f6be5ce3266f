//! Rooms whose connections hear one another, and the feed.

use std::time::{Duration, Instant};

use crate::support::*;
use everwire_echo_server::Server;
use futures_util::SinkExt;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

/// The next message, which must be JSON.
async fn told(client: &mut Client) -> Value {
    serde_json::from_str(&heard(client).await).unwrap()
}

/// Connects and reads the list of members up to one of so many.
async fn join(server: &Server, path: &str, count: usize) -> (Client, u64) {
    let mut client = connect(server, path).await;
    let you = await_members(&mut client, count).await["you"].as_u64().unwrap();
    (client, you)
}

async fn await_members(client: &mut Client, count: usize) -> Value {
    loop {
        let message = told(client).await;
        assert_eq!(message["type"], "members");
        if message["members"].as_array().unwrap().len() == count {
            return message;
        }
    }
}

#[tokio::test]
async fn a_relayed_message_reaches_the_others_of_its_room_and_nobody_else() {
    let server = start().await;
    let mut sender = connect(&server, "/ws?room=a&relay").await;
    let mut other = connect(&server, "/ws?room=a&relay").await;
    let mut echoing = connect(&server, "/ws?room=a").await;
    let mut elsewhere = connect(&server, "/ws?room=b&relay").await;
    until(&server, "a", |room| room.stats.connections == 3).await;
    echoes(&mut echoing).await;

    sender.send(Message::text("hello")).await.unwrap();
    sender.send(Message::binary(vec![1, 2])).await.unwrap();
    assert_eq!(heard(&mut other).await, "hello");
    assert_eq!(next(&mut other).await.unwrap(), Message::binary(vec![1, 2]));
    for client in [&mut sender, &mut echoing, &mut elsewhere] {
        assert_quiet(client).await;
    }
}

#[tokio::test]
async fn with_relay_all_everybody_hears_everything_in_one_order() {
    let server = start().await;
    let (mut one, _) = join(&server, "/ws?room=order&relay=all&members", 1).await;
    let (mut two, _) = join(&server, "/ws?room=order&relay=all&members", 2).await;
    await_members(&mut one, 2).await;
    for index in 0..200 {
        one.feed(Message::text(format!("one {index}"))).await.unwrap();
        two.feed(Message::text(format!("two {index}"))).await.unwrap();
    }
    one.flush().await.unwrap();
    two.flush().await.unwrap();
    for _ in 0..400 {
        assert_eq!(heard(&mut one).await, heard(&mut two).await);
    }
}

#[tokio::test]
async fn members_are_told_their_number_and_who_comes_and_goes() {
    let server = start().await;
    let mut watcher = connect(&server, "/ws?room=who&members").await;
    let alone = told(&mut watcher).await;
    let you = alone["you"].as_u64().unwrap();
    assert_eq!(alone["members"], serde_json::json!([{ "id": you }]));

    let lamp = connect(&server, "/ws?room=who&relay&name=lamp").await;
    let both = told(&mut watcher).await;
    assert_eq!(both["members"][1]["name"], "lamp");
    // The number is the one that orders take.
    let id = both["members"][1]["id"].as_u64().unwrap();
    assert_eq!(post(&server, &format!("/control/who/kill?client={id}")).await.json()["killed"], 1);
    let after = told(&mut watcher).await;
    assert_eq!(after["members"].as_array().unwrap().len(), 1);
    drop(lamp);
}

#[tokio::test]
async fn who_comes_later_is_told_the_last_texts_first_and_then_the_members() {
    let server = start().await;
    let (mut early, _) = join(&server, "/ws?room=late&relay&members", 1).await;
    for index in 0..150 {
        say(&mut early, &index.to_string()).await;
    }
    until(&server, "late", |room| room.stats.messages_in == 150).await;
    post(&server, "/control/late/say?text=said").await;
    assert_eq!(heard(&mut early).await, "said");

    let mut late = connect(&server, "/ws?room=late&relay&members&recall=3").await;
    for text in ["148", "149", "said"] {
        assert_eq!(heard(&mut late).await, text);
    }
    assert_eq!(await_members(&mut late, 2).await["type"], "members");
    let mut all = connect(&server, "/ws?room=late&recall=100").await;
    assert_eq!(heard(&mut all).await, "51");

    post(&server, "/control/late/reset").await;
    let mut fresh = connect(&server, "/ws?room=late&members&recall=100").await;
    assert_eq!(told(&mut fresh).await["type"], "members");
}

#[tokio::test]
async fn a_guarded_connection_hears_the_room_only_once_its_token_was_right() {
    let server = start().await;
    let path = "/ws?room=guarded&relay&recall=9&token=secret&token_in=message";
    let (mut inside, _) = join(&server, "/ws?room=guarded&relay&members", 1).await;
    let mut outside = connect(&server, path).await;
    say(&mut inside, "one").await;
    until(&server, "guarded", |room| room.stats.messages_in == 1).await;
    assert_quiet(&mut outside).await;
    say(&mut outside, "secret").await;
    assert_eq!(heard(&mut outside).await, "welcome");
    assert_eq!(heard(&mut outside).await, "one");
    await_members(&mut inside, 2).await;
    say(&mut inside, "two").await;
    assert_eq!(heard(&mut outside).await, "two");
}

#[tokio::test]
async fn a_room_takes_so_many_members_and_sends_the_next_away() {
    let server = start().await;
    let mut members = Vec::new();
    for _ in 0..256 {
        members.push(connect(&server, "/ws?room=full&relay").await);
    }
    let mut next = connect(&server, "/ws?room=full&members").await;
    assert_eq!(closed(&mut next).await, (1013, "the room is full".to_owned()));
    let mut echoing = connect(&server, "/ws?room=full").await;
    echoes(&mut echoing).await;
}

#[tokio::test]
async fn who_does_not_read_what_is_relayed_is_reset_and_the_others_go_on() {
    let server = start_with(|config| config.limits.queue_size = 1 << 20).await;
    let (mut sender, _) = join(&server, "/ws?room=slow&relay=all&members", 1).await;
    let (_deaf, deaf) = join(&server, "/ws?room=slow&relay&members", 2).await;
    await_members(&mut sender, 2).await;
    let path = format!("/control/slow/silence?ms=60000&client={deaf}");
    assert_eq!(post(&server, &path).await.json()["silenced"], 1);
    let message = Message::binary(vec![0; 256 << 10]);
    loop {
        sender.send(message.clone()).await.unwrap();
        if next(&mut sender).await.unwrap().is_text() {
            break;
        }
        assert!(server.room_stats("slow").stats.messages_in < 100, "nobody was reset");
    }
    assert_eq!(server.room_stats("slow").stats.connections, 1);
    assert_eq!(next(&mut sender).await.unwrap(), message);
}

#[tokio::test]
async fn a_relay_is_delayed_by_its_receivers_own_delay_and_by_order() {
    let server = start().await;
    let (mut sender, _) = join(&server, "/ws?room=lag&relay&members", 1).await;
    let (mut slow, id) = join(&server, "/ws?room=lag&relay&members", 2).await;
    await_members(&mut sender, 2).await;
    let path = format!("/control/lag/delay?ms=300&client={id}");
    assert_eq!(post(&server, &path).await.json()["delayed"], 1);
    let sent = Instant::now();
    say(&mut sender, "late").await;
    assert_eq!(heard(&mut slow).await, "late");
    assert!(sent.elapsed() >= Duration::from_millis(300), "{:?}", sent.elapsed());

    say(&mut sender, "first").await;
    until(&server, "lag", |room| room.stats.messages_in == 2).await;
    post(&server, "/control/lag/delay?ms=0").await;
    say(&mut sender, "second").await;
    assert_eq!(heard(&mut slow).await, "first");
    assert_eq!(heard(&mut slow).await, "second");
}

#[tokio::test]
async fn a_text_can_be_said_later_to_those_who_are_there_then() {
    let server = start().await;
    let asked = Instant::now();
    let answer = post(&server, "/control/later/say?text=now&after=400").await;
    assert_eq!(answer.json()["after"], 400);
    let mut client = connect(&server, "/ws?room=later").await;
    assert_eq!(heard(&mut client).await, "now");
    assert!(asked.elapsed() >= Duration::from_millis(400), "{:?}", asked.elapsed());
    assert_eq!(post(&server, "/control/later/say?text=x&after=600001").await.status, 400);
}

#[tokio::test]
async fn a_feed_brings_so_many_updates_a_second_numbered_without_a_gap() {
    let server = start().await;
    let mut client = connect(&server, "/ws?feed=100&values=3").await;
    let first = told(&mut client).await;
    let started = Instant::now();
    for step in 1..=100 {
        let update = told(&mut client).await;
        assert_eq!(update["n"].as_u64().unwrap(), first["n"].as_u64().unwrap() + step);
        let values = update["values"].as_array().unwrap();
        assert_eq!(values.len(), 3);
        assert!(values.iter().all(|value| (0.0..=1.0).contains(&value.as_f64().unwrap())));
    }
    let took = started.elapsed();
    assert!(took > Duration::from_millis(900), "{took:?}");
    for path in ["/ws?feed=0", "/ws?feed=1001", "/ws?feed=1&values=65"] {
        assert_eq!(refusal(&server, path, &[]).await, 400, "{path}");
    }
}

#[tokio::test]
async fn every_connection_sees_the_same_updates_and_one_that_comes_back_how_many_it_missed() {
    let server = start().await;
    let mut one = connect(&server, "/ws?feed=50&values=2").await;
    let mut two = connect(&server, "/ws?feed=50&values=2").await;
    let (mut left, mut right) = (told(&mut one).await, told(&mut two).await);
    while left["n"] != right["n"] {
        if left["n"].as_u64() < right["n"].as_u64() {
            left = told(&mut one).await;
        } else {
            right = told(&mut two).await;
        }
    }
    assert_eq!(left, right);

    drop(one);
    for _ in 0..10 {
        told(&mut two).await;
    }
    let mut again = connect(&server, "/ws?feed=50&values=2").await;
    let missed = told(&mut again).await["n"].as_u64().unwrap() - left["n"].as_u64().unwrap();
    assert!(missed >= 10, "{missed}");
}

#[tokio::test]
async fn a_silenced_connection_misses_updates_instead_of_getting_them_late() {
    let server = start().await;
    let mut client = connect(&server, "/ws?room=gap&feed=100").await;
    let mut last = told(&mut client).await["n"].as_u64().unwrap();
    post(&server, "/control/gap/silence?ms=300").await;
    for _ in 0..100 {
        let (before, number) = (last, told(&mut client).await["n"].as_u64().unwrap());
        last = number;
        if number >= before + 20 {
            return;
        }
    }
    panic!("no update was missed in 300 ms");
}
