//! What happens, and when.

use std::cmp::Reverse;

use everwire::core::{Close, Input, Kind, LinkId, Micros, Ticket};

use super::faults::Fault;
use super::network::Item;
use super::support::ms;
use super::world::World;

#[derive(Debug)]
pub(super) enum Happening {
    // To the client; while the host sleeps they wait.
    Answer(Ticket, bool),
    Opens(LinkId),
    Closes(LinkId, Close),
    Arrives(LinkId, Kind),
    Sampled(LinkId),
    Greeted(LinkId),
    Burst,
    // Elsewhere.
    Leaves(LinkId),
    Reaches(LinkId, Item),
    Breaks,
    Heals(Fault),
}

impl Happening {
    fn is_at_the_client(&self) -> bool {
        !matches!(self, Self::Leaves(_) | Self::Reaches(..) | Self::Breaks | Self::Heals(_))
    }
}

impl World {
    pub(super) fn plan(&mut self, after_millis: u64, what: Happening) {
        self.plan_at(self.now.plus(ms(after_millis)), what);
    }

    pub(super) fn plan_at(&mut self, at: Micros, what: Happening) {
        self.planned += 1;
        self.agenda.push(Reverse((at, self.planned)));
        self.happenings.insert(self.planned, what);
    }

    pub(super) fn happen(&mut self) {
        let Some(Reverse((_, id))) = self.agenda.pop() else { return };
        let Some(what) = self.happenings.remove(&id) else { return };
        if what.is_at_the_client() && self.now < self.thaws {
            self.plan_at(self.thaws, what);
            return;
        }
        match what {
            Happening::Answer(ticket, true) => self.input(Input::Target { ticket, local: false }),
            Happening::Answer(ticket, false) => self.input(Input::TargetFailed { ticket }),
            Happening::Opens(link) => {
                self.pipe(link).client = true;
                self.promises.socket_opened(link);
                self.input(Input::Opened { link });
            }
            Happening::Closes(link, close) => self.client_closes(link, close),
            Happening::Arrives(link, kind) => {
                if self.pipe(link).client {
                    // As the browser driver does: whatever happens is a chance to look.
                    if self.machine.is_paused() {
                        let bytes = self.pipe(link).buffered;
                        self.machine.handle(self.now, Input::Buffered { link, bytes, asked: false });
                    }
                    self.machine.received(self.now, link, kind, 4);
                    self.drain();
                }
            }
            Happening::Sampled(link) => {
                let bytes = self.pipe(link).buffered;
                self.input(Input::Buffered { link, bytes, asked: true });
            }
            Happening::Greeted(link) => self.input(Input::Greeted { link, ok: true }),
            Happening::Burst => self.burst(),
            Happening::Leaves(link) => self.leaves(link),
            Happening::Reaches(link, item) => self.reaches(link, item),
            Happening::Breaks => self.breaks(),
            Happening::Heals(fault) => self.heals(fault),
        }
    }
}
