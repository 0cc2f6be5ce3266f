//! An application that tells what it is asked, and does as it is told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use everwire::server::{
    Config, Connected, Content, Ending, Grant, Handler, Incoming, MemoryStore, Opening, Peer, Refusal,
    Request, Responder, Server, Shut, Turn,
};
use everwire::session::SessionStore;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};

use super::Peer as Client;

/// What the handler was asked.
#[derive(Debug)]
pub enum Asked {
    Connected(Peer, Connected),
    Message(u64, String),
    Volatile(String),
    Request(String),
    /// A request's task is gone before its end.
    Aborted,
    Open(u64, String),
    Shut(u64, String),
    Ended(Ending),
}

pub struct Probe {
    asked: mpsc::UnboundedSender<Asked>,
    /// Lets a message that says "wait" pass.
    pub gate: Arc<Semaphore>,
}

impl Probe {
    fn tell(&self, asked: Asked) {
        // A test that has seen enough no longer listens.
        let _ = self.asked.send(asked);
    }
}

fn said(content: &Content) -> String {
    content.text().unwrap_or("(bytes)").to_owned()
}

impl Handler for Probe {
    /// "ann" is ann, "ann 5000" is her for five seconds.
    async fn authenticate(&self, token: &[u8]) -> Result<Grant, Refusal> {
        let token = String::from_utf8(token.to_vec()).unwrap();
        let (name, ttl) = token.split_once(' ').unwrap_or((&token, ""));
        match name {
            "" => Err(Refusal::Unknown),
            "late" => Err(Refusal::Expired),
            "banned" => Err(Refusal::Forbidden),
            "forever" => std::future::pending().await,
            "unavailable" => Err(Refusal::Unavailable),
            "crash" => panic!("the handler fails, as it was told"),
            _ => {
                let ttl = ttl.parse().ok().map(Duration::from_millis);
                Ok(Grant { principal: name.into(), ttl })
            }
        }
    }

    async fn connected(&self, turn: &mut Turn, how: Connected) {
        self.tell(Asked::Connected(turn.peer().clone(), how));
    }

    async fn message(&self, turn: &mut Turn, message: Incoming) {
        let text = said(&message.content);
        self.tell(Asked::Message(message.number, text.clone()));
        match text.split_once(' ') {
            Some(("echo", text)) => drop(turn.send(text)),
            Some(("say", text)) => drop(turn.send_on(message.channel, text)),
            _ if text == "wait" => self.gate.acquire().await.unwrap().forget(),
            _ if text == "panic" => {
                drop(turn.send("never"));
                panic!("the handler fails, as it was told");
            }
            _ => {}
        }
    }

    async fn volatile(&self, _: &mut Turn, message: Incoming) {
        self.tell(Asked::Volatile(said(&message.content)));
    }

    async fn request(&self, request: Request, respond: Responder) {
        struct Aborted<'a>(&'a Probe);
        impl Drop for Aborted<'_> {
            fn drop(&mut self) {
                self.0.tell(Asked::Aborted);
            }
        }
        self.tell(Asked::Request(request.method.clone()));
        match request.method.as_str() {
            "upper" => respond.ok(said(&request.content).to_uppercase()),
            "long" => respond.ok("x".repeat(50_000)),
            "count" => {
                for number in 1..3 {
                    respond.part(number.to_string()).await;
                }
                respond.ok("3");
            }
            "fail" => respond.fail(42, "as it was told"),
            "panic" => panic!("the handler fails, as it was told"),
            "forever" => {
                let _aborted = Aborted(self);
                std::future::pending::<()>().await;
            }
            _ => respond.no_such_method(&request.method),
        }
    }

    async fn open(&self, _: &mut Turn, channel: &Opening) -> Result<Content, Shut> {
        self.tell(Asked::Open(channel.channel, channel.name.clone()));
        match channel.name.as_str() {
            "secret" => Err(Shut { code: 7, reason: "not for you".into() }),
            name => Ok(format!("welcome to {name}").into()),
        }
    }

    async fn shut(&self, _: &mut Turn, channel: u64, why: Shut) {
        self.tell(Asked::Shut(channel, why.reason));
    }

    async fn ended(&self, _: &Peer, ending: Ending) {
        self.tell(Asked::Ended(ending));
    }
}

/// A server with a probe in it.
pub struct Probed<S> {
    pub server: Server<S, Probe>,
    pub address: SocketAddr,
    pub asked: mpsc::UnboundedReceiver<Asked>,
    pub gate: Arc<Semaphore>,
}

impl Probed<MemoryStore> {
    pub async fn start(config: Config) -> Self {
        Self::with(config, MemoryStore::new()).await
    }
}

impl<S: SessionStore> Probed<S> {
    pub async fn with(config: Config, store: S) -> Self {
        let (sender, asked) = mpsc::unbounded_channel();
        let gate = Arc::new(Semaphore::new(0));
        let probe = Probe { asked: sender, gate: Arc::clone(&gate) };
        let server = Server::start(config, store, probe).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let listening = server.clone();
        tokio::spawn(async move { listening.listen(listener).await });
        Self { server, address, asked, gate }
    }

    pub async fn client(&self) -> Client {
        Client::connected(self.address).await
    }

    /// A client over a connection that takes no time, for tests in which time is meant.
    pub async fn near(&self, token: &str) -> Client {
        let mut client = Client::default();
        self.bring(&mut client, token).await;
        client
    }

    pub async fn bring(&self, client: &mut Client, token: &str) {
        self.lay(client).await;
        client.greet(token).await;
    }

    /// The connection alone, without a HELLO.
    pub async fn lay(&self, client: &mut Client) {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let server = self.server.clone();
        tokio::spawn(async move { server.accept(theirs).await });
        client.open_over(ours).await;
    }

    pub async fn next(&mut self) -> Asked {
        self.asked.recv().await.unwrap()
    }

    /// The session's other end, as the handler has it.
    pub async fn peer(&mut self) -> Peer {
        loop {
            if let Asked::Connected(peer, _) = self.next().await {
                return peer;
            }
        }
    }

    pub async fn ending(&mut self) -> Ending {
        loop {
            if let Asked::Ended(ending) = self.next().await {
                return ending;
            }
        }
    }

    pub async fn message(&mut self) -> String {
        loop {
            if let Asked::Message(_, text) = self.next().await {
                return text;
            }
        }
    }
}
