//! What happens to the page of a wire, and to its network. Here it is made up; tests/e2e/lifecycle.test.mjs has the real.

use crate::web_support::*;
use everwire::core::{Cause, State};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_page_that_goes_into_the_cache_hangs_up_and_dials_when_it_is_back() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).open().await;
    happen("pagehide", Some(true));
    assert_eq!(wire.state(), State::Suspended { cause: Cause::Cached });
    assert_eq!(wire.lost().await.0, Cause::Cached);
    let close = room.until("the server lost it", |stats| stats.closed() == 1).await.last_close();
    assert_eq!((close.code(), close.reason()), (1000, "suspended".into()));
    wire.send("written while away");
    for event in ["freeze", "resume", "visibilitychange"] {
        happen(event, None);
        assert_eq!(wire.state(), State::Suspended { cause: Cause::Cached }, "{event}");
    }
    happen("pageshow", Some(true));
    wire.opened().await;
    assert_eq!(wire.text().await, "written while away");
    assert_eq!(attempts(&wire), [Cause::Started, Cause::Resumed]);
}

#[wasm_bindgen_test]
async fn a_page_that_comes_or_goes_for_good_changes_nothing() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).open().await;
    for event in ["pageshow", "pagehide"] {
        happen(event, Some(false));
    }
    wire.send("the same connection");
    assert_eq!(wire.text().await, "the same connection");
    assert_eq!(room.stats().await.opened(), 1);
}

#[wasm_bindgen_test]
async fn a_frozen_page_hangs_up_and_dials_when_it_goes_on() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).open().await;
    happen("freeze", None);
    assert_eq!(wire.state(), State::Suspended { cause: Cause::Frozen });
    room.until("the server lost it", |stats| stats.closed() == 1 && stats.last_close().code() == 1000).await;
    happen("resume", None);
    wire.lost().await;
    wire.opened().await;
    assert_eq!(attempts(&wire), [Cause::Started, Cause::Resumed]);
}

#[wasm_bindgen_test]
async fn a_page_that_is_seen_again_asks_its_link_if_it_knows_how() {
    let Some(room) = room().await else { return };
    let quiet = plan(room.url("")).open().await;
    let wire = plan(room.url("words")).heartbeat(60_000, 5_000).open().await;
    let _truth = Truth;
    pretend_hidden(Some(true));
    let seen = room.stats().await.messages_in();
    assert_eq!(seen, 0, "nobody looks, and nobody asks");
    pretend_hidden(Some(false));
    wire.pong().await;
    quiet.send("the same connection");
    assert_eq!(quiet.text().await, "the same connection");
    assert_eq!((room.stats().await.opened(), attempts(&quiet)), (2, vec![Cause::Started]));
}

#[wasm_bindgen_test]
async fn a_waiting_wire_dials_at_once_when_the_page_is_seen_again() {
    let Some(room) = room().await else { return };
    let wire = plan_in_turn(&[room.url("close=1012"), room.url("")])
        .with(|config, _| {
            config.reconnect.base_delay = ms(86_400_000);
            config.reconnect.max_delay = ms(86_400_000);
        })
        .connect();
    wire.waits().await;
    let _truth = Truth;
    pretend_hidden(Some(true));
    assert!(matches!(wire.state(), State::Waiting { .. }));
    pretend_hidden(Some(false));
    wire.opened().await;
    assert_eq!(attempts(&wire), [Cause::Started, Cause::Resumed]);
}

#[wasm_bindgen_test]
async fn a_machine_that_slept_shows_even_where_sleep_stops_the_monotonic_clock() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).open().await;
    let _truth = Truth;
    // A clock that somebody sets, and sets back, is no sleep.
    pretend_slept(-3_600_000.0);
    happen("visibilitychange", None);
    assert_eq!(wire.state(), State::Open);
    pretend_slept(0.0);
    happen("visibilitychange", None);
    wire.lost().await;
    wire.opened().await;
    assert_eq!(attempts(&wire), [Cause::Started, Cause::Slept]);
}

#[wasm_bindgen_test]
async fn a_message_whose_time_ran_out_in_sleep_does_not_leave() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).open().await;
    wire.driver.suspend();
    let ttl = Some(ms(60_000));
    wire.send_with("spoilt", everwire::core::SendOptions { ttl, ..Default::default() });
    let _truth = Truth;
    pretend_slept(61_000.0);
    wire.send("fresh");
    wire.reconnect();
    wire.lost().await;
    wire.opened().await;
    assert_eq!(wire.text().await, "fresh");
    assert_eq!(room.received().await, ["fresh"]);
}

