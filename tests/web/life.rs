//! The life of a wire: the socket's own buffer, and what is left when it is gone.

use crate::web_support::*;
use everwire::core::Cause;
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_wire_that_is_dropped_closes_and_detaches_its_socket() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).open().await;
    let socket = wire.driver.socket(Clone::clone).unwrap();
    assert!(socket.onmessage().is_some());
    drop(wire);
    assert!(socket.ready_state() >= web_sys::WebSocket::CLOSING);
    assert!(socket.onopen().is_none() && socket.onmessage().is_none());
    assert!(socket.onerror().is_none() && socket.onclose().is_none());
    room.until("the server lost it", |stats| stats.opened() == 1 && stats.connections() == 0).await;
}

#[wasm_bindgen_test]
async fn a_wire_dropped_while_it_dials_leaves_nothing_behind() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("hang")).connect();
    let socket = wire.driver.socket(Clone::clone).unwrap();
    room.until("the dial is there", |stats| stats.dialed() == 1).await;
    drop(wire);
    assert!(socket.onopen().is_none() && socket.onclose().is_none());
    assert!(socket.ready_state() >= web_sys::WebSocket::CLOSING);
}

#[wasm_bindgen_test]
async fn a_closed_wire_holds_no_socket_and_can_be_opened_again() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).open().await;
    let socket = wire.driver.socket(Clone::clone).unwrap();
    wire.close(1000, "");
    wire.ended().await;
    assert!(wire.driver.socket(|_| ()).is_none());
    assert!(socket.onmessage().is_none() && socket.onclose().is_none());
    wire.reconnect();
    wire.opened().await;
    wire.send("again");
    assert_eq!(wire.text().await, "again");
}

#[wasm_bindgen_test]
async fn a_suspended_wire_keeps_its_queue() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).open().await;
    wire.driver.suspend();
    assert_eq!(wire.suspended().await, Cause::Suspended);
    assert_eq!(wire.lost().await.0, Cause::Suspended);
    wire.send("kept");
    room.until("the connection is gone", |stats| stats.connections() == 0).await;
    assert_eq!(wire.queued(), 1);
    wire.reconnect();
    wire.opened().await;
    assert_eq!(wire.text().await, "kept");
}

#[wasm_bindgen_test]
async fn messages_wait_while_a_stalled_socket_is_full_and_leave_by_the_next_one() {
    let Some(room) = room().await else { return };
    let wire = plan_in_turn(&[room.url("stall"), room.url("")]).with(small_mark).open().await;
    send_numbered(&wire);
    // Buffers of the system swallow some megabytes first; then nothing moves any more.
    let watch = wire.driver.watch_drain(Some(ms(700)));
    if !engine_here().sees_stall() {
        assert!(wire.drained(watch).await, "the engine takes everything");
        return;
    }
    assert!(!wire.drained(watch).await, "the queue must not drain into a stalled socket");
    let buffered = wire.driver.socket(web_sys::WebSocket::buffered_amount).unwrap();
    // It resumes at half the mark.
    assert!(buffered > MARK / 2 && buffered <= MARK + LETTER, "{buffered} bytes in the socket");
    let left = wire.queued();
    assert!(left > 0 && left < LETTERS as usize);

    room.control("kill").await;
    wire.lost().await;
    wire.opened().await;
    for number in LETTERS - left as u32..LETTERS {
        assert_eq!(number_of(&wire.message().await), number);
    }
    assert_eq!(wire.queued(), 0);
}

#[wasm_bindgen_test]
async fn messages_leave_once_a_full_socket_drains() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).with(small_mark).open().await;
    room.control("silence?ms=500").await;
    send_numbered(&wire);
    assert!(wire.driver.read(|machine| machine.is_paused()) && wire.queued() > 0);
    let watch = wire.driver.watch_drain(None);
    for number in 0..LETTERS {
        assert_eq!(number_of(&wire.message().await), number);
    }
    assert!(wire.drained(watch).await);
    assert_eq!(room.stats().await.opened(), 1);
}

const LETTERS: u32 = 128;
const LETTER: u32 = 131_072;
const MARK: u32 = 262_144;

fn small_mark(config: &mut everwire::core::Config, _: &mut Script) {
    config.high_water = u64::from(MARK);
    config.queue.max_bytes = 64 << 20;
}

/// Far more than the systems on the way hold: 16 MiB.
fn send_numbered(wire: &Wire) {
    for number in 0..LETTERS {
        let letter = Uint8Array::new_with_length(LETTER);
        letter.set_index(0, number as u8);
        wire.send(letter);
    }
}

fn number_of(data: &JsValue) -> u32 {
    assert_eq!(Uint8Array::new(data).length(), LETTER);
    u32::from(Uint8Array::new(data).get_index(0))
}
