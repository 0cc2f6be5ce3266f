//! PROTOCOL.md says what the code does: its dumps are decoded, written anew and played by both halves, its
//! tables compared.

use crate::halves::dump::{bytes, dump, snake};
use crate::halves::{encode, frame_of, numbers, text};
use everwire::session::{
    Answer, Client, Closing, Code, Control, Event, FRAME_LIMITS, FRAME_OVERHEAD, FRAME_RECORDS, Frame,
    Identity, Limits, MAX_INTEGER, NAME_MAX, OPEN_MAX, Payload, SUBPROTOCOL, Session, Status, Times,
    Tombstone, VERSION, read_hello,
};

const DOCUMENT: &str = include_str!("../../PROTOCOL.md");
const TIMES: Times = Times { resume_ms: 300_000, ping_ms: 25_000, idle_ms: 60_000, auth_ttl_ms: 0 };
/// The windows of the life in the document are no larger than a frame.
const LIMITS: Limits =
    Limits { max_frame: 1 << 20, window: 1 << 20, max_requests: 1_000, max_channels: 1_000 };
const DONE: Closing<'_> =
    Closing { code: Code::Normal, retry: false, forget: true, retry_after_ms: 0, reason: "" };

/// Who sends each frame, and its dump.
fn dumps() -> Vec<(bool, String)> {
    let life = DOCUMENT.split("\n## 13. ").nth(1).unwrap();
    let blocks = life.split("\n```text\n").skip(1).map(|block| block.split("```").next().unwrap());
    let senders = life.lines().filter(|line| line.starts_with("**"));
    let senders = senders.map(|line| {
        assert!(line.contains(". Client** ") || line.contains(". Server** "), "{line}");
        line.contains(". Client** ")
    });
    senders.zip(blocks).map(|(client, block)| (client, block.to_owned())).collect()
}

