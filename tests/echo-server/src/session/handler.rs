//! What a room does with its sessions when it behaves.

use std::sync::Arc;
use std::time::Duration;

use everwire::server::{
    Connected, Content, Ending, Grant, Handler, Incoming, Opening, Peer, Refusal, Request, Responder, Shut,
    Turn,
};
use tokio::time::{Instant, sleep};

use super::book::Book;
use crate::drill::Answer;

/// Echoes what the clients of a room say, and answers what they ask.
#[derive(Debug)]
pub(super) struct Clients {
    book: Arc<Book>,
}

impl Clients {
    pub(super) fn new(book: &Arc<Book>) -> Self {
        Self { book: Arc::clone(book) }
    }
}

impl Handler for Clients {
    async fn authenticate(&self, token: &[u8]) -> Result<Grant, Refusal> {
        let tokens = &self.book.tokens;
        if !tokens.guard() {
            return Ok(Grant { principal: Vec::new(), ttl: None });
        }
        let shown = str::from_utf8(token).unwrap_or_default();
        let validity = tokens.find(shown).ok_or(Refusal::Unknown)?;
        let now = Instant::now();
        let ttl = validity.end().map(|end| end.saturating_duration_since(now));
        Ok(Grant { principal: validity.owner.clone().into_bytes(), ttl })
    }

    async fn connected(&self, turn: &mut Turn, how: Connected) {
        self.book.connected(turn.peer(), how);
    }

    async fn message(&self, turn: &mut Turn, message: Incoming) {
        let Incoming { channel, content, .. } = message;
        let id = turn.peer().session();
        let echo = self.book.page(id, |page| {
            page.stats.count(content.text());
            if page.manner.drill
                && let Some(answer) = page.drill.hear(content.text())
            {
                return Err(answer);
            }
            let echoes = !page.manner.silent;
            Ok(echoes.then(|| (page.manner.dress(content), page.channels.get(&channel).cloned())))
        });
        match echo {
            Err(Answer::Count(count)) => drop(turn.send(count.to_string())),
            Err(Answer::Flood { copies, size, is_text }) => {
                let filler: Content = if is_text { "x".repeat(size).into() } else { vec![0; size].into() };
                let peer = turn.peer().clone();
                tokio::spawn(async move { pour(&peer, (0..copies).map(|_| filler.clone())).await });
            }
            Ok(Some((content, None))) => drop(turn.send_on(channel, content)),
            Ok(Some((content, Some(name)))) => {
                if let Some(server) = self.book.server() {
                    server.broadcast(&name, content);
                }
            }
            Ok(None) => {}
        }
    }

    async fn volatile(&self, turn: &mut Turn, message: Incoming) {
        let silent = self.book.page(turn.peer().session(), |page| {
            page.stats.volatile += 1;
            page.manner.silent
        });
        if !silent {
            turn.peer().volatile_on(message.channel, message.content);
        }
    }

    async fn request(&self, request: Request, respond: Responder) {
        self.book.page(request.peer.session(), |page| page.stats.requests += 1);
        let text = request.content.text().unwrap_or_default();
        let number = text.parse::<u64>().ok();
        match request.method.as_str() {
            "echo" => respond.ok(request.content),
            "fail" => respond.fail(number.unwrap_or(1), "failed, as asked"),
            "never" => std::future::pending().await,
            "slow" => {
                sleep(Duration::from_millis(number.unwrap_or(0))).await;
                respond.ok(request.content);
            }
            "stream" => {
                let (items, pause) = text.split_once(' ').unwrap_or((text, "0"));
                let items = items.parse::<u64>().unwrap_or(0);
                let pause = Duration::from_millis(pause.parse().unwrap_or(0));
                for item in 1..items {
                    respond.part(item.to_string()).await;
                    if !pause.is_zero() {
                        sleep(pause).await;
                    }
                }
                respond.ok(if items == 0 { String::new() } else { items.to_string() });
            }
            "source" => {
                pour(&request.peer, numbers(number.unwrap_or(0))).await;
                respond.ok(request.content);
            }
            "ask" => {
                let (method, text) = text.split_once(' ').unwrap_or((text, ""));
                match request.peer.request(method, text, None).last().await {
                    Ok(content) => respond.ok(content),
                    Err(failure) => respond.fail(1, failure.to_string()),
                }
            }
            method => respond.no_such_method(method),
        }
    }

    async fn open(&self, turn: &mut Turn, channel: &Opening) -> Result<Content, Shut> {
        if let Some(reason) = channel.name.strip_prefix("closed ") {
            return Err(Shut { code: 1, reason: reason.to_owned() });
        }
        self.book.opened(turn.peer().session(), channel.channel, &channel.name);
        Ok(channel.parameters.clone())
    }

    async fn shut(&self, turn: &mut Turn, channel: u64, _why: Shut) {
        self.book.page(turn.peer().session(), |page| page.channels.remove(&channel));
    }

    async fn ended(&self, peer: &Peer, ending: Ending) {
        self.book.ended(peer.session(), format!("{:?}", ending.cause));
    }
}

/// Sends all of it as fast as the client takes it.
pub(super) async fn pour(peer: &Peer, messages: impl Iterator<Item = Content>) {
    for message in messages {
        peer.ready().await;
        if peer.is_over() {
            return;
        }
        drop(peer.send(message));
    }
}

/// 1, 2, ...
pub(super) fn numbers(last: u64) -> impl Iterator<Item = Content> {
    (1..=last).map(|number| number.to_string().into())
}
