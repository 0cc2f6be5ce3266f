//! What the fault proxy does to real connections.

use std::io::{BufRead, BufReader, ErrorKind};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::support::*;
use everwire_echo_server::{Faults, How, Proxy, ProxyStats};
use futures_util::SinkExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::yield_now;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn without_faults_everything_passes_untouched() {
    let server = start().await;
    let proxy = Proxy::start(server.address(), Faults::default()).await.unwrap();
    let mut client = dial(proxy.address(), "/ws", &[]).await.unwrap().0;
    let large: Vec<u8> = (0..2_000_000_u32).map(|n| (n % 251) as u8).collect();
    client.send(Message::binary(large.clone())).await.unwrap();
    assert_eq!(next(&mut client).await.unwrap(), Message::binary(large));
    client.close(None).await.unwrap();
    assert!(next(&mut client).await.unwrap().is_close());
    drop(client);
    let stats = until(&proxy, |stats| stats.open == 0).await;
    assert_eq!((stats.connections, stats.upgrades, stats.cuts, stats.swallowed), (1, 1, 0, 0));
    assert!(stats.bytes_up > 2_000_000 && stats.bytes_down > 2_000_000, "{stats:?}");

    let answer = request(proxy.address(), "GET", "/stats", "").await;
    assert_eq!((answer.status, answer.json()["opened"].as_u64()), (200, Some(1)));
    proxy.stop().await;
}

#[tokio::test]
async fn a_cut_after_so_many_bytes_lets_exactly_so_many_through() {
    for (way, how) in [("up", "reset"), ("up", "fin"), ("down", "reset"), ("down", "fin")] {
        for count in [0, 1, 2, 5, 126, 20_000] {
            let rig = Rig::start(&format!("cut_{way}={count}&how={how}")).await;
            let (mut client, mut server) = rig.open().await;
            let (from, to) =
                if way == "up" { (&mut client, &mut server) } else { (&mut server, &mut client) };
            // The cut may come before everything is written; a reset is then told here and only once.
            let written = from.write_all(&[7; 30_000]).await;
            assert_eq!(heard_until_end(to).await, (count, how == "reset"), "{way} {how}");
            let is_reset = heard_until_end(from).await.1 || written.is_err();
            assert_eq!(is_reset, how == "reset", "{way} {how}, the other end");
            drop((client, server));
            assert_eq!(until(&rig.proxy, |stats| stats.open == 0).await.cuts, 1);
        }
    }
}

#[tokio::test]
async fn a_cut_inside_the_handshake_lets_exactly_so_many_bytes_of_the_head_through() {
    for how in ["reset", "fin"] {
        for count in [0, 1, 30, HEAD.len() - 1] {
            let rig = Rig::start(&format!("cut_response={count}&how={how}")).await;
            let (mut client, mut server) = rig.dial().await;
            client.write_all(handshake("/", "").as_bytes()).await.unwrap();
            if count > 0 {
                read_head(&mut server).await;
                server.write_all(HEAD.as_bytes()).await.unwrap();
            }
            assert_eq!(heard_until_end(&mut client).await, (count, how == "reset"));

            let rig = Rig::start(&format!("cut_request={count}&how={how}")).await;
            let (mut client, mut server) = rig.dial().await;
            // The cut may come before everything is written.
            let _ = client.write_all(handshake("/", "").as_bytes()).await;
            assert_eq!(heard_until_end(&mut server).await, (count, how == "reset"));
            assert_eq!(until(&rig.proxy, |stats| stats.cuts == 1).await.upgrades, 0);
        }
    }
}

