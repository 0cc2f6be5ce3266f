//! What the browser says of the page and its network.

use wasm_bindgen::prelude::*;
use web_sys::Event;

use super::browser;
use crate::core::{Input, Page};
use crate::engine::{Engine, Platform};

/// Listens to the page until dropped.
pub(super) struct Lifecycle(Closure<dyn Fn(Event)>);

impl Lifecycle {
    /// Calls `heard` with what happens.
    pub(super) fn watch(heard: Closure<dyn Fn(Event)>) -> Self {
        browser::listen(true, heard.as_ref());
        Self(heard)
    }
}

impl Drop for Lifecycle {
    fn drop(&mut self) {
        browser::listen(false, self.0.as_ref());
    }
}

/// In the order of the numbers of `browser.js`, after two that mean nothing for a page.
const PAGES: [Page; 6] =
    [Page::Shown, Page::Cached, Page::Restored, Page::Frozen, Page::Resumed, Page::Hidden];

/// Feeds a moment, by the number that `browser.js` gives it. While a page was away nobody told it of its
/// network, so every moment tells.
pub(super) fn tell<P: Platform>(engine: &Engine<P>, moment: usize) {
    engine.with(|machine, now| machine.handle(now, Input::Online(moment & 8 == 0)));
    if let Some(page) = PAGES.get((moment & 7).wrapping_sub(2)) {
        engine.with(|machine, now| machine.handle(now, Input::Page(*page)));
    }
}
