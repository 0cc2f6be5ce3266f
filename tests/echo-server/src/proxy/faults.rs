use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::{Index, IndexMut};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::query::Query;

/// What a proxy does to the connections that pass it, parsed from a query such as
/// `cut=50-500&seed=7`. The default is nothing at all.
///
/// Parameters that do not exist are refused: a fault that is misspelt would never happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Milliseconds after the upgrade.
    cut: Option<Span>,
    /// Bytes after the upgrade.
    bytes: Ways<Option<Span>>,
    /// Bytes of the heads, the request's and the response's.
    head: Ways<Option<Span>>,
    how: How,
    times: Option<u64>,
    seed: Option<u32>,
    delay: Ways<Duration>,
    /// Bytes per second; 0 stops reading.
    rate: Ways<Option<u64>>,
    refuse: bool,
}

impl Faults {
    pub(crate) fn from_query(query: &Query) -> Result<Self, String> {
        let mut faults = Self::default();
        for (name, value) in query.pairs() {
            let number = |most| number(name, value, most);
            match name {
                "cut" => faults.cut = Some(span(name, value)?),
                "cut_up" => faults.bytes.up = Some(span(name, value)?),
                "cut_down" => faults.bytes.down = Some(span(name, value)?),
                "cut_request" => faults.head.up = Some(span(name, value)?),
                "cut_response" => faults.head.down = Some(span(name, value)?),
                "how" => faults.how = value.parse()?,
                "times" => faults.times = Some(number(u64::MAX)?),
                "seed" => faults.seed = Some(number(u32::MAX.into())? as u32),
                "delay" => faults.delay = Ways::both(Duration::from_millis(number(MAX_DELAY)?)),
                "delay_up" => faults.delay.up = Duration::from_millis(number(MAX_DELAY)?),
                "delay_down" => faults.delay.down = Duration::from_millis(number(MAX_DELAY)?),
                "rate" => faults.rate = Ways::both(Some(number(u64::MAX)?)),
                "rate_up" => faults.rate.up = Some(number(u64::MAX)?),
                "rate_down" => faults.rate.down = Some(number(u64::MAX)?),
                "refuse" => faults.refuse = true,
                _ => return Err(format!("There is no fault called {name}.")),
            }
        }
        Ok(faults)
    }
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::from_query(&Query::parse(text).ok_or("The escapes of the query are broken.")?)
    }
}

/// How a connection is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum How {
    /// Both ends are reset (RST).
    #[default]
    Reset,
    /// Both ends hear that the other has nothing more to say (FIN).
    Fin,
    /// Half-open: the sockets stay, and what is sent one way or both ways is swallowed, an end of the
    /// connection too.
    Silent {
        /// What the client sends.
        up: bool,
        /// What the server sends.
        down: bool,
    },
}

impl FromStr for How {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "reset" => Ok(Self::Reset),
            "fin" => Ok(Self::Fin),
            "silent" => Ok(Self::Silent { up: true, down: true }),
            "silent-up" => Ok(Self::Silent { up: true, down: false }),
            "silent-down" => Ok(Self::Silent { up: false, down: true }),
            _ => Err("how must be reset, fin, silent, silent-up or silent-down.".to_owned()),
        }
    }
}

/// A direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the client to the server.
    Up,
    Down,
}

impl Way {
    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

/// Something for each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ways<T> {
    pub(crate) up: T,
    pub(crate) down: T,
}

impl<T: Copy> Ways<T> {
    fn both(value: T) -> Self {
        Self { up: value, down: value }
    }
}

impl<T> Index<Way> for Ways<T> {
    type Output = T;

    fn index(&self, way: Way) -> &T {
        match way {
            Way::Up => &self.up,
            Way::Down => &self.down,
        }
    }
}

impl<T> IndexMut<Way> for Ways<T> {
    fn index_mut(&mut self, way: Way) -> &mut T {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }
}

/// From and to, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span(u64, u64);

/// Faults in force, until others are.
#[derive(Debug)]
pub(crate) struct Plan {
    faults: Faults,
    seed: u32,
    drawn: AtomicU64,
    cuts_left: AtomicU64,
}