#[tokio::test]
async fn a_cut_by_time_spares_connections_that_are_not_upgraded() {
    let server = start().await;
    let proxy = Proxy::start(server.address(), faults("cut=1-20&seed=7")).await.unwrap();
    let mut idle = TcpStream::connect(proxy.address()).await.unwrap();
    for cuts in 1..=20 {
        assert_reset(&mut dial(proxy.address(), "/ws", &[]).await.unwrap().0).await;
        let stats = proxy.stats();
        assert_eq!((stats.seed, stats.upgrades, stats.cuts), (7, cuts, cuts));
    }
    idle.write_all(b"GET /stats HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    within(idle.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn after_so_many_cuts_there_are_no_more() {
    let server = start().await;
    let proxy = Proxy::start(server.address(), faults("cut_up=3&times=2")).await.unwrap();
    for _ in 0..2 {
        let mut client = dial(proxy.address(), "/ws", &[]).await.unwrap().0;
        say(&mut client, "four and more").await;
        assert_reset(&mut client).await;
    }
    echoes(&mut dial(proxy.address(), "/ws", &[]).await.unwrap().0).await;
}

#[tokio::test]
async fn a_half_open_connection_stays_and_swallows_what_is_sent_one_way_or_both() {
    for (how, up, down) in [("silent", true, true), ("silent-up", true, false), ("silent-down", false, true)]
    {
        let rig = Rig::start(&format!("cut_up=2&how={how}")).await;
        let (mut client, mut server) = rig.open().await;
        client.write_all(b"abc").await.unwrap();
        within(server.read_exact(&mut [0; 2])).await.unwrap();
        until(&rig.proxy, |stats| stats.cuts == 1).await;
        server.write_all(b"wxyz").await.unwrap();
        let swallowed = u64::from(up) + if down { 4 } else { 0 };
        until(&rig.proxy, |stats| stats.swallowed == swallowed).await;
        assert_eq!(rig.proxy.stats().open, 1);
        if up {
            assert_eq!(server.try_read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::WouldBlock, "{how}");
        } else {
            within(server.read_exact(&mut [0; 1])).await.unwrap();
        }
        if down {
            assert_eq!(client.try_read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::WouldBlock, "{how}");
        } else {
            within(client.read_exact(&mut [0; 4])).await.unwrap();
        }
        rig.proxy.cut(How::Fin).await.unwrap();
        assert_eq!(heard_until_end(&mut client).await, (0, false), "{how}");
        assert_eq!(heard_until_end(&mut server).await, (0, false), "{how}");
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_does_so_until_it_is_told_otherwise_and_keeps_its_connections() {
    let server = start().await;
    let proxy = Proxy::start(server.address(), faults("refuse")).await.unwrap();
    let refused = || async {
        TcpStream::connect(proxy.address())
            .await
            .is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
    };
    assert!(refused().await);
    proxy.set(Faults::default()).await.unwrap();
    let mut client = dial(proxy.address(), "/ws", &[]).await.unwrap().0;
    proxy.set(faults("refuse")).await.unwrap();
    assert!(refused().await);
    echoes(&mut client).await;
    proxy.set(Faults::default()).await.unwrap();
    echoes(&mut dial(proxy.address(), "/ws", &[]).await.unwrap().0).await;
    echoes(&mut client).await;
}

#[tokio::test]
async fn a_cut_by_order_spares_connections_that_come_later() {
    let server = start().await;
    let proxy = Proxy::start(server.address(), Faults::default()).await.unwrap();
    let mut one = dial(proxy.address(), "/ws", &[]).await.unwrap().0;
    let mut two = dial(proxy.address(), "/ws", &[]).await.unwrap().0;
    proxy.cut(How::Reset).await.unwrap();
    let mut three = dial(proxy.address(), "/ws", &[]).await.unwrap().0;
    assert_reset(&mut one).await;
    assert_reset(&mut two).await;
    echoes(&mut three).await;
}

#[tokio::test]
async fn a_client_of_a_server_that_is_gone_is_reset_and_so_is_a_client_whose_server_goes() {
    let rig = Rig::start("").await;
    let (mut client, server) = rig.open().await;
    server.set_zero_linger().unwrap();
    drop(server);
    assert_eq!(heard_until_end(&mut client).await, (0, true));
    drop(rig.server);
    let mut client = TcpStream::connect(rig.proxy.address()).await.unwrap();
    assert_eq!(heard_until_end(&mut client).await, (0, true));
    until(&rig.proxy, |stats| stats.open == 0).await;
}

#[tokio::test]
async fn the_program_says_its_seed_and_where_it_listens_and_is_controlled() {
    let server = start().await;
    let program = Program::start(&[&server.address().to_string(), "--faults", "cut_down=0&seed=7"]);
    assert_eq!(program.seed, "seed 7");
    assert_reset(&mut dial(program.address, "/ws", &[]).await.unwrap().0).await;

    let order = async |method, path| request(program.control, method, path, "").await;
    let stats = order("GET", "/stats").await;
    assert_eq!(stats.header("access-control-allow-origin"), Some("*"));
    let expected = json!({ "seed": 7, "connections": 1, "open": 0, "upgrades": 1, "cuts": 1, "bytesUp": null,
        "bytesDown": null, "swallowed": 0 });
    let mut stats = stats.json();
    assert!(stats["bytesUp"].take().as_u64().unwrap() > 100);
    assert!(stats["bytesDown"].take().as_u64().unwrap() > 100);
    assert_eq!(stats, expected);

    assert_eq!(order("POST", "/control/faults?seed=8").await.json(), json!({ "seed": 8 }));
    let mut client = dial(program.address, "/ws", &[]).await.unwrap().0;
    echoes(&mut client).await;
    assert_eq!(order("POST", "/control/cut?how=reset").await.json(), json!({ "cut": 1 }));
    assert_reset(&mut client).await;
}

#[tokio::test]
async fn what_the_program_cannot_obey_it_refuses() {
    let server = start().await;
    let program = Program::start(&[&server.address().to_string()]);
    for (method, path, headers, status) in [
        ("POST", "/control/faults?cuts=5", "", 400),
        ("POST", "/control/faults?cut=9-5", "", 400),
        ("POST", "/control/cut?how=gently", "", 400),
        ("GET", "/control/cut", "", 405),
        ("POST", "/control/dance", "", 404),
        ("OPTIONS", "/control/cut", "", 204),
        ("POST", "/control/cut", "Origin: https://evil.example\r\n", 403),
        ("POST", "/control/cut", "Origin: http://localhost:3000\r\n", 200),
    ] {
        assert_eq!(request(program.control, method, path, headers).await.status, status, "{path}");
    }
    let misspelt = Command::new(PROXY).args(["127.0.0.1:1", "--faults", "cuts=5"]).output().unwrap();
    assert!(!misspelt.status.success());
    assert!(String::from_utf8(misspelt.stderr).unwrap().contains("There is no fault called cuts."));
}

#[test]
fn help_and_readme_know_every_fault() {
    let help = Command::new(PROXY).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let readme = include_str!("../../README.md");
    for name in [
        "cut=MS",
        "cut_up",
        "cut_down",
        "cut_request",
        "cut_response",
        "how=",
        "reset",
        "fin",
        "silent-up",
        "silent-down",
        "times",
        "seed",
        "delay_up",
        "delay_down",
        "rate_up",
        "rate_down",
        "refuse",
        "/stats",
        "/control/faults",
        "/control/cut",
        "--control-port",
        "--faults",
    ] {
        assert!(help.contains(name), "--help lacks {name}");
        assert!(readme.contains(name), "README.md lacks {name}");
    }
}

/// A proxy before a server that is nothing but a socket.
struct Rig {
    proxy: Proxy,
    server: TcpListener,
}

impl Rig {
    async fn start(text: &str) -> Self {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::start(server.local_addr().unwrap(), faults(text)).await.unwrap();
        Self { proxy, server }
    }

    /// Both ends of a connection.
    async fn dial(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.proxy.address()).await.unwrap();
        (client, within(self.server.accept()).await.unwrap().0)
    }

    /// Both ends of one that is upgraded.
    async fn open(&self) -> (TcpStream, TcpStream) {
        let (mut client, mut server) = self.dial().await;
        client.write_all(handshake("/", "").as_bytes()).await.unwrap();
        read_head(&mut server).await;
        server.write_all(HEAD.as_bytes()).await.unwrap();
        assert_eq!(read_head(&mut client).await, HEAD);
        (client, server)
    }
}

/// How many bytes still come, and whether the end is a reset.
async fn heard_until_end(stream: &mut TcpStream) -> (usize, bool) {
    let mut heard = Vec::new();
    match within(stream.read_to_end(&mut heard)).await {
        Ok(count) => (count, false),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            (heard.len(), true)
        }
    }
}

async fn until(proxy: &Proxy, expected: impl Fn(&ProxyStats) -> bool) -> ProxyStats {
    within(async {
        while !expected(&proxy.stats()) {
            yield_now().await;
        }
        proxy.stats()
    })
    .await
}

fn faults(text: &str) -> Faults {
    text.parse().unwrap()
}

struct Program {
    child: Child,
    seed: String,
    address: SocketAddr,
    control: SocketAddr,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(PROXY).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let seed = lines.next().unwrap();
        let mut address =
            || lines.next().unwrap().strip_prefix("listening on http://").unwrap().parse().unwrap();
        Self { seed, address: address(), control: address(), child }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

const HEAD: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
const PROXY: &str = env!("CARGO_BIN_EXE_everwire-fault-proxy");
