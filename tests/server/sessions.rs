//! The server, over real sockets: what it promises of one session.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::server_support::probe::{Asked, Probed};
use crate::server_support::{Peer, Seen, message, refused, request};
use everwire::server::{Cause, Config, Connected, MemoryStore, Origins, Settled};
use everwire::session::{Client, Code, Delta, Found, Limits, SessionStore, State, Status, Stored, Tombstone};

#[tokio::test]
async fn what_a_client_sends_is_accepted_once_and_what_the_handler_answers_comes_in_order() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    for number in 0..100 {
        ann.say(&format!("echo {number}")).await;
    }
    for number in 0..100 {
        assert_eq!(ann.next().await, message(&number.to_string()));
        assert_eq!(served.message().await, format!("echo {number}"));
    }
    ann.settled().await;
}

#[tokio::test]
async fn a_session_goes_on_over_another_connection_and_nothing_comes_twice() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let session = ann.welcome.clone().unwrap().session;
    for number in 0..30 {
        ann.say(&format!("echo {number}")).await;
        if number % 3 == 0 {
            ann.drop_link();
            ann.dial(served.address, "ann").await;
            let welcome = ann.welcome.clone().unwrap();
            assert_eq!((welcome.status, welcome.session), (Status::Resumed, session));
        }
    }
    for number in 0..30 {
        assert_eq!(ann.next().await, message(&number.to_string()));
        assert_eq!(served.message().await, format!("echo {number}"));
    }
    ann.settled().await;
    assert!(ann.seen.is_empty());
}

#[tokio::test]
async fn what_is_sent_at_once_travels_in_few_frames_of_a_bounded_size() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let peer = served.peer().await;
    ann.frames.clear();
    for number in 0..4_000 {
        drop(peer.send(format!("{number:050}")));
    }
    for number in 0..4_000 {
        assert_eq!(ann.next().await, message(&format!("{number:050}")));
    }
    // 52 bytes each.
    assert!(ann.frames.len() < 20, "{:?}", ann.frames);
    assert!(ann.frames.iter().all(|len| *len <= 64 * 1024), "{:?}", ann.frames);
}

#[tokio::test]
async fn a_message_sent_while_the_client_is_away_waits_for_it_and_its_receipt_says_delivered() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let peer = served.peer().await;
    assert_eq!(peer.principal(), b"ann");
    ann.drop_link();
    let receipt = peer.send("while you were away");
    ann.dial(served.address, "ann").await;
    assert_eq!(ann.next().await, message("while you were away"));
    ann.flush().await;
    assert_eq!(receipt.await, Settled::Delivered);
}

#[tokio::test]
async fn the_handler_is_told_how_a_client_came_to_be_connected() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    assert!(matches!(served.next().await, Asked::Connected(_, Connected::New)));
    ann.drop_link();
    ann.dial(served.address, "ann").await;
    assert!(matches!(served.next().await, Asked::Connected(_, Connected::Resumed)));
    ann.drop_link();
    let mut other = Probed::start(Config::default()).await;
    ann.dial(other.address, "ann").await;
    assert!(matches!(other.next().await, Asked::Connected(_, Connected::Lost)));
    assert_eq!(ann.welcome.unwrap().status, Status::Unknown);
}

#[tokio::test]
async fn an_older_connection_is_closed_as_superseded_and_the_later_one_goes_on() {
    let served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let mut old = Peer::default();
    std::mem::swap(&mut old.socket, &mut ann.socket);
    old.welcome = ann.welcome.clone();
    ann.dial(served.address, "ann").await;
    assert_eq!(ann.welcome.clone().unwrap().status, Status::Resumed);
    let closed = old.until(|seen| matches!(seen, Seen::Close { .. })).await;
    assert!(
        matches!(closed, Seen::Close { code, retry: false, forget: false, .. } if code == Code::Superseded as u64)
    );
    assert_eq!(old.next().await, Seen::Ended(Some(4002)));
    ann.say("echo still here").await;
    assert_eq!(ann.next().await, message("still here"));
}

