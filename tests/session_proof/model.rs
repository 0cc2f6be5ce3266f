//! An exhaustive search through small sessions: everything a network, a server and a client can do to each
//! other, at any moment, with the two halves as they are.
//!
//! After every step this must hold; what is wrong is told by the same names.
//! - *prefix*: what an application gets of a session is what the other sent, in order, without gap or duplicate;
//!   across sessions it is in order and once.
//! - *acknowledgement*: what is told as delivered is with the other application for good.
//! - *binding*: what arrives was sent, in this session and under this number.
//! - *settlement*: everything sent settles once, and what is told as not sent never arrives.
//! - *fencing*: a frame of an older connection changes nothing.
//! - *monotone*: acknowledgements, counters and fences never fall.
//! - *loud loss*: a session is lost if and only if the server gave it up, and what may be missing is told.
//! - *requests*: each has one end, and its own answer.
//! - *no violation*: neither half sees the other break the protocol: no credit is exceeded, no position on resume
//!   is outside what the other holds, nothing numbered comes before its time.
//! - *liveness*: from every state, when nothing goes wrong any more, everything settles.

mod search;
mod world;

use crate::peers::{Rules, Setup};
use everwire::session::Limits;
use search::{Seen, search};
use world::Budget;

fn holds(setup: Setup, budget: Budget, floor: usize) -> Seen {
    let seen = search(setup, budget).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(seen.states >= floor, "a search that sees less proves less: {seen:?}");
    seen
}

/// The checker sees that a rule is missing, and says why it is there.
fn fails(setup: Setup, rules: Rules, budget: Budget, why: &str) {
    let wrong =
        search(Setup { rules, ..setup }, budget).err().unwrap_or_else(|| panic!("{rules:?} is not seen"));
    assert!(wrong.contains(why), "{wrong}");
    // And nothing but the rule is at fault.
    search(setup, budget).unwrap_or_else(|wrong| panic!("{wrong}"));
}

const NONE: Budget = Budget {
    ups: 0,
    downs: 0,
    requests: 0,
    dials: 1,
    cuts: 0,
    give_ups: 0,
    restarts_with_store: 0,
    restarts_without: 0,
    client_restarts: 0,
    expiries: 0,
    drains: 0,
    hand_overs: 0,
    closes: 0,
    overlap: 1,
};

fn lagging() -> Setup {
    Setup { lag: true, ..Setup::default() }
}

fn durable_server() -> Setup {
    Setup { durable_server: true, ..Setup::default() }
}

fn durable_client() -> Setup {
    Setup { durable_client: true, ..Setup::default() }
}

#[test]
fn messages_both_ways_survive_drops_and_overlapping_connections() {
    let budget = Budget { ups: 2, downs: 1, dials: 2, cuts: 1, overlap: 2, ..NONE };
    holds(Setup::default(), budget, 55_000);
}

#[test]
fn a_connection_given_up_while_it_works_costs_nothing() {
    holds(Setup::default(), Budget { ups: 1, downs: 1, dials: 3, give_ups: 2, overlap: 2, ..NONE }, 240_000);
}

#[test]
fn an_application_that_takes_its_time_gets_everything_once() {
    holds(lagging(), Budget { ups: 2, downs: 1, dials: 2, cuts: 1, overlap: 2, ..NONE }, 108_000);
}

#[test]
fn a_server_that_restarts_without_its_sessions_is_told_as_a_loss() {
    let seen = holds(
        Setup::default(),
        Budget { ups: 2, downs: 1, dials: 2, cuts: 1, restarts_without: 1, overlap: 2, ..NONE },
        148_000,
    );
    assert!(seen.ends[0] > 0 && seen.ends[2] > 0, "{seen:?}");
}

#[test]
fn a_server_that_restarts_twice_while_the_first_loss_is_told_lies_about_nothing() {
    holds(Setup::default(), Budget { ups: 2, dials: 3, restarts_without: 2, ..NONE }, 1_200);
}

