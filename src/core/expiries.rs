//! When waiting messages expire: a binary heap, the earliest first.

use super::time::Micros;

/// An expiry and the name of the message it is for. The message may have left since.
pub(crate) type Expiry = (Micros, u64);

#[derive(Clone, Debug, Default)]
pub(crate) struct Expiries(Vec<Expiry>);

impl Expiries {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn first(&self) -> Option<Expiry> {
        self.0.first().copied()
    }

    pub(crate) fn push(&mut self, expiry: Expiry) {
        let mut at = self.0.len();
        self.0.push(expiry);
        while at > 0 {
            let parent = (at - 1) / 2;
            if !self.swap_if_earlier(at, parent) {
                break;
            }
            at = parent;
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Expiry> {
        let last = self.0.pop()?;
        let Some(first) = self.0.first_mut() else { return Some(last) };
        let popped = core::mem::replace(first, last);
        let mut at = 0;
        loop {
            let left = 2 * at + 1;
            let earlier = left + usize::from(self.is_earlier(left + 1, left));
            if !self.swap_if_earlier(earlier, at) {
                return Some(popped);
            }
            at = earlier;
        }
    }

    /// Drops what `keep` does not want.
    pub(crate) fn sweep(&mut self, keep: impl Fn(u64) -> bool) {
        for expiry in core::mem::take(&mut self.0) {
            if keep(expiry.1) {
                self.push(expiry);
            }
        }
    }

    /// Drops everything and gives the memory back.
    pub(crate) fn clear(&mut self) {
        self.0 = Vec::new();
    }

    fn swap_if_earlier(&mut self, child: usize, parent: usize) -> bool {
        let earlier = self.is_earlier(child, parent);
        if earlier {
            self.0.swap(child, parent);
        }
        earlier
    }

    /// Of two that there are.
    fn is_earlier(&self, a: usize, b: usize) -> bool {
        self.0.get(a).zip(self.0.get(b)).is_some_and(|(a, b)| a < b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiries_come_out_in_order_whatever_the_order_they_went_in() {
        let mut rng = crate::core::rng::Rng::new(7);
        for size in 0..60 {
            let mut heap = Expiries::default();
            let mut naive: Vec<Expiry> =
                (0..size).map(|id| (Micros((rng.unit() * 20.0) as u64), id)).collect();
            naive.iter().for_each(|expiry| heap.push(*expiry));
            heap.sweep(|id| id % 5 != 0);
            naive.retain(|(_, id)| id % 5 != 0);
            naive.sort();
            let drained: Vec<Expiry> = core::iter::from_fn(|| heap.pop()).collect();
            assert_eq!(drained, naive);
        }
    }
}
