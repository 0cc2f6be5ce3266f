//! Many clients whose connections drop all the time, and servers between which they move.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;

use crate::server_support::probe::{Asked, Probed};
use crate::server_support::{Peer, Seen, text};
use everwire::server::{Config, FileOptions, FileStore, MemoryStore};
use everwire::session::{SessionStore, Status};

const CLIENTS: u64 = 12;
const MESSAGES: usize = 400;

/// Small, and the same on every run: a failure names its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Sends and takes everything over connections of which hardly one lasts, to servers of which any will do.
async fn live(seed: u64, servers: Vec<SocketAddr>) {
    let mut dice = Dice(seed);
    let mut ann = Peer::default();
    let mut next = 0;
    let mut seen = 0;
    while seen < MESSAGES {
        let known = ann.half.identity().is_some();
        if ann.half.link().is_none() {
            let server = servers[dice.below(servers.len() as u64) as usize];
            ann.dial(server, "ann").await;
            if let Some(welcome) = &ann.welcome {
                let expected = if known { Status::Resumed } else { Status::New };
                assert_eq!(welcome.status, expected, "seed {seed}");
            }
        }
        for _ in 0..dice.below(20) {
            if next < MESSAGES {
                ann.half.message(text(format!("echo {next}").as_bytes()));
                next += 1;
            }
        }
        ann.flush().await;
        for _ in 0..dice.below(8) {
            if seen == next {
                break;
            }
            if ann.socket.is_some() {
                ann.read().await;
                if dice.below(3) > 0 {
                    ann.flush().await;
                }
            }
            // What was echoed comes in order and once.
            while let Some(said) = ann.seen.pop_front() {
                if let Seen::Message { text, .. } = said {
                    assert_eq!(text, seen.to_string(), "seed {seed}");
                    seen += 1;
                }
            }
        }
        if dice.below(2) == 0 {
            // Half of the time the server learns of it only from the next connection.
            if dice.below(2) == 0 {
                let socket = ann.socket.take();
                tokio::spawn(async move { drop(socket) });
            }
            ann.drop_link();
        }
    }
    if ann.half.link().is_none() {
        ann.dial(servers[0], "ann").await;
    }
    ann.settled().await;
    assert_eq!(ann.half.outgoing().1, MESSAGES as u64, "seed {seed}");
}

async fn all_live(servers: &[SocketAddr]) {
    let clients: Vec<_> = (0..CLIENTS).map(|seed| tokio::spawn(live(seed, servers.to_vec()))).collect();
    for client in clients {
        client.await.unwrap();
    }
}

/// How often the handler was given each number.
async fn counts<S: SessionStore>(served: &mut Probed<S>) -> HashMap<String, u64> {
    let mut counts = HashMap::new();
    while let Ok(asked) = served.asked.try_recv() {
        if let Asked::Message(_, text) = asked {
            *counts.entry(text).or_default() += 1;
        }
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_drops_the_handler_gets_every_message_once_and_the_client_every_answer() {
    let mut served = Probed::start(Config::default()).await;
    all_live(&[served.address]).await;
    let counts = counts(&mut served).await;
    assert_eq!(counts.len(), MESSAGES);
    assert!(counts.values().all(|count| *count == CLIENTS), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_it_is_with_a_store_in_files() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("soak-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    let store = FileStore::open(&directory, FileOptions::default()).unwrap();
    let mut served = Probed::with(Config::default(), store).await;
    all_live(&[served.address]).await;
    let counts = counts(&mut served).await;
    assert!(counts.values().all(|count| *count == CLIENTS), "{counts:?}");
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_move_between_servers_all_the_time_get_every_answer_once() {
    let store = MemoryStore::new();
    let mut servers = Vec::new();
    for _ in 0..3 {
        servers.push(Probed::with(Config::default(), store.clone()).await);
    }
    let addresses: Vec<_> = servers.iter().map(|served| served.address).collect();
    all_live(&addresses).await;
}