#[test]
fn a_session_that_expires_leaves_a_tombstone_that_is_true() {
    let seen = holds(
        Setup::default(),
        Budget { ups: 2, downs: 1, dials: 2, cuts: 1, expiries: 1, overlap: 2, ..NONE },
        100_000,
    );
    assert!(seen.ends[0] == 0 && seen.ends[2] > 0, "{seen:?}");
}

#[test]
fn a_session_that_expires_under_an_application_that_takes_its_time_leaves_a_tombstone_that_is_true() {
    holds(lagging(), Budget { ups: 2, dials: 2, cuts: 1, expiries: 2, overlap: 2, ..NONE }, 15_700);
}

#[test]
fn a_server_that_restarts_with_its_store_loses_nothing() {
    let seen = holds(
        durable_server(),
        Budget { ups: 1, downs: 1, dials: 2, restarts_with_store: 1, overlap: 2, ..NONE },
        21_000,
    );
    assert_eq!(seen.ends[2], 0, "{seen:?}");
}

#[test]
fn a_server_that_restarts_with_its_store_between_arrival_and_acceptance_loses_nothing() {
    let setup = Setup { lag: true, ..durable_server() };
    holds(setup, Budget { ups: 2, dials: 2, restarts_with_store: 1, ..NONE }, 400);
}

#[test]
fn a_store_that_outlives_one_restart_and_not_the_next_is_told_as_a_loss() {
    holds(
        durable_server(),
        Budget { ups: 1, dials: 2, restarts_with_store: 1, restarts_without: 1, expiries: 1, ..NONE },
        1_300,
    );
}

#[test]
fn a_client_that_restarts_from_its_store_goes_on() {
    let seen = holds(
        durable_client(),
        Budget { ups: 2, downs: 1, dials: 2, client_restarts: 1, overlap: 2, ..NONE },
        64_000,
    );
    assert_eq!(seen.ends[2], 0, "{seen:?}");
}

#[test]
fn a_client_that_restarts_after_a_loss_carries_on_once() {
    holds(durable_client(), Budget { ups: 2, dials: 2, client_restarts: 1, expiries: 1, ..NONE }, 1_600);
    holds(
        durable_client(),
        Budget { ups: 2, dials: 2, client_restarts: 1, restarts_without: 1, ..NONE },
        2_800,
    );
}

#[test]
fn both_sides_restart_from_their_stores_and_lose_nothing() {
    let setup = Setup { durable_server: true, ..durable_client() };
    holds(
        setup,
        Budget { ups: 1, downs: 1, dials: 2, client_restarts: 1, restarts_with_store: 1, cuts: 1, ..NONE },
        66_000,
    );
}

#[test]
fn a_drain_makes_the_new_connection_before_the_old_one_breaks() {
    let budget = Budget { ups: 1, downs: 2, dials: 2, drains: 1, overlap: 2, ..NONE };
    holds(Setup::default(), budget, 129_000);
}

#[test]
fn requests_are_answered_once_each_with_its_own_answer() {
    let seen =
        holds(Setup::default(), Budget { requests: 2, dials: 2, cuts: 1, overlap: 2, ..NONE }, 220_000);
    assert!(seen.ends[3] > 0, "{seen:?}");
    let budget = Budget { requests: 2, dials: 2, restarts_without: 1, expiries: 1, ..NONE };
    holds(Setup::default(), budget, 7_600);
    let budget = Budget { requests: 2, dials: 2, restarts_with_store: 1, ..NONE };
    holds(Setup { lag: true, ..durable_server() }, budget, 2_500);
    holds(durable_client(), Budget { requests: 2, dials: 2, client_restarts: 1, ..NONE }, 2_500);
}

