//! What the server does when time passes: tokio's clock is paused, so that hours take no time.

use std::time::Duration;

use crate::server_support::probe::Probed;
use crate::server_support::{Peer, Seen, message};
use everwire::server::{Cause, Config, Drain, MemoryStore, Settled};
use everwire::session::{Code, Control, Status};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

fn is_close(seen: &Seen) -> bool {
    matches!(seen, Seen::Close { .. })
}

/// Within a second, which is more than a clock that stands still needs.
fn about(time: Duration, expected: Duration) {
    assert!(time >= expected && time < expected + SECOND, "{time:?} instead of {expected:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_pings_stays_connected_for_hours() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.near("ann").await;
    let began = Instant::now();
    for _ in 0..200 {
        assert_eq!(ann.next().await, Seen::Ping);
    }
    about(began.elapsed(), 200 * 25 * SECOND);
    let receipt = served.peer().await.send("still there");
    assert_eq!(ann.next().await, message("still there"));
    ann.flush().await;
    assert_eq!(receipt.await, Settled::Delivered);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_does_not_answer_pings_is_idle_though_its_browser_answers_those_of_the_websocket() {
    let served = Probed::start(Config::default()).await;
    let mut ann = served.near("ann").await;
    ann.pongs = false;
    let began = Instant::now();
    let closed = ann.until(is_close).await;
    assert!(
        matches!(closed, Seen::Close { code, retry: true, forget: false, .. } if code == Code::Idle as u64)
    );
    about(began.elapsed(), 60 * SECOND);
    served.bring(&mut ann, "ann").await;
    assert_eq!(ann.welcome.unwrap().status, Status::Resumed);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_taken_over_stays_until_the_client_was_heard_on_the_later_one_or_a_second() {
    let served = Probed::start(Config::default()).await;
    let mut ann = served.near("ann").await;
    for confirms in [false, true] {
        let mut old = Peer { welcome: ann.welcome.clone(), ..Peer::default() };
        std::mem::swap(&mut old.socket, &mut ann.socket);
        ann.confirms = confirms;
        let began = Instant::now();
        served.bring(&mut ann, "ann").await;
        let closed = old.until(is_close).await;
        assert!(matches!(closed, Seen::Close { code, .. } if code == Code::Superseded as u64));
        about(began.elapsed(), if confirms { Duration::ZERO } else { SECOND });
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_silence_for_death_is_pinged_twice_as_often() {
    let served = Probed::start(Config::default()).await;
    let mut ann = Peer { idle_ms: 10_000, ..Peer::default() };
    served.bring(&mut ann, "ann").await;
    let began = Instant::now();
    assert_eq!(ann.next().await, Seen::Ping);
    about(began.elapsed(), 5 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_ping_of_the_client_is_answered_with_its_token() {
    let served = Probed::start(Config::default()).await;
    let mut ann = served.near("ann").await;
    ann.control(Control::Ping { token: 77 }).await;
    assert_eq!(ann.next().await, Seen::Pong { token: 77 });
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_waits_for_company_25_ms_at_most() {
    let served = Probed::start(Config::default()).await;
    let mut ann = served.near("ann").await;
    let began = Instant::now();
    ann.say("quiet").await;
    ann.settled().await;
    let waited = began.elapsed();
    assert!((25..30).contains(&waited.as_millis()), "{waited:?}");
    // With company it does not wait.
    let began = Instant::now();
    ann.say("echo loud").await;
    ann.settled().await;
    assert!(began.elapsed() < Duration::from_millis(25));
}

#[tokio::test(start_paused = true)]
async fn a_session_is_resumed_until_its_time_is_over_and_then_its_end_is_proved() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.near("ann").await;
    let peer = served.peer().await;
    ann.drop_link();
    tokio::time::advance(299 * SECOND).await;
    served.bring(&mut ann, "ann").await;
    assert_eq!(ann.welcome.clone().unwrap().status, Status::Resumed);
    ann.say("accepted").await;
    assert_eq!(served.message().await, "accepted");
    ann.drop_link();
    let receipt = peer.send("too late");
    let began = Instant::now();
    assert_eq!(served.ending().await.cause, Cause::Expired);
    about(began.elapsed(), 300 * SECOND);
    assert!(matches!(receipt.await, Settled::NotDelivered | Settled::InDoubt));
    assert!(served.server.peers().is_empty());
    // Long after that the server can still say what it accepted.
    tokio::time::advance(3_600 * SECOND).await;
    served.bring(&mut ann, "ann").await;
    let welcome = ann.welcome.clone().unwrap();
    assert_eq!(welcome.status, Status::Expired);
    assert_eq!(welcome.tombstone.unwrap().recv, 1);
    let Seen::Lost(loss) = ann.next().await else { panic!("no loss") };
    assert_eq!((loss.delivered, loss.in_doubt), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_welcome_nobody_confirmed_is_not_kept_longer_than_a_silent_connection() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = Peer { confirms: false, ..Peer::default() };
    served.bring(&mut ann, "ann").await;
    ann.drop_link();
    let began = Instant::now();
    assert_eq!(served.ending().await.cause, Cause::Expired);
    about(began.elapsed(), 60 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn only_so_many_sessions_that_have_ended_are_remembered() {
    let mut served = Probed::with(Config::default(), MemoryStore::with_tombstones(2)).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut ann = served.near("ann").await;
        ann.drop_link();
        assert_eq!(served.ending().await.cause, Cause::Expired);
        clients.push(ann);
    }
    let mut statuses = Vec::new();
    for ann in &mut clients {
        served.bring(ann, "ann").await;
        statuses.push(ann.welcome.clone().unwrap().status);
    }
    assert_eq!(statuses, [Status::Unknown, Status::Expired, Status::Expired]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_hello_ends_when_its_time_is_over() {
    let served = Probed::start(Config::default()).await;
    let mut ann = Peer::default();
    let began = Instant::now();
    served.lay(&mut ann).await;
    ann.pretend_hello();
    assert!(matches!(ann.next().await, Seen::Close { code, retry: true, .. } if code == Code::Idle as u64));
    about(began.elapsed(), 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_takes_for_ever_to_judge_holds_a_connection_no_longer_than_that() {
    let served = Probed::start(Config::default()).await;
    let mut ann = Peer::default();
    let began = Instant::now();
    served.bring(&mut ann, "forever").await;
    assert!(matches!(ann.next().await, Seen::Close { code, .. } if code == Code::Idle as u64));
    about(began.elapsed(), 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_asked_for_before_it_runs_out_and_the_next_one_counts_from_then() {
    let served = Probed::start(Config::default()).await;
    let mut ann = served.near("ann 10000").await;
    assert_eq!(ann.welcome.clone().unwrap().auth_ttl_ms, 10_000);
    let began = Instant::now();
    for _ in 0..3 {
        assert_eq!(ann.next().await, Seen::Auth);
        ann.control(Control::Auth { token: b"ann 10000" }).await;
        assert_eq!(ann.next().await, Seen::Authed { ttl_ms: 10_000 });
    }
    about(began.elapsed(), 24 * SECOND);
    // Nobody answers any more.
    let closed = ann.until(is_close).await;
    assert!(matches!(closed, Seen::Close { code, retry: true, .. } if code == Code::AuthExpired as u64));
    about(began.elapsed(), 34 * SECOND);
    served.bring(&mut ann, "ann").await;
    assert_eq!(ann.welcome.unwrap().status, Status::Resumed);
}

#[tokio::test(start_paused = true)]
async fn another_token_may_be_refused_and_may_not_change_whose_session_it_is() {
    let served = Probed::start(Config::default()).await;
    for (token, code, again) in
        [("bob", Code::Forbidden, false), ("", Code::AuthExpired, true), ("banned", Code::Forbidden, false)]
    {
        let mut ann = served.near("ann 10000").await;
        // An empty one would be the server's question.
        let token = if token.is_empty() { "late" } else { token };
        ann.control(Control::Auth { token: token.as_bytes() }).await;
        let closed = ann.until(is_close).await;
        assert!(
            matches!(closed, Seen::Close { code: why, retry, .. } if why == code as u64 && retry == again),
            "{token}: {closed:?}"
        );
        served.bring(&mut ann, "ann").await;
        assert_eq!(ann.welcome.unwrap().status, Status::Resumed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_nobody_can_judge_at_the_moment_changes_nothing_and_is_asked_for_again() {
    let served = Probed::start(Config::default()).await;
    for token in ["unavailable", "crash"] {
        let mut ann = served.near("ann 10000").await;
        let began = Instant::now();
        assert_eq!(ann.next().await, Seen::Auth);
        ann.control(Control::Auth { token: token.as_bytes() }).await;
        assert_eq!(ann.next().await, Seen::Auth);
        about(began.elapsed(), 9 * SECOND);
        ann.control(Control::Auth { token: b"ann" }).await;
        assert_eq!(ann.next().await, Seen::Authed { ttl_ms: 0 });
        ann.say("echo still here").await;
        assert_eq!(ann.next().await, message("still here"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_goes_away_says_so_waits_and_then_ends_what_is_left() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.near("ann").await;
    let mut bob = served.near("bob").await;
    served.peer().await;
    let server = served.server.clone();
    let began = Instant::now();
    let drained = tokio::spawn(async move {
        server.drain(Drain::default()).await;
        Instant::now()
    });
    let said = ann.next().await;
    assert_eq!(said, Seen::GoAway { grace_ms: 10_000, jitter_ms: 5_000 });
    // Until then everything goes on.
    ann.say("echo still here").await;
    assert_eq!(ann.until(|seen| matches!(seen, Seen::Message { .. })).await, message("still here"));
    // Who leaves by itself is not waited for.
    bob.drop_link();
    let closed = ann.until(is_close).await;
    let draining = Code::Draining as u64;
    let expected = Seen::Close { code: draining, retry: true, forget: false, retry_after_ms: 1_000, recv: 1 };
    assert_eq!(closed, expected);
    about(began.elapsed(), 10 * SECOND);
    assert_eq!(ann.next().await, Seen::Ended(Some(4009)));
    let drained = drained.await.unwrap();
    about(drained - began, 10 * SECOND);
    // Whoever comes now is sent away.
    served.bring(&mut ann, "ann").await;
    assert!(matches!(ann.next().await, Seen::Close { code, retry: true, .. } if code == draining));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_leaves_for_another_server_while_the_first_drains_loses_nothing_and_nothing_comes_twice()
 {
    let store = MemoryStore::new();
    let mut first = Probed::with(Config::default(), store.clone()).await;
    let mut second = Probed::with(Config::default(), store).await;
    let mut ann = first.near("ann").await;
    first.peer().await;
    for number in 0..5 {
        ann.say(&format!("echo {number}")).await;
    }
    let server = first.server.clone();
    let drained = tokio::spawn(async move { server.drain(Drain::default()).await });
    let mut seen = Vec::new();
    let mut text = |said: Seen| match said {
        Seen::Message { text, .. } => seen.push(text),
        other => assert!(matches!(other, Seen::GoAway { .. }), "{other:?}"),
    };
    text(ann.next().await);
    for number in 5..10 {
        ann.say(&format!("echo {number}")).await;
    }
    // The first connection stays open while the second takes over.
    let old = ann.socket.take();
    second.bring(&mut ann, "ann").await;
    assert_eq!(ann.welcome.clone().unwrap().status, Status::Resumed);
    for number in 10..15 {
        ann.say(&format!("echo {number}")).await;
    }
    ann.settled().await;
    drop(old);
    drained.await.unwrap();
    while let Some(said) = ann.seen.pop_front() {
        text(said);
    }
    while seen.len() < 15 {
        match ann.next().await {
            Seen::Message { text, .. } => seen.push(text),
            other => assert!(matches!(other, Seen::GoAway { .. }), "{other:?}"),
        }
    }
    let expected: Vec<_> = (0..15).map(|number| number.to_string()).collect();
    assert_eq!(seen, expected);
    second.peer().await;
}
