mod clock;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::select;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use crate::behaviour::{Behaviour, Ending, Shown, WRONG_TOKEN, filler};
use crate::config::Limits;
use crate::drill::Answer;
use crate::outbox::{Item, Outbox};
use crate::phase::{Phase, Step, closed_with};
use crate::reply::say_goodbye;
use crate::rooms::{Member, Order};
use crate::stats::Close;
use crate::stream::Stream;
use crate::tokens::Validity;

/// Runs one open connection to its end.
pub(crate) async fn run(
    socket: WebSocketStream<Stream>,
    behaviour: Behaviour,
    validity: Option<Arc<Validity>>,
    member: Member,
    orders: mpsc::UnboundedReceiver<Order>,
    limits: &Limits,
) {
    let mut connection = Connection::new(socket, behaviour, validity, member, limits);
    let close = connection.live(orders).await;
    let Connection { socket, member, .. } = connection;
    // The socket goes first: who reads of the end in the statistics finds it gone.
    drop(socket);
    member.leave(close);
}

struct Connection {
    socket: WebSocketStream<Stream>,
    behaviour: Behaviour,
    /// How long the token holds that let it in.
    validity: Option<Arc<Validity>>,
    member: Member,
    outbox: Outbox,
    patience: Duration,
    phase: Phase,
    /// Messages received, the token not counted.
    heard: u64,
    last_heard: Instant,
    next_ping: Option<Instant>,
    /// The number of the feed's next update.
    next_update: Option<u64>,
    /// How long echoes and relays wait.
    delay: Duration,
    next_look: Instant,
    /// When to wake up for nothing; fixed, so that an idle alarm is never moved.
    never: Instant,
    stalled_until: Option<Instant>,
    silent_until: Option<Instant>,
    is_unflushed: bool,
}

impl Connection {
    fn new(
        socket: WebSocketStream<Stream>,
        behaviour: Behaviour,
        validity: Option<Arc<Validity>>,
        member: Member,
        limits: &Limits,
    ) -> Self {
        let now = Instant::now();
        Self {
            socket,
            member,
            outbox: Outbox::new(limits.queue_size),
            patience: limits.handshake,
            phase: Phase::Open,
            heard: 0,
            last_heard: now,
            next_ping: behaviour.ping.map(|interval| now + interval),
            next_update: None,
            delay: behaviour.delay,
            next_look: now + LOOK_INTERVAL,
            never: now + FAR_AWAY,
            stalled_until: None,
            silent_until: None,
            is_unflushed: false,
            behaviour,
            validity,
        }
    }

    async fn live(&mut self, mut orders: mpsc::UnboundedReceiver<Order>) -> Close {
        if self.behaviour.token.as_ref().is_some_and(|token| token.is_in_message()) {
            self.phase = Phase::Guarded(Instant::now() + TOKEN_TIME);
        } else {
            self.begin();
        }
        let client = self.member.client();
        let mut alarm = pin!(sleep_until(self.next_alarm()));
        loop {
            let step = select! {
                biased;
                () = client.killed() => Step::Reset,
                Some(order) = orders.recv() => Step::Order(order),
                step = poll_fn(|cx| self.advance(cx)) => step,
                () = &mut alarm => Step::Alarm,
            };
            let end = match step {
                Step::Received(message) => self.hear(message),
                Step::Order(order) => self.obey(order),
                Step::Alarm => self.keep_time(),
                Step::Reset => Some(self.reset()),
                Step::Over => Some(self.part().await),
                Step::Failed(error) => Some(self.fail(error).await),
            };
            if let Some(close) = end {
                return close;
            }
            let next = self.next_alarm();
            if next != alarm.deadline() {
                alarm.as_mut().reset(next);
            }
        }
    }

    /// Does what was asked for right after opening.
    fn begin(&mut self) {
        self.member.open();
        if !self.behaviour.silent {
            for text in std::mem::take(&mut self.behaviour.say) {
                self.send(Message::text(text));
            }
            let Some(missed) = self.member.listen(&self.behaviour.talk) else {
                return self.close_with(FULL, "the room is full");
            };
            for text in missed {
                self.send(Message::Text(text));
            }
            self.next_update = self.behaviour.feed.map(|feed| feed.number(Instant::now()) + 1);
            for (message, copies) in std::mem::take(&mut self.behaviour.burst) {
                self.outbox.push(Item::Message(message, copies), Duration::ZERO);
            }
            if self.behaviour.invalid {
                let payload = Bytes::from_static(b"not \xc3\x28 UTF-8");
                self.send(Message::Frame(Frame::message(payload, OpCode::Data(Data::Text), true)));
            }
        }
        self.end_if_due();
    }