#[wasm_bindgen_test]
async fn a_wire_that_is_closed_or_dropped_listens_to_the_page_no_more() {
    let Some(room) = room().await else { return };
    let listening = listeners();
    let wire = plan(room.url("")).open().await;
    let all = listeners() - listening;
    assert!(all >= 7, "only {all} listeners");
    wire.close(1000, "");
    wire.ended().await;
    assert_eq!(listeners(), listening, "after close()");
    wire.reconnect();
    wire.opened().await;
    assert_eq!(listeners(), listening + all, "opened afresh");
    wire.reconnect();
    wire.lost().await;
    wire.opened().await;
    assert_eq!(listeners(), listening + all, "no more for another connection");
    drop(wire);
    assert_eq!(listeners(), listening, "after the wire is gone");
}

#[wasm_bindgen_test]
async fn without_a_network_nobody_is_asked_where_to_connect() {
    let Some(room) = room().await else { return };
    let _truth = Truth;
    pretend_online(Some(false));
    let wire = plan(room.url("")).with(|_, script| script.local = false).connect();
    assert_eq!(wire.suspended().await, Cause::Offline);
    assert!(attempts(&wire).is_empty());
    pretend_online(Some(true));
    wire.opened().await;
    assert_eq!(attempts(&wire), [Cause::Online]);
}

#[wasm_bindgen_test]
async fn a_network_that_went_while_the_page_was_away_is_noticed_when_it_is_back() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).with(|_, script| script.local = false).open().await;
    happen("pagehide", Some(true));
    let _truth = Truth;
    // No event tells of it.
    set_online(false);
    happen("pageshow", Some(true));
    assert_eq!(wire.state(), State::Suspended { cause: Cause::Offline });
    pretend_online(Some(true));
    wire.lost().await;
    wire.opened().await;
}

#[wasm_bindgen_test]
async fn without_a_network_a_wire_waits_for_it_and_dials_when_it_is_back() {
    let Some(room) = room().await else { return };
    let wire = plan_in_turn(&[room.url("close=1012"), room.url("")])
        .with(|config, script| {
            script.local = false;
            config.reconnect.base_delay = ms(60_000);
        })
        .connect();
    wire.waits().await;
    let _truth = Truth;
    pretend_online(Some(false));
    assert_eq!(wire.suspended().await, Cause::Offline);
    wire.send("waits too");
    pretend_online(Some(true));
    wire.opened().await;
    assert_eq!(wire.text().await, "waits too");
    assert_eq!(attempts(&wire), [Cause::Started, Cause::Online]);
}

#[wasm_bindgen_test]
async fn a_wire_to_this_very_machine_needs_no_network() {
    let Some(room) = room().await else { return };
    let _truth = Truth;
    pretend_online(Some(false));
    let wire = plan_in_turn(&[room.url("close=1012"), room.url("")]).connect();
    wire.opened().await;
    wire.lost().await;
    wire.opened().await;
    pretend_online(Some(true));
    wire.send("the same connection");
    assert_eq!(wire.text().await, "the same connection");
    assert_eq!(room.stats().await.opened(), 2);
}

#[wasm_bindgen_test]
async fn an_open_wire_dials_anew_when_the_network_comes_back() {
    let Some(room) = room().await else { return };
    let wire = plan(room.url("")).with(|_, script| script.local = false).open().await;
    let _truth = Truth;
    pretend_online(Some(false));
    assert_eq!(wire.state(), State::Open, "the browser may be wrong");
    pretend_online(Some(true));
    assert_eq!(wire.lost().await.0, Cause::Online);
    wire.opened().await;
    room.until("one connection is left", |stats| stats.opened() == 2 && stats.connections() == 1).await;
}

#[wasm_bindgen_test]
async fn an_open_wire_with_a_heartbeat_pings_when_the_network_changes() {
    let Some(room) = room().await else { return };
    let wire =
        plan(room.url("words")).with(|_, script| script.local = false).heartbeat(60_000, 5_000).open().await;
    let _truth = Truth;
    pretend_online(Some(false));
    wire.pong().await;
    pretend_online(Some(true));
    wire.pong().await;
    assert_eq!(room.stats().await.opened(), 1);
}

/// Why each attempt was made.
fn attempts(wire: &Wire) -> Vec<Cause> {
    let cause = |heard: &Heard| match heard {
        Heard::Resolve { cause, .. } => Some(*cause),
        _ => None,
    };
    wire.heard().iter().filter_map(cause).collect()
}
