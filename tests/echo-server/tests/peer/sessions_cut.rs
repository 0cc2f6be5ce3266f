//! A session over connections that are cut again and again, without a browser.

use crate::session::{Seen, Session};
use crate::support::*;
use everwire::session::Status;
use everwire_echo_server::Proxy;

#[tokio::test]
async fn messages_each_way_outlast_every_cut_each_once_and_in_order() {
    const EACH: u64 = 50_000;
    let server = start().await;
    // A frame is up to 64 KiB long, and counts when it is whole.
    let proxy = Proxy::start(server.address(), "cut_up=20000-60000&cut_down=70000-150000".parse().unwrap())
        .await
        .unwrap();
    println!("seed {}", proxy.stats().seed);
    let mut client = Session::dialed(proxy.address(), "/ws?room=s&silent", "").await;
    let mut heard = 0;
    let mut answered = false;
    let mut begun = false;
    while !answered || heard < EACH || client.half.outgoing().0 > client.half.outgoing().1 {
        match client.next_or_acked().await {
            None => {}
            Some(Seen::Text(0, text)) => {
                heard += 1;
                assert_eq!(text, heard.to_string());
            }
            Some(Seen::Response { status: 0, .. }) => answered = true,
            Some(Seen::Ended(_)) => client.redial().await,
            Some(Seen::Welcome(status)) => {
                assert_eq!(status == Status::Resumed, begun);
                if !begun {
                    client.ask("source", &EACH.to_string()).await;
                    for number in 1..=EACH {
                        client.half.message(crate::session::payload(0, &number.to_string()));
                    }
                    client.flush().await;
                }
                begun = true;
            }
            Some(other) => panic!("{other:?}"),
        }
    }
    assert!(proxy.stats().cuts >= 5, "{:?}", proxy.stats());
    let sessions = server.room_stats("s").sessions.unwrap();
    let [only] = &sessions.each[..] else { panic!("{sessions:?}") };
    assert_eq!((only.counted, only.first, only.last, only.gaps, only.duplicates), (EACH, 1, EACH, 0, 0));
}
