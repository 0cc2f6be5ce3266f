//! A look at the socket's buffer in a later task. A message port is not throttled as timers are.

use wasm_bindgen::prelude::*;
use web_sys::{Event, MessageChannel, MessagePort};

pub(super) struct LaterTask {
    /// None where there are no message ports: then the next event of the wire looks.
    ports: Option<(MessagePort, MessagePort)>,
    _run: Closure<dyn Fn(Event)>,
}

impl LaterTask {
    /// Calls `run` in a task of its own after each [`LaterTask::ask`].
    pub(super) fn new(run: impl Fn(Event) + 'static) -> Self {
        let run = Closure::new(run);
        let ports = MessageChannel::new().ok().map(|channel| (channel.port1(), channel.port2()));
        if let Some((near, _)) = &ports {
            near.set_onmessage(Some(run.as_ref().unchecked_ref()));
        }
        Self { ports, _run: run }
    }

    pub(super) fn ask(&self) {
        if let Some((_, far)) = &self.ports {
            // Posting undefined to an open port cannot fail.
            let _ = far.post_message(&JsValue::UNDEFINED);
        }
    }
}

impl Drop for LaterTask {
    fn drop(&mut self) {
        if let Some((near, _)) = &self.ports {
            // Ends the other end too; a port that is closed calls nobody.
            near.close();
        }
    }
}
