//! What ten thousand reconnects leave behind, on a page where nothing else ran.

#![cfg(target_arch = "wasm32")]
// A test that meets the unexpected must stop.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod web_support;

use everwire::core::Event;
use js_sys::WebAssembly;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_support::*;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn ten_thousand_reconnects_leak_nothing() {
    let class = flapping();
    let counts: &Flapping = class.unchecked_ref();
    let in_time = hurry_timers();
    let wire = plan("ws://127.0.0.1:9/").with(|config, script| {
        config.reconnect.base_delay = ms(0);
        config.reconnect.stable_after = ms(60_000);
        script.class = Some(class.clone());
        script.forgetful = true;
        script.on_event = Some(Box::new(|wire, event| {
            if let Event::Closed { last: false, .. } = event {
                wire.tick();
            }
        }));
    });
    let wire = wire.connect();
    wire.send("stays in the queue");
    wire.ticks(1_000).await;
    let warm = memory();
    wire.ticks(11_000).await;
    assert_eq!(memory(), warm, "wasm memory must not grow");
    assert!(counts.constructed() >= 11_000, "{}", counts.constructed());
    assert!(counts.attached().most() <= 8, "{} handlers at once", counts.attached().most());

    wire.close(1000, "");
    drop(wire);
    assert_eq!(counts.attached().now(), 0, "handlers on sockets that are gone");
    in_time.call0(&JsValue::UNDEFINED).unwrap();
}

fn memory() -> u32 {
    let memory: WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    memory.buffer().unchecked_into::<js_sys::ArrayBuffer>().byte_length()
}

#[wasm_bindgen]
extern "C" {
    type Flapping;
    #[wasm_bindgen(method, getter)]
    fn constructed(this: &Flapping) -> u32;
    #[wasm_bindgen(method, getter)]
    fn attached(this: &Flapping) -> Attached;

    type Attached;
    #[wasm_bindgen(method, getter)]
    fn now(this: &Attached) -> u32;
    #[wasm_bindgen(method, getter)]
    fn most(this: &Attached) -> u32;
}
