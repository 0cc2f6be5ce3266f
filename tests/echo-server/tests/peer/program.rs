//! The programs as they are started from a shell.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::session::{Seen, Session, payload};
use crate::support::*;
use everwire::session::Status;

#[tokio::test]
async fn the_program_says_where_it_listens_and_serves_there() {
    let program = Program::start(&["--port", "0", "--control"]);
    let (mut client, _) = dial(program.address, "/ws?room=a", &[]).await.unwrap();
    echoes(&mut client).await;
    let answer = request(program.address, "POST", "/control/a/kill", "").await;
    assert_eq!(answer.text(), r#"{"killed":1}"#);
}

#[tokio::test]
async fn the_program_takes_its_limits_and_origins_from_flags() {
    let program =
        Program::start(&["--port", "0", "--max-head", "300", "--allow-origin", "https://a.example"]);
    let long = format!("X: {}\r\n", "x".repeat(300));
    assert_eq!(request(program.address, "GET", "/stats", &long).await.status, 431);
    let page = [("Origin", "https://a.example")];
    assert!(dial(program.address, "/ws", &page).await.is_ok());
    assert_eq!(request(program.address, "POST", "/control/a/kill", "").await.status, 403);
}

#[tokio::test]
async fn sessions_in_a_directory_outlive_a_program_that_is_killed() {
    let directory = std::env::temp_dir().join(format!("everwire-sessions-{}", std::process::id()));
    let start = |port: u16| {
        let (port, store) = (port.to_string(), directory.to_str().unwrap());
        Program::start(&["--port", &port, "--control", "--session-store", store])
    };
    let mut program = start(0);
    let port = program.address.port();
    let mut client = Session::welcomed(program.address, "/ws?room=a%2Fb").await;
    client.half.open("news", payload(0, "")).unwrap();
    client.flush().await;
    assert!(matches!(client.next().await, Seen::Opened { .. }));
    let mut told = 0;
    for round in 1..=3 {
        for number in told + 1..=told + 20 {
            client.say(&number.to_string()).await;
        }
        // Kills, which no program can catch.
        drop(program);
        program = start(port);
        client.half.gone(client.half.fence());
        client.redial().await;
        while told < round * 20 {
            match client.next().await {
                Seen::Text(0, text) => {
                    told += 1;
                    assert_eq!(text, told.to_string());
                }
                Seen::Welcome(status) => assert_eq!(status, Status::Resumed),
                other => panic!("{other:?}"),
            }
        }
    }
    client.say_on(1, "still open").await;
    assert_eq!(client.next().await, Seen::Text(1, "still open".into()));
    request(program.address, "POST", "/control/a%2Fb/session/restart?state=lost", "").await;
    client.redial().await;
    assert!(matches!(client.next().await, Seen::Lost(_)));
    drop(program);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn with_tls_the_program_says_where_a_second_time() {
    let mut child = Command::new(SERVER)
        .args(["--port", "0", "--tls-port", "0", "--tls-name", "everwire.test"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: Vec<_> =
        BufReader::new(child.stdout.take().unwrap()).lines().take(2).map(Result::unwrap).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(lines[0].starts_with("listening on http://127.0.0.1:"), "{lines:?}");
    assert!(lines[1].starts_with("listening on https://127.0.0.1:"), "{lines:?}");
}

#[test]
fn a_certificate_that_is_none_is_a_clear_failure() {
    let program = Command::new(SERVER)
        .args(["--tls-port", "0", "--tls-cert", "Cargo.toml", "--tls-key", "Cargo.toml"])
        .output()
        .unwrap();
    assert!(!program.status.success());
    let complaint = String::from_utf8(program.stderr).unwrap();
    assert!(complaint.contains("the certificate cannot be used: Cargo.toml"), "{complaint}");
}

#[test]
fn a_taken_port_is_a_clear_failure() {
    let program = Program::start(&["--port", "0"]);
    let port = program.address.port().to_string();
    let second = Command::new(SERVER).args(["--port", &port]).output().unwrap();
    assert!(!second.status.success());
    let complaint = String::from_utf8(second.stderr).unwrap();
    assert!(complaint.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{complaint}");
}

#[test]
fn help_and_readme_know_every_parameter_and_route() {
    let help = Command::new(SERVER).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let readme = include_str!("../../README.md");
    for name in [
        "room",
        "prefix",
        "close",
        "reason",
        "after",
        "refuse",
        "hang",
        "silent",
        "drill",
        "drop",
        "stall",
        "delay",
        "flood",
        "size",
        "kind",
        "invalid",
        "oversize",
        "words",
        "mute",
        "token",
        "token_in",
        "expired",
        "/issue",
        "/revoke",
        "auth",
        "idle",
        "ping",
        "protocol",
        "noclose",
        "say",
        "csp",
        "any-connect",
        "cross_site",
        "/stats",
        "/login",
        "/kill",
        "/close",
        "/refuse",
        "/hang",
        "/silence",
        "/say",
        "/flood",
        "/reset",
        "/control/restart",
        "/control/port",
        "client",
        "plain",
        "welcome=",
        "withhold=",
        "foreign",
        "restart?state=",
        "goaway?grace=MS",
        "ask?method=M",
    ] {
        assert!(help.contains(name), "--help lacks {name}");
        assert!(readme.contains(name), "README.md lacks {name}");
    }
    for line in help.lines().filter(|line| line.trim_start().starts_with("--")) {
        let flag = line.split_whitespace().next().unwrap();
        assert!(readme.contains(flag) || matches!(flag, "--help" | "--version"), "README.md lacks {flag}");
    }
}

struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(SERVER).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").unwrap().parse().unwrap();
        Self { child, address }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

const SERVER: &str = env!("CARGO_BIN_EXE_everwire-echo-server");
