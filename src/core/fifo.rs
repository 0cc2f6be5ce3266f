//! A queue that is emptied before long.

/// What goes in first comes out first. The places of what has come out are used again once nothing is left.
#[derive(Clone, Debug)]
pub(crate) struct Fifo<T> {
    items: Vec<Option<T>>,
    /// The place of the first.
    first: usize,
}

impl<T> Fifo<T> {
    pub(crate) const fn new() -> Self {
        Self { items: Vec::new(), first: 0 }
    }

    pub(crate) fn push(&mut self, item: T) {
        self.items.push(Some(item));
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let item = self.items.get_mut(self.first).and_then(Option::take);
        self.first += 1;
        if item.is_none() {
            self.items.clear();
            self.first = 0;
        }
        item
    }

    #[cfg(feature = "session")]
    pub(crate) fn first(&self) -> Option<&T> {
        self.items.get(self.first)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_first_comes_out_first_and_nothing_stays() {
        let mut fifo = Fifo::new();
        assert_eq!(fifo.pop(), None);
        for round in 0..3 {
            fifo.push(round);
            fifo.push(round + 10);
            assert_eq!(fifo.pop(), Some(round));
            fifo.push(round + 20);
            assert_eq!((fifo.pop(), fifo.pop(), fifo.pop()), (Some(round + 10), Some(round + 20), None));
            assert!(fifo.items.is_empty());
        }
    }
}
