//! A future of the application's that is dropped when its answer is of no use any more.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Runs until it is done or this is dropped, and the future with it.
pub(super) struct Task(Rc<Shared>);

struct Shared {
    future: RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>>,
    over: Cell<bool>,
}

impl Task {
    pub(super) fn spawn(future: impl Future<Output = ()> + 'static) -> Self {
        let shared = Rc::new(Shared { future: RefCell::new(Some(Box::pin(future))), over: Cell::new(false) });
        let task = Self(Rc::clone(&shared));
        wasm_bindgen_futures::spawn_local(poll_fn(move |context| shared.poll(context)));
        task
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.over.set(true);
        // Not under the borrow: what the future holds may call the wire when dropped. While the future
        // runs, it is not here, and goes when it is done with this step.
        let future = self.0.future.take();
        drop(future);
    }
}

impl Shared {
    fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        let Some(mut future) = self.future.take() else { return Poll::Ready(()) };
        if future.as_mut().poll(context).is_ready() || self.over.get() {
            return Poll::Ready(());
        }
        self.future.replace(Some(future));
        Poll::Pending
    }
}
