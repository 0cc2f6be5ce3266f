//! A wire to be.

use std::error::Error;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use js_sys::Function;

use super::bell::{Bell, Line};
use super::face::{Face, Now, SessionPart};
use super::mailbox::{Mailbox, Reader, Recognise};
use super::options::{
    Greet, Heartbeat, Inbox, InvalidOption, Numbers, Ping, Policy, Queue, Reconnect, millis,
};
use super::target::{Protocols, Provided, Urls, socket_class};
use super::{DefaultCodec, Greeting, Sender, Wire};
use crate::codec::{Codec, Decode, Encode, Raw};
use crate::core::{Config, ConfigError, OPTIONS, Overflow};
use crate::web::Driver;

/// Everything a wire can be told, made by [`Wire::builder`]. What is wrong is told when it is built.
#[must_use = "a builder does nothing until `connect` or `build`"]
pub struct Builder<In, Out = In, C = DefaultCodec> {
    pub(super) urls: Urls,
    pub(super) codec: C,
    pub(super) rest: Rest<In, Out>,
}

/// All of it that does not depend on the codec's type.
pub(super) struct Rest<In, Out> {
    pub(super) numbers: Numbers,
    pub(super) protocols: Protocols,
    pub(super) policy: Option<Policy>,
    pub(super) ping: Option<Ping<Out>>,
    pub(super) is_pong: Option<Recognise<In>>,
    pub(super) is_welcome: Option<Recognise<In>>,
    pub(super) greet: Option<Greet<Out>>,
    pub(super) overflow: Overflow,
    pub(super) inbox: Inbox,
    pub(super) class: Option<Function>,
    pub(super) types: PhantomData<fn(Out) -> In>,
}

impl<In, Out> Builder<In, Out> {
    pub(super) fn new(urls: Urls) -> Self {
        let rest = Rest {
            numbers: Numbers::new(),
            protocols: Protocols(Provided::Fixed(Vec::new())),
            policy: None,
            ping: None,
            is_pong: None,
            is_welcome: None,
            greet: None,
            overflow: Overflow::Reject,
            inbox: Inbox::new(),
            class: None,
            types: PhantomData,
        };
        Self { urls, codec: DefaultCodec::default(), rest }
    }
}

impl<In, Out, C> Builder<In, Out, C> {
    /// How messages look on the wire. Default: JSON, with the cargo feature `json`.
    pub fn codec<D: Codec<In, Out>>(self, codec: D) -> Builder<In, Out, D> {
        Builder { urls: self.urls, codec, rest: self.rest }
    }

    /// Subprotocols to offer, in order of preference (RFC 6455, section 1.9). Default: none.
    pub fn protocols(mut self, protocols: impl Into<Protocols>) -> Self {
        self.rest.protocols = protocols.into();
        self
    }

    /// When and how often to try again.
    pub fn reconnect(mut self, reconnect: Reconnect) -> Self {
        self.rest.numbers.extend(reconnect.numbers);
        self.rest.policy = reconnect.policy;
        self
    }

    /// Notices a link that only looks alive. Default: no pings.
    pub fn heartbeat(mut self, heartbeat: Heartbeat<In, Out>) -> Self {
        self.rest.numbers.extend(heartbeat.numbers);
        self.rest.ping = Some(heartbeat.ping);
        self.rest.is_pong = heartbeat.is_pong;
        self
    }

    /// A link from which nothing arrives for this long is taken for dead. Default: never; 10 ms to a day.
    pub fn idle_timeout(self, timeout: Duration) -> Self {
        self.number("idleTimeout", millis(timeout))
    }

    /// Sends first messages on every open, before the queue. `reconnect.connectTimeout` bounds it; a failure
    /// ends the connection, and the next one is greeted anew.
    ///
    /// ```no_run
    /// # use everwire::{Greeting, GreetingError, InvalidOption, Wire};
    /// # async fn token() -> String { String::new() }
    /// # fn example() -> Result<(), InvalidOption> {
    /// let wire: Wire<String> = Wire::builder("wss://example.com/chat")
    ///     .greet(async |greeting: Greeting<String>| greeting.send(&token().await))
    ///     .is_welcome(|message, _| message.is_some_and(|text| text == "welcome"))
    ///     .connect()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn greet<E: Into<Box<dyn Error>>>(
        mut self,
        greet: impl AsyncFn(Greeting<Out>) -> Result<(), E> + 'static,
    ) -> Self
    where
        Out: 'static,
    {
        let greet = Rc::new(greet);
        self.rest.greet = Some(Rc::new(move |greeting| {
            let greet = Rc::clone(&greet);
            Box::pin(async move { greet(greeting).await.map_err(Into::into) })
        }));
        self
    }

    /// Recognises the server's welcome; until then the queue is held. It sees the message, if it could be
    /// decoded, and what arrived. The welcome is delivered too.
    pub fn is_welcome(mut self, is_welcome: impl Fn(Option<&In>, &Raw) -> bool + 'static) -> Self {
        self.rest.is_welcome = Some(Box::new(is_welcome));
        self
    }

    /// The bounds of what waits to be sent.
    pub fn queue(mut self, queue: Queue) -> Self {
        self.rest.numbers.extend(queue.numbers);
        self.rest.overflow = queue.overflow;
        self
    }

    /// The bounds of what arrived and was not read yet.
    pub fn inbox(mut self, inbox: Inbox) -> Self {
        self.rest.inbox = inbox;
        self
    }

    /// Messages wait while the socket's `bufferedAmount` is above this. Default 1 MiB.
    pub fn high_water_mark(self, bytes: u32) -> Self {
        self.number("highWaterMark", f64::from(bytes))
    }

    /// How long `close` waits for the server's close frame. Default 3 s; at most a day.
    pub fn close_timeout(self, timeout: Duration) -> Self {
        self.number("closeTimeout", millis(timeout))
    }

    /// A class of WebSocket's shape to connect with. Default: the window's or worker's own.
    pub fn web_socket(mut self, class: Function) -> Self {
        self.rest.class = Some(class);
        self
    }

    pub(super) fn number(mut self, name: &'static str, value: f64) -> Self {
        self.rest.numbers.push((name, value));
        self
    }
}