/// The rows of the first table with this heading in a part of the document, each as its cells.
fn table(part: &str, heading: &str) -> Vec<Vec<String>> {
    let part = DOCUMENT.split(part).nth(1).unwrap();
    let lines = part.lines().skip_while(|line| !line.starts_with(heading)).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn every_dump_is_what_its_bytes_say_and_is_written_anew_from_them() {
    let dumps = dumps();
    assert!(dumps.len() >= 16);
    for (_, block) in dumps {
        let frame = bytes(&block);
        assert_eq!(dump(&frame), block);
        let read = Frame::read(&frame).unwrap();
        let head = read.head;
        let records: Vec<_> = read.map(|framed| encode(&framed.unwrap().says(), &frame)).collect();
        assert_eq!(frame_of(head.base, head.ack.map(|ack| (ack.to, ack.credit)), &records), frame);
    }
}

/// A network that writes down what goes over it.
struct Life {
    client: Client,
    server: Session,
    frames: Vec<(bool, Vec<u8>)>,
}

impl Life {
    fn hello(&mut self) -> (u64, Vec<u8>) {
        let (fence, hello) = self.client.hello(b"token-of-ann", 60_000);
        self.frames.push((true, hello.clone()));
        (fence, hello)
    }

    fn welcome(&mut self, fence: u64, welcome: Vec<u8>) -> Vec<Event> {
        let mut events = Vec::new();
        self.client.receive(fence, &welcome, &mut events).unwrap();
        self.frames.push((false, welcome));
        events
    }

    fn lost(&mut self) {
        let mut frame = Vec::new();
        assert!(self.client.frame(1 << 16, &mut frame));
        self.frames.push((true, frame));
        self.client.gone(self.client.fence());
    }

    fn up(&mut self) {
        let (mut frame, mut events) = (Vec::new(), Vec::new());
        assert!(self.client.frame(1 << 16, &mut frame));
        self.server.receive(self.client.fence(), &frame, &mut events).unwrap();
        self.frames.push((true, frame));
        numbers(&events).for_each(|seq| self.server.accept(seq));
    }

    fn down(&mut self) {
        let (mut frame, mut events) = (Vec::new(), Vec::new());
        assert!(self.server.frame(1 << 16, &mut frame));
        self.client.receive(self.client.fence(), &frame, &mut events).unwrap();
        self.frames.push((false, frame));
        numbers(&events).for_each(|seq| self.client.accept(seq));
    }
}

fn identity(first: u8) -> Identity {
    let octets = |from: u8| std::array::from_fn(|index| from + index as u8);
    Identity { id: octets(first), secret: octets(first + 0x50) }
}

#[test]
fn both_halves_write_the_documented_life() {
    let mut life = Life {
        client: Client::new(LIMITS, true, false),
        server: Session::new(identity(0x10), b"ann".to_vec(), LIMITS, false),
        frames: Vec::new(),
    };
    let (fence, hello) = life.hello();
    let hello = read_hello(&hello, 4_096).unwrap();
    let welcome = life.server.welcome_new(&hello, TIMES, Status::New, None).unwrap();
    life.welcome(fence, welcome);

    life.client.message(text(b"hi"));
    life.up();
    life.server.message(text(b"hello"));
    life.down();

    life.client.open("news", text(b"")).unwrap();
    let (id, _) = life.client.request(5_000, "count", text(b"2")).unwrap();
    life.up();
    life.server.confirm(1, text(b"")).unwrap();
    life.server.respond(id, Answer::Ok as u64, true, text(b"one")).unwrap();
    life.server.respond(id, Answer::Ok as u64, false, text(b"two")).unwrap();
    life.server.volatile(Payload { channel: 1, text: true, bytes: b"rain" });
    life.down();

    life.client.message(Payload { channel: 1, text: true, bytes: b"sun" });
    life.lost();
    let (fence, hello) = life.hello();
    let welcome = life.server.resume(&read_hello(&hello, 4_096).unwrap(), TIMES, &mut Vec::new()).unwrap();
    life.welcome(fence, welcome);
    life.up();
    life.server.control(Control::Ping { token: 7 });
    life.down();
    life.client.control(Control::Pong { token: 7, hold_us: 150 });
    life.up();

    life.client.message(text(b"lost?"));
    life.lost();
    let (recv, next) = (life.server.incoming().1, life.server.outgoing().0 + 1);
    life.server = Session::new(identity(0x30), b"ann".to_vec(), LIMITS, false);
    let (fence, hello) = life.hello();
    let stone = Some(Tombstone { recv, next });
    let hello = read_hello(&hello, 4_096).unwrap();
    let welcome = life.server.welcome_new(&hello, TIMES, Status::Expired, stone).unwrap();
    let events = life.welcome(fence, welcome);
    let Event::Lost(loss) = &events[0] else { panic!("{events:?}") };
    assert_eq!((loss.delivered, loss.in_doubt, loss.missing), (4, 4, false));
    life.up();
    life.down();

    let fence = life.client.fence();
    let (close, mut events) = (life.client.close(DONE), Vec::new());
    life.server.receive(fence, &close, &mut events).unwrap();
    life.frames.push((true, close));
    let close = life.server.close(DONE);
    life.client.receive(fence, &close, &mut events).unwrap();
    life.frames.push((false, close));

    let documented: Vec<_> = dumps().iter().map(|(client, block)| (*client, bytes(block))).collect();
    for (index, (client, frame)) in life.frames.iter().enumerate() {
        let block = dump(frame);
        assert_eq!(documented.get(index), Some(&(*client, frame.clone())), "frame {}:\n{block}", index + 1);
    }
    assert_eq!(documented.len(), life.frames.len());
}

#[test]
fn the_document_is_read_in_ten_minutes_and_has_its_tables_to_look_things_up() {
    let prose = DOCUMENT.split("\n## 13. ").next().unwrap();
    let prose = prose.split("```").step_by(2).flat_map(str::lines).filter(|line| !line.starts_with('|'));
    let words: usize = prose.map(|line| line.split_whitespace().count()).sum();
    assert!((1_000..=2_500).contains(&words), "{words} words, at 250 a minute");
}

#[test]
fn every_record_is_told_of_once_with_its_direction_its_bytes_its_meaning_and_its_faults() {
    let records = table("\n## 4. ", "| type | record");
    let names: Vec<_> = records.iter().map(|row| row[2].as_str()).collect();
    for (index, row) in records.iter().enumerate() {
        assert_eq!(row[1], (index + 1).to_string());
        assert!(["client", "server", "both"].contains(&row[3].as_str()), "{row:?}");
        let kind = index as u8 + 1;
        let flags = [(0x20, "TEXT"), (0x40, "CHANNEL"), (0x80, "MORE")];
        let refused = |flag: u8| {
            let fault =
                Frame::read(&frame_of(None, None, &[vec![kind | flag, 0]])).unwrap().next().unwrap().err();
            fault.is_some_and(|fault| fault.what.contains("flags that do not exist"))
        };
        let taken: Vec<_> = flags.iter().filter(|(flag, _)| !refused(*flag)).map(|(_, name)| *name).collect();
        assert_eq!(row[4], taken.join(", "), "{row:?}");
    }
    assert_eq!(names.len(), 16);
    let told = table("\n## 4. ", "| record ");
    let told: Vec<_> =
        told.iter().flat_map(|row| row[1].split(", ").map(str::to_owned).collect::<Vec<_>>()).collect();
    let told: Vec<_> = told.iter().filter(|name| *name != "all numbered").map(String::as_str).collect();
    assert_eq!(told, names);
    assert!(table("\n## 4. ", "| record ").iter().all(|row| !row[3].is_empty()));
}

#[test]
fn the_table_of_close_codes_is_that_of_the_code() {
    let rows = table("\n## 10. ", "| code ");
    assert_eq!(rows.len(), Code::ALL.len());
    for (row, code) in rows.iter().zip(Code::ALL) {
        let expected = [(code as u8).to_string(), snake(&format!("{code:?}")), code.websocket().to_string()];
        assert_eq!(row[1..4], expected);
    }
}

#[test]
fn the_tables_of_statuses_are_those_of_the_code() {
    use Answer::{Busy, Cancelled, Error, Interrupted, NoChannel, NoMethod, Ok, TimedOut};
    use Status::{Expired, Forbidden, New, Resumed, RolledBack, Unknown};
    let statuses = [New, Resumed, Unknown, Expired, RolledBack, Forbidden];
    let statuses = statuses.map(|status| (status as u8, snake(&format!("{status:?}"))));
    let answers = [Ok, Error, Cancelled, NoMethod, TimedOut, Busy, Interrupted, NoChannel];
    let answers = answers.map(|answer| (answer as u8, snake(&format!("{answer:?}"))));
    let named = |rows: &[Vec<String>]| -> Vec<(u8, String)> {
        rows.iter().map(|row| (row[1].parse().unwrap(), row[2].clone())).collect()
    };
    assert_eq!(named(&table("\n## 5. ", "| status | name")), statuses);
    assert_eq!(named(&table("**Requests.**", "| status | name")), answers);
}

#[test]
fn the_limits_are_those_of_the_code() {
    let limits = Limits::default();
    for says in [
        format!("`{SUBPROTOCOL}`"),
        format!("what the client speaks: {VERSION} and {VERSION}"),
        format!("| an integer | 2^{} - 1 |", (MAX_INTEGER + 1).ilog2()),
        format!(
            "| max_frame | {} to 2^{} | {} |",
            thousands(FRAME_LIMITS.0),
            FRAME_LIMITS.1.ilog2(),
            thousands(limits.max_frame)
        ),
        format!("| window | at least max_frame | {} |", thousands(limits.window)),
        format!("| records in a frame | {} |", thousands(FRAME_RECORDS as u64)),
        format!("| name, method | {} octets |", thousands(NAME_MAX as u64)),
        format!("| an OPEN record | {} octets |", thousands(OPEN_MAX as u64)),
        format!(
            "| requests that wait for their answer | the receiver's own | {} |",
            thousands(limits.max_requests as u64)
        ),
        format!("| open channels | the server's own | {} |", thousands(limits.max_channels as u64)),
        format!("at most `max_frame` - {FRAME_OVERHEAD}"),
    ] {
        let flat = DOCUMENT.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(&says), "{says}");
    }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
