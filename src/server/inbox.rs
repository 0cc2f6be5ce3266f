//! What arrived and waits for its turn at the handler.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{once, unfold};
use futures_util::{FutureExt, Stream, StreamExt};

use super::content::Content;
use super::handler::{Cause, Connected, Handler, Incoming, Opening, Request, Shut, Turn, content};
use super::life::Life;
use super::peer::{Command, Peer, Settled};
use super::server::Inner;
use crate::session::{Answer, Code, Control, Event, Record, Room, SessionStore};

/// Turns taken at one wake-up, at most.
const TURNS: usize = 1_024;

/// Something for the handler, or that must not overtake what is.
pub(super) enum Inbound {
    Connected(Connected),
    Message(Incoming),
    Volatile(Incoming),
    Request(Request, u64),
    Response { number: u64, id: u64, status: u64, more: bool, content: Content },
    Cancel { number: u64, id: u64 },
    Open { number: u64, opening: Opening },
    Shut { number: u64, channel: u64, why: Shut },
    Close { fence: u64, forget: bool },
}

/// What waits, in order.
#[derive(Default)]
pub(super) struct Inbox {
    queue: VecDeque<Inbound>,
    volatile: usize,
}

impl Inbox {
    pub(super) fn push(&mut self, inbound: Inbound) {
        self.queue.push_back(inbound);
    }

    /// The oldest volatile message gives way if there are too many.
    fn push_volatile(&mut self, message: Incoming, most: usize) {
        if self.volatile >= most {
            let oldest = self.queue.iter().position(|inbound| matches!(inbound, Inbound::Volatile(_)));
            if oldest.and_then(|oldest| self.queue.remove(oldest)).is_none() {
                return;
            }
            self.volatile -= 1;
        }
        self.volatile += 1;
        self.queue.push_back(Inbound::Volatile(message));
    }

    /// This message and those right behind it, which take their turns without a detour.
    fn with_next(&mut self, first: Incoming) -> VecDeque<Incoming> {
        let is_message = |inbound: &&Inbound| matches!(inbound, Inbound::Message(_));
        let more = self.queue.iter().take(TURNS - 1).take_while(is_message).count();
        let next = self.queue.drain(..more).filter_map(|inbound| match inbound {
            Inbound::Message(message) => Some(message),
            _ => None,
        });
        std::iter::once(first).chain(next).collect()
    }

    fn pop(&mut self) -> Option<Inbound> {
        let next = self.queue.pop_front();
        self.volatile -= usize::from(matches!(next, Some(Inbound::Volatile(_))));
        next
    }
}

type Opened = Option<(Opening, Result<Content, Shut>)>;

/// A turn is over.
pub(super) struct Done {
    /// None if the handler panicked.
    turn: Option<Turn>,
    /// The record that this accepts.
    accepts: Option<u64>,
    /// The channel that was to be opened, or 0.
    channel: u64,
    opened: Opened,
}

impl Done {
    fn new(turn: Option<(Turn, Opened)>, accepts: Option<u64>, channel: u64) -> Self {
        let (turn, opened) = turn.map_or((None, None), |(turn, opened)| (Some(turn), opened));
        Self { turn, accepts, channel, opened }
    }
}

/// None if it panics. What makes a handler panic would make it panic again, so it counts as accepted.
async fn survived<T>(turn: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(turn).catch_unwind().await.ok()
}

/// The turns of messages, one after the other: none begins before what the one before did has been done.
fn turns_of<S: SessionStore, H: Handler>(
    server: Arc<Inner<S, H>>,
    peer: Peer,
    messages: VecDeque<Incoming>,
) -> impl Stream<Item = Done> + Send + 'static {
    unfold((server, peer, messages), |(server, peer, mut messages)| async move {
        let message = messages.pop_front()?;
        let (handler, mut turn, number) = (&server.handler, Turn::new(peer.clone()), message.number);
        let turn = survived(async move {
            handler.message(&mut turn, message).await;
            (turn, None)
        });
        let done = Done::new(turn.await, Some(number), 0);
        Some((done, (server, peer, messages)))
    })
}

