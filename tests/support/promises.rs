//! What holds at every step of every wire, whatever happens to it.

use std::collections::BTreeMap;

use everwire::core::{
    Config, Event, LANES, LinkId, Machine, Outcome, Output, Reason, SendOptions, State, Ticket,
};

use super::letter::Letter;

/// Watches one machine and panics where a promise breaks.
#[derive(Debug, Default)]
pub struct Promises {
    /// Every message that was accepted and has not settled.
    waiting: BTreeMap<u32, Place>,
    /// Messages accepted so far.
    accepted: u64,
    /// The place of the last message of each lane that was handed over.
    handed: [Option<u64>; LANES],
    /// The socket that may be in use, and whether it is open.
    link: Option<(LinkId, bool)>,
    newest_link: u32,
    newest_ticket: u32,
    /// The application takes the wire for open.
    open: bool,
    /// The application takes the wire for over.
    over: bool,
    /// The state says closed and the event that tells so is still to come.
    ending: bool,
}

#[derive(Clone, Debug)]
struct Place {
    lane: u8,
    key: Option<Box<str>>,
    /// How many messages were accepted before it.
    born: u64,
    /// The same, or that of the message it replaced.
    place: u64,
}

impl Promises {
    /// The machine took a message.
    pub fn accepted(&mut self, id: u32, options: &SendOptions) {
        let lane = options.lane.min(LANES as u8 - 1);
        let place = Place { lane, key: options.key.clone(), born: self.accepted, place: self.accepted };
        self.accepted += 1;
        assert!(self.waiting.insert(id, place).is_none(), "message {id} was accepted twice");
    }

    /// The host opened a socket.
    pub fn socket_opened(&mut self, link: LinkId) {
        if let Some((current, open)) = &mut self.link
            && *current == link
        {
            *open = true;
        }
    }

    /// A socket closed by itself.
    pub fn socket_closed(&mut self, link: LinkId) {
        if self.link.is_some_and(|(current, _)| current == link) {
            self.link = None;
        }
    }

    /// The machine wants a message sent on `link`.
    pub fn offered(&self, machine: &Machine<Letter>, link: LinkId, letter: &Letter) {
        assert_eq!(self.link, Some((link, true)), "message {} offered on a link that is not open", letter.id);
        let head = machine.waiting_messages().next().map(|waiting| waiting.payload.id);
        assert_eq!(head, Some(letter.id), "not the head of the queue was offered");
    }

    /// The machine wants something done or told.
    pub fn output(&mut self, output: &Output<Letter>) {
        match output {
            Output::Resolve { ticket, .. } => {
                self.asked(*ticket);
                assert_eq!(self.link, None, "an attempt began while a link lived");
                self.over = false;
            }
            Output::Decide { ticket, .. } => self.asked(*ticket),
            Output::AbortResolve => {}
            Output::Dial { link } => {
                assert!(link.0 > self.newest_link, "{link:?} was dialed twice");
                assert_eq!(self.link, None, "{link:?} was dialed while another link lived");
                self.newest_link = link.0;
                self.link = Some((*link, false));
            }
            Output::Greet { link, .. } | Output::Ping { link } | Output::Sample { link } => self.known(*link),
            Output::Hangup { link, forget, .. } => {
                self.known(*link);
                if *forget {
                    self.socket_closed(*link);
                } else if let Some((current, open)) = &mut self.link
                    && current == link
                {
                    *open = false;
                }
            }
            Output::Settled { payload, outcome } => self.settled(payload, *outcome),
            Output::Event(event) => self.event(event),
            #[cfg(feature = "session")]
            Output::Frame { .. } | Output::Forget { .. } => panic!("a plain wire has no frames: {output:?}"),
        }
    }

    /// What must hold between any two steps.
    pub fn check(&self, machine: &Machine<Letter>, config: &Config) {
        let (mut count, mut bytes) = (0, 0);
        for waiting in machine.waiting_messages() {
            count += 1;
            bytes += waiting.payload.len as u64;
        }
        assert_eq!((machine.queued(), machine.queued_bytes()), (count, bytes));
        assert!(machine.queued() as u64 <= u64::from(config.queue.max_messages), "too many messages wait");
        assert!(machine.queued_bytes() <= config.queue.max_bytes, "too many bytes wait");
    }

    /// What must hold when nothing is left to tell.
    pub fn check_told(&self, machine: &Machine<Letter>) {
        assert_eq!(self.waiting.len(), machine.queued(), "what was accepted either waits or has settled");
        assert!(!self.ending, "the state says closed, and nobody was told");
        assert_eq!(self.open, matches!(machine.state(), State::Open) || self.open_to_the_end(machine));
        assert_eq!(self.over, matches!(machine.state(), State::Closed { .. }));
    }

    /// How many messages have neither settled nor been refused.
    pub fn unsettled(&self) -> usize {
        self.waiting.len()
    }

    /// While closing, or while it is asked whether to try again, an open wire has not yet been told over.
    fn open_to_the_end(&self, machine: &Machine<Letter>) -> bool {
        self.open && matches!(machine.state(), State::Closing | State::Waiting { .. })
    }

    fn asked(&mut self, ticket: Ticket) {
        assert!(ticket.0 > self.newest_ticket, "{ticket:?} was used twice");
        self.newest_ticket = ticket.0;
    }

    fn known(&self, link: LinkId) {
        assert!((1..=self.newest_link).contains(&link.0), "{link:?} was never dialed");
    }

    fn settled(&mut self, letter: &Letter, outcome: Outcome) {
        let Some(place) = self.waiting.remove(&letter.id) else {
            panic!("message {} settled ({outcome:?}) without waiting", letter.id);
        };
        match outcome {
            Outcome::HandedOver => {
                let last = &mut self.handed[usize::from(place.lane)];
                assert!(*last < Some(place.place), "message {} left out of order", letter.id);
                *last = Some(place.place);
            }
            Outcome::NotSent(Reason::Superseded) => {
                let heir = self
                    .waiting
                    .values_mut()
                    .filter(|other| other.key.is_some() && other.key == place.key && other.lane == place.lane)
                    .filter(|other| other.born > place.born)
                    .min_by_key(|other| other.born);
                match heir {
                    Some(heir) => heir.place = place.place,
                    None => panic!("message {} was superseded by none", letter.id),
                }
            }
            Outcome::NotSent(_) => {}
            #[cfg(feature = "session")]
            Outcome::Delivered | Outcome::InDoubt => panic!("a plain wire cannot know: {outcome:?}"),
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Opened => {
                assert!(!self.open && !self.over, "opened twice, or after the end");
                self.open = true;
            }
            Event::Closed { last: false, .. } => {
                assert!(self.open, "closed without having been open");
                self.open = false;
            }
            Event::Closed { last: true, .. } => {
                assert!(!self.over && self.ending, "ended twice, or before the state said so");
                (self.open, self.over, self.ending) = (false, true, false);
            }
            Event::StateChanged(state) => {
                assert!(!self.ending, "the state moved on before the end was told");
                self.ending = matches!(state, State::Closed { .. });
            }
            Event::Message => assert!(!self.over, "a message after the end"),
            Event::Failed { .. } | Event::Pong { .. } | Event::Drained { .. } => {}
            #[cfg(feature = "session")]
            Event::Session(_) => panic!("a plain wire has no session: {event:?}"),
        }
    }
}
