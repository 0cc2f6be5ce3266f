//! A host without a browser: a clock, sockets and listeners that do as the test says.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use everwire::core::{
    Cause, Close, Config, Input, Kind, LinkId, Machine, MessageId, Micros, Outcome, Output, Page, Reason,
    SendOptions, Sent, State, Ticket, Transmit,
};

use super::letter::Letter;
use super::promises::Promises;
use super::seen::{Asked, Seen};

/// How long a fake network takes for anything.
const LATENCY: Micros = Micros::from_millis(10);
/// More wake-ups than this at one moment are a busy loop.
const WAKES_AT_ONCE: u32 = 16;

/// So many milliseconds.
pub const fn ms(millis: u64) -> Micros {
    Micros::from_millis(millis)
}

/// What the application answers when asked where to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Remote,
    Local,
    Fails,
    Never,
}

/// What becomes of a new socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dial {
    Opens,
    Hangs,
    Closes(Close),
    Throws(Cause),
}

/// What the application's greeting does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    Sent,
    Fails,
    Never,
}

/// One fake socket.
#[derive(Debug, Default)]
pub struct Socket {
    pub open: bool,
    /// The next `send` throws.
    pub throws: bool,
    /// What is sent stays in the buffer.
    pub stuck: bool,
    pub buffered: u64,
}

/// What happens later by itself.
#[derive(Debug)]
enum Errand {
    Input(Input),
    Pong(LinkId),
    Sample(LinkId),
}

type Listener = Rc<RefCell<dyn FnMut(&mut Host, &Seen) -> Result<(), &'static str>>>;
type WithinSend = Rc<RefCell<dyn FnMut(&mut Host, &Letter)>>;
type Decide = Box<dyn FnMut(&Asked) -> Option<Micros>>;

/// Drives one machine the way the browser driver does: one queue of outputs, delivered by the
/// outermost call only, never with the machine in use.
pub struct Host {
    pub machine: Machine<Letter>,
    pub now: Micros,
    /// Everything that came out and was not looked at yet.
    pub seen: Vec<Seen>,
    /// What the sockets took, in order.
    pub wire: Vec<(LinkId, String)>,
    /// What listeners threw.
    pub thrown: Vec<&'static str>,
    pub sockets: BTreeMap<LinkId, Socket>,
    pub target: Target,
    pub dial: Dial,
    pub greeting: Greeting,
    pub decide: Decide,
    /// The server answers pings and the closing handshake.
    pub answers: bool,
    pub promises: Promises,
    config: Config,
    listeners: Vec<Listener>,
    within_send: Option<WithinSend>,
    agenda: BTreeMap<(Micros, u64), Errand>,
    errands: u64,
    letters: u32,
    held: VecDeque<String>,
    running: bool,
    transmitting: bool,
}

/// A wire that is open.
pub fn open_host(config: Config) -> Host {
    let mut host = Host::new(config);
    host.connect();
    host.advance(100);
    assert_eq!(host.machine.state(), State::Open);
    host.seen.clear();
    host
}

impl Host {
    pub fn new(config: Config) -> Self {
        Self::seeded(config, 1)
    }

    pub fn seeded(config: Config, seed: u64) -> Self {
        Self {
            machine: Machine::new(config.clone(), seed),
            // No clock starts at zero just for us.
            now: ms(1_000_000),
            seen: Vec::new(),
            wire: Vec::new(),
            thrown: Vec::new(),
            sockets: BTreeMap::new(),
            target: Target::Remote,
            dial: Dial::Opens,
            greeting: Greeting::Sent,
            decide: Box::new(|asked| (!asked.fatal).then_some(asked.delay)),
            answers: true,
            promises: Promises::default(),
            config,
            listeners: Vec::new(),
            within_send: None,
            agenda: BTreeMap::new(),
            errands: 0,
            letters: 0,
            held: VecDeque::new(),
            running: false,
            transmitting: false,
        }
    }

    // What the application does.

    pub fn connect(&mut self) {
        self.with(|machine, now| machine.connect(now));
    }

    pub fn reconnect(&mut self) {
        self.with(|machine, now| machine.reconnect(now));
    }

    pub fn suspend(&mut self) {
        self.with(|machine, _| machine.suspend());
    }

    pub fn close(&mut self) {
        let close = Close { code: 1000, reason: "bye".into(), clean: true };
        self.with(|machine, now| machine.close(now, close));
    }

