//! Two halves, and a network and hosts that do what the bytes say.

use std::collections::{BTreeSet, VecDeque};

use everwire::session::{
    Answer, Client, Event, Loss, Payload, Record, Room, Session, Status, Tombstone, Verdict, read_hello,
};

use super::halves::{TIMES, identity};
use super::{SMALL, check};

/// Messages that wait for their end, by the number of their record in the session, and what became of them.
#[derive(Default)]
struct Outbox {
    bound: VecDeque<(u64, u32)>,
    next: u32,
    delivered: BTreeSet<u32>,
    in_doubt: BTreeSet<u32>,
    not_sent: BTreeSet<u32>,
}

impl Outbox {
    fn acked(&mut self, to: u64) {
        while self.bound.front().is_some_and(|(seq, _)| *seq <= to) {
            self.delivered.extend(self.bound.pop_front().map(|(_, message)| message));
        }
    }
}

struct Pair {
    client: Client,
    server: Session,
    /// Sessions so far.
    sessions: u8,
    /// On their way: the fence of the connection, and the frame.
    up: VecDeque<(u64, Vec<u8>)>,
    down: VecDeque<(u64, Vec<u8>)>,
    from_client: Outbox,
    from_server: Outbox,
    /// What the server's application has had, and the client's in this session.
    at_server: Vec<u32>,
    at_client: Vec<u32>,
    /// Requests that wait at the server.
    asked: Vec<u64>,
}

/// How many messages of the client's ended how, and how many of the server's arrived.
#[derive(Debug, Default)]
pub struct Tally {
    pub delivered: usize,
    pub in_doubt: usize,
    pub not_sent: usize,
    pub heard: usize,
}

/// Whatever the network does, each message arrives once, in order, or is said to be lost, truthfully.
pub fn halves(bytes: &[u8]) -> Tally {
    let carry = bytes.first().is_none_or(|byte| byte & 1 == 0);
    let mut pair = Pair {
        client: Client::new(SMALL, carry, false),
        server: Session::new(identity(1), b"ann".to_vec(), SMALL, false),
        sessions: 1,
        up: VecDeque::new(),
        down: VecDeque::new(),
        from_client: Outbox::default(),
        from_server: Outbox::default(),
        at_server: Vec::new(),
        at_client: Vec::new(),
        asked: Vec::new(),
    };
    for byte in bytes.iter().take(2_000) {
        pair.step(*byte);
    }
    pair.settle();
    let Outbox { delivered, in_doubt, not_sent, .. } = &pair.from_client;
    let heard = pair.at_client.len();
    Tally { delivered: delivered.len(), in_doubt: in_doubt.len(), not_sent: not_sent.len(), heard }
}

impl Pair {
    fn step(&mut self, byte: u8) {
        let high = u64::from(byte >> 4);
        match byte & 15 {
            0 => self.connect(),
            1 | 2 => self.write_up(64 << high.min(5)),
            3 | 4 => self.write_down(64 << high.min(5)),
            5 | 6 => self.deliver_up(),
            7 | 8 => self.deliver_down(),
            9 => self.say_up(high as usize * 50),
            10 => self.say_down(high as usize * 50),
            11 => match high {
                0..=5 => drop(self.client.request(0, "method", text(b"question"))),
                6..=8 => drop(self.client.cancel(self.at_server.len() as u64 % 5 + 1)),
                9..=12 => drop(self.client.open("channel", text(b""))),
                _ => drop(self.client.shut(high - 12, 0, "")),
            },
            12 => match high {
                0..=7 => self.answer(high & 1 > 0),
                8..=11 => drop(self.server.confirm(high - 7, text(b""))),
                _ => drop(self.server.shut(high - 11, 0, "")),
            },
            13 => {
                self.client.volatile(text(b"volatile"));
                self.server.volatile(Payload { channel: high, text: true, bytes: b"volatile" });
            }
            14 => self.cut(high & 1 > 0),
            _ => self.lose(high & 1 > 0),
        }
    }