#[test]
fn a_window_of_one_message_lets_everything_through() {
    let limits = Limits { max_frame: 1_024, window: 1_024, ..Limits::default() };
    let setup = Setup { limits, payload: 800, ..lagging() };
    holds(setup, Budget { ups: 3, downs: 1, dials: 2, cuts: 1, ..NONE }, 12_000);
    let setup = Setup { durable_server: true, ..setup };
    holds(setup, Budget { ups: 3, dials: 2, restarts_with_store: 1, overlap: 2, ..NONE }, 7_800);
    let setup = Setup { durable_server: false, ..setup };
    holds(setup, Budget { ups: 3, dials: 2, restarts_without: 1, expiries: 1, ..NONE }, 2_000);
}

#[test]
fn a_client_that_closes_settles_everything() {
    let seen = holds(
        Setup::default(),
        Budget { ups: 2, downs: 1, dials: 2, cuts: 1, closes: 1, overlap: 2, ..NONE },
        92_000,
    );
    assert!(seen.ends[0] > 0 && seen.ends[1] > 0, "{seen:?}");
    holds(lagging(), Budget { ups: 2, dials: 1, cuts: 1, closes: 1, ..NONE }, 450);
}

#[test]
fn a_session_moves_to_another_node_while_the_first_one_has_it_still() {
    let budget = Budget { ups: 2, downs: 1, dials: 2, hand_overs: 1, overlap: 2, ..NONE };
    holds(durable_server(), budget, 118_000);
}

#[test]
fn without_fences_two_nodes_take_the_same_message() {
    let budget = Budget { ups: 1, dials: 2, hand_overs: 1, overlap: 2, ..NONE };
    fails(durable_server(), Rules::NoFencing, budget, "duplicate");
}

#[test]
fn data_before_welcome_is_delivered_twice() {
    fails(
        Setup::default(),
        Rules::DataBeforeWelcome,
        Budget { ups: 1, dials: 2, cuts: 1, ..NONE },
        "duplicate",
    );
}

#[test]
fn what_is_in_doubt_and_sent_again_is_delivered_twice() {
    let budget = Budget { ups: 1, dials: 2, restarts_without: 1, ..NONE };
    fails(Setup::default(), Rules::ResendsInDoubt, budget, "duplicate");
}

#[test]
fn what_is_in_doubt_was_perhaps_delivered() {
    let budget = Budget { ups: 1, dials: 2, restarts_without: 1, ..NONE };
    fails(Setup::default(), Rules::DoubtIsNotSent, budget, "is said to be NotSent, and was delivered");
}

#[test]
fn what_no_store_has_kept_and_is_acknowledged_gets_lost() {
    let budget = Budget { ups: 1, dials: 2, restarts_with_store: 1, ..NONE };
    fails(durable_server(), Rules::AcknowledgedBeforeKept, budget, "is said to be delivered, and was not");
}

#[test]
fn what_no_store_has_kept_and_is_written_gets_lost() {
    let budget = Budget { ups: 1, dials: 2, client_restarts: 1, ..NONE };
    fails(durable_client(), Rules::WrittenBeforeKept, budget, "is said to be Died, and was delivered");
}

#[test]
fn a_fence_that_no_store_has_kept_is_used_again() {
    let budget = Budget { dials: 2, client_restarts: 1, cuts: 1, overlap: 2, ..NONE };
    fails(durable_client(), Rules::FenceNotKept, budget, "gave up on code 2");
}

#[test]
fn a_session_that_goes_on_behind_its_tombstone_delivers_what_was_not_sent() {
    let budget = Budget { ups: 1, dials: 2, expiries: 1, overlap: 2, ..NONE };
    fails(Setup::default(), Rules::AcceptsFromTheGrave, budget, "");
}

#[test]
fn a_late_hello_that_is_taken_for_a_rollback_loses_a_session_for_nothing() {
    let budget = Budget { ups: 1, dials: 2, overlap: 2, ..NONE };
    fails(Setup::default(), Rules::LateHelloIsARollback, budget, "is lost, and the server has it");
}
