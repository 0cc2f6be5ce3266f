//! An application in place of the echo.

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use crate::support::*;
use everwire_echo_server::{Application, Hosted, Peer, Received};
use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::Message;

/// Answers to everybody it knows, and closes on "bye".
struct Crier {
    known: Mutex<Vec<Peer>>,
    gone: Sender<u64>,
}

impl Application for Crier {
    fn opened(&self, peer: &Peer) {
        self.known.lock().unwrap().push(peer.clone());
        peer.send_text("welcome");
    }

    fn received(&self, peer: &Peer, message: Received<'_>) {
        match message {
            Received::Text("bye") => peer.close(4000, "bye"),
            Received::Text(text) => {
                for other in &*self.known.lock().unwrap() {
                    other.send_text(&format!("{}: {text}", other.id() == peer.id()));
                }
            }
            Received::Binary(bytes) => peer.send_binary(&[bytes, bytes].concat()),
        }
    }

    fn closed(&self, peer: &Peer) {
        self.gone.send(peer.id()).unwrap();
    }
}

#[tokio::test]
async fn an_application_hears_every_connection_and_answers_whom_it_likes() {
    let (gone, ends) = channel();
    let crier = Hosted::new(Crier { known: Mutex::default(), gone });
    let server = start_with(|config| config.application = Some(crier)).await;
    let mut ada = connect(&server, "/ws?room=a").await;
    assert_eq!(next(&mut ada).await.unwrap(), Message::text("welcome"));
    let mut bob = connect(&server, "/ws?room=b").await;
    assert_eq!(next(&mut bob).await.unwrap(), Message::text("welcome"));
    ada.send(Message::text("hello")).await.unwrap();
    assert_eq!(next(&mut ada).await.unwrap(), Message::text("true: hello"));
    assert_eq!(next(&mut bob).await.unwrap(), Message::text("false: hello"));
    bob.send(Message::binary(vec![1, 2])).await.unwrap();
    assert_eq!(next(&mut bob).await.unwrap(), Message::binary(vec![1, 2, 1, 2]));
    let ids: Vec<u64> = ["a", "b"].map(|room| server.room_stats(room).clients[0].id).to_vec();
    ada.send(Message::text("bye")).await.unwrap();
    assert_eq!(closed(&mut ada).await, (4000, "bye".to_owned()));
    drop((ada, bob));
    let mut ended =
        tokio::task::spawn_blocking(move || [ends.recv().unwrap(), ends.recv().unwrap()]).await.unwrap();
    ended.sort_unstable();
    assert_eq!(ended, ids[..]);
}