    fn say_up(&mut self, len: usize) {
        if self.client.identity().is_some() && self.client.room(len + 4) == Room::Now {
            let message = self.from_client.next;
            self.from_client.next += 1;
            let seq = self.client.message(binary(&body(message, len)));
            self.from_client.bound.push_back((seq, message));
        }
    }

    fn say_down(&mut self, len: usize) {
        if self.server.room(len + 4) == Room::Now {
            let message = self.from_server.next;
            self.from_server.next += 1;
            let seq = self.server.message(binary(&body(message, len)));
            self.from_server.bound.push_back((seq, message));
        }
    }

    fn answer(&mut self, more: bool) {
        let Some(id) = self.asked.last().copied() else { return };
        if !more {
            self.asked.pop();
        }
        self.server.respond(id, Answer::Ok as u64, more, text(b"answer"));
    }

    /// Every connection breaks. What the server had written may still arrive, and must change nothing.
    fn cut(&mut self, late: bool) {
        self.up.clear();
        if !late {
            self.down.clear();
        }
        for fence in [Some(self.client.fence()), self.client.link()].into_iter().flatten() {
            self.client.gone(fence);
        }
        self.server.link().iter().for_each(|fence| self.server.gone(*fence));
    }

    fn connect(&mut self) {
        let (fence, hello) = self.client.hello(b"", 0);
        self.up.push_back((fence, hello));
    }

    /// The server is another one from here on; `proof`: it knows how far the one before came.
    fn lose(&mut self, proof: bool) {
        let stone = Tombstone { recv: self.server.incoming().1, next: self.server.outgoing().0 + 1 };
        let asked = self.client.identity();
        if asked.is_none_or(|asked| asked != self.server.identity()) {
            return;
        }
        self.sessions = self.sessions.wrapping_add(1).max(1);
        self.server = Session::new(identity(self.sessions), b"ann".to_vec(), SMALL, false);
        self.from_server = Outbox { next: self.from_server.next, ..Outbox::default() };
        self.asked.clear();
        self.cut(false);
        let (fence, hello) = self.client.hello(b"", 0);
        let hello = read_hello(&hello, 4_096).unwrap();
        let (status, stone) = if proof { (Status::Expired, Some(stone)) } else { (Status::Unknown, None) };
        let welcome = self.server.welcome_new(&hello, TIMES, status, stone).unwrap();
        self.down.push_back((fence, welcome));
        // The WELCOME that tells of it is not lost: what follows would be another story of the same kind.
        self.deliver_down();
    }

    fn write_up(&mut self, room: usize) {
        let (mut frame, fence) = (Vec::new(), self.client.link());
        if self.client.frame(room, &mut frame) {
            check(&frame);
            self.up.extend(fence.map(|fence| (fence, frame)));
        }
    }

    fn write_down(&mut self, room: usize) {
        let (mut frame, fence) = (Vec::new(), self.server.link());
        if self.server.frame(room, &mut frame) {
            check(&frame);
            self.down.extend(fence.map(|fence| (fence, frame)));
        }
    }