#[tokio::test]
async fn a_hello_that_is_late_does_not_take_the_session_from_a_later_one() {
    let served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let mut late = Peer::with(ann.half.clone());
    ann.drop_link();
    ann.dial(served.address, "ann").await;
    late.dial(served.address, "ann").await;
    let superseded = late.next().await;
    assert!(
        matches!(superseded, Seen::Close { code, .. } if code == Code::Superseded as u64),
        "{superseded:?}"
    );
    ann.say("echo mine").await;
    assert_eq!(ann.next().await, message("mine"));
}

#[tokio::test]
async fn nobody_resumes_the_session_of_another_or_without_its_secret() {
    let served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let mut bob = Peer::with(ann.half.clone());
    bob.dial(served.address, "bob").await;
    assert_eq!(bob.welcome.clone().unwrap().status, Status::Forbidden);
    ann.say("echo mine").await;
    assert_eq!(ann.next().await, message("mine"));
}

#[tokio::test]
async fn a_client_that_closes_is_answered_with_how_far_the_server_came_and_the_session_is_over() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let peer = served.peer().await;
    for number in 0..10 {
        ann.half.message(crate::server_support::text(format!("{number}").as_bytes()));
    }
    ann.flush().await;
    ann.bye().await;
    let closed = ann.until(|seen| matches!(seen, Seen::Close { .. })).await;
    let normal = Code::Normal as u64;
    assert_eq!(closed, Seen::Close { code: normal, retry: false, forget: true, retry_after_ms: 0, recv: 10 });
    assert_eq!(ann.next().await, Seen::Ended(Some(4001)));
    for number in 0..10 {
        assert_eq!(served.message().await, number.to_string());
    }
    assert_eq!(served.ending().await.cause, Cause::Closed);
    assert!(peer.is_over());
    assert_eq!(peer.send("too late").await, Settled::NotDelivered);
    assert!(served.server.peers().is_empty());
}

#[tokio::test]
async fn a_session_that_the_server_ends_tells_what_was_delivered_what_is_in_doubt_and_what_is_not() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let peer = served.peer().await;
    let first = peer.send("first");
    assert_eq!(ann.next().await, message("first"));
    ann.flush().await;
    assert_eq!(first.await, Settled::Delivered);
    // Written, and never acknowledged.
    ann.accepts = false;
    let second = peer.send("second");
    assert_eq!(ann.next().await, message("second"));
    ann.drop_link();
    let third = peer.send("third");
    peer.close(Code::Forbidden, "out");
    let ending = served.ending().await;
    assert_eq!(ending.cause, Cause::Ended(Code::Forbidden, "out".into()));
    assert_eq!((ending.delivered, ending.last), (1, 3));
    let undelivered: Vec<_> = ending.undelivered.iter().map(|held| held.content.text().unwrap()).collect();
    assert_eq!(undelivered, ["second", "third"]);
    assert_eq!(second.await, Settled::InDoubt);
    // The server may have written it before it saw that the connection was gone.
    let third = third.await;
    assert_eq!(third, if ending.in_doubt == 3 { Settled::InDoubt } else { Settled::NotDelivered });
}

#[tokio::test]
async fn what_was_accepted_before_a_session_ended_is_proved_to_a_client_that_comes_back() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let peer = served.peer().await;
    ann.say("accepted").await;
    assert_eq!(served.message().await, "accepted");
    // The acknowledgement is lost.
    ann.drop_link();
    ann.half.message(crate::server_support::text(b"never sent"));
    peer.close(Code::Normal, "");
    served.ending().await;
    ann.dial(served.address, "ann").await;
    assert_eq!(ann.welcome.clone().unwrap().status, Status::Expired);
    let Seen::Lost(loss) = ann.next().await else { panic!("no loss") };
    assert_eq!((loss.delivered, loss.in_doubt, loss.last), (1, 1, 2));
    assert_eq!(served.message().await, "never sent");
}

