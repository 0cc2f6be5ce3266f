//! What the browser says of the network.

use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget};

/// Listens for `online` and `offline` until dropped.
pub(super) struct Network {
    global: EventTarget,
    heard: Closure<dyn Fn(Event)>,
}

const EVENTS: [&str; 2] = ["online", "offline"];

impl Network {
    /// Calls `heard` when the browser's opinion may have changed. None where there are no such events.
    pub(super) fn watch(heard: impl Fn(Event) + 'static) -> Option<Self> {
        let global = GLOBAL.with(|global| global.clone().unchecked_into::<Global>());
        if global.ononline().is_undefined() {
            return None;
        }
        let watch = Self { global: global.unchecked_into(), heard: Closure::new(heard) };
        for event in EVENTS {
            let listener = watch.heard.as_ref().unchecked_ref();
            watch.global.add_event_listener_with_callback(event, listener).ok()?;
        }
        Some(watch)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for event in EVENTS {
            let listener = self.heard.as_ref().unchecked_ref();
            let _ = self.global.remove_event_listener_with_callback(event, listener);
        }
    }
}

/// `navigator.onLine`; true where nobody knows.
pub(super) fn online() -> bool {
    NAVIGATOR
        .with(|navigator| !navigator.as_ref().is_some_and(|navigator| navigator.on_line() == JsValue::FALSE))
}

#[wasm_bindgen]
extern "C" {
    type Global;
    type Knows;

    #[wasm_bindgen(thread_local_v2, js_name = globalThis)]
    static GLOBAL: JsValue;
    #[wasm_bindgen(thread_local_v2, js_name = navigator)]
    static NAVIGATOR: Option<Knows>;

    #[wasm_bindgen(method, getter)]
    fn ononline(this: &Global) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = onLine)]
    fn on_line(this: &Knows) -> JsValue;
}
