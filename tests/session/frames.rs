//! How records are split into frames means nothing: the same events, the same settlements, the same session.

use crate::halves::{encode, frame_of, greeted, integers, numbers, record_of, resume, text};
use everwire::session::{Client, Control, Event, Limits, Session, Violation, is_sequenced};
use proptest::prelude::*;

#[test]
fn the_frames_of_a_link_begin_small_and_grow() {
    let (mut client, mut server) = greeted(Limits::default(), Limits::default());
    for _ in 0..300 {
        client.message(text(&[b'x'; 1_000]));
    }
    let mut frame = Vec::new();
    for _ in 0..2 {
        let mut sizes = Vec::new();
        while client.frame(65_536, &mut frame) {
            sizes.push(frame.len());
        }
        assert!(sizes[0] < 4_200 && sizes.len() < 12, "{sizes:?}");
        assert!(sizes.iter().any(|size| *size > 60_000), "{sizes:?}");
        client.gone(client.fence());
        resume(&mut client, &mut server);
    }
}

/// What a client says. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Said {
    Message { channel: u64, size: usize },
    Volatile { channel: u64 },
    Request { channel: u64 },
    Cancel(u64),
    Open,
    Shut(u64),
    Ping(u64),
    Foreign(u64),
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        4 => (0..4_u64, 0..300_usize).prop_map(|(channel, size)| Said::Message { channel, size }),
        1 => (0..4_u64).prop_map(|channel| Said::Volatile { channel }),
        2 => (0..4_u64).prop_map(|channel| Said::Request { channel }),
        1 => (1..8_u64).prop_map(Said::Cancel),
        1 => Just(Said::Open),
        1 => (1..4_u64).prop_map(Said::Shut),
        1 => (0..9_u64).prop_map(Said::Ping),
        1 => (100..200_u64).prop_map(Said::Foreign),
    ]
}

/// The records, written by hand. What there is not yet is not spoken of.
fn records(said: &[Said]) -> Vec<Vec<u8>> {
    let (mut channels, mut requests) = (0, 0);
    let on = |channel: u64| if channel > 0 { (64, integers(&[channel])) } else { (0, Vec::new()) };
    let mut records = Vec::new();
    for said in said {
        records.push(match said {
            Said::Message { channel, size } => {
                let (flag, head) = on(channel % (channels + 1));
                record_of(3 + 32 + flag, &[head, vec![b'x'; *size]].concat())
            }
            Said::Volatile { channel } => {
                let (flag, head) = on(channel % (channels + 1));
                record_of(4 + flag, &[head, vec![7; 9]].concat())
            }
            Said::Request { channel } => {
                requests += 1;
                let (flag, head) = on(channel % (channels + 1));
                record_of(5 + flag, &[head, integers(&[requests, 0, 3]), b"askit".to_vec()].concat())
            }
            Said::Cancel(id) if requests > 0 => record_of(7, &integers(&[(id % requests) + 1])),
            Said::Open => {
                channels += 1;
                record_of(8, &[integers(&[channels, 4]), b"news".to_vec()].concat())
            }
            Said::Shut(channel) if channels > 0 => record_of(9, &integers(&[(channel % channels) + 1, 0])),
            Said::Ping(token) => record_of(10, &integers(&[*token])),
            Said::Foreign(id) => record_of(16, &integers(&[*id])),
            Said::Cancel(_) | Said::Shut(_) => continue,
        });
    }
    records
}

/// What the application hears: each record by its number, in its own bytes. Acknowledgements are no part of the order.
fn heard(events: &[Event], frame: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let record = |event: &Event| match event {
        Event::Numbered { seq, record } => Some((*seq, encode(&record.says(), frame))),
        Event::Plain(record) => Some((0, encode(&record.says(), frame))),
        _ => None,
    };
    events.iter().filter_map(record).collect()
}

type Outcome = (Vec<(u64, Vec<u8>)>, Result<(), Violation>, Session);

