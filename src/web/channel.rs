//! A look at the socket's buffer in a later task.

use wasm_bindgen::prelude::*;
use web_sys::{Event, MessagePort};

use super::browser;

pub(super) struct LaterTask {
    port: MessagePort,
    _run: Closure<dyn Fn(Event)>,
}

impl LaterTask {
    /// Calls `run` in a task of its own after each [`LaterTask::ask`].
    pub(super) fn new(run: Closure<dyn Fn(Event)>) -> Self {
        Self { port: browser::channel(run.as_ref()), _run: run }
    }

    pub(super) fn ask(&self) {
        browser::post(&self.port);
    }
}

impl Drop for LaterTask {
    fn drop(&mut self) {
        // Both ends: a channel that is closed calls nobody.
        self.port.close();
    }
}
