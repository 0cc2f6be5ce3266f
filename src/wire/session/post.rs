//! Events of a session that were not read yet. What the server sends is bounded by what was granted to it, for
//! it is accepted only when it is read.

use std::collections::VecDeque;

/// Volatile messages that wait; the oldest gives way.
const VOLATILE: usize = 256;

/// What waits, and whether it may be lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::wire) enum Kind {
    /// To be accepted under this number when it is read.
    Record(u64),
    Volatile,
    /// Told by the wire itself.
    News,
    /// In place of news that found no room.
    Overflow,
}

pub(in crate::wire) struct Post<T> {
    items: VecDeque<(T, Kind)>,
    volatiles: usize,
    news: usize,
    /// News held, at most.
    max_news: usize,
    overflowed: bool,
}

impl<T> Post<T> {
    pub(in crate::wire) fn new(max_news: usize) -> Self {
        Self { items: VecDeque::new(), volatiles: 0, news: 0, max_news, overflowed: false }
    }

    pub(in crate::wire) fn record(&mut self, item: T, number: u64) {
        self.items.push_back((item, Kind::Record(number)));
    }

    pub(in crate::wire) fn volatile(&mut self, item: T) {
        if self.volatiles >= VOLATILE
            && let Some(oldest) = self.items.iter().position(|(_, kind)| *kind == Kind::Volatile)
        {
            self.items.remove(oldest);
            self.volatiles -= 1;
        }
        self.volatiles += 1;
        self.items.push_back((item, Kind::Volatile));
    }

    /// Past the bound nothing is added until what tells so has been read.
    pub(in crate::wire) fn news(&mut self, item: T, overflow: T) {
        if self.overflowed {
            return;
        }
        self.overflowed = self.news >= self.max_news;
        self.news += usize::from(!self.overflowed);
        self.items.push_back(if self.overflowed { (overflow, Kind::Overflow) } else { (item, Kind::News) });
    }

    pub(in crate::wire) fn take(&mut self) -> Option<(T, Kind)> {
        let (item, kind) = self.items.pop_front()?;
        match kind {
            Kind::Record(_) => {}
            Kind::Volatile => self.volatiles -= 1,
            Kind::News => self.news -= 1,
            Kind::Overflow => self.overflowed = false,
        }
        Some((item, kind))
    }

    /// What is to be accepted of what nobody will read.
    pub(in crate::wire) fn numbers(self) -> impl Iterator<Item = u64> {
        let number = |(_, kind)| if let Kind::Record(number) = kind { Some(number) } else { None };
        self.items.into_iter().filter_map(number)
    }
}