/// Receives these records in frames that begin where `cuts` say, with the acknowledgements that are due there.
fn receive(mut server: Session, records: &[Vec<u8>], acks: &[u64], cuts: &[bool]) -> Outcome {
    let fence = server.link().unwrap();
    let (mut all, mut seq, mut from) = (Vec::new(), 1, 0);
    while from <= records.len() {
        let is_cut = |at: &usize| cuts.get(*at).copied().unwrap_or(false);
        let to = (from + 1..records.len()).find(is_cut).unwrap_or(records.len());
        let part = &records[from..to];
        let sequenced = part.iter().filter(|record| is_sequenced(record[0])).count() as u64;
        let ack = acks.iter().take(from + 1).max().map(|ack| (*ack, 1 << 20));
        let frame = frame_of((sequenced > 0).then_some(seq), ack, part);
        seq += sequenced;
        let mut events = Vec::new();
        let result = server.receive(fence, &frame, &mut events);
        all.extend(heard(&events, &frame));
        numbers(&events).for_each(|seq| server.accept(seq));
        if result.is_err() || to == from {
            return (all, result, server);
        }
        from = to;
    }
    (all, Ok(()), server)
}

/// A server that has sent eight messages.
fn server() -> Session {
    let (_, mut server) = greeted(Limits::default(), Limits::default());
    (0..8).for_each(|_| _ = server.message(text(b"hello")));
    assert!(server.frame(1 << 16, &mut Vec::new()));
    server
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_partition_of_the_records_into_frames_is_received_as_the_same(
        said in prop::collection::vec(said(), 0..60),
        acks in prop::collection::vec(0..=8_u64, 60),
        cuts in prop::collection::vec(any::<bool>(), 60),
    ) {
        let records = records(&said);
        // Whoever has acknowledged more at the end has it settled, however it was told on the way.
        let last = receive(server(), &records, &acks[..1], &[]);
        let settle = |(all, result, mut server): Outcome| {
            let ack = frame_of(None, Some((8, 1 << 20)), &[]);
            let fence = server.link().unwrap();
            server.receive(fence, &ack, &mut Vec::new()).unwrap();
            (all, result, server)
        };
        prop_assert_eq!(settle(receive(server(), &records, &acks, &cuts)), settle(last));
    }

    #[test]
    fn what_stands_before_a_fault_counts_the_same_in_any_partition(
        said in prop::collection::vec(said(), 0..40),
        at in 0..40_usize,
        fault in prop_oneof![
            Just(record_of(0, b"")),
            Just(record_of(3 + 32, b"\xff")),
            Just(record_of(3 + 64, &integers(&[99]))),
            Just(record_of(5, &integers(&[1, 0, 200]))),
            Just(record_of(13, &integers(&[0, 0]))),
        ],
        cuts in prop::collection::vec(any::<bool>(), 60),
    ) {
        let mut records = records(&said);
        records.insert(at.min(records.len()), fault);
        let whole = receive(server(), &records, &[0], &[]);
        prop_assert!(whole.1.is_err());
        prop_assert_eq!(receive(server(), &records, &[0], &cuts), whole);
    }

    #[test]
    fn a_half_says_the_same_in_frames_of_any_size(
        said in prop::collection::vec(said(), 0..60),
        rooms in prop::collection::vec(1..2_000_usize, 1..8),
    ) {
        let (mut client, server) = greeted(Limits::default(), Limits::default());
        said.iter().for_each(|said| say(&mut client, said));
        let whole = pass(client.clone(), server.clone(), &[1 << 20]);
        prop_assert_eq!(pass(client, server, &rooms), whole);
    }
}

fn say(client: &mut Client, said: &Said) {
    match said {
        Said::Message { size, .. } => _ = client.message(text("x".repeat(*size).as_bytes())),
        Said::Volatile { .. } => _ = client.volatile(text(b"volatile")),
        Said::Request { .. } => _ = client.request(0, "ask", text(b"it")),
        Said::Cancel(id) => _ = client.cancel(*id),
        Said::Open => _ = client.open("news", text(b"")),
        Said::Shut(channel) => _ = client.shut(*channel, 0, ""),
        Said::Ping(token) => client.control(Control::Ping { token: *token }),
        Said::Foreign(id) => client.control(Control::Ext { id: *id, body: b"?" }),
    }
}

/// What a server hears in frames of about these sizes, and both halves after that.
fn pass(mut client: Client, mut server: Session, rooms: &[usize]) -> (Vec<(u64, Vec<u8>)>, Client, Session) {
    let (mut all, mut frame) = (Vec::new(), Vec::new());
    for room in rooms.iter().cycle() {
        if !client.frame(*room, &mut frame) {
            break;
        }
        let mut events = Vec::new();
        server.receive(client.fence(), &frame, &mut events).unwrap();
        all.extend(heard(&events, &frame));
        numbers(&events).for_each(|seq| server.accept(seq));
    }
    (all, client, server)
}