impl<S: SessionStore, H: Handler> Life<S, H> {
    pub(super) fn happened(&mut self, event: Event, frame: &Bytes) {
        match event {
            Event::Acked { to } => self.settle(to),
            Event::Numbered { seq, record } => self.numbered(seq, record.says(), frame),
            Event::Plain(record) => self.plain(record.says(), frame),
            // Of the client's half alone.
            Event::Welcomed { .. } | Event::Lost(_) => {}
        }
    }

    fn settle(&mut self, to: u64) {
        while self.receipts.front().is_some_and(|(number, _)| *number <= to) {
            if let Some((_, settle)) = self.receipts.pop_front() {
                let _ = settle.send(Settled::Delivered);
            }
        }
    }

    fn numbered(&mut self, number: u64, record: Record, frame: &Bytes) {
        let inbound = match record {
            Record::Message { channel, text, payload } => {
                Inbound::Message(Incoming { number, channel, content: content(frame, payload, text) })
            }
            Record::Request { id, timeout_ms, channel, method, text, payload } => {
                let request = Request {
                    peer: self.peer.clone(),
                    number,
                    channel,
                    method: method.text(frame).to_owned(),
                    content: content(frame, payload, text),
                    timeout: (timeout_ms > 0).then(|| Duration::from_millis(timeout_ms)),
                };
                Inbound::Request(request, id)
            }
            Record::Response { id, status, more, text, payload } => {
                Inbound::Response { number, id, status, more, content: content(frame, payload, text) }
            }
            Record::Cancel { id } => Inbound::Cancel { number, id },
            Record::Open { channel, name, text, payload } => {
                let name = name.text(frame).to_owned();
                let parameters = content(frame, payload, text);
                Inbound::Open { number, opening: Opening { channel, name, parameters } }
            }
            Record::Shut { channel, code, reason } => {
                let why = Shut { code, reason: reason.text(frame).to_owned() };
                Inbound::Shut { number, channel, why }
            }
            _ => return self.session.accept(number),
        };
        self.inbox.push(inbound);
    }

    fn plain(&mut self, record: Record, frame: &Bytes) {
        match record {
            Record::Volatile { channel, text, payload } => {
                let message = Incoming { number: 0, channel, content: content(frame, payload, text) };
                self.inbox.push_volatile(message, self.server.config.volatile);
            }
            Record::Ping { token } => self.session.control(Control::Pong { token, hold_us: 0 }),
            Record::Auth { token } => {
                self.refresh(Bytes::copy_from_slice(token.of(frame)));
            }
            Record::Close { forget, .. } => {
                if let Some(link) = &mut self.link {
                    link.said_all = true;
                }
                self.inbox.push(Inbound::Close { fence: self.session.fence(), forget });
            }
            _ => {}
        }
    }

    /// Lets the handler have what waits, one after the other.
    pub(super) fn take_turns(&mut self, cx: &mut Context<'_>) -> bool {
        for count in 0..TURNS {
            let Some(turns) = &mut self.turns else {
                match self.inbox.pop() {
                    Some(inbound) => self.begin_turn(inbound),
                    None => return count > 0,
                }
                continue;
            };
            match turns.poll_next_unpin(cx) {
                Poll::Ready(Some(done)) => self.done(done),
                Poll::Ready(None) => self.turns = None,
                Poll::Pending => return count > 0,
            }
        }
        true
    }

