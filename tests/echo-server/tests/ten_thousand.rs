//! Many connections at once, opened by a second process.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use everwire_echo_server::raise_file_limit;
use support::*;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_idle_connections_stay_open_and_usable() {
    let files = raise_file_limit().unwrap();
    assert!(files > 10_500, "10,000 connections need a limit of more than {files} open files");
    let server = start().await;

    let mut crowd = Command::new(env!("CARGO_BIN_EXE_everwire-idle-clients"))
        .args([&server.address().to_string(), "--path", "/ws?room=crowd", "--count", "10000"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(crowd.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "open 10000\n");

    let stats = get(&server, "/stats?room=crowd").await.json();
    assert_eq!(stats["connections"], 10_000);
    assert_eq!(stats["clients"].as_array().unwrap().len(), 10_000);
    let mut one_more = connect(&server, "/ws?room=crowd").await;
    echoes(&mut one_more).await;

    // The end of its input makes every thousandth of the crowd send a message and wait for its echo.
    drop(crowd.stdin.take());
    line.clear();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "echoed 10\n");
    assert!(crowd.wait().unwrap().success());
    until(&server, "crowd", |room| room.stats.connections == 1).await;
    assert_eq!(server.room_stats("crowd").stats.messages_in, 11);
}
