//! The same server inside TLS, seen by a client that checks certificates.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::support::*;
use everwire_echo_server::{Config, Identity, Server, Tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

#[tokio::test]
async fn wss_echoes_and_misbehaves_as_ws_does() {
    let (server, trust) = start_secured(|_| {}).await;
    let mut client = trust.connect(&server, "/ws?room=tls&say=hello&words").await;
    assert_eq!(heard(&mut client).await, "hello");
    echoes(&mut client).await;
    say(&mut client, "ping").await;
    assert_eq!(heard(&mut client).await, "pong");
    assert_eq!(server.room_stats("tls").stats.opened, 1);

    let mut client = trust.connect(&server, "/ws?close=4002&reason=enough&after=1").await;
    echoes(&mut client).await;
    assert_eq!(closed(&mut client).await, (4002, "enough".to_owned()));

    let mut client = trust.connect(&server, "/ws?drop&after=1").await;
    echoes(&mut client).await;
    assert_reset(&mut client).await;

    let mut client = trust.connect(&server, "/ws?oversize=3000000").await;
    assert_eq!(next(&mut client).await.unwrap().len(), 3_000_000);
}

#[tokio::test]
async fn a_closing_handshake_ends_tls_in_order() {
    let (server, trust) = start_secured(|_| {}).await;
    let mut client = trust.connect(&server, "/ws?room=end").await;
    within(client.close(None)).await.unwrap();
    let (_, mut stream) = (next(&mut client).await.unwrap(), client.into_inner());
    // Without the close_notify of TLS this would be an error: a cut cannot be told from an end.
    assert_eq!(within(stream.read(&mut [0])).await.unwrap(), 0);
    until(&server, "end", |room| room.stats.closed == 1).await;
}

#[tokio::test]
async fn https_serves_the_same_routes() {
    let (server, trust) =
        start_secured(|config| config.serve_root(env!("CARGO_MANIFEST_DIR").as_ref())).await;
    trust.connect(&server, "/ws?room=seen").await;
    for (path, status) in [("/stats?room=seen", 200), ("/nothing", 404), ("/ws", 426)] {
        let stream = trust.dial(server.tls_address().unwrap(), "localhost").await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert_eq!(answer_on(stream, request.as_bytes()).await.status, status, "{path}");
    }
    assert!(server.https_url("/a").unwrap().starts_with("https://127.0.0.1:"));
    assert!(server.wss_url("/a").unwrap().starts_with("wss://127.0.0.1:"));
    assert!(start().await.https_url("/").is_none());
}

#[tokio::test]
async fn the_certificate_is_for_loopback_and_the_names_given_and_for_nobody_else() {
    let (server, trust) = start_secured(|_| {}).await;
    let address = server.tls_address().unwrap();
    for name in ["localhost", "127.0.0.1", "::1", "everwire.test"] {
        trust.dial(address, name).await.unwrap();
    }
    trust.dial(address, "example.org").await.unwrap_err();
    let (_, stranger) = start_secured(|_| {}).await;
    stranger.dial(address, "localhost").await.unwrap_err();
    let mut client = trust.connect(&server, "/ws").await;
    echoes(&mut client).await;
}

#[tokio::test]
async fn a_certificate_of_ones_own_is_read_from_pem_files() {
    let made = rcgen::generate_simple_self_signed(["own.example".to_owned()]).unwrap();
    let directory = std::env::temp_dir().join(format!("everwire-tls-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| directory.join(name));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();

    let identity = Identity::from_pem_files(&certificate, &key).unwrap();
    assert!(identity.authority().is_none());
    let shown = format!("{identity:?}");
    assert!(!shown.contains(&made.signing_key.serialize_pem()), "{shown}");
    let server = start_with(|config| config.tls = Some(Tls { port: 0, identity })).await;
    Trust::of(made.cert.der()).dial(server.tls_address().unwrap(), "own.example").await.unwrap();

    let swapped = Identity::from_pem_files(&key, &certificate).unwrap_err().to_string();
    assert!(swapped.contains("no key"), "{swapped}");
    let stranger = Identity::from_pem_files(&certificate, &{
        let other = directory.join("other.pem");
        std::fs::write(&other, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
        other
    });
    assert!(stranger.is_err(), "a key that belongs to another certificate");
    assert!(Identity::from_pem_files(&directory.join("none.pem"), &key).is_err());
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn a_tls_handshake_that_takes_too_long_is_cut_off_and_its_seat_is_free_again() {
    let (server, trust) = start_secured(|config| {
        config.limits.handshake = Duration::from_millis(100);
        config.limits.connections = 3;
    })
    .await;
    let address = server.tls_address().unwrap();
    // The head of a record that promises 512 bytes of handshake, and the beginning of them.
    let beginning = [22, 3, 1, 2, 0, 1, 0, 1, 252];
    let mut slow = Vec::new();
    for bytes in [&b""[..], &beginning[..1], &beginning[..]] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        slow.push(stream);
    }
    for mut stream in slow {
        let mut rest = Vec::new();
        let _ = within(stream.read_to_end(&mut rest)).await;
    }
    echoes(&mut trust.connect(&server, "/ws").await).await;
}

#[tokio::test]
async fn a_slow_request_inside_tls_is_cut_off_too() {
    let (server, trust) = start_secured(|config| config.limits.handshake = Duration::from_millis(200)).await;
    let stream = trust.dial(server.tls_address().unwrap(), "localhost").await.unwrap();
    assert_eq!(answer_on(stream, b"GET /stats HTT").await.status, 408);
}

#[tokio::test]
async fn whoever_speaks_no_tls_is_turned_away_and_nobody_else_suffers() {
    let (server, trust) = start_secured(|_| {}).await;
    let mut stream = TcpStream::connect(server.tls_address().unwrap()).await.unwrap();
    stream.write_all(handshake("/ws?room=bare", "").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = within(stream.read_to_end(&mut answer)).await;
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
    assert_eq!(server.room_stats("bare").stats.dialed, 0);
    echoes(&mut trust.connect(&server, "/ws").await).await;
}

#[tokio::test]
async fn fresh_ports_speak_tls_on_demand_and_restart() {
    let (server, trust) = start_secured(|_| {}).await;
    let opened = post(&server, "/control/port?tls").await.json();
    let port = u16::try_from(opened["port"].as_u64().unwrap()).unwrap();
    assert_eq!(opened["url"], format!("wss://127.0.0.1:{port}/ws"));
    let address = SocketAddr::new(server.address().ip(), port);
    let mut before = trust.connect_to(address, "/ws?room=restart").await;
    echoes(&mut before).await;

    assert_eq!(post(&server, &format!("/control/restart?port={port}")).await.status, 200);
    assert_ne!(next(&mut before).await.ok(), Some("".into()));
    until(&server, "restart", |room| room.stats.closed == 1).await;
    within(async { while trust.dial(address, "localhost").await.is_err() {} }).await;
    echoes(&mut trust.connect_to(address, "/ws").await).await;

    let main = server.tls_address().unwrap();
    let mut before = trust.connect(&server, "/ws?room=main").await;
    assert_eq!(post(&server, &format!("/control/restart?port={}", main.port())).await.status, 200);
    next(&mut before).await.unwrap_err();
    within(async { while trust.dial(main, "localhost").await.is_err() {} }).await;

    assert_eq!(post(&start().await, "/control/port?tls").await.status, 409);
}

async fn start_secured(change: impl FnOnce(&mut Config)) -> (Server, Trust) {
    let identity = Identity::made_on_the_spot(&["everwire.test".to_owned()]).unwrap();
    let trust = Trust::of(identity.authority().unwrap());
    let server = start_with(|config| {
        config.tls = Some(Tls { port: 0, identity });
        change(config);
    })
    .await;
    (server, trust)
}

/// A client that trusts one authority.
struct Trust(TlsConnector);

impl Trust {
    fn of(authority: &[u8]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(authority.to_vec())).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self(TlsConnector::from(Arc::new(config)))
    }

    async fn dial(&self, address: SocketAddr, name: &str) -> std::io::Result<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(address).await?;
        within(self.0.connect(ServerName::try_from(name.to_owned()).unwrap(), tcp)).await
    }

    async fn connect_to(&self, address: SocketAddr, path: &str) -> Client<TlsStream<TcpStream>> {
        let stream = self.dial(address, "localhost").await.unwrap();
        upgrade(stream, path, &[]).await.unwrap().0
    }

    async fn connect(&self, server: &Server, path: &str) -> Client<TlsStream<TcpStream>> {
        self.connect_to(server.tls_address().unwrap(), path).await
    }
}