    fn begin_turn(&mut self, inbound: Inbound) {
        let server = Arc::clone(&self.server);
        let mut turn = Turn::new(self.peer.clone());
        match inbound {
            Inbound::Connected(how) => self.begin_with(None, 0, async move {
                server.handler.connected(&mut turn, how).await;
                (turn, None)
            }),
            Inbound::Message(first) => {
                let messages = self.inbox.with_next(first);
                self.turns = Some(Box::pin(turns_of(server, self.peer.clone(), messages)));
            }
            Inbound::Volatile(message) => self.begin_with(None, 0, async move {
                server.handler.volatile(&mut turn, message).await;
                (turn, None)
            }),
            Inbound::Open { number, opening } => self.begin_with(Some(number), opening.channel, async move {
                let answer = server.handler.open(&mut turn, &opening).await;
                (turn, Some((opening, answer)))
            }),
            Inbound::Shut { number, channel, why } => {
                self.server.hub.leave(&self.peer, channel);
                self.begin_with(Some(number), 0, async move {
                    server.handler.shut(&mut turn, channel, why).await;
                    (turn, None)
                });
            }
            Inbound::Response { number, id, status, more, content } => {
                let Some(parts) = self.requests.waiting(id, more) else { return self.session.accept(number) };
                let part = super::requests::part(status, content);
                self.begin_with(Some(number), 0, async move {
                    let _ = parts.send((part, more)).await;
                    (turn, None)
                });
            }
            Inbound::Request(request, id) => {
                self.session.accept(request.number);
                self.requests.accepted(id, request);
            }
            Inbound::Cancel { number, id } => {
                self.session.accept(number);
                self.requests.cancelled(id);
                self.session.respond(id, Answer::Cancelled as u64, false, Content::from("").payload(0));
            }
            Inbound::Close { fence, forget } => self.client_closed(fence, forget),
        }
    }

    fn begin_with(
        &mut self,
        accepts: Option<u64>,
        channel: u64,
        turn: impl Future<Output = (Turn, Opened)> + Send + 'static,
    ) {
        self.turns = Some(Box::pin(once(survived(turn).map(move |turn| Done::new(turn, accepts, channel)))));
    }

    /// What a handler did, and the acceptance of what caused it.
    fn done(&mut self, done: Done) {
        if let Some(number) = done.accepts {
            self.session.accept(number);
        }
        match done.opened {
            Some((opening, Ok(content))) => self.opened(&opening, &content),
            Some((opening, Err(why))) => _ = self.session.shut(opening.channel, why.code, &why.reason),
            None if done.channel > 0 => _ = self.session.shut(done.channel, 0, "the handler failed"),
            None => {}
        }
        for effect in done.turn.map(Turn::into_effects).unwrap_or_default() {
            self.apply(effect);
        }
    }

    fn opened(&mut self, opening: &Opening, content: &Content) {
        // It may have been shut since.
        if self.session.confirm(opening.channel, content.payload(0)).is_some() {
            self.server.hub.join(&opening.name, &self.peer, opening.channel);
        }
    }

    /// The client has said its last word, and everything before it has had its turn.
    fn client_closed(&mut self, fence: u64, forget: bool) {
        if self.session.fence() != fence {
            return;
        }
        if forget {
            self.over = Some(Cause::Closed);
        } else if self.link.is_some() {
            self.end_link(Code::Normal, true, "");
        }
    }

    /// Does what the application asks for.
    pub(super) fn apply(&mut self, command: Command) {
        match command {
            Command::Send { channel, content, settle } => {
                self.peer.arrived(content.bytes().len());
                if !self.session.is_open(channel) || self.session.room(content.bytes().len()) == Room::Never {
                    let _ = settle.send(Settled::NotDelivered);
                    return;
                }
                let number = self.session.message(content.payload(channel));
                self.receipts.push_back((number, settle));
            }
            Command::Volatile { channel, content } => {
                self.peer.arrived(content.bytes().len());
                if self.session.is_open(channel) {
                    self.session.volatile(content.payload(channel));
                }
            }
            Command::Respond { id, status, more, content } => {
                self.peer.arrived(content.bytes().len());
                self.respond(id, status, more, &content);
            }
            Command::Shut { channel, why } => {
                self.server.hub.leave(&self.peer, channel);
                self.session.shut(channel, why.code, &why.reason);
            }
            Command::Request { key, method, content, timeout, parts } => {
                self.peer.arrived(content.bytes().len() + method.len());
                self.ask(key, &method, &content, timeout, parts);
            }
            Command::Abandon { key } => self.abandon(key),
            Command::Close { code, reason } => self.over = Some(Cause::Ended(code, reason)),
            Command::Overflow => self.over = Some(Cause::SlowConsumer),
            Command::GoAway(drain) => self.go_away(&drain),
            Command::Attach(attach) => attach.gone(),
        }
    }
}