    fn deliver_up(&mut self) {
        let Some((fence, frame)) = self.up.pop_front() else { return };
        let mut events = Vec::new();
        if let Ok(hello) = read_hello(&frame, 4_096) {
            self.greet(fence, &hello);
        } else {
            self.server.receive(fence, &frame, &mut events).unwrap();
        }
        for event in events {
            match event {
                Event::Acked { to } => self.from_server.acked(to),
                Event::Numbered { seq, record } => {
                    self.server.accept(seq);
                    match record.says() {
                        Record::Message { payload, .. } => self.at_server.push(message(payload.of(&frame))),
                        Record::Request { id, .. } => self.asked.push(id),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }

    fn greet(&mut self, fence: u64, hello: &everwire::session::Hello) {
        let mut events = Vec::new();
        let welcome = match self.server.judge(hello, b"ann") {
            Verdict::Resume => self.server.resume(hello, TIMES, &mut events).unwrap(),
            Verdict::Create { status: Status::New, .. } | Verdict::Create { .. }
                if hello.session.is_none() =>
            {
                self.begin();
                self.server.welcome_new(hello, TIMES, Status::New, None).unwrap()
            }
            Verdict::Create { status, tombstone } => {
                // Nobody forgets anything here.
                assert_eq!((status, tombstone), (Status::Unknown, None));
                return;
            }
            Verdict::Superseded => return,
        };
        for event in events {
            if let Event::Acked { to } = event {
                self.from_server.acked(to);
            }
        }
        self.down.push_back((fence, welcome));
    }

    /// A HELLO without a session begins one; whatever the server said in another has nobody to hear it.
    fn begin(&mut self) {
        self.sessions = self.sessions.wrapping_add(1).max(1);
        self.server = Session::new(identity(self.sessions), b"ann".to_vec(), SMALL, false);
        self.from_server = Outbox { next: self.from_server.next, ..Outbox::default() };
        self.asked.clear();
    }

    fn deliver_down(&mut self) {
        let Some((fence, frame)) = self.down.pop_front() else { return };
        let mut events = Vec::new();
        self.client.receive(fence, &frame, &mut events).unwrap();
        for event in events {
            match event {
                Event::Acked { to } => self.from_client.acked(to),
                Event::Lost(loss) => self.lost(&loss),
                Event::Numbered { seq, record } => {
                    self.client.accept(seq);
                    if let Record::Message { payload, .. } = record.says() {
                        self.at_client.push(message(payload.of(&frame)));
                    }
                }
                _ => {}
            }
        }
    }

    fn lost(&mut self, loss: &Loss) {
        let mut carried = (loss.reopened + 1..).zip(&loss.carried);
        let mut next = carried.next();
        for (seq, message) in std::mem::take(&mut self.from_client.bound) {
            while next.is_some_and(|(_, old)| *old < seq) {
                next = carried.next();
            }
            if let Some((new, _)) = next.filter(|(_, old)| **old == seq) {
                self.from_client.bound.push_back((new, message));
            } else if seq <= loss.delivered {
                self.from_client.delivered.insert(message);
            } else if seq <= loss.in_doubt {
                self.from_client.in_doubt.insert(message);
            } else {
                self.from_client.not_sent.insert(message);
            }
        }
    }

    /// The network is well again: everything arrives.
    fn settle(&mut self) {
        self.cut(false);
        self.connect();
        for _ in 0..5_000 {
            self.write_up(1 << 16);
            self.write_down(1 << 16);
            if self.up.is_empty() && self.down.is_empty() {
                break;
            }
            while !self.up.is_empty() {
                self.deliver_up();
            }
            while !self.down.is_empty() {
                self.deliver_down();
            }
        }
        for heard in [&self.at_server, &self.at_client] {
            assert!(heard.is_sorted_by(|a, b| a < b), "twice, or out of order: {heard:?}");
        }
        let heard: BTreeSet<u32> = self.at_server.iter().copied().collect();
        let sent = &self.from_client;
        assert!(sent.bound.is_empty() && self.from_server.bound.is_empty(), "something waits for ever");
        assert_eq!(sent.delivered.len() + sent.in_doubt.len() + sent.not_sent.len(), sent.next as usize);
        assert!(sent.delivered.is_subset(&heard), "said to be delivered, and was not");
        assert!(sent.not_sent.is_disjoint(&heard), "said not to be sent, and arrived");
        let known = &self.from_server.delivered;
        assert!(known.iter().all(|message| self.at_client.contains(message)));
    }
}

fn text(bytes: &[u8]) -> Payload<'_> {
    Payload { channel: 0, text: true, bytes }
}

fn binary(bytes: &[u8]) -> Payload<'_> {
    Payload { channel: 0, text: false, bytes }
}

fn body(message: u32, len: usize) -> Vec<u8> {
    [&message.to_le_bytes()[..], &vec![0; len]].concat()
}

fn message(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes[..4].try_into().unwrap())
}
