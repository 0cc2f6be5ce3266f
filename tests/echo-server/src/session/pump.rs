//! One connection of a session: passes frames between the WebSocket and the room's server, and spoils them.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use everwire::server::Message as Framed;
use everwire::server::{Broken, Content};
use everwire::session::{FRAME_LIMITS, Limits, MAX_INTEGER, read_hello};
use futures_channel::mpsc::{Receiver, Sender};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::select;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use super::Sessions;
use super::book::Book;
use super::manner::{Greeting, Manner};
use super::order::Prank;
use super::spoil::{self, foreign, message, numbered, poor, token_wanted};
use super::watch::Watch;
use crate::phase::closed_with;
use crate::rooms::{Member, Order};
use crate::stats::{Close, lock};
use crate::stream::Stream;

type Socket = WebSocketStream<Stream>;

/// Runs one connection that has agreed on `everwire.v1` to its end.
pub(crate) async fn run(
    socket: Socket,
    manner: Manner,
    member: Member,
    mut orders: mpsc::UnboundedReceiver<Order>,
    sessions: &Sessions,
) {
    let near = match sessions.join().await {
        Ok(near) => near,
        Err(error) => {
            eprintln!("the sessions of a room cannot be served: {error}");
            return;
        }
    };
    let (mut sink, mut stream) = socket.split();
    let silence = watch::Sender::new(None);
    let max_frame = AtomicU64::new(Limits::default().max_frame);
    let close = std::sync::Mutex::new(Close::abnormal());
    let client = member.client();
    let frames = pin!(delayed(near.frames, manner.delay));
    let up = Up { stream: &mut stream, to: near.to, member: &member, max_frame: &max_frame, close: &close };
    let down = Down {
        sink: &mut sink,
        member: &member,
        book: sessions.book(),
        watch: Watch::default(),
        max_frame: &max_frame,
        close: &close,
        manner,
        silence: &silence,
    };
    let reset = select! {
        biased;
        () = client.killed() => true,
        reset = up.run(silence.subscribe()) => reset,
        reset = down.run(frames, &mut orders) => reset,
    };
    let mut close = lock(&close).clone();
    if reset {
        close.clean = false;
    }
    if let Ok(socket) = sink.reunite(stream) {
        if reset {
            // It fails if the client has left already.
            let _ = socket.get_ref().tcp().set_zero_linger();
        }
        drop(socket);
    }
    member.leave(close);
}

/// From the client to the server.
struct Up<'a> {
    stream: &'a mut SplitStream<Socket>,
    to: Sender<Result<Framed, Broken>>,
    member: &'a Member,
    max_frame: &'a AtomicU64,
    close: &'a std::sync::Mutex<Close>,
}

impl Up<'_> {
    async fn run(mut self, mut silence: watch::Receiver<Option<Instant>>) -> bool {
        loop {
            let until = *silence.borrow_and_update();
            if let Some(until) = until.filter(|until| *until > Instant::now()) {
                select! {
                    _ = silence.changed() => {}
                    () = sleep_until(until) => {}
                }
                continue;
            }
            let received = select! {
                // The sender lives as long as the connection.
                _ = silence.changed() => continue,
                received = self.stream.next() => received,
            };
            let frame = match received {
                Some(Ok(message)) => match self.take(message) {
                    Some(frame) => Ok(frame),
                    None => continue,
                },
                Some(Err(Error::Capacity(_))) => Err(Broken::TooBig),
                Some(Err(Error::ConnectionClosed)) | None => return false,
                Some(Err(error)) => Err(Broken::Gone(Box::new(error))),
            };
            let broke = matches!(frame, Err(Broken::Gone(_)));
            let heard = self.to.send(frame).await.is_ok();
            if broke {
                return true;
            }
            if !heard {
                // The server wants nothing more; the end of the WebSocket is still to come.
                while let Some(Ok(_)) = self.stream.next().await {}
                return false;
            }
        }
    }

    fn take(&mut self, message: Message) -> Option<Framed> {
        if message.is_text() || message.is_binary() {
            self.member.received(&message);
        }
        match message {
            Message::Binary(frame) => {
                if let Ok(hello) = read_hello(&frame, frame.len()) {
                    self.max_frame.store(hello.position.max_frame, Ordering::Relaxed);
                }
                Some(Framed::Binary(frame))
            }
            Message::Text(_) => Some(Framed::Text),
            Message::Close(frame) => {
                let theirs = closed_with(frame.as_ref());
                let mut close = lock(self.close);
                if *close == Close::abnormal() {
                    *close = theirs.clone();
                }
                close.clean = true;
                Some(Framed::Close { code: theirs.code, reason: theirs.reason })
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => None,
        }
    }
}