    /// Queues a message as long as its text, or says why not.
    pub fn send(&mut self, text: &str) -> Result<MessageId, Reason> {
        self.send_with(text, SendOptions::default())
    }

    pub fn send_with(&mut self, text: &str, options: SendOptions) -> Result<MessageId, Reason> {
        self.post(text, text.len(), options).map_err(|refused| refused.reason)
    }

    /// Queues a message of any length.
    pub fn post(&mut self, text: &str, len: usize, options: SendOptions) -> Sent<Letter> {
        self.letters += 1;
        let letter = Letter { id: self.letters, text: text.into(), len };
        let sent = self.machine.send(self.now, letter.clone(), options.clone());
        match &sent {
            Ok(_) => self.promises.accepted(letter.id, &options),
            Err(refused) => assert_eq!(refused.payload, letter, "another message was given back"),
        }
        self.run();
        sent
    }

    pub fn withdraw(&mut self, id: MessageId) -> bool {
        self.with(|machine, _| machine.withdraw(id))
    }

    pub fn clear(&mut self) {
        self.with(|machine, _| machine.clear());
    }

    pub fn watch_drain(&mut self, timeout: Option<u64>) -> u32 {
        self.with(|machine, now| machine.watch_drain(now, timeout.map(ms)))
    }

    /// Calls `listener` with everything the application hears; an error is what it throws.
    pub fn listen(&mut self, listener: impl FnMut(&mut Self, &Seen) -> Result<(), &'static str> + 'static) {
        self.listeners.push(Rc::new(RefCell::new(listener)));
    }

    /// Calls `within` inside every `send` of a socket, as a synchronous test double would.
    pub fn within_send(&mut self, within: impl FnMut(&mut Self, &Letter) + 'static) {
        self.within_send = Some(Rc::new(RefCell::new(within)));
    }

    // What the network does.

    pub fn handle(&mut self, input: Input) {
        match &input {
            Input::Opened { link } => {
                self.socket(*link).open = true;
                self.promises.socket_opened(*link);
            }
            Input::Closed { link, .. } => {
                self.socket(*link).open = false;
                self.promises.socket_closed(*link);
            }
            // The constructor threw: there is no socket.
            Input::DialFailed { link, .. } => self.promises.socket_closed(*link),
            _ => {}
        }
        self.with(|machine, now| machine.handle(now, input));
    }

    pub fn online(&mut self, online: bool) {
        self.handle(Input::Online(online));
    }

    pub fn page(&mut self, page: Page) {
        self.handle(Input::Page(page));
    }

    /// The server closes the socket in use.
    pub fn server_closes(&mut self, code: u16, reason: &str) {
        let link = self.link();
        self.handle(Input::Closed { link, close: super::close(code, reason) });
    }

    /// The socket in use breaks without a close frame.
    pub fn drop_link(&mut self) {
        let link = self.link();
        self.handle(Input::Closed { link, close: Close::abnormal() });
    }

    /// A message arrives on the socket in use.
    pub fn arrives(&mut self, text: &str) {
        let link = self.link();
        self.arrives_on(link, Kind::Message, text);
    }

    pub fn pong(&mut self) {
        let link = self.link();
        self.arrives_on(link, Kind::Pong, "pong");
    }

    pub fn welcome(&mut self) {
        let link = self.link();
        self.arrives_on(link, Kind::Welcome, "welcome");
    }

    pub fn arrives_on(&mut self, link: LinkId, kind: Kind, text: &str) {
        let for_the_application = self.machine.received(self.now, link, kind, text.len());
        if !for_the_application {
            self.run();
            return;
        }
        if self.running {
            self.held.push_back(text.into());
            self.machine.enqueue_message();
            self.run();
            return;
        }
        self.running = true;
        self.deliver(&Seen::Message(text.into()));
        self.running = false;
        self.run();
    }

    /// The buffer of the socket in use now holds this much; `run` looks at it.
    pub fn buffer(&mut self, bytes: u64) {
        let link = self.link();
        self.socket(link).buffered = bytes;
    }

    // Time.

    /// Lets time pass; every timer fires when it is due.
    pub fn advance(&mut self, millis: u64) {
        self.advance_to(self.now.plus(ms(millis)));
    }