#[tokio::test]
async fn a_message_whose_handler_panics_is_accepted_and_what_it_did_is_not_done() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    ann.say("panic").await;
    ann.say("echo after").await;
    assert_eq!(ann.next().await, message("after"));
    ann.settled().await;
    assert_eq!(served.message().await, "panic");
    assert_eq!(served.message().await, "echo after");
}

#[tokio::test]
async fn a_handler_that_waits_holds_up_its_client_alone_and_loses_nothing_when_the_connection_drops() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let mut bob = served.client().await;
    ann.say("wait").await;
    ann.say("echo after").await;
    assert_eq!(served.message().await, "wait");
    bob.say("echo meanwhile").await;
    assert_eq!(bob.next().await, message("meanwhile"));
    ann.drop_link();
    ann.dial(served.address, "ann").await;
    served.gate.add_permits(1);
    assert_eq!(ann.next().await, message("after"));
    ann.settled().await;
    assert_eq!(served.message().await, "echo meanwhile");
    assert_eq!(served.message().await, "echo after");
}

#[tokio::test]
async fn two_servers_with_one_store_hand_a_session_over_and_the_first_one_lets_go() {
    let store = MemoryStore::new();
    let mut first = Probed::with(Config::default(), store.clone()).await;
    let mut second = Probed::with(Config::default(), store).await;
    let mut ann = first.client().await;
    let here = first.peer().await;
    ann.say("echo one").await;
    assert_eq!(ann.next().await, message("one"));
    ann.drop_link();
    ann.dial(second.address, "ann").await;
    assert_eq!(ann.welcome.clone().unwrap().status, Status::Resumed);
    ann.say("echo two").await;
    assert_eq!(ann.next().await, message("two"));
    // Whatever the first server still has in mind comes to nothing.
    let receipt = here.send("from the past");
    assert_eq!(first.ending().await.cause, Cause::Moved);
    assert_eq!(receipt.await, Settled::InDoubt);
    let there = second.peer().await;
    let receipt = there.send("from here");
    assert_eq!(ann.next().await, message("from here"));
    ann.flush().await;
    assert_eq!(receipt.await, Settled::Delivered);
    // And back again.
    ann.drop_link();
    ann.dial(first.address, "ann").await;
    assert_eq!(ann.welcome.clone().unwrap().status, Status::Resumed);
    ann.say("echo three").await;
    assert_eq!(ann.next().await, message("three"));
    assert_eq!(first.message().await, "echo three");
}

#[tokio::test]
async fn a_server_that_knows_an_older_state_of_a_session_does_not_take_the_client_for_mad() {
    let store = MemoryStore::new();
    let first = Probed::with(Config::default(), store.clone()).await;
    let second = Probed::with(Config::default(), store).await;
    let mut ann = first.client().await;
    for served in [&second, &first, &second, &first] {
        ann.drop_link();
        ann.dial(served.address, "ann").await;
        assert_eq!(ann.welcome.clone().unwrap().status, Status::Resumed);
        // Accepted and acknowledged on both sides, so that neither has it any more.
        ann.say("echo on").await;
        assert_eq!(ann.next().await, message("on"));
        ann.settled().await;
    }
}

/// Fails when it is told to.
#[derive(Clone)]
struct Flaky(MemoryStore, Arc<AtomicBool>);

impl Flaky {
    fn check(&self) -> io::Result<()> {
        if self.1.load(Ordering::SeqCst) { Err(io::Error::other("the disk is full")) } else { Ok(()) }
    }
}

fn sound<T>(result: Result<T, Infallible>) -> io::Result<T> {
    result.map_err(|never| match never {})
}

impl SessionStore for Flaky {
    type Error = io::Error;

    async fn load(&self, id: [u8; 16]) -> io::Result<Option<Found>> {
        self.check()?;
        sound(self.0.load(id).await)
    }

