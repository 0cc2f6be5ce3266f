//! A chat room, on the library of Everwire's echo server. It speaks the one enum of `chat-messages`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chat_messages::Chat;
use everwire::codec::{Decode, Encode, Json, Raw};
use everwire_echo_server::{Application, Config, Hosted, Mount, Peer, Received, Server};

const LONGEST_NAME: usize = 40;
const LONGEST_TEXT: usize = 1_000;

/// Serves the directory given first on the port given second, or on 9002. With `--control` it obeys
/// `POST /control/...` too, which is for tests.
#[tokio::main]
async fn main() -> ExitCode {
    let (flags, given): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let [directory, port @ ..] = given.as_slice() else {
        eprintln!("usage: chat-server DIRECTORY [PORT] [--control]");
        return ExitCode::FAILURE;
    };
    let Ok(port) = port.first().map_or("9002", String::as_str).parse() else {
        eprintln!("The port must be a number from 0 to 65535.");
        return ExitCode::FAILURE;
    };
    let mut config = Config {
        control: flags.iter().any(|flag| flag == "--control"),
        mounts: vec![Mount::new("/", PathBuf::from(directory))],
        application: Some(Hosted::new(Room::default())),
        ..Config::default()
    };
    config.address.set_port(port);
    match Server::start(config).await {
        Ok(server) => {
            println!("listening on {}", server.http_url(""));
            // Until it is killed.
            std::future::pending().await
        }
        Err(error) => {
            eprintln!("The server could not start on port {port}: {error}.");
            ExitCode::FAILURE
        }
    }
}

/// Who is here, by the number of the connection.
#[derive(Default)]
struct Room(Mutex<BTreeMap<u64, (Peer, String)>>);

type Guests = BTreeMap<u64, (Peer, String)>;

impl Application for Room {
    fn received(&self, peer: &Peer, message: Received<'_>) {
        let raw = match message {
            Received::Text(text) => Raw::from(text),
            Received::Binary(bytes) => Raw::from(bytes),
        };
        // What arrives may be anything; 4400 tells the client that trying again will not help.
        let Ok(chat) = Json.decode(&raw) else { return peer.close(4400, "That is no message of this chat.") };
        let mut guests = self.guests();
        match chat {
            Chat::Join { name } => {
                guests.insert(peer.id(), (peer.clone(), name.chars().take(LONGEST_NAME).collect()));
                tell_who_is_here(&guests);
            }
            Chat::Say { text } => {
                if let Some((_, name)) = guests.get(&peer.id()) {
                    let text = text.chars().take(LONGEST_TEXT).collect();
                    tell(&guests, &Chat::Said { name: name.clone(), text });
                }
            }
            Chat::Said { .. } | Chat::Here { .. } => peer.close(4400, "Only the server says that."),
        }
    }

    fn closed(&self, peer: &Peer) {
        let mut guests = self.guests();
        if guests.remove(&peer.id()).is_some() {
            tell_who_is_here(&guests);
        }
    }
}

impl Room {
    fn guests(&self) -> MutexGuard<'_, Guests> {
        // No change of it can be left half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell_who_is_here(guests: &Guests) {
    let names = guests.values().map(|(_, name)| name.clone()).collect();
    tell(guests, &Chat::Here { names });
}

fn tell(guests: &Guests, chat: &Chat) {
    // A string or a list of strings always has a form in JSON.
    if let Ok(Raw::Text(text)) = Json.encode(chat) {
        for (peer, _) in guests.values() {
            peer.send_text(&text);
        }
    }
}