impl Plan {
    pub(crate) fn new(faults: Faults) -> Self {
        Self {
            seed: faults.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish() as u32),
            drawn: AtomicU64::new(0),
            cuts_left: AtomicU64::new(faults.times.unwrap_or(u64::MAX)),
            faults,
        }
    }

    pub(crate) fn seed(&self) -> u32 {
        self.seed
    }

    pub(crate) fn how(&self) -> How {
        self.faults.how
    }

    pub(crate) fn refuses(&self) -> bool {
        self.faults.refuse
    }

    pub(crate) fn delay(&self, way: Way) -> Duration {
        self.faults.delay[way]
    }

    pub(crate) fn rate(&self, way: Way) -> Option<u64> {
        self.faults.rate[way]
    }

    /// What is to become of the next connection. It follows from the seed and how many came before.
    pub(crate) fn draw(&self) -> Fate {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        let mut dice = Dice(u64::from(self.seed) << 32 ^ number);
        let Faults { cut, bytes, head, .. } = &self.faults;
        let mut draw = |span: Option<Span>| span.map(|span| dice.within(span));
        Fate {
            cut: draw(*cut).map(Duration::from_millis),
            bytes: Ways { up: draw(bytes.up), down: draw(bytes.down) },
            head: Ways { up: draw(head.up), down: draw(head.down) },
        }
    }

    /// Takes one of the cuts there are to be; false if none is left.
    pub(crate) fn take_cut(&self) -> bool {
        let spend = |left: u64| left.checked_sub(1);
        self.cuts_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok()
    }
}

/// When one connection is cut: at whichever comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fate {
    /// After the upgrade.
    pub(crate) cut: Option<Duration>,
    /// After the upgrade.
    pub(crate) bytes: Ways<Option<u64>>,
    /// Of request and response head.
    pub(crate) head: Ways<Option<u64>>,
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn within(&mut self, Span(from, to): Span) -> u64 {
        // A span is far smaller than u64, so that the remainder favours none to speak of.
        from + self.roll() % (to - from + 1)
    }
}

fn span(name: &str, value: &str) -> Result<Span, String> {
    let (from, to) = value.split_once('-').unwrap_or((value, value));
    match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) if from <= to && to <= MAX_SPAN => Ok(Span(from, to)),
        _ => Err(format!("{name} must be N or N-M, whole numbers up to {MAX_SPAN}.")),
    }
}

fn number(name: &str, value: &str, most: u64) -> Result<u64, String> {
    let number = value.parse().ok().filter(|number| *number <= most);
    number.ok_or_else(|| format!("{name} must be a whole number up to {most}."))
}

const MAX_SPAN: u64 = 1 << 32;
const MAX_DELAY: u64 = 600_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> Plan {
        Plan::new(text.parse().unwrap())
    }

    #[test]
    fn a_seed_decides_every_fate() {
        let text = "cut=50-500&cut_up=0-9&cut_down=1-60000&cut_request=3&cut_response=4-5&seed=7";
        let [one, two] = [plan(text), plan(text)];
        let fates: Vec<_> = (0..1_000).map(|_| one.draw()).collect();
        assert!(fates.iter().all(|fate| *fate == two.draw()));
        let other = plan(&text.replace("seed=7", "seed=8"));
        assert!(fates.iter().any(|fate| *fate != other.draw()));
    }

    #[test]
    fn what_is_drawn_fills_its_span_to_both_ends() {
        let plan = plan("cut=50-54&cut_down=7");
        let fates: Vec<_> = (0..1_000).map(|_| plan.draw()).collect();
        for millis in 50..=54 {
            assert!(fates.iter().any(|fate| fate.cut == Some(Duration::from_millis(millis))), "{millis}");
        }
        let within = Duration::from_millis(50)..=Duration::from_millis(54);
        assert!(fates.iter().all(|fate| within.contains(&fate.cut.unwrap())));
        assert!(fates.iter().all(|fate| fate.bytes == Ways { up: None, down: Some(7) }));
    }

    #[test]
    fn there_are_as_many_cuts_as_were_ordered() {
        let twice = plan("times=2");
        assert_eq!([(); 4].map(|()| twice.take_cut()), [true, true, false, false]);
        assert!((0..1_000).all(|_| plan("").take_cut()));
    }

    #[test]
    fn a_fault_that_is_misspelt_is_refused() {
        for text in [
            "cuts=1",
            "cut",
            "cut=5-4",
            "cut=-4",
            "cut_up=4294967297",
            "how=rst",
            "seed=4294967296",
            "delay=600001",
            "rate=-1",
            "rate=%ff",
            "times=many",
        ] {
            assert!(text.parse::<Faults>().is_err(), "{text}");
        }
    }
}