    async fn create(&self, session: Stored) -> io::Result<()> {
        self.check()?;
        sound(self.0.create(session).await)
    }

    async fn bind(&self, id: [u8; 16], held: u64, fence: u64) -> io::Result<bool> {
        self.check()?;
        sound(self.0.bind(id, held, fence).await)
    }

    async fn commit(&self, id: [u8; 16], delta: &Delta) -> io::Result<bool> {
        self.check()?;
        sound(self.0.commit(id, delta).await)
    }

    async fn bury(&self, id: [u8; 16], held: u64, tombstone: Option<Tombstone>) -> io::Result<bool> {
        self.check()?;
        sound(self.0.bury(id, held, tombstone).await)
    }
}

#[tokio::test]
async fn what_a_store_does_not_keep_is_not_acknowledged_and_the_session_goes_on_when_it_works_again() {
    let fails = Arc::new(AtomicBool::new(false));
    let mut served = Probed::with(Config::default(), Flaky(MemoryStore::new(), Arc::clone(&fails))).await;
    let mut ann = served.client().await;
    ann.say("echo one").await;
    assert_eq!(ann.next().await, message("one"));
    ann.settled().await;
    fails.store(true, Ordering::SeqCst);
    ann.say("echo two").await;
    let closed = ann.until(|seen| matches!(seen, Seen::Close { .. })).await;
    assert!(
        matches!(closed, Seen::Close { code, retry: true, forget: false, recv: 1, .. } if code == Code::Internal as u64)
    );
    assert_eq!(served.ending().await.cause, Cause::Store("the disk is full".into()));
    ann.drain().await;
    ann.seen.clear();
    ann.dial(served.address, "ann").await;
    let closed = ann.next().await;
    assert!(matches!(closed, Seen::Close { code, retry: true, .. } if code == Code::Internal as u64));
    ann.drain().await;
    ann.seen.clear();
    fails.store(false, Ordering::SeqCst);
    ann.dial(served.address, "ann").await;
    assert_eq!(ann.welcome.clone().unwrap().status, Status::Resumed);
    assert_eq!(ann.next().await, message("two"));
    ann.settled().await;
}

#[tokio::test]
async fn a_client_that_relies_on_what_the_server_forgot_begins_anew_and_gets_no_false_proof() {
    let store = MemoryStore::new();
    let mut served = Probed::with(Config::default(), store.clone()).await;
    let mut ann = served.client().await;
    let asked = ann.welcome.clone().unwrap().session;
    ann.say("one").await;
    ann.settled().await;
    ann.drop_link();
    // As if the store had lost what happened since: its session begins again under the same name.
    let mut forgotten = Stored::new(asked, b"ann".to_vec());
    forgotten.state.fence = ann.half.fence();
    store.create(forgotten).await.unwrap();
    let mut other = Probed::with(Config::default(), store.clone()).await;
    ann.dial(other.address, "ann").await;
    let welcome = ann.welcome.clone().unwrap();
    assert_eq!((welcome.status, welcome.tombstone), (Status::RolledBack, None));
    drop(other.peer().await);
    drop(served.peer().await);
}

#[tokio::test]
async fn a_client_that_comes_back_with_frames_too_small_for_what_waits_is_told_what_was_accepted() {
    let mut served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    let peer = served.peer().await;
    ann.say("one").await;
    ann.settled().await;
    ann.drop_link();
    let receipt = peer.send("x".repeat(5_000));
    let limits = Limits { max_frame: 2_000, window: 2_000, ..Limits::default() };
    let mut stored = Stored::new(ann.welcome.clone().unwrap().session, Vec::new());
    stored.state = State { fence: 1, acked: 1, acked_end: 5, last: 1, ..stored.state };
    let mut small = Peer::with(Client::restored(limits, true, &stored));
    small.half.delta();
    small.dial(served.address, "ann").await;
    let welcome = small.welcome.clone().unwrap();
    assert_eq!((welcome.status, welcome.tombstone.unwrap().recv), (Status::Expired, 1));
    assert_eq!(served.ending().await.cause, Cause::TooBig);
    assert_ne!(receipt.await, Settled::Delivered);
}

