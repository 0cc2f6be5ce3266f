//! Who waits, and how they are woken.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Waker};

/// Wakes all who listen, whenever something about the wire may have changed.
#[derive(Default)]
pub(super) struct Bell {
    ears: Cell<u64>,
    waiting: RefCell<BTreeMap<u64, Waker>>,
}

impl Bell {
    pub(super) fn ring(&self) {
        for waker in self.waiting.take().into_values() {
            waker.wake();
        }
    }
}

/// One who listens to a bell. Dropped, it leaves nothing behind.
pub(super) struct Ear {
    bell: Rc<Bell>,
    number: u64,
}

impl Ear {
    pub(super) fn new(bell: &Rc<Bell>) -> Self {
        let number = bell.ears.replace(bell.ears.get() + 1);
        Self { bell: Rc::clone(bell), number }
    }

    pub(super) fn listen(&self, context: &Context<'_>) {
        self.bell.waiting.borrow_mut().insert(self.number, context.waker().clone());
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let waker = self.bell.waiting.borrow_mut().remove(&self.number);
        drop(waker);
    }
}

/// Those who wait for room in the queue, first come, first served.
#[derive(Default)]
pub(super) struct Line {
    places: Cell<u64>,
    waiting: RefCell<BTreeMap<u64, Waker>>,
}

impl Line {
    /// There may be room for the first.
    pub(super) fn call_first(&self) {
        let first = self.waiting.borrow().first_key_value().map(|(_, waker)| waker.clone());
        if let Some(waker) = first {
            waker.wake();
        }
    }

    /// There is nothing to wait for.
    pub(super) fn call_all(&self) {
        let all: Vec<Waker> = self.waiting.borrow().values().cloned().collect();
        for waker in all {
            waker.wake();
        }
    }
}

/// A place in the line, or none yet. Dropped, the next one is called in its stead.
pub(super) struct Place {
    line: Rc<Line>,
    number: Option<u64>,
}

impl Place {
    pub(super) fn outside(line: &Rc<Line>) -> Self {
        Self { line: Rc::clone(line), number: None }
    }

    /// Nobody came before.
    pub(super) fn is_first(&self) -> bool {
        let waiting = self.line.waiting.borrow();
        waiting.first_key_value().is_none_or(|(first, _)| Some(*first) == self.number)
    }

    /// Waits on, at the end of the line if this is new.
    pub(super) fn wait(&mut self, context: &Context<'_>) {
        let number = *self.number.get_or_insert_with(|| self.line.places.replace(self.line.places.get() + 1));
        self.line.waiting.borrow_mut().insert(number, context.waker().clone());
    }

    /// Has what it waited for, or does not want it any more.
    pub(super) fn leave(&mut self) {
        if let Some(number) = self.number.take() {
            let waker = self.line.waiting.borrow_mut().remove(&number);
            drop(waker);
            self.line.call_first();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}
