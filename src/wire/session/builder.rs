//! A session wire to be.

use std::rc::Rc;
use std::time::Duration;

use js_sys::Function;

use super::hub::Hub;
use super::token::Token;
use super::{SessionWire, Urls};
use crate::codec::{Codec, Decode, Encode, Raw};
use crate::core::SessionConfig;
use crate::session::{Limits, SUBPROTOCOL};
use crate::wire::builder::Builder;
use crate::wire::mailbox::Mailbox;
use crate::wire::options::{Inbox, InvalidOption, Ping, Queue, Reconnect, millis};
use crate::wire::{DefaultCodec, face::SessionPart};

/// Everything a session wire can be told, made by [`SessionWire::builder`]. What is wrong is told when it is built.
#[must_use = "a builder does nothing until `connect` or `build`"]
pub struct SessionBuilder<In, Out = In, C = DefaultCodec> {
    plain: Builder<In, Out, C>,
    session: SessionConfig,
    token: Option<Token>,
    manual: bool,
}

/// What becomes of messages that a lost session leaves behind and that the server provably never accepted. What is
/// in doubt is never sent again by itself.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum OnSessionLost {
    /// They are sent in the next session, in their order.
    #[default]
    ResendUnsent,
    /// They are given back: [`Reason::SessionLost`](crate::Reason::SessionLost).
    GiveBack,
}

impl<In, Out> SessionBuilder<In, Out> {
    pub(super) fn new(urls: Urls) -> Self {
        let plain = Builder::new(urls).protocols(SUBPROTOCOL);
        Self { plain, session: SessionConfig::default(), token: None, manual: false }
    }
}

impl<In, Out, C> SessionBuilder<In, Out, C> {
    /// How messages look on the wire, as in [`Builder::codec`].
    pub fn codec<D: Codec<In, Out>>(self, codec: D) -> SessionBuilder<In, Out, D> {
        let Self { plain, session, token, manual } = self;
        SessionBuilder { plain: plain.codec(codec), session, token, manual }
    }

    /// Who the client is. Default: nobody, an empty token.
    pub fn token(mut self, token: impl Into<Token>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// What becomes of unsent messages when a session is lost. Default [`OnSessionLost::ResendUnsent`].
    pub fn on_session_lost(mut self, what: OnSessionLost) -> Self {
        self.session.resend_unsent = what == OnSessionLost::ResendUnsent;
        self
    }

    /// Messages come as [`Event::Delivery`](crate::Event::Delivery), and are accepted when the application says so.
    /// Default: when the stream yields them. What arrives on channels is accepted when it is read in any case.
    pub fn manual_ack(mut self) -> Self {
        self.manual = true;
        self
    }

    /// What this side takes: how large frames, and with them messages, may be, and how much may be under way. What
    /// no server would take is the nearest that one does. Default: 1 MiB, 4 MiB, 1,000 requests and 1,000 channels.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.session.limits = limits;
        self
    }

    /// Pings the server after so much time, and takes the link for dead if nothing arrives within the other.
    /// Default: no pings; the server's own tell a dead link, too, if it sends any. Each 10 ms to a day.
    pub fn heartbeat(mut self, interval: Duration, timeout: Duration) -> Self {
        self.plain.rest.ping = Some(Ping::Raw(Raw::Text(String::new())));
        self.plain = self
            .plain
            .number("heartbeat.interval", millis(interval))
            .number("heartbeat.timeout", millis(timeout));
        self
    }

    /// When and how often to try again. What the server's last word says comes first.
    pub fn reconnect(self, reconnect: Reconnect) -> Self {
        Self { plain: self.plain.reconnect(reconnect), ..self }
    }

    /// As [`Builder::idle_timeout`]. By itself twice the server's own interval of pings and 5 s.
    pub fn idle_timeout(self, timeout: Duration) -> Self {
        Self { plain: self.plain.idle_timeout(timeout), ..self }
    }

    /// The bounds of what waits to be sent.
    pub fn queue(self, queue: Queue) -> Self {
        Self { plain: self.plain.queue(queue), ..self }
    }

    /// How many events of the wire's own may wait to be read: `max_messages` of it. What the server sends is
    /// bounded by itself, as it is accepted only when it is read.
    pub fn inbox(self, inbox: Inbox) -> Self {
        Self { plain: self.plain.inbox(inbox), ..self }
    }

    /// As [`Builder::high_water_mark`].
    pub fn high_water_mark(self, bytes: u32) -> Self {
        Self { plain: self.plain.high_water_mark(bytes), ..self }
    }

    /// How long `close` waits for the server's last word. Default 3 s; at most a day.
    pub fn close_timeout(self, timeout: Duration) -> Self {
        Self { plain: self.plain.close_timeout(timeout), ..self }
    }

    /// As [`Builder::web_socket`].
    pub fn web_socket(self, class: Function) -> Self {
        Self { plain: self.plain.web_socket(class), ..self }
    }
}

impl<In: 'static, Out: 'static, C: Encode<Out> + Decode<In> + 'static> SessionBuilder<In, Out, C> {
    /// A wire that connects at once, where there is a WebSocket: in a window or worker, or with
    /// [`SessionBuilder::web_socket`]. Elsewhere it stays idle.
    ///
    /// # Errors
    /// The first option that is wrong.
    pub fn connect(self) -> Result<SessionWire<In, Out>, InvalidOption> {
        let wire = self.build()?;
        wire.wire.start();
        Ok(wire)
    }

    /// A wire that stays idle, its messages queueing, until [`Sender::reconnect`](crate::Sender::reconnect).
    ///
    /// # Errors
    /// The first option that is wrong.
    pub fn build(self) -> Result<SessionWire<In, Out>, InvalidOption> {
        let Self { plain, session, token, manual } = self;
        // What is accepted when it is read is the mailbox's to accept.
        let config = SessionConfig { manual_ack: true, ..session };
        let mut made = None;
        let wire =
            plain.assemble(Mailbox::of_session, |decode, encode, mailbox| -> Option<SessionPart<Out>> {
                let hub = Hub::new(decode, encode, mailbox, token, manual);
                made = Some(Rc::clone(&hub));
                Some((config, Rc::new(hub)))
            })?;
        match made {
            Some(hub) => Ok(SessionWire::new(wire, &hub)),
            None => Err(InvalidOption::new("session", "assembled", "nothing")),
        }
    }
}
