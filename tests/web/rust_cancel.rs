//! Whatever a Rust application drops, and when, nothing is lost but what was dropped.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;

use crate::web_support::app::*;
use crate::web_support::room;
use everwire::{Attempt, Cause, Event, Greeting, Queue, Reason, Settled, State, Urls, Wire};
use futures_util::{FutureExt, StreamExt};
use wasm_bindgen_test::wasm_bindgen_test;

/// Counts the drops of what a future holds.
struct Held(Rc<Cell<u32>>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[wasm_bindgen_test]
async fn no_event_is_lost_with_a_next_that_is_dropped() {
    let Some(room) = room().await else { return };
    let mut wire = texts(room.url("")).connect().unwrap();
    for n in 0..50 {
        drop(wire.try_send(n.to_string()).unwrap());
        // One that is dropped before it is ready, and one that is polled once.
        drop(wire.next());
        let _ = poll_once(&mut wire.next()).map(|event| match event {
            Some(Event::Message(message)) => panic!("{message} came before it could"),
            other => other,
        });
    }
    for n in 0..50 {
        assert_eq!(message(&mut wire).await, n.to_string());
    }
}

#[wasm_bindgen_test]
async fn a_receipt_that_is_dropped_takes_nothing_back() {
    let Some(room) = room().await else { return };
    let mut wire = texts(room.url("")).build().unwrap();
    drop(wire.try_send("never polled".into()).unwrap());
    let mut receipt = wire.try_send("polled once".into()).unwrap();
    assert!(poll_once(&mut receipt).is_pending());
    drop(receipt);
    wire.reconnect();
    assert_eq!(message(&mut wire).await, "never polled");
    assert_eq!(message(&mut wire).await, "polled once");
}

#[wasm_bindgen_test]
async fn a_send_that_is_dropped_before_it_is_done_was_not_sent() {
    let Some(room) = room().await else { return };
    let mut wire = texts(room.url("")).queue(Queue::new().max_messages(1)).build().unwrap();
    drop(wire.send("never polled".into()));
    let mut done = wire.send("done".into());
    let receipt = match poll_once(&mut done) {
        std::task::Poll::Ready(receipt) => receipt.unwrap(),
        std::task::Poll::Pending => panic!("there was room"),
    };
    drop((done, receipt));
    let mut waiting = wire.send("waiting".into());
    assert!(poll_once(&mut waiting).is_pending());
    let mut next = wire.send("next".into());
    assert!(poll_once(&mut next).is_pending());
    drop(waiting);
    wire.reconnect();
    let receipt = within("the place of the one that left", next).await.unwrap();
    assert_eq!(within("its receipt", receipt).await, Settled::HandedOver);
    assert_eq!(message(&mut wire).await, "done");
    assert_eq!(message(&mut wire).await, "next");
    assert_eq!(room.received().await, ["done", "next"]);
}

#[wasm_bindgen_test]
async fn the_first_in_line_leaves_and_the_one_behind_it_is_called() {
    let wire = texts("ws://127.0.0.1:9").queue(Queue::new().max_messages(1)).build().unwrap();
    let first = wire.try_send("first".into()).unwrap();
    let mut second = wire.send("second".into());
    assert!(poll_once(&mut second).is_pending());
    let third = wire.send("third".into());
    let served = Rc::new(RefCell::new(None));
    let slot = Rc::clone(&served);
    wasm_bindgen_futures::spawn_local(async move {
        slot.replace(Some(third.await.unwrap()));
    });
    // The third waits behind the second by now, which gives way after room has been made.
    within("a turn of the executor", wire_turn()).await;
    assert!(first.withdraw());
    drop(second);
    within("another turn", wire_turn()).await;
    assert!(served.borrow().is_some(), "nobody is left waiting beside an empty place");
    assert_eq!(wire.queue()[0].message, "third");
}

/// Comes back after everything that is ready has run.
async fn wire_turn() {
    for _ in 0..3 {
        wasm_bindgen_futures::JsFuture::from(js_sys::Promise::resolve(&wasm_bindgen::JsValue::NULL))
            .await
            .unwrap();
    }
}

#[wasm_bindgen_test]
async fn those_who_wait_for_a_state_may_leave_at_any_time() {
    let Some(room) = room().await else { return };
    let wire = texts(room.url("")).connect().unwrap();
    for _ in 0..100 {
        assert!(wire.opened().now_or_never().is_none());
        assert!(wire.closed().now_or_never().is_none());
        drop((wire.opened(), wire.closed(), wire.drained()));
    }
    drop(wire.try_send("something".into()).unwrap());
    assert!(wire.drained().now_or_never().is_none());
    within("open", wire.opened()).await.unwrap();
    within("an empty queue", wire.drained()).await;
    wire.close(3000, "done").unwrap();
    assert!(wire.closed().now_or_never().is_none());
    assert_eq!(within("the end", wire.closed()).await.close.code, 3000);
}

#[wasm_bindgen_test]
async fn a_question_whose_answer_is_of_no_use_any_more_is_dropped() {
    let dropped = Rc::new(Cell::new(0));
    let held = Rc::clone(&dropped);
    let never = Urls::ask(async move |_: Attempt| {
        let _held = Held(Rc::clone(&held));
        pending::<Result<String, std::fmt::Error>>().await
    });
    let wire = texts(never.clone()).connect().unwrap();
    within("the question", wire_turn()).await;
    assert_eq!(dropped.get(), 0);
    wire.reconnect();
    within("the question", wire_turn()).await;
    assert_eq!(dropped.get(), 1, "a new attempt asks anew");
    wire.close(1000, "").unwrap();
    assert_eq!(dropped.get(), 2);
    let wire = texts(never).connect().unwrap();
    within("the question", wire_turn()).await;
    drop(wire);
    assert_eq!(dropped.get(), 3, "a dropped wire asks nobody any more");
}

#[wasm_bindgen_test]
async fn a_greeting_of_a_link_that_is_gone_is_dropped() {
    let Some(room) = room().await else { return };
    let (dropped, greeted) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let (held, count) = (Rc::clone(&dropped), Rc::clone(&greeted));
    let wire = texts(room.url(""))
        .greet(async move |_: Greeting<String>| {
            count.set(count.get() + 1);
            let _held = Held(Rc::clone(&held));
            pending::<Result<(), std::fmt::Error>>().await
        })
        .connect()
        .unwrap();
    while greeted.get() == 0 {
        room.stats().await;
    }
    assert_eq!(dropped.get(), 0);
    drop(wire);
    assert_eq!(dropped.get(), 1);
    room.until("the server saw it go", |stats| stats.closed() == 1).await;
}

#[wasm_bindgen_test]
async fn a_question_may_close_or_drop_the_wire_that_asks_it() {
    let slot = Rc::<RefCell<Option<Wire<String>>>>::default();
    let asked = Rc::clone(&slot);
    let url = Urls::ask(async move |_: Attempt| {
        if let Some(wire) = &*asked.borrow() {
            wire.close(1000, "").unwrap();
        }
        Ok::<_, std::fmt::Error>("ws://127.0.0.1:9")
    });
    slot.replace(Some(texts(url).connect().unwrap()));
    within("the question", wire_turn()).await;
    let state = slot.borrow().as_ref().unwrap().state();
    assert!(matches!(state, State::Closed { cause: Cause::ClosedByApplication, .. }), "{state:?}");

    let asked = Rc::clone(&slot);
    let url = Urls::ask(async move |_: Attempt| {
        asked.take();
        Ok::<_, std::fmt::Error>("ws://127.0.0.1:9")
    });
    let wire = texts(url).connect().unwrap();
    let receipt = wire.try_send("given back".into()).unwrap();
    slot.replace(Some(wire));
    let settled = within("its receipt", receipt).await;
    assert_eq!(settled, Settled::NotSent { reason: Reason::Closed, message: "given back".to_owned() });
}

#[wasm_bindgen_test]
async fn a_wire_dropped_from_within_its_own_functions_is_gone_afterwards() {
    let Some(room) = room().await else { return };
    let slot = Rc::<RefCell<Option<Wire<String>>>>::default();
    let from_welcome = Rc::clone(&slot);
    let wire =
        texts(room.url("say=hello")).is_welcome(move |_, _| from_welcome.take().is_some()).connect().unwrap();
    let sender = wire.sender();
    slot.replace(Some(wire));
    within("its end", sender.closed()).await;
    room.until("the server saw it go", |stats| stats.closed() == 1).await;

    let from_policy = Rc::clone(&slot);
    let policy = soon().policy(move |retry| {
        from_policy.take();
        Some(retry.delay)
    });
    let wire = texts(room.url("drop")).reconnect(policy).connect().unwrap();
    let sender = wire.sender();
    slot.replace(Some(wire));
    within("its end", sender.closed()).await;
    assert_eq!(room.until("it was seen", |stats| stats.closed() == 2).await.dialed(), 2);
}
