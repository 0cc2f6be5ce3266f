//! Small tables by rising numbers: what the standard trees do, in a tenth of the code.
//!
//! Numbers of requests and channels rise, so that what is put in goes to the end.

use core::hash::{Hash, Hasher};
use core::iter::FilterMap;
use core::slice::Iter;

/// So many slots may be empty however little the others hold.
const SLACK: usize = 16;

/// Values by number, in the order of their numbers. What is taken out leaves an empty slot, until half of them are.
#[derive(Clone, Debug)]
pub struct Table<V> {
    slots: Vec<Slot<V>>,
    len: usize,
}

type Slot<V> = (u64, Option<V>);

impl<V> Table<V> {
    /// An empty table.
    pub const fn new() -> Self {
        Self { slots: Vec::new(), len: 0 }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether this number has a value.
    pub fn contains_key(&self, number: &u64) -> bool {
        self.get(number).is_some()
    }

    /// The value of this number.
    pub fn get(&self, number: &u64) -> Option<&V> {
        let (of, value) = self.slots.get(self.place(*number))?;
        value.as_ref().filter(|_| of == number)
    }

    /// Gives this number a value; the one before, if there was one.
    pub fn insert(&mut self, number: u64, value: V) -> Option<V> {
        let place = self.place(number);
        let before = match self.slots.get_mut(place) {
            Some((of, slot)) if *of == number => slot.replace(value),
            _ => {
                self.slots.insert(place, (number, Some(value)));
                None
            }
        };
        self.len += usize::from(before.is_none());
        before
    }

    /// Takes this number's value out.
    pub fn remove(&mut self, number: &u64) -> Option<V> {
        let place = self.place(*number);
        let (of, slot) = self.slots.get_mut(place)?;
        let value = slot.take_if(|_| of == number)?;
        self.len -= 1;
        if self.slots.len() > 2 * self.len + SLACK {
            self.slots.retain(|(_, slot)| slot.is_some());
        }
        Some(value)
    }

    /// Every number and value, the lowest first.
    pub fn iter(&self) -> impl Iterator<Item = (&u64, &V)> {
        self.into_iter()
    }

    /// Every number, the lowest first.
    pub fn keys(&self) -> impl Iterator<Item = &u64> {
        self.into_iter().map(|(number, _)| number)
    }

    /// Every value, that of the lowest number first.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.into_iter().map(|(_, value)| value)
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Of the first slot whose number is no lower.
    fn place(&self, number: u64) -> usize {
        match self.slots.last() {
            Some((last, _)) if *last >= number => self.slots.partition_point(|(of, _)| *of < number),
            _ => self.slots.len(),
        }
    }
}

impl<V: PartialEq> PartialEq for Table<V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<V: Eq> Eq for Table<V> {}

impl<V: Hash> Hash for Table<V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len.hash(state);
        self.iter().for_each(|pair| pair.hash(state));
    }
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> FromIterator<(u64, V)> for Table<V> {
    fn from_iter<I: IntoIterator<Item = (u64, V)>>(values: I) -> Self {
        let mut table = Self::new();
        for (number, value) in values {
            table.insert(number, value);
        }
        table
    }
}

/// What a slot holds.
type Held<'a, V> = fn(&'a Slot<V>) -> Option<(&'a u64, &'a V)>;

impl<'a, V> IntoIterator for &'a Table<V> {
    type Item = (&'a u64, &'a V);
    type IntoIter = FilterMap<Iter<'a, Slot<V>>, Held<'a, V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.slots.iter().filter_map(|(number, slot)| slot.as_ref().map(|value| (number, value)))
    }
}

/// A set of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Numbers(Table<Nothing>);

/// In the npm package of the type that channels have: it needs the code of tables once.
#[cfg(feature = "js")]
type Nothing = Vec<u8>;
#[cfg(feature = "js")]
const NOTHING: Nothing = Vec::new();
#[cfg(not(feature = "js"))]
type Nothing = ();
#[cfg(not(feature = "js"))]
const NOTHING: Nothing = ();

impl Numbers {
    /// An empty set.
    pub const fn new() -> Self {
        Self(Table::new())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this one is in it.
    pub fn contains(&self, number: &u64) -> bool {
        self.0.contains_key(number)
    }

    /// Puts one in; false if it was there.
    pub fn insert(&mut self, number: u64) -> bool {
        self.0.insert(number, NOTHING).is_none()
    }

    /// Takes one out; false if it was not there.
    pub fn remove(&mut self, number: &u64) -> bool {
        self.0.remove(number).is_some()
    }

    /// The lowest first.
    pub fn iter(&self) -> impl Iterator<Item = &u64> {
        self.0.keys()
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl FromIterator<u64> for Numbers {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        Self(numbers.into_iter().map(|number| (number, NOTHING)).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Table;

    #[test]
    fn a_table_is_what_the_standard_tree_is() {
        let (mut table, mut tree) = (Table::new(), BTreeMap::new());
        let mut dice = 7_u64;
        for step in 0..5_000_u64 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = (dice >> 40) % 64;
            if dice >> 63 == 0 {
                assert_eq!(table.insert(number, step), tree.insert(number, step));
            } else {
                assert_eq!(table.remove(&number), tree.remove(&number));
            }
            assert_eq!(table.get(&number), tree.get(&number));
            assert!(table.iter().eq(tree.iter()));
        }
    }
}