    pub fn advance_to(&mut self, end: Micros) {
        let mut at_once = 0;
        loop {
            let errand = self.agenda.first_key_value().map(|((at, _), _)| *at);
            let wake = self.machine.next_wake();
            let Some(next) = [errand, wake].into_iter().flatten().min().filter(|next| *next <= end) else {
                break;
            };
            if next > self.now {
                at_once = 0;
                self.now = next;
            }
            if errand == Some(next) {
                self.run_errand();
            } else {
                at_once += 1;
                assert!(at_once < WAKES_AT_ONCE, "a busy loop at {:?}", self.now);
                self.handle(Input::Timeout);
            }
        }
        self.now = self.now.max(end);
    }

    /// The host sleeps and no timer fires; on waking up all do, late, before the network speaks.
    pub fn oversleep(&mut self, millis: u64) {
        self.now = self.now.plus(ms(millis));
        self.handle(Input::Timeout);
    }

    /// Lets time pass until the state is as wanted.
    pub fn advance_until(&mut self, limit_millis: u64, wanted: impl Fn(&State) -> bool) {
        let end = self.now.plus(ms(limit_millis));
        while !wanted(&self.machine.state()) {
            assert!(self.now < end, "still {:?} after {limit_millis} ms", self.machine.state());
            let errand = self.agenda.first_key_value().map(|((at, _), _)| *at);
            let next = [errand, self.machine.next_wake()].into_iter().flatten().min().unwrap_or(end);
            self.advance_to(next.max(self.now).min(end));
        }
    }

    /// Forgets what the network was about to do.
    pub fn cancel_errands(&mut self) {
        self.agenda.clear();
    }

    // What came of it.

    pub fn take(&mut self) -> Vec<Seen> {
        core::mem::take(&mut self.seen)
    }

    /// Takes what the application heard.
    pub fn heard(&mut self) -> Vec<Seen> {
        self.take().into_iter().filter(Seen::is_heard).collect()
    }

    /// Takes every settlement.
    pub fn settled(&mut self) -> Vec<(String, Outcome)> {
        let seen = self.take();
        seen.into_iter()
            .filter_map(|seen| match seen {
                Seen::Settled(text, outcome) => Some((text, outcome)),
                _ => None,
            })
            .collect()
    }

    pub fn count(&self, wanted: impl Fn(&Seen) -> bool) -> usize {
        self.seen.iter().filter(|seen| wanted(seen)).count()
    }

    /// The texts of what waits, in the order in which it would leave.
    pub fn waiting(&self) -> Vec<String> {
        self.machine.waiting_messages().map(|waiting| waiting.payload.text.clone()).collect()
    }

    /// The texts of what any socket took.
    pub fn sent(&self) -> Vec<&str> {
        self.wire.iter().map(|(_, text)| text.as_str()).collect()
    }

    pub fn link(&self) -> LinkId {
        self.machine.link().expect("there is no link")
    }

    pub fn socket(&mut self, link: LinkId) -> &mut Socket {
        self.sockets.entry(link).or_default()
    }

    /// The ticket and the attempt of the last question where to connect.
    pub fn last_resolve(&self) -> (Ticket, u32, u32, Cause) {
        let last = self.seen.iter().rev().find_map(|seen| match seen {
            Seen::Resolve { ticket, attempt, turn, cause } => Some((*ticket, *attempt, *turn, *cause)),
            _ => None,
        });
        last.expect("nobody was asked where to connect")
    }

    /// The whole delay of the wait under way.
    pub fn delay(&self) -> Micros {
        match self.machine.state() {
            State::Waiting { delay, .. } => delay,
            other => panic!("not waiting but {other:?}"),
        }
    }

    // The rule of delivery, as in the browser driver.

    fn with<T>(&mut self, change: impl FnOnce(&mut Machine<Letter>, Micros) -> T) -> T {
        let result = change(&mut self.machine, self.now);
        self.run();
        result
    }

    fn run(&mut self) {
        if core::mem::replace(&mut self.running, true) {
            self.pump();
            return;
        }
        loop {
            self.pump();
            let Some(output) = self.machine.poll() else { break };
            self.obey(output);
        }
        self.running = false;
        self.promises.check(&self.machine, &self.config);
        self.promises.check_told(&self.machine);
    }

