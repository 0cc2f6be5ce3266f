//! A server in a process of its own, killed with SIGKILL, which no process can do anything about.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::server_support::probe::Probed;
use crate::server_support::{Peer, Seen, text};
use everwire::server::{Config, FileOptions, FileStore, MemoryStore};
use everwire::session::{SessionStore, Status};

/// Where the server that is killed keeps its sessions; nowhere if it is empty.
const DIRECTORY: &str = "EVERWIRE_TEST_SESSIONS";

#[tokio::test]
#[ignore = "the server that the other tests start and kill"]
async fn the_server_that_is_killed() {
    let directory = std::env::var(DIRECTORY).unwrap();
    if directory.is_empty() {
        serve(MemoryStore::new()).await;
    } else {
        serve(FileStore::open(directory, FileOptions::default()).unwrap()).await;
    }
}

async fn serve(store: impl SessionStore) {
    let mut served = Probed::with(Config::default(), store).await;
    println!("\nlistening on {}", served.address);
    // Whoever started it and is gone leaves nothing behind.
    let over = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
    tokio::select! {
        _ = over => {}
        () = async { loop { served.next().await; } } => {}
    }
    std::process::exit(0);
}

struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(directory: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "restart::the_server_that_is_killed", "--ignored", "--nocapture"])
            .env(DIRECTORY, directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut addresses = lines
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("listening on ").map(|address| address.parse().unwrap()));
        let address = addresses.next().unwrap();
        Self { child, address }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    path
}

#[tokio::test]
async fn a_server_that_is_killed_again_and_again_goes_on_with_its_sessions_and_loses_and_repeats_nothing() {
    const KILLS: usize = 12;
    const EACH: usize = 100;
    let directory = directory("killed");
    let mut server = Process::start(&directory);
    let mut ann = Peer::connected(server.address).await;
    let session = ann.welcome.clone().unwrap().session;
    let mut seen = Vec::new();
    for round in 0..KILLS {
        for number in 0..EACH {
            let text_ = format!("echo {}", round * EACH + number);
            ann.half.message(text(text_.as_bytes()));
            if number % 7 == 0 {
                ann.flush().await;
            }
        }
        ann.flush().await;
        // Killed while it works, after another share of its answers each time.
        let wanted = round * EACH + round * EACH / KILLS;
        while seen.len() < wanted {
            match ann.next().await {
                Seen::Message { text, .. } => seen.push(text),
                other => panic!("{other:?}"),
            }
        }
        server.kill();
        ann.drain().await;
        seen.extend(ann.seen.drain(..).filter_map(|seen| match seen {
            Seen::Message { text, .. } => Some(text),
            _ => None,
        }));
        server = Process::start(&directory);
        ann.dial(server.address, "ann").await;
        let welcome = ann.welcome.clone().unwrap();
        assert_eq!((welcome.status, welcome.session), (Status::Resumed, session));
    }
    while seen.len() < KILLS * EACH {
        match ann.next().await {
            Seen::Message { text, .. } => seen.push(text),
            other => panic!("{other:?}"),
        }
    }
    ann.settled().await;
    let expected: Vec<_> = (0..KILLS * EACH).map(|number| number.to_string()).collect();
    assert_eq!(seen, expected);
    assert!(ann.seen.is_empty());
    drop(server);
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn a_request_whose_handler_was_lost_with_the_server_is_answered_as_interrupted() {
    let directory = directory("interrupted");
    let mut server = Process::start(&directory);
    let mut ann = Peer::connected(server.address).await;
    let (id, _) = ann.half.request(0, "forever", text(b"")).unwrap();
    ann.flush().await;
    ann.settled().await;
    server.kill();
    ann.drain().await;
    ann.seen.clear();
    let server = Process::start(&directory);
    ann.dial(server.address, "ann").await;
    let interrupted = everwire::session::Answer::Interrupted as u64;
    assert_eq!(
        ann.next().await,
        Seen::Response { id, status: interrupted, more: false, text: String::new() }
    );
    drop(server);
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn a_server_without_a_store_in_files_that_is_killed_leaves_its_clients_with_the_truth() {
    let mut server = Process::start(Path::new(""));
    let mut ann = Peer::connected(server.address).await;
    ann.say("accepted").await;
    ann.settled().await;
    ann.say("in doubt").await;
    server.kill();
    ann.drain().await;
    ann.seen.clear();
    ann.half.message(text(b"echo carried on"));
    let server = Process::start(Path::new(""));
    ann.dial(server.address, "ann").await;
    assert_eq!(ann.welcome.clone().unwrap().status, Status::Unknown);
    let Seen::Lost(loss) = ann.next().await else { panic!("no loss") };
    // It may have been acknowledged before the kill.
    let delivered = loss.delivered;
    assert!(delivered == 1 || delivered == 2);
    assert_eq!((loss.in_doubt, loss.last, loss.carried), (2, 3, vec![3]));
    assert_eq!(ann.next().await, crate::server_support::message("carried on"));
}

#[tokio::test]
async fn channels_and_what_was_broadcast_before_a_session_came_back_outlive_the_server() {
    let directory = directory("channels");
    let store = || FileStore::open(&directory, FileOptions::default()).unwrap();
    let mut first = Probed::with(Config::default(), store()).await;
    let mut ann = first.client().await;
    let (channel, _) = ann.half.open("news", text(b"")).unwrap();
    ann.flush().await;
    ann.until(|seen| matches!(seen, Seen::Open { .. })).await;
    ann.settled().await;
    first.peer().await;
    drop(first);
    ann.drop_link();
    // The first server's tasks are still there, as those of a killed one would not be, and hold the lock: so a copy
    // of its files stands for what the next one finds.
    let copy = directory.with_extension("copy");
    let _ = std::fs::remove_dir_all(&copy);
    std::fs::create_dir_all(&copy).unwrap();
    for file in std::fs::read_dir(&directory).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    let store = FileStore::open(&copy, FileOptions::default()).unwrap();
    let second = Probed::with(Config::default(), store).await;
    assert_eq!(second.server.broadcast("news", "while you were away"), 1);
    ann.dial(second.address, "ann").await;
    assert_eq!(ann.welcome.clone().unwrap().status, Status::Resumed);
    assert_eq!(ann.next().await, Seen::Message { channel, text: "while you were away".into() });
    std::fs::remove_dir_all(copy).unwrap();
    std::fs::remove_dir_all(directory).unwrap();
}