    fn hear(&mut self, message: Message) -> Option<Close> {
        self.last_heard = Instant::now();
        match message {
            Message::Text(_) | Message::Binary(_) => {
                self.member.received(&message);
                match self.phase {
                    Phase::Guarded(_) => self.check_token(&message),
                    // Only here, for a token is not for the statistics.
                    Phase::Open => {
                        self.member.remember(&message);
                        self.answer(message);
                    }
                    Phase::Closing { .. } | Phase::Held(_) => {}
                }
                None
            }
            Message::Close(frame) => {
                self.outbox.clear();
                self.phase = match &self.phase {
                    Phase::Closing { close, .. } => Phase::Closing {
                        deadline: Instant::now() + self.patience,
                        close: Close { clean: true, ..close.clone() },
                    },
                    _ if self.behaviour.noclose => Phase::Held(closed_with(frame.as_ref())),
                    _ => Phase::Closing {
                        deadline: Instant::now() + self.patience,
                        close: Close { clean: true, ..closed_with(frame.as_ref()) },
                    },
                };
                None
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => None,
        }
    }

    fn check_token(&mut self, message: &Message) {
        let Some(token) = &self.behaviour.token else {
            return;
        };
        let shown = match message {
            Message::Text(text) => token.judge(text, self.member.tokens()),
            _ => Shown::Wrong,
        };
        match shown {
            Shown::Good(validity) => {
                self.validity = validity;
                self.phase = Phase::Open;
                self.send(Message::text("welcome"));
                self.begin();
            }
            Shown::Wrong => self.close_with(WRONG_TOKEN, "token"),
        }
    }

    fn answer(&mut self, message: Message) {
        self.heard = self.heard.saturating_add(1);
        if let Some(reply) = self.reply_to(message) {
            self.outbox.push_behind(Item::Message(reply, 1), self.delay);
        }
        self.end_if_due();
    }

    fn reply_to(&mut self, message: Message) -> Option<Message> {
        if let Some(drill) = &mut self.behaviour.drill {
            match drill.hear(message.to_text().ok().filter(|_| message.is_text())) {
                Some(Answer::Count(count)) => return Some(Message::text(count.to_string())),
                Some(Answer::Flood { copies, size, is_text }) => {
                    self.outbox.push(Item::Message(filler(size, is_text), copies), Duration::ZERO);
                    return None;
                }
                None => {}
            }
        }
        if self.behaviour.silent {
            return None;
        }
        let Message::Text(text) = &message else {
            return self.pass_on(message);
        };
        if let Some(pongs) = &mut self.behaviour.pongs
            && text.as_str() == "ping"
        {
            *pongs = pongs.checked_sub(1)?;
            return Some(Message::text("pong"));
        }
        let message = match self.behaviour.prefix.as_str() {
            "" => message,
            prefix => Message::text(format!("{prefix}{text}")),
        };
        self.pass_on(message)
    }

    /// Gives a message to the application, or relays it if that is wanted; else it is to be echoed.
    fn pass_on(&self, message: Message) -> Option<Message> {
        if self.member.deliver(&message) {
            return None;
        }
        let Some(relay) = self.behaviour.talk.relay else {
            return Some(message);
        };
        self.member.relay(relay, &message);
        None
    }

    fn end_if_due(&mut self) {
        if self.heard < self.behaviour.after {
            return;
        }
        // The end comes behind the last delayed echo.
        let delay = if self.heard == 0 { Duration::ZERO } else { self.delay };
        match self.behaviour.ending.take() {
            Some(Ending::Close(frame)) => self.start_closing(frame, delay),
            Some(Ending::Drop) => {
                self.outbox.push(Item::Reset, delay);
                self.phase = Phase::Closing {
                    deadline: Instant::now() + delay + self.patience,
                    close: Close::abnormal(),
                };
            }
            Some(Ending::Stall) => self.stalled_until = Some(Instant::now() + STALL_TIME),
            None => {}
        }
    }

    fn obey(&mut self, order: Order) -> Option<Close> {
        self.member.taken(&order);
        match order {
            Order::Silence(until) => {
                self.silent_until = until;
                self.last_heard = Instant::now();
            }
            Order::Delay(delay) => self.delay = delay.unwrap_or(self.behaviour.delay),
            // The alarm is set anew after every step.
            Order::LookAtToken | Order::Prank(_) => {}
            // Nothing comes after the last word.
            _ if matches!(self.phase, Phase::Closing { .. } | Phase::Held(_)) => {}
            Order::Close(frame) => self.start_closing(frame, Duration::ZERO),
            Order::Send { .. } | Order::Relay(_) if matches!(self.phase, Phase::Guarded(_)) => {}
            Order::Send { .. } | Order::Relay(_) if self.outbox.is_full() => return Some(self.reset()),
            Order::Relay(message) => self.outbox.push_behind(Item::Message(message, 1), self.delay),
            Order::Send { message, copies } => {
                self.outbox.push(Item::Message(message, copies), Duration::ZERO);
            }
        }
        None
    }

    fn send(&mut self, message: Message) {
        self.outbox.push(Item::Message(message, 1), Duration::ZERO);
    }

    fn close_with(&mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        self.start_closing(Some(frame), Duration::ZERO);
    }

    fn start_closing(&mut self, frame: Option<CloseFrame>, delay: Duration) {
        self.phase = Phase::Closing {
            deadline: Instant::now() + delay + self.patience,
            close: closed_with(frame.as_ref()),
        };
        self.outbox.push(Item::Close(frame), delay);
    }

    fn may_read(&self) -> bool {
        let is_wanted = match self.phase {
            Phase::Open | Phase::Guarded(_) => !self.outbox.is_full(),
            Phase::Closing { .. } => true,
            Phase::Held(_) => false,
        };
        is_wanted && self.stalled_until.is_none() && self.silent_until.is_none()
    }

    /// Moves bytes in both directions until there is something to decide.
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let reads_first = self.may_read() && !self.outbox.wants_sending();
        if reads_first && let Poll::Ready(step) = self.poll_read(cx) {
            return Poll::Ready(step);
        }
        if self.silent_until.is_none()
            && !matches!(self.phase, Phase::Held(_))
            && let Poll::Ready(step) = self.poll_write(cx)
        {
            return Poll::Ready(step);
        }
        if !reads_first && self.may_read() {
            return self.poll_read(cx);
        }
        Poll::Pending
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        self.socket.poll_next_unpin(cx).map(|read| match read {
            Some(Ok(message)) => Step::Received(message),
            Some(Err(error)) => Step::Failed(error),
            None => Step::Over,
        })
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        self.outbox.ripen(Instant::now());
        while let Some(front) = self.outbox.front() {
            if matches!(front, Item::Reset) {
                return self.socket.poll_flush_unpin(cx).map(|_| Step::Reset);
            }
            match self.socket.poll_ready_unpin(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Step::Failed(error)),
                Poll::Pending => return Poll::Pending,
            }
            let message = match self.outbox.pop() {
                Some(Item::Message(message, _)) => {
                    if message.is_text() || message.is_binary() {
                        self.member.sent(&message);
                    }
                    message
                }
                Some(Item::Close(frame)) => Message::Close(frame),
                Some(Item::Reset) | None => break,
            };
            self.is_unflushed = true;
            if let Err(error) = self.socket.start_send_unpin(message) {
                return Poll::Ready(Step::Failed(error));
            }
        }
        if self.is_unflushed {
            match self.socket.poll_flush_unpin(cx) {
                Poll::Ready(Ok(())) => self.is_unflushed = false,
                Poll::Ready(Err(error)) => return Poll::Ready(Step::Failed(error)),
                Poll::Pending => {}
            }
        }
        Poll::Pending
    }

    /// Whether the other side has closed or reset its socket, told without reading from it.
    fn is_peer_gone(&self) -> bool {
        let mut ready = pin!(self.socket.get_ref().tcp().ready(Interest::READABLE));
        let mut context = Context::from_waker(std::task::Waker::noop());
        match ready.as_mut().poll(&mut context) {
            Poll::Ready(Ok(ready)) => ready.is_read_closed(),
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        }
    }

    /// Ends the stream in order: TLS has a last word of its own, without which its client suspects a cut.
    async fn part(&mut self) -> Close {
        // A client that has left already needs none.
        let _ = timeout(self.patience, self.socket.get_mut().shutdown()).await;
        self.close_so_far()
    }

    /// Arms the socket so that closing it resets the connection.
    fn reset(&self) -> Close {
        // If this fails the socket is dead already.
        let _ = self.socket.get_ref().tcp().set_zero_linger();
        self.close_so_far()
    }

    fn close_so_far(&self) -> Close {
        match &self.phase {
            Phase::Closing { close, .. } | Phase::Held(close) => close.clone(),
            Phase::Open | Phase::Guarded(_) => Close::abnormal(),
        }
    }

    /// Tells the client which rule it broke, if it broke one.
    async fn fail(&mut self, error: Error) -> Close {
        let code: u16 = match error {
            Error::Capacity(_) => 1009,
            Error::Utf8(_) => 1007,
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                return self.close_so_far();
            }
            Error::Protocol(_) => 1002,
            _ => return self.close_so_far(),
        };
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        let close = closed_with(Some(&frame));
        let told = timeout(self.patience, self.socket.close(Some(frame))).await;
        if matches!(told, Ok(Ok(()))) {
            say_goodbye(self.socket.get_mut()).await;
        }
        close
    }
}

const TOKEN_TIME: Duration = Duration::from_secs(5);
/// A client that leaves while the window is full cannot even say so.
const STALL_TIME: Duration = Duration::from_secs(600);
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
const FAR_AWAY: Duration = Duration::from_secs(365 * 86_400);
const FULL: u16 = 1013;
