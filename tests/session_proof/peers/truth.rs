//! What really happened, which neither side can see alone.

use std::collections::BTreeSet;

use super::{Item, Wrong};

/// What became of something sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    Pending,
    Delivered,
    NotSent,
    InDoubt,
    /// It died with the process that had it, before a store had it.
    Died,
}

/// One direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Way {
    /// By item, from 1.
    fates: Vec<Fate>,
    /// The session that something was sent in last, 0 for none, and the number of its record there.
    places: Vec<(u8, u64)>,
    /// What the other side refused: it arrived, and its application never saw it.
    excused: BTreeSet<Item>,
    /// What was sent on a channel.
    channels: Vec<(u64, Item)>,
    shut: BTreeSet<u64>,
    /// How many volatile messages were sent, and those that arrived.
    volatile: u32,
    fleeting: BTreeSet<Item>,
    /// What the receiving application has for good, in its order.
    log: Vec<Item>,
}

impl Way {
    pub fn submit(&mut self) -> Item {
        self.fates.push(Fate::Pending);
        self.places.push((0, 0));
        self.fates.len() as Item
    }

    pub fn fate(&self, item: Item) -> Fate {
        self.fates[item as usize - 1]
    }

    pub fn bound(&mut self, item: Item, session: u8, seq: u64) {
        self.places[item as usize - 1] = (session, seq);
    }

    fn session(&self, item: Item) -> u8 {
        self.places[item as usize - 1].0
    }

    /// A number is bound to one content for ever: what arrives under it is what was sent under it.
    pub fn arrived(&self, item: Item, session: u8, seq: u64) -> Result<(), Wrong> {
        match self.places.get((item as usize).wrapping_sub(1)) {
            Some(place) if *place == (session, seq) => Ok(()),
            place => Err(format!("binding: {item} arrived as {seq} of session {session}, not at {place:?}")),
        }
    }

    pub fn put_on(&mut self, item: Item, channel: u64) {
        self.channels.push((channel, item));
        if self.shut.contains(&channel) {
            self.excuse(item);
        }
    }

    /// The receiving side shuts a channel: what is sent on it, its application need not see.
    pub fn shut(&mut self, channel: u64) {
        self.shut.insert(channel);
        let here = self.channels.iter().filter(|(of, _)| *of == channel);
        self.excused.extend(here.map(|(_, item)| *item));
    }

    pub fn excuse(&mut self, item: Item) {
        self.excused.insert(item);
    }

    pub fn submit_volatile(&mut self) -> Item {
        self.volatile += 1;
        self.volatile
    }

    /// A volatile message arrives once or never.
    pub fn volatile_came(&mut self, item: Item) -> Result<(), Wrong> {
        if item == 0 || item > self.volatile || !self.fleeting.insert(item) {
            return Err(format!("volatile: {item} of {} was never sent, or came twice", self.volatile));
        }
        Ok(())
    }

    /// Items that wait for their fate in this session.
    pub fn pending(&self, session: u8) -> Vec<Item> {
        let waits = |item: &Item| self.fate(*item) == Fate::Pending && self.session(*item) == session;
        (1..=self.fates.len() as Item).filter(waits).collect()
    }

    /// Everything sent in this session that did not die.
    pub fn of(&self, session: u8) -> impl Iterator<Item = Item> + '_ {
        let all = 1..=self.fates.len() as Item;
        all.filter(move |item| self.session(*item) == session && self.fate(*item) != Fate::Died)
    }

    pub fn has(&self, item: Item) -> bool {
        // In order, as every entry was checked to be.
        self.log.binary_search(&item).is_ok()
    }

    /// Every submit settles exactly once, and truthfully. `again`: its process was restarted, and may learn a
    /// second time, or no longer know.
    pub fn settle(&mut self, item: Item, fate: Fate, again: bool) -> Result<(), Wrong> {
        let before = self.fate(item);
        if before != Fate::Pending {
            let fits = again && (before == fate || (before == Fate::Delivered && fate == Fate::InDoubt));
            return if fits {
                Ok(())
            } else {
                Err(format!("settlement: {item} settled as {before:?} and as {fate:?}"))
            };
        }
        self.fates[item as usize - 1] = fate;
        self.fits(item)
    }

    fn fits(&self, item: Item) -> Result<(), Wrong> {
        let (fate, has) = (self.fate(item), self.has(item));
        match fate {
            Fate::Delivered if !has && !self.excused.contains(&item) => {
                Err(format!("acknowledgement: {item} is said to be delivered, and was not"))
            }
            Fate::NotSent | Fate::Died if has => {
                Err(format!("settlement: {item} is said to be {fate:?}, and was delivered"))
            }
            _ => Ok(()),
        }
    }

    /// The receiving application takes something in: in order, once.
    pub fn accepted(&mut self, session: u8, item: Item) -> Result<(), Wrong> {
        if item == 0 || item as usize > self.fates.len() {
            return Err(format!("binding: {item} was never sent"));
        }
        let last = self.log.last().copied().unwrap_or(0);
        if item <= last {
            return Err(format!("prefix: {item} came after {last}, a duplicate, or out of order"));
        }
        // What was sent before it in the same session must be there.
        for missing in last + 1..item {
            let here = self.session(missing) == session && self.fate(missing) != Fate::Died;
            if here && !self.excused.contains(&missing) {
                return Err(format!("prefix: {item} came after {last}, and {missing} did not"));
            }
        }
        self.log.push(item);
        self.fits(item)
    }

    /// Everything that must be so at any time.
    pub fn check(&self) -> Result<(), Wrong> {
        (1..=self.fates.len() as Item).try_for_each(|item| self.fits(item))
    }

    /// Everything that must be so when everything has settled.
    pub fn settled(&self) -> Result<(), Wrong> {
        self.check()?;
        match self.fates.iter().position(|fate| *fate == Fate::Pending) {
            Some(index) => Err(format!("settlement: {} never settled", index + 1)),
            None => Ok(()),
        }
    }

    pub fn tally(&self, fate: Fate) -> usize {
        self.fates.iter().filter(|found| **found == fate).count()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Truth {
    pub up: Way,
    pub down: Way,
    /// Sessions that the server has given up.
    pub destroyed: BTreeSet<u8>,
}
