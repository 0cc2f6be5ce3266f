//! One connection on a clock that stands still unless everybody waits for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance, timeout};

use super::faults::{How, Plan};
use super::link::{Ending, Link, Orders};
use super::tally::Tally;

struct Rig {
    client: DuplexStream,
    server: DuplexStream,
    orders: watch::Sender<Orders>,
    tally: Arc<Tally>,
    link: JoinHandle<Ending>,
}

impl Rig {
    /// A connection that has not said anything yet.
    fn new(faults: &str) -> Self {
        let plan = Arc::new(Plan::new(faults.parse().unwrap()));
        let (orders, receiver) = watch::channel(Orders { plan: Arc::clone(&plan), cuts: (0, How::Reset) });
        let tally = Arc::new(Tally::default());
        let link = Link::new(plan, Arc::clone(&tally));
        let (client, near) = duplex(PIPE);
        let (server, far) = duplex(PIPE);
        let link = tokio::spawn(async move { link.run(split(near), split(far), receiver).await });
        Self { client, server, orders, tally, link }
    }

    /// One whose upgrade has passed.
    async fn open(faults: &str) -> Self {
        let mut rig = Self::new(faults);
        rig.upgrade().await;
        rig
    }

    async fn upgrade(&mut self) {
        self.client.write_all(REQUEST).await.unwrap();
        hears(&mut self.server, REQUEST).await;
        self.server.write_all(RESPONSE).await.unwrap();
        hears(&mut self.client, RESPONSE).await;
    }

    fn order(&self, faults: &str) {
        let plan = Arc::new(Plan::new(faults.parse().unwrap()));
        self.orders.send_modify(|orders| orders.plan = plan);
    }
}

async fn hears(end: &mut DuplexStream, expected: &[u8]) {
    let mut heard = vec![0; expected.len()];
    end.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard, expected);
}

/// Writes until nobody takes any more; says how much was taken.
async fn fill(end: &mut DuplexStream) -> usize {
    let mut taken = 0;
    while let Ok(count) = timeout(DAY, end.write(&[7; 1_000])).await {
        taken += count.unwrap();
    }
    taken
}

