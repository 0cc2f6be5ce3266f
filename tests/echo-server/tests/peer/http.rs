//! Statistics, files and plain HTTP.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::*;
use everwire_echo_server::{Mount, Server};
use futures_util::SinkExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn statistics_of_a_room_tell_what_happened_in_it() {
    let server = start().await;
    let mut client = connect(&server, "/ws?room=r").await;
    echoes(&mut client).await;
    client.send(Message::binary(vec![0; 10])).await.unwrap();
    next(&mut client).await.unwrap();
    drop(connect(&server, "/ws?room=r").await);
    until(&server, "r", |room| room.stats.closed == 1).await;
    refusal(&server, "/ws?room=r&refuse=404", &[]).await;

    let answer = get(&server, "/stats?room=r").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let mut stats = answer.json();
    let opened = stats["clients"][0]["openedMs"].take().as_u64().unwrap();
    assert!(opened > 1_700_000_000_000);
    assert_eq!(
        stats,
        json!({
            "room": "r",
            "connections": 1,
            "dialed": 3,
            "opened": 2,
            "refused": 1,
            "closed": 1,
            "messagesIn": 2,
            "messagesOut": 2,
            "bytesIn": 24,
            "bytesOut": 24,
            "lastClose": { "code": 1006, "reason": "", "clean": false },
            "clients": [
                { "id": 1, "openedMs": null, "messagesIn": 2, "messagesOut": 2, "protocol": null },
            ],
            "received": ["are you there?"],
        })
    );

    let all = get(&server, "/stats").await.json();
    assert_eq!(all["connections"], 1);
    assert_eq!(all["dialed"], 3);
    assert_eq!(all["lastClose"]["code"], 1006);
    let nobody = get(&server, "/stats?room=nobody").await.json();
    assert_eq!(nobody["connections"], 0);
    assert_eq!(nobody["lastClose"], json!(null));
}