#[tokio::test]
async fn a_client_that_does_not_offer_the_subprotocol_is_told_so_and_refused() {
    let served = Probed::start(Config::default()).await;
    let mut plain = request(served.address);
    plain.headers_mut().remove("sec-websocket-protocol");
    let (status, why) = refused(plain, served.address).await;
    assert_eq!(status, 400);
    assert!(why.contains("everwire.v1"), "{why}");
}

#[tokio::test]
async fn an_origin_that_is_not_listed_is_refused() {
    let origins = Origins::of(["https://app.example"]);
    let served = Probed::start(Config { origins, ..Config::default() }).await;
    let mut foreign = request(served.address);
    foreign.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    assert_eq!(refused(foreign, served.address).await.0, 403);
    let mut own = request(served.address);
    own.headers_mut().insert("origin", "https://app.example".parse().unwrap());
    let stream = tokio::net::TcpStream::connect(served.address).await.unwrap();
    tokio_tungstenite::client_async(own, stream).await.unwrap();
    served.client().await;
}

#[tokio::test]
async fn a_token_that_does_not_count_is_refused_with_the_reason_and_whether_to_try_again() {
    let served = Probed::start(Config::default()).await;
    for (token, code, again) in [
        ("", Code::AuthRequired, true),
        ("late", Code::AuthExpired, true),
        ("banned", Code::Forbidden, false),
    ] {
        let mut ann = Peer::default();
        ann.dial(served.address, token).await;
        let closed = ann.next().await;
        assert!(
            matches!(closed, Seen::Close { code: why, retry, .. } if why == code as u64 && retry == again)
        );
        assert_eq!(ann.next().await, Seen::Ended(Some(code.websocket())));
    }
    assert!(served.server.peers().is_empty());
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol_loses_its_connection_and_not_its_session() {
    let served = Probed::start(Config::default()).await;
    let mut ann = served.client().await;
    ann.write(vec![0xff]).await;
    let closed = ann.next().await;
    assert!(matches!(closed, Seen::Close { code, retry: false, .. } if code == Code::Protocol as u64));
    assert_eq!(ann.next().await, Seen::Ended(Some(4004)));
    ann.dial(served.address, "ann").await;
    assert_eq!(ann.welcome.unwrap().status, Status::Resumed);
}

#[tokio::test]
async fn a_client_of_versions_that_the_server_does_not_speak_is_told_so_in_a_form_that_every_version_has() {
    let served = Probed::start(Config::default()).await;
    for versions in [[2, 9], [0, 0]] {
        let mut ann = Peer::default();
        ann.open(served.address).await;
        ann.pretend_hello();
        // Nobody knows what follows in another version.
        ann.write([&[0, 1, 6][..], &versions, b"else"].concat()).await;
        ann.drain().await;
        let Some(Seen::Close { code, retry: false, forget: false, .. }) = ann.seen.pop_front() else {
            panic!("{:?}", ann.seen)
        };
        assert_eq!(code, Code::UnsupportedVersion as u64);
        assert_eq!(ann.seen, [Seen::Ended(Some(4_014))]);
    }
}

#[tokio::test]
async fn a_client_may_take_smaller_frames_than_the_server() {
    let served = Probed::start(Config::default()).await;
    let limits = Limits { max_frame: 1_024, window: 4_096, ..Limits::default() };
    let mut ann = Peer::with(Client::new(limits, true, false));
    ann.dial(served.address, "ann").await;
    let long = "x".repeat(600);
    for _ in 0..20 {
        ann.say(&format!("echo {long}")).await;
    }
    for _ in 0..20 {
        assert_eq!(ann.next().await, message(&long));
    }
    let peer = served.server.peers().remove(0);
    assert_eq!(peer.send("x".repeat(2_000)).await, Settled::NotDelivered);
}
