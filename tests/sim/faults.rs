//! What goes wrong, and is mended.

use everwire::core::{Close, Input, Micros, Page};

use super::agenda::Happening;
use super::support::ms;
use super::world::World;

/// What is wrong at the moment; each may be wrong more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// The server answers every dial with a refusal.
    Refuses,
    /// Nothing that is dialed is ever answered.
    Blackhole,
    /// The browser knows that there is no network.
    Offline,
    /// The application cannot tell where to connect, or never says.
    NoTarget,
    /// 2 kB/s.
    Slow,
    /// The application has suspended the wire.
    Suspended,
    /// The host sleeps.
    Asleep,
    /// Nobody sees the page, and its timers come once a minute.
    Hidden,
    /// The page is in the back/forward cache.
    Cached,
    /// The browser has frozen the page.
    Frozen,
}

const FAULTS: [Fault; 10] = [
    Fault::Refuses,
    Fault::Blackhole,
    Fault::Offline,
    Fault::NoTarget,
    Fault::Slow,
    Fault::Suspended,
    Fault::Asleep,
    Fault::Hidden,
    Fault::Cached,
    Fault::Frozen,
];

impl World {
    pub(super) fn is(&self, fault: Fault) -> bool {
        self.faults.get(&fault).is_some_and(|count| *count > 0)
    }

    pub(super) fn breaks(&mut self) {
        // Troubles come in company.
        let limit = if self.dice.one_in(3) { 10_000 } else { 1_200_000 };
        let next = self.dice.between(500, limit);
        self.plan(next, Happening::Breaks);
        self.good_since = None;
        match self.dice.between(0, 14) {
            // The link dies, and both ends learn of it.
            0 | 1 => self.server_closes(Close::abnormal()),
            // It dies, and neither does.
            2 | 3 if self.config.heartbeat.is_some() => self.link_dies(),
            2 | 3 => self.server_closes(Close::abnormal()),
            4 => {
                let wait = self.dice.between(0, 20_000);
                self.begin(Fault::Refuses);
                let reason = format!("restart, retry-after={wait}").into();
                self.server_closes(Close { code: 1012, reason, clean: true });
            }
            n => {
                let fault = FAULTS[(n - 5) as usize];
                let away = self.is_away();
                if away && matches!(fault, Fault::Cached | Fault::Frozen) {
                    return;
                }
                self.begin(fault);
                match fault {
                    Fault::Offline => {
                        // Some links survive a network that is gone for a while.
                        if self.dice.one_in(2) {
                            self.link_dies();
                        }
                        self.tell_network();
                    }
                    Fault::Suspended if !away => {
                        self.machine.suspend();
                        self.drain();
                    }
                    Fault::Hidden if !away => self.input(Input::Page(Page::Hidden)),
                    Fault::Cached => self.input(Input::Page(Page::Cached)),
                    Fault::Frozen => self.input(Input::Page(Page::Frozen)),
                    _ => {}
                }
            }
        }
    }

    fn begin(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
        let limit = if self.dice.one_in(8) { 3_600_000 } else { 60_000 };
        let millis = self.dice.between(100, limit);
        if matches!(fault, Fault::Asleep | Fault::Cached | Fault::Frozen) {
            self.thaws = self.thaws.max(self.now.plus(ms(millis)));
        }
        // A sleep that cannot be mistaken for a late timer may have cost the link.
        if fault == Fault::Asleep && millis > 110_000 {
            self.link_dies();
        }
        self.plan(millis, Happening::Heals(fault));
    }

    pub(super) fn heals(&mut self, fault: Fault) {
        if self.now < self.thaws {
            // Nobody is there to be told.
            return self.plan_at(self.thaws, Happening::Heals(fault));
        }
        let Some(count) = self.faults.get_mut(&fault).filter(|count| **count > 0) else { return };
        *count -= 1;
        if *count > 0 {
            return;
        }
        match fault {
            Fault::Offline => self.tell_network(),
            Fault::Hidden => self.input(Input::Page(Page::Shown)),
            Fault::Cached | Fault::Frozen => {
                self.tell_network();
                let page = if fault == Fault::Cached { Page::Restored } else { Page::Resumed };
                self.input(Input::Page(page));
            }
            Fault::Suspended => {
                self.reconnect();
                self.drain();
            }
            _ => {}
        }
    }

    /// Whether the page runs at all.
    fn is_away(&self) -> bool {
        self.now < self.thaws || self.is(Fault::Cached) || self.is(Fault::Frozen)
    }

    /// A page that is away is not told, but asks when it is back.
    fn tell_network(&mut self) {
        if !self.is_away() {
            let online = !self.is(Fault::Offline);
            self.input(Input::Online(online));
        }
    }

    /// No more faults, no more bursts.
    pub(super) fn heal_everything(&mut self) {
        self.happenings.retain(|_, what| !matches!(what, Happening::Breaks | Happening::Burst));
        self.thaws = Micros::ZERO;
        for fault in FAULTS {
            while self.is(fault) {
                self.heals(fault);
            }
        }
    }
}