/// From the server to the client.
struct Down<'a> {
    sink: &'a mut SplitSink<Socket, Message>,
    member: &'a Member,
    book: &'a Arc<Book>,
    watch: Watch,
    max_frame: &'a AtomicU64,
    close: &'a std::sync::Mutex<Close>,
    manner: Manner,
    silence: &'a watch::Sender<Option<Instant>>,
}

impl Down<'_> {
    /// Whether the connection is to be reset when it is over.
    async fn run(
        mut self,
        mut frames: impl futures_util::Stream<Item = Framed> + Unpin,
        orders: &mut mpsc::UnboundedReceiver<Order>,
    ) -> bool {
        let mut closing = false;
        loop {
            let silent = self.silence.borrow().filter(|until| *until > Instant::now());
            let done = select! {
                biased;
                Some(order) = orders.recv() => {
                    self.member.taken(&order);
                    match self.obey(order).await {
                        Ok(closes) => {
                            closing |= closes;
                            Ok(())
                        }
                        Err(error) => Err(error),
                    }
                }
                () = sleep_until(silent.unwrap_or_else(Instant::now)), if silent.is_some() => Ok(()),
                frame = frames.next(), if silent.is_none() && !closing => match frame {
                    Some(Framed::Binary(frame)) => match self.pass(frame).await {
                        Ok(closes) => {
                            closing |= closes;
                            Ok(())
                        }
                        Err(error) => Err(error),
                    },
                    Some(Framed::Text) => Ok(()),
                    Some(Framed::Close { code, reason }) => {
                        closing = true;
                        self.part(code, &reason).await
                    }
                    // The client has closed, which its WebSocket answers.
                    None if lock(self.close).clean => {
                        closing = true;
                        Ok(())
                    }
                    // The server was stopped.
                    None => return true,
                },
                () = sleep(PATIENCE), if closing => return true,
            };
            if done.is_err() {
                return true;
            }
        }
    }

    /// Passes a frame of the server's on. True if nothing follows.
    async fn pass(&mut self, frame: Bytes) -> Result<bool, Error> {
        if self.watch.session().is_none() {
            return self.greet(frame).await;
        }
        let frame = self.watch.pass(frame);
        self.write(frame).await?;
        Ok(false)
    }

    async fn greet(&mut self, frame: Bytes) -> Result<bool, Error> {
        let Some(welcome) = self.watch.welcome(&frame) else {
            self.write(frame).await?;
            return Ok(false);
        };
        let welcome = welcome.clone();
        let id = welcome.session.id;
        self.book.page(id, |page| page.manner = self.manner.clone());
        let _ = self.watch.withhold(self.manner.withheld);
        let spoils = self.manner.welcome != Greeting::Welcome && self.book.may_spoil(self.manner.times);
        let greeting = if spoils { self.manner.welcome.clone() } else { Greeting::Welcome };
        match greeting {
            Greeting::Welcome => self.write(frame).await?,
            Greeting::Late(time) => {
                sleep(time).await;
                self.write(frame).await?;
            }
            Greeting::Never => return Ok(true),
            Greeting::Twice => {
                self.write(frame.clone()).await?;
                self.write(frame).await?;
            }
            Greeting::Early => {
                self.write(numbered(welcome.position.next, &message(b"early")).into()).await?;
                self.write(frame).await?;
            }
            Greeting::Foreign => self.write(foreign(&welcome).into()).await?,
            Greeting::Poor => self.write(poor(&welcome).into()).await?,
            Greeting::Close(closing) => {
                self.write(closing.frame(0).into()).await?;
                self.part(websocket_code(closing.code), "").await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// True if nothing follows.
    async fn obey(&mut self, order: Order) -> Result<bool, Error> {
        match order {
            Order::Silence(until) => drop(self.silence.send_replace(until)),
            Order::Close(frame) => {
                let close = closed_with(frame.as_ref());
                self.note(close);
                self.send(Message::Close(frame)).await?;
                return Ok(true);
            }
            Order::LookAtToken => self.write(token_wanted().into()).await?,
            Order::Send { message, copies } => self.say(message, copies),
            Order::Prank(prank) => return self.play(prank).await,
            // Nobody relays in a session, and nothing is delayed.
            Order::Relay(_) | Order::Delay(_) => {}
        }
        Ok(false)
    }

    /// Sends messages in the session.
    fn say(&self, message: Message, copies: u64) {
        let Some(peer) = self.watch.session().and_then(|id| self.book.peer(id)) else { return };
        let content = match message {
            Message::Text(text) => Content::from(text.as_str()),
            other => Content::from(other.into_data()),
        };
        tokio::spawn(async move {
            for _ in 0..copies {
                peer.ready().await;
                if peer.is_over() {
                    return;
                }
                drop(peer.send(content.clone()));
            }
        });
    }

    async fn play(&mut self, prank: Prank) -> Result<bool, Error> {
        let frame = match prank {
            Prank::Frame(bytes) => bytes,
            Prank::Number(number) => numbered(number.unwrap_or(self.watch.next + 1), &message(b"spoiled")),
            Prank::Again => match &self.watch.last {
                Some(frame) => frame.to_vec(),
                None => return Ok(false),
            },
            Prank::Oversize => {
                let most = self.max_frame.load(Ordering::Relaxed).min(FRAME_LIMITS.1);
                let payload = vec![b'x'; usize::try_from(most).unwrap_or_default()];
                spoil::plain(&message(&payload))
            }
            Prank::Welcome => match &self.watch.welcome {
                Some((frame, _)) => frame.to_vec(),
                None => return Ok(false),
            },
            Prank::Acknowledge(to) => {
                let to = to.unwrap_or(MAX_INTEGER);
                spoil::acknowledging(everwire::session::Ack { to, credit: self.watch.credit() })
            }
            Prank::Withhold(what) => match self.watch.withhold(what) {
                Some(frame) => frame,
                None => return Ok(false),
            },
            Prank::Close(closing) => {
                let frame = closing.frame(self.watch.acknowledged());
                self.write(frame.into()).await?;
                self.part(websocket_code(closing.code), "").await?;
                return Ok(true);
            }
            Prank::GoAway(away) => away.frame(),
        };
        self.write(frame.into()).await?;
        Ok(false)
    }

    async fn part(&mut self, code: u16, reason: &str) -> Result<(), Error> {
        let frame = CloseFrame { code: code.into(), reason: reason.to_owned().into() };
        self.note(closed_with(Some(&frame)));
        self.send(Message::Close(Some(frame))).await
    }

    /// How the connection ends, unless it is ending already.
    fn note(&self, ours: Close) {
        let mut close = lock(self.close);
        if *close == Close::abnormal() {
            *close = ours;
        }
    }

    async fn write(&mut self, frame: Bytes) -> Result<(), Error> {
        let message = Message::Binary(frame);
        self.member.sent(&message);
        self.send(message).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Error> {
        self.sink.send(message).await
    }
}

/// Each frame later by as much, in their order, and none held up by those before it.
fn delayed(frames: Receiver<Framed>, delay: Duration) -> impl futures_util::Stream<Item = Framed> {
    let late = move |frame| async move {
        if !delay.is_zero() {
            sleep(delay).await;
        }
        frame
    };
    frames.map(late).buffered(ON_THE_WAY)
}

fn websocket_code(code: u64) -> u16 {
    4000 + u16::try_from(code).unwrap_or_default()
}

/// Frames that may be delayed at once.
const ON_THE_WAY: usize = 256;
/// How long a client may take to close the WebSocket once it was closed here.
const PATIENCE: Duration = Duration::from_secs(10);
