//! Small tables by rising numbers: what the standard trees do, in a tenth of the code.
//!
//! Numbers of requests and channels rise, and the oldest leave first, so that what is put in goes to the end
//! and what is taken out is near the beginning.

use std::collections::VecDeque;
use std::collections::vec_deque::Iter;
use std::iter::Map;

/// Values by number, in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Table<V>(VecDeque<(u64, V)>);

impl<V> Table<V> {
    /// An empty table.
    pub const fn new() -> Self {
        Self(VecDeque::new())
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this number has a value.
    pub fn contains_key(&self, number: &u64) -> bool {
        self.place(*number).is_ok()
    }

    /// The value of this number.
    pub fn get(&self, number: &u64) -> Option<&V> {
        self.0.get(self.place(*number).ok()?).map(|(_, value)| value)
    }

    /// Gives this number a value; the one before, if there was one.
    pub fn insert(&mut self, number: u64, value: V) -> Option<V> {
        match self.place(number) {
            Ok(place) => self.0.get_mut(place).map(|(_, old)| core::mem::replace(old, value)),
            Err(place) => {
                self.0.insert(place, (number, value));
                None
            }
        }
    }

    /// Takes this number's value out.
    pub fn remove(&mut self, number: &u64) -> Option<V> {
        let place = self.place(*number).ok()?;
        self.0.remove(place).map(|(_, value)| value)
    }

    /// Every number and value, the lowest first.
    pub fn iter(&self) -> impl Iterator<Item = (&u64, &V)> {
        self.0.iter().map(|(number, value)| (number, value))
    }

    /// Every number, the lowest first.
    pub fn keys(&self) -> impl Iterator<Item = &u64> {
        self.0.iter().map(|(number, _)| number)
    }

    /// Every value, that of the lowest number first.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    fn place(&self, number: u64) -> Result<usize, usize> {
        // Numbers rise.
        match self.0.back() {
            Some((last, _)) if *last >= number => self.0.binary_search_by_key(&number, |(number, _)| *number),
            _ => Err(self.0.len()),
        }
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

impl<'a, V> IntoIterator for &'a Table<V> {
    type Item = (&'a u64, &'a V);
    type IntoIter = Map<Iter<'a, (u64, V)>, fn(&'a (u64, V)) -> (&'a u64, &'a V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(number, value)| (number, value))
    }
}

/// A set of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Numbers(Table<()>);

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
        self.0.insert(number, ()).is_none()
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
        Self(numbers.into_iter().map(|number| (number, ())).collect())
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