#[tokio::test(start_paused = true)]
async fn a_cut_by_time_comes_exactly_so_long_after_the_upgrade() {
    for (faults, ending) in [("cut=300", Ending::Reset), ("cut=300&how=fin", Ending::Fin)] {
        let mut rig = Rig::new(faults);
        advance(DAY).await;
        rig.upgrade().await;
        let upgraded = Instant::now();
        assert_eq!(rig.link.await.unwrap(), ending);
        assert_eq!(upgraded.elapsed(), Duration::from_millis(300));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_by_time_is_the_one_that_the_seed_draws() {
    let faults = "cut=50-500&seed=7";
    let drawn = Plan::new(faults.parse().unwrap()).draw().cut.unwrap();
    let rig = Rig::open(faults).await;
    let upgraded = Instant::now();
    assert_eq!(rig.link.await.unwrap(), Ending::Reset);
    assert_eq!(upgraded.elapsed(), drawn);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_upgrade_is_not_cut() {
    let mut rig = Rig::new("cut=300&cut_up=1&cut_down=1");
    rig.client.write_all(REQUEST).await.unwrap();
    hears(&mut rig.server, REQUEST).await;
    rig.server.write_all(b"HTTP/1.1 200 OK\r\n\r\nmore").await.unwrap();
    hears(&mut rig.client, b"HTTP/1.1 200 OK\r\n\r\nmore").await;
    assert!(timeout(DAY, rig.link).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_comes_along_with_the_response_head_counts_as_coming_after_it() {
    let mut rig = Rig::new("cut_down=4&how=fin");
    rig.client.write_all(REQUEST).await.unwrap();
    hears(&mut rig.server, REQUEST).await;
    rig.server.write_all(&[RESPONSE, b"four and more"].concat()).await.unwrap();
    let mut heard = Vec::new();
    assert_eq!(rig.link.await.unwrap(), Ending::Fin);
    rig.client.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, [RESPONSE, b"four"].concat());
}

#[tokio::test(start_paused = true)]
async fn faults_that_change_count_from_then_on() {
    let mut rig = Rig::open("cut=300&cut_up=9").await;
    rig.client.write_all(b"12345678").await.unwrap();
    hears(&mut rig.server, b"12345678").await;
    rig.order("");
    assert!(timeout(DAY, &mut rig.link).await.is_err());
    rig.order("cut=200&how=fin");
    let ordered = Instant::now();
    assert_eq!(rig.link.await.unwrap(), Ending::Fin);
    assert_eq!(ordered.elapsed(), Duration::from_millis(200));

    let mut rig = Rig::open("cut_up=9").await;
    rig.client.write_all(b"12345678").await.unwrap();
    hears(&mut rig.server, b"12345678").await;
    rig.order("cut_up=4&how=fin");
    // A task of the link must hear of the order before the bytes come.
    advance(Duration::ZERO).await;
    rig.client.write_all(b"90123").await.unwrap();
    hears(&mut rig.server, b"9012").await;
    assert_eq!(rig.link.await.unwrap(), Ending::Fin);
}

#[tokio::test(start_paused = true)]
async fn each_direction_is_delayed_by_its_own_time_and_keeps_its_order() {
    let mut rig = Rig::open("").await;
    rig.order("delay_up=100&delay_down=30000");
    advance(Duration::ZERO).await;
    let began = Instant::now();
    rig.client.write_all(b"one").await.unwrap();
    rig.server.write_all(b"down").await.unwrap();
    advance(Duration::from_millis(40)).await;
    rig.client.write_all(b"two").await.unwrap();
    hears(&mut rig.server, b"one").await;
    assert_eq!(began.elapsed(), Duration::from_millis(100));
    rig.client.shutdown().await.unwrap();
    hears(&mut rig.server, b"two").await;
    assert_eq!(began.elapsed(), Duration::from_millis(140));
    assert_eq!(rig.server.read(&mut [0; 1]).await.unwrap(), 0);
    assert_eq!(began.elapsed(), Duration::from_millis(200));
    hears(&mut rig.client, b"down").await;
    assert_eq!(began.elapsed(), Duration::from_secs(30));
    drop(rig.server);
    assert_eq!(rig.link.await.unwrap(), Ending::Over);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_takes_so_many_bytes_a_second() {
    let rig = Rig::open("rate_up=1000").await;
    let began = Instant::now();
    let sent = vec![7; 5_001];
    let (mut reader, mut writer) = (rig.server, rig.client);
    let writing = tokio::spawn(async move {
        writer.write_all(&sent).await.unwrap();
        writer
    });
    let mut heard = vec![0; 5_001];
    reader.read_exact(&mut heard).await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    // The other direction is as fast as ever.
    let mut writer = writing.await.unwrap();
    let began = Instant::now();
    reader.write_all(&[8; 500]).await.unwrap();
    writer.read_exact(&mut [0; 500]).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
    drop((reader, writer));
    rig.link.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stopped_takes_nothing_until_it_goes_on() {
    let mut rig = Rig::open("rate_down=0").await;
    let waiting = fill(&mut rig.server).await;
    assert_eq!(waiting, PIPE, "only the pipe before the proxy takes anything");
    rig.order("");
    let mut heard = vec![0; waiting];
    rig.client.read_exact(&mut heard).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn no_more_than_64_kib_are_held_for_an_end_that_takes_nothing_or_hears_late() {
    let mut rig = Rig::open("").await;
    assert_eq!(fill(&mut rig.server).await, PIPE + HELD + PIPE);
    let mut rig = Rig::open("").await;
    rig.order("delay_up=600000");
    advance(Duration::ZERO).await;
    let mut taken = 0;
    while let Ok(count) = timeout(Duration::from_secs(60), rig.client.write(&[7; 1_000])).await {
        taken += count.unwrap();
    }
    assert_eq!(taken, HELD + PIPE);
}

#[tokio::test(start_paused = true)]
async fn what_is_on_its_way_when_a_connection_falls_silent_is_swallowed_and_never_comes_back() {
    let mut rig = Rig::open("delay=100").await;
    rig.client.write_all(b"too late").await.unwrap();
    advance(Duration::ZERO).await;
    rig.orders.send_modify(|orders| orders.cuts = (1, How::Silent { up: true, down: true }));
    assert!(timeout(DAY, rig.server.read(&mut [0; 1])).await.is_err());
    rig.order("");
    rig.client.write_all(b"nor this").await.unwrap();
    rig.server.write_all(b"nor that").await.unwrap();
    assert!(timeout(DAY, rig.server.read(&mut [0; 1])).await.is_err());
    assert!(timeout(DAY, rig.client.read(&mut [0; 1])).await.is_err());
    assert_eq!(rig.tally.stats(0).swallowed, 24);
    rig.order("cut=100");
    assert_eq!(rig.link.await.unwrap(), Ending::Reset, "silent or not, it can be cut");
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_client_falls_silent_does_not_hear_that_it_left() {
    for faults in ["cut_up=0&how=silent", "cut_up=0&how=silent-up"] {
        let mut rig = Rig::open(faults).await;
        advance(Duration::ZERO).await;
        drop(rig.client);
        rig.server.write_all(b"are you there?").await.unwrap();
        assert!(timeout(DAY, rig.server.read(&mut [0; 1])).await.is_err(), "{faults}");
        drop(rig.server);
        assert_eq!(rig.link.await.unwrap(), Ending::Over);
    }
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
const PIPE: usize = 1_000;
const HELD: usize = 64 << 10;
const DAY: Duration = Duration::from_secs(86_400);