    fn pump(&mut self) {
        if core::mem::replace(&mut self.transmitting, true) {
            return;
        }
        loop {
            let offer = self.machine.peek_transmit(self.now).map(|(link, letter)| (link, letter.clone()));
            let Some((link, letter)) = offer else { break };
            self.promises.offered(&self.machine, link, &letter);
            let (what, buffered) = self.socket_send(link, &letter);
            self.machine.transmitted(self.now, what, buffered);
        }
        self.transmitting = false;
    }

    fn socket_send(&mut self, link: LinkId, letter: &Letter) -> (Transmit, u64) {
        let socket = self.socket(link);
        let what = if !socket.open {
            Transmit::NotOpen
        } else if core::mem::take(&mut socket.throws) {
            Transmit::Threw
        } else {
            if socket.stuck {
                socket.buffered += letter.len as u64;
            }
            Transmit::Accepted
        };
        if what == Transmit::Accepted {
            self.wire.push((link, letter.text.clone()));
        }
        if let Some(within) = self.within_send.clone() {
            within.borrow_mut()(self, letter);
        }
        (what, self.socket(link).buffered)
    }

    fn obey(&mut self, output: Output<Letter>) {
        self.promises.output(&output);
        let mut seen = Seen::from(&output);
        match output {
            Output::Resolve { ticket, .. } => match self.target {
                Target::Remote => self.errand(LATENCY, Input::Target { ticket, local: false }),
                Target::Local => self.errand(LATENCY, Input::Target { ticket, local: true }),
                Target::Fails => self.errand(LATENCY, Input::TargetFailed { ticket }),
                Target::Never => {}
            },
            Output::Dial { link } => {
                self.sockets.insert(link, Socket::default());
                match self.dial.clone() {
                    Dial::Opens => self.errand(LATENCY, Input::Opened { link }),
                    Dial::Closes(close) => self.errand(LATENCY, Input::Closed { link, close }),
                    Dial::Throws(cause) => {
                        self.seen.push(seen);
                        return self.handle(Input::DialFailed { link, cause });
                    }
                    Dial::Hangs => {}
                }
            }
            Output::Greet { link, .. } => match self.greeting {
                Greeting::Sent => self.errand(LATENCY, Input::Greeted { link, ok: true }),
                Greeting::Fails => self.errand(LATENCY, Input::Greeted { link, ok: false }),
                Greeting::Never => {}
            },
            Output::Ping { link } if self.answers => self.plan(LATENCY, Errand::Pong(link)),
            Output::Hangup { link, close, forget: false } if self.answers => {
                let close = close.unwrap_or_default();
                self.errand(LATENCY, Input::Closed { link, close });
            }
            Output::Hangup { link, .. } => self.socket(link).open = false,
            Output::Sample { link } => self.plan(Micros::ZERO, Errand::Sample(link)),
            Output::Decide { ticket, .. } => {
                if let Seen::Decide(asked) = &seen {
                    let delay = (self.decide)(asked);
                    self.seen.push(seen);
                    return self.handle(Input::Decided { ticket, delay });
                }
            }
            Output::Event(everwire::core::Event::Message) => {
                let text = self.held.pop_front().expect("a message comes in its turn, and nothing is held");
                if matches!(self.machine.state(), State::Closing | State::Closed { .. }) {
                    return;
                }
                seen = Seen::Message(text);
            }
            _ => {}
        }
        self.deliver(&seen);
    }

    fn deliver(&mut self, seen: &Seen) {
        self.seen.push(seen.clone());
        if !seen.is_heard() {
            return;
        }
        for listener in self.listeners.clone() {
            if let Err(thrown) = listener.borrow_mut()(self, seen) {
                self.thrown.push(thrown);
            }
        }
    }

    fn errand(&mut self, after: Micros, input: Input) {
        self.plan(after, Errand::Input(input));
    }

    fn plan(&mut self, after: Micros, errand: Errand) {
        self.errands += 1;
        self.agenda.insert((self.now.plus(after), self.errands), errand);
    }

    fn run_errand(&mut self) {
        let Some((_, errand)) = self.agenda.pop_first() else { return };
        match errand {
            Errand::Input(input) => self.handle(input),
            Errand::Pong(link) => self.arrives_on(link, Kind::Pong, "pong"),
            Errand::Sample(link) => {
                let bytes = self.socket(link).buffered;
                self.handle(Input::Buffered { link, bytes, asked: true });
            }
        }
    }
}