#[tokio::test]
async fn files_come_with_their_types_and_headers() {
    let site = Site::new("types");
    let server = site.serve().await;
    for (path, body, mime) in [
        ("/", "<p>home</p>", "text/html; charset=utf-8"),
        ("/app.js", "app", "text/javascript; charset=utf-8"),
        ("/deep/down/style.css?v=1", "style", "text/css; charset=utf-8"),
        ("/deep/down/", "deep", "text/html; charset=utf-8"),
        ("/pkg/everwire.wasm", "\0asm", "application/wasm"),
        ("/lib/x/readme.md", "readme", "text/markdown; charset=utf-8"),
    ] {
        let answer = get(&server, path).await;
        assert_eq!((answer.status, answer.text()), (200, body), "{path}");
        assert_eq!(answer.header("content-type"), Some(mime), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let head = request(server.address(), "HEAD", "/app.js", "").await;
    assert_eq!((head.status, head.header("content-length")), (200, Some("3")));
    assert!(head.body.is_empty());
    assert_eq!(request(server.address(), "DELETE", "/app.js", "").await.status, 405);
}

#[tokio::test]
async fn pages_get_a_strict_policy_that_tests_can_tighten() {
    let site = Site::new("policy");
    let server = site.serve().await;
    let policy = async |path| {
        let answer = get(&server, path).await;
        answer.header("content-security-policy").map(str::to_owned)
    };
    assert_eq!(
        policy("/").await.unwrap(),
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self' ws://127.0.0.1:* ws://localhost:* \
         http://127.0.0.1:* http://localhost:* wss://127.0.0.1:* wss://localhost:* \
         https://127.0.0.1:* https://localhost:*; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    let no_wasm = policy("/?csp=no-wasm").await.unwrap();
    assert!(no_wasm.contains("script-src 'self';") && no_wasm.contains("ws://localhost:*"));
    let no_connect = policy("/?csp=no-connect").await.unwrap();
    assert!(no_connect.contains("connect-src 'none';") && no_connect.contains("wasm-unsafe-eval"));
    let any_connect = policy("/?csp=any-connect").await.unwrap();
    assert!(any_connect.contains("connect-src * ws: wss:;"));
    let inline_scripts = policy("/?csp=inline-scripts").await.unwrap();
    assert!(inline_scripts.contains("script-src 'self' 'wasm-unsafe-eval' 'unsafe-inline';"));
    assert_eq!(policy("/app.js").await, policy("/").await, "that of a worker");
    assert_eq!(policy("/deep/down/style.css").await, None);
}

#[tokio::test]
async fn nothing_outside_the_directories_is_served() {
    let site = Site::new("escape");
    let server = site.serve().await;
    for path in [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/pkg/../../secret.txt",
        "/pkg/..%5c..%5csecret.txt",
        "/deep/../../secret.txt",
        "/link.txt",
        "/outside/secret.txt",
        "/.hidden",
        "//secret.txt",
    ] {
        let answer = get(&server, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text().contains("secret"), "{path}");
    }
}

#[tokio::test]
async fn directories_are_not_listed_and_missing_files_are_missing() {
    let site = Site::new("listing");
    let server = site.serve().await;
    for path in ["/deep", "/deep/", "/pkg/", "/lib/x/", "/lib/", "/nothing.js"] {
        assert_eq!(get(&server, path).await.status, 404, "{path}");
    }
    assert_eq!(get(&start().await, "/").await.status, 404);
}

#[tokio::test]
async fn a_connection_serves_many_requests_even_pipelined() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let with_body = "POST /control/a/kill HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
    let stats = "HEAD /stats HTTP/1.1\r\n\r\n";
    stream.write_all(format!("{with_body}{stats}{stats}").as_bytes()).await.unwrap();
    let first = read_head(&mut stream).await;
    assert!(first.starts_with("HTTP/1.1 200 OK\r\n") && first.contains("keep-alive"), "{first}");
    let mut body = [0; 12];
    stream.read_exact(&mut body).await.unwrap();
    assert_eq!(&body, b"{\"killed\":0}");
    for _ in 0..2 {
        assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
}

#[tokio::test]
async fn requests_that_make_no_sense_are_answered_and_cut_off() {
    let server = start().await;
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(17_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(65));
    for (bytes, status) in [
        ("nonsense\r\n\r\n", 400),
        ("\u{1}\u{2}\u{3}\r\n\r\n", 400),
        ("GET http://x/ HTTP/1.1\r\n\r\n", 400),
        ("GET /?a=%zz HTTP/1.1\r\n\r\n", 400),
        ("POST /stats HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST /stats HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("POST /stats HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        ("POST /stats HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (long.as_str(), 431),
        (many.as_str(), 431),
    ] {
        let answer = exchange(server.address(), bytes.as_bytes()).await;
        assert_eq!(answer.status, status, "{bytes:.60}");
        assert_eq!(answer.header("connection"), Some("close"));
    }
}

/// A directory to serve, with things around it that must not be.
struct Site(PathBuf);

impl Site {
    fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // Nothing is left of a run before, if there was one.
        let _ = fs::remove_dir_all(&root);
        for (path, text) in [
            ("secret.txt", "secret"),
            ("www/index.html", "<p>home</p>"),
            ("www/app.js", "app"),
            ("www/.hidden", "secret"),
            ("www/deep/down/style.css", "style"),
            ("www/deep/down/index.html", "deep"),
            ("pkg/everwire.wasm", "\0asm"),
            ("more/readme.md", "readme"),
        ] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(root.join("secret.txt"), root.join("www/link.txt")).unwrap();
            std::os::unix::fs::symlink(&root, root.join("www/outside")).unwrap();
        }
        Self(root)
    }

    async fn serve(&self) -> Server {
        start_with(|config| {
            config.serve_root(&self.0);
            config.mounts.push(Mount::new("/lib/x", self.0.join("more")));
        })
        .await
    }
}
