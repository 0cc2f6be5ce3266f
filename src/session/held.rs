//! What stands in a row, put in at the end and taken out at the beginning.

use core::hash::{Hash, Hasher};

#[derive(Clone, Debug)]
pub(super) struct Held<T> {
    all: Vec<T>,
    /// What stands before this is gone. It is cleared away when it is more than what is left.
    start: usize,
}

impl<T: Copy> Held<T> {
    pub(super) const fn new() -> Self {
        Self { all: Vec::new(), start: 0 }
    }

    pub(super) fn push(&mut self, more: &[T]) {
        self.all.extend_from_slice(more);
    }

    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.start = 0;
    }

    pub(super) fn drop_first(&mut self, count: usize) {
        self.start = (self.start + count).min(self.all.len());
        if self.start > self.all.len() / 2 {
            let left = self.all.len() - self.start;
            self.all.copy_within(self.start.., 0);
            self.all.truncate(left);
            self.start = 0;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.as_slice().len()
    }

    pub(super) fn first(&self) -> Option<T> {
        self.as_slice().first().copied()
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        self.all.get_mut(self.start..)?.get_mut(place)
    }

    pub(super) fn as_slice(&self) -> &[T] {
        self.all.get(self.start..).unwrap_or_default()
    }
}

impl<T: Copy + PartialEq> PartialEq for Held<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<T: Copy + Eq> Eq for Held<T> {}

impl<T: Copy + Hash> Hash for Held<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}
