//! What came out of the machine, in a form that tests can compare.

use everwire::core::{Cause, Close, Event, LinkId, Micros, Outcome, Output, State, Ticket};

use super::letter::Letter;

/// One output; messages by their text, closes by their code.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Resolve { ticket: Ticket, attempt: u32, turn: u32, cause: Cause },
    AbortResolve,
    Dial(LinkId),
    Greet(LinkId, u32),
    Ping(LinkId),
    Hangup { link: LinkId, code: Option<u16>, forget: bool },
    Sample(LinkId),
    Decide(Asked),
    Settled(String, Outcome),
    State(State),
    Opened,
    Closed { cause: Cause, code: u16, last: bool },
    Failed { cause: Cause, code: u16 },
    Pong { rtt: Micros, smoothed: Micros },
    Drained { watch: u32, empty: bool },
    Message(String),
}

/// The question whether to try again.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub ticket: Ticket,
    pub attempt: u32,
    pub cause: Cause,
    pub close: Close,
    pub elapsed: Micros,
    pub delay: Micros,
    pub fatal: bool,
}

impl Seen {
    /// Whether the application hears of it.
    pub fn is_heard(&self) -> bool {
        matches!(
            self,
            Self::Settled(..)
                | Self::State(_)
                | Self::Opened
                | Self::Closed { .. }
                | Self::Failed { .. }
                | Self::Pong { .. }
                | Self::Drained { .. }
                | Self::Message(_)
        )
    }
}

impl From<&Output<Letter>> for Seen {
    fn from(output: &Output<Letter>) -> Self {
        match output {
            Output::Resolve { ticket, attempt, turn, cause } => {
                Self::Resolve { ticket: *ticket, attempt: *attempt, turn: *turn, cause: *cause }
            }
            Output::AbortResolve => Self::AbortResolve,
            Output::Dial { link } => Self::Dial(*link),
            Output::Greet { link, attempt } => Self::Greet(*link, *attempt),
            Output::Ping { link } => Self::Ping(*link),
            Output::Hangup { link, close, forget } => {
                Self::Hangup { link: *link, code: close.as_ref().map(|close| close.code), forget: *forget }
            }
            Output::Sample { link } => Self::Sample(*link),
            Output::Decide { ticket, attempt, cause, close, elapsed, delay, fatal } => Self::Decide(Asked {
                ticket: *ticket,
                attempt: *attempt,
                cause: *cause,
                close: close.clone(),
                elapsed: *elapsed,
                delay: *delay,
                fatal: *fatal,
            }),
            Output::Settled { payload, outcome } => Self::Settled(payload.text.clone(), *outcome),
            Output::Event(event) => Self::from(event),
            #[cfg(feature = "session")]
            Output::Frame { .. } | Output::Forget { .. } => panic!("a plain wire has no frames: {output:?}"),
        }
    }
}

impl From<&Event> for Seen {
    fn from(event: &Event) -> Self {
        match event {
            Event::StateChanged(state) => Self::State(state.clone()),
            Event::Opened => Self::Opened,
            Event::Closed { cause, close, last } => {
                Self::Closed { cause: *cause, code: close.code, last: *last }
            }
            Event::Failed { cause, close } => Self::Failed { cause: *cause, code: close.code },
            Event::Pong { rtt, smoothed } => Self::Pong { rtt: *rtt, smoothed: *smoothed },
            Event::Drained { watch, empty } => Self::Drained { watch: *watch, empty: *empty },
            // The host fills in what it holds.
            Event::Message => Self::Message(String::new()),
            #[cfg(feature = "session")]
            Event::Session(_) => panic!("a plain wire has no session: {event:?}"),
        }
    }
}