impl<In: 'static, Out: 'static, C: Encode<Out> + Decode<In> + 'static> Builder<In, Out, C> {
    /// A wire that connects at once, where there is a WebSocket: in a window or worker, or with
    /// [`Builder::web_socket`]. Elsewhere it stays idle.
    ///
    /// # Errors
    /// The first option that is wrong.
    pub fn connect(self) -> Result<Wire<In, Out>, InvalidOption> {
        let wire = self.build()?;
        wire.start();
        Ok(wire)
    }

    /// A wire that stays idle, its messages queueing, until [`Sender::reconnect`].
    ///
    /// # Errors
    /// The first option that is wrong.
    pub fn build(self) -> Result<Wire<In, Out>, InvalidOption> {
        self.assemble(Mailbox::new, |_, _, _| None)
    }

    /// `session` makes of codec and mailbox what a session needs besides.
    pub(super) fn assemble(
        self,
        mailbox: fn(Inbox) -> Rc<Mailbox<In>>,
        session: impl FnOnce(Rc<dyn Decode<In>>, Rc<dyn Encode<Out>>, Rc<Mailbox<In>>) -> Option<SessionPart<Out>>,
    ) -> Result<Wire<In, Out>, InvalidOption> {
        let Self { urls, codec, rest } = self;
        let config = rest.config(&urls)?;
        if let Some(Ping::Message(message)) = &rest.ping
            && let Err(error) = codec.encode(message)
        {
            let given = error.to_string();
            return Err(InvalidOption::new("heartbeat.ping", "a message that the codec encodes", &given));
        }
        let codec = Rc::new(codec);
        let encode: Rc<dyn Encode<Out>> = Rc::<C>::clone(&codec);
        let mailbox = mailbox(rest.inbox);
        let session = session(Rc::<C>::clone(&codec), Rc::clone(&encode), Rc::clone(&mailbox));
        let reader = Reader {
            codec,
            is_pong: rest.is_pong,
            is_welcome: rest.is_welcome,
            mailbox: Rc::clone(&mailbox),
        };
        let (bell, line) = (Rc::<Bell>::default(), Rc::<Line>::default());
        let (max_messages, max_bytes) = (config.queue.max_messages, config.queue.max_bytes);
        let can_connect = rest.class.is_some();
        #[cfg(feature = "session")]
        let (session_config, session) = session.unzip();
        #[cfg(not(feature = "session"))]
        drop(session);
        let face = |me| Face {
            me,
            urls,
            protocols: rest.protocols,
            class: rest.class,
            encode: Rc::clone(&encode),
            greet: rest.greet,
            ping: rest.ping,
            policy: rest.policy,
            inbound: Box::new(reader),
            bell: Rc::clone(&bell),
            line: Rc::clone(&line),
            now: Now::default(),
            #[cfg(feature = "session")]
            session,
        };
        #[cfg(feature = "session")]
        let driver = match session_config {
            Some(session) => Driver::with_session(config, session, face),
            None => Driver::new(config, face),
        };
        #[cfg(not(feature = "session"))]
        let driver = Driver::new(config, face);
        #[cfg(feature = "session")]
        if let Some(session) = &driver.host().session {
            session.attach(&driver.downgrade(), &bell);
        }
        let can_connect = can_connect || socket_class().is_some();
        let sender =
            Sender { driver: driver.downgrade(), bell, line, encode, max_messages, max_bytes, can_connect };
        Ok(Wire::new(driver, sender, mailbox))
    }
}

impl<In, Out> Rest<In, Out> {
    fn config(&self, urls: &Urls) -> Result<Config, InvalidOption> {
        if urls.0.fixed().is_some_and(Vec::is_empty) {
            return Err(InvalidOption::new("url", "a string, a list of at least one, or a function", "none"));
        }
        self.inbox.check()?;
        let given = |index: usize| {
            let name = OPTIONS.get(index)?.name;
            // The latest word counts.
            self.numbers.iter().rev().find(|(option, _)| *option == name).map(|(_, value)| *value)
        };
        let mut config = Config::from_numbers(given, self.ping.is_some()).map_err(wrong_number)?;
        config.queue.overflow = self.overflow;
        config.greets = self.greet.is_some();
        config.awaits_welcome = self.is_welcome.is_some();
        config.decides = self.policy.is_some();
        config.local = urls.may_be_local();
        Ok(config)
    }
}

fn wrong_number(ConfigError { index, given }: ConfigError) -> InvalidOption {
    let Some(option) = OPTIONS.get(index) else {
        return InvalidOption::new("an option", "within its range", &given.to_string());
    };
    let or_infinity = if option.unlimited { ", or Infinity" } else { "" };
    let allowed = format!("a number from {} to {}{or_infinity}", option.min, option.max);
    let given = if given.is_infinite() {
        format!("{}Infinity", if given < 0.0 { "-" } else { "" })
    } else {
        given.to_string()
    };
    InvalidOption::new(option.name, &allowed, &given)
}
