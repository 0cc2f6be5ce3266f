//! What the browser says of the network.

use wasm_bindgen::prelude::*;
use web_sys::Event;

use super::browser;

/// Listens for `online` and `offline` until dropped.
pub(super) struct Network(Closure<dyn Fn(Event)>);

impl Network {
    /// Calls `heard` when the browser's opinion may have changed.
    pub(super) fn watch(heard: Closure<dyn Fn(Event)>) -> Self {
        browser::listen(true, heard.as_ref());
        Self(heard)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        browser::listen(false, self.0.as_ref());
    }
}
