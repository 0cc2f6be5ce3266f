//! A frame as PROTOCOL.md shows it: bytes, and beside them what they say.

use everwire::session::{Frame, Hello, Position, Record, Span, Welcome};

use super::{frame_of, integer};

/// The dump of a frame, one field a line.
pub fn dump(frame: &[u8]) -> String {
    let mut lines = Lines { frame, lines: Vec::new() };
    lines.frame();
    let bytes: Vec<u8> = lines.lines.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
    assert_eq!(bytes, frame, "what was decoded, written anew, is something else");
    let mut text = String::new();
    for (bytes, says) in lines.lines {
        let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        text += &format!("{:<50}{says}\n", bytes.join(" "));
    }
    text
}

/// The bytes of a dump.
pub fn bytes(dump: &str) -> Vec<u8> {
    let columns = dump.lines().map(|line| &line[..line.len().min(50)]);
    columns.flat_map(str::split_whitespace).map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

struct Lines<'a> {
    frame: &'a [u8],
    lines: Vec<(Vec<u8>, String)>,
}

impl Lines<'_> {
    fn put(&mut self, bytes: Vec<u8>, says: impl Into<String>) {
        self.lines.push((bytes, says.into()));
    }

    fn integers(&mut self, fields: &[(&str, u64)]) {
        for (name, value) in fields {
            self.put(integer(*value), format!("  {name} {value}"));
        }
    }

    fn octets(&mut self, name: &str, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.put(bytes.to_vec(), format!("  {name}"));
        }
    }

    fn quoted(&mut self, name: &str, span: &Span) {
        let bytes = span.of(self.frame);
        let text = std::str::from_utf8(bytes).unwrap();
        if !text.is_empty() {
            self.put(bytes.to_vec(), format!("  {name} {text:?}"));
        }
    }

    fn named(&mut self, name: &str, span: &Span) {
        self.integers(&[(&format!("{name} length"), span.len() as u64)]);
        self.quoted(name, span);
    }

    fn channel(&mut self, channel: u64) {
        if channel > 0 {
            self.integers(&[("channel", channel)]);
        }
    }

    fn frame(&mut self) {
        let frame = Frame::read(self.frame).unwrap();
        let (base, ack) = (frame.head.base, frame.head.ack);
        let empty = frame_of(base, ack.map(|ack| (ack.to, ack.credit)), &[]);
        self.put(vec![empty[0]], "frame");
        base.iter().for_each(|base| self.integers(&[("base", *base)]));
        ack.iter().for_each(|ack| self.integers(&[("ack", ack.to), ("credit", ack.credit)]));
        for framed in frame {
            let framed = framed.unwrap();
            self.record(framed.kind, framed.span, &framed.says());
        }
    }

    fn record(&mut self, kind: u8, span: Span, record: &Record) {
        let name = format!("{record:?}").split([' ', '{', '(']).next().unwrap().to_owned();
        let name = match name.as_str() {
            "Message" => "MSG".into(),
            "Volatile" => "VOL".into(),
            "Request" => "REQ".into(),
            "Response" => "RES".into(),
            other => other.to_uppercase(),
        };
        let flags = [(0x20, " TEXT"), (0x40, " CHANNEL"), (0x80, " MORE")];
        let flags: String = flags.iter().filter(|(bit, _)| kind & bit != 0).map(|(_, name)| *name).collect();
        let body = (1..9)
            .map(|digits| span.len() - 1 - digits)
            .find(|body| integer(*body as u64).len() + body + 1 == span.len());
        let body = body.unwrap();
        let octets = if body == 1 { "octet" } else { "octets" };
        self.put([vec![kind], integer(body as u64)].concat(), format!("{name}{flags}, {body} {octets}"));
        self.body(record);
    }

    fn body(&mut self, record: &Record) {
        match record {
            Record::Hello { body } => self.hello(&Hello::read(self.frame, *body).unwrap()),
            Record::Welcome { body } => self.welcome(&Welcome::read(self.frame, *body).unwrap()),
            Record::Message { channel, payload, .. } | Record::Volatile { channel, payload, .. } => {
                self.channel(*channel);
                self.quoted("payload", payload);
            }
            Record::Request { id, timeout_ms, channel, method, payload, .. } => {
                self.channel(*channel);
                self.integers(&[("id", *id), ("timeout_ms", *timeout_ms)]);
                self.named("method", method);
                self.quoted("payload", payload);
            }
            Record::Response { id, status, payload, .. } => {
                self.integers(&[("id", *id), ("status", *status)]);
                self.quoted("payload", payload);
            }
            Record::Cancel { id } => self.integers(&[("id", *id)]),
            Record::Open { channel, name, payload, .. } => {
                self.integers(&[("channel", *channel)]);
                self.named("name", name);
                self.quoted("payload", payload);
            }
            Record::Shut { channel, code, reason } => {
                self.integers(&[("channel", *channel), ("code", *code)]);
                self.quoted("reason", reason);
            }
            Record::Ping { token } => self.integers(&[("token", *token)]),
            Record::Pong { token, hold_us } => self.integers(&[("token", *token), ("hold_us", *hold_us)]),
            Record::Auth { token } => self.quoted("token", token),
            Record::Authed { status, ttl_ms } => {
                self.integers(&[("status", *status), ("ttl_ms", *ttl_ms)]);
            }
            Record::GoAway { code, grace_ms, min_ms, jitter_ms, reason } => {
                self.integers(&[("code", *code), ("grace_ms", *grace_ms)]);
                self.integers(&[("min_ms", *min_ms), ("jitter_ms", *jitter_ms)]);
                self.quoted("reason", reason);
            }
            Record::Close { code, retry, forget, retry_after_ms, recv, reason } => {
                let flags = u64::from(*retry) + 2 * u64::from(*forget);
                self.integers(&[("code", *code), ("flags", flags)]);
                self.integers(&[("retry_after_ms", *retry_after_ms), ("recv", *recv)]);
                self.quoted("reason", reason);
            }
            Record::Ext { id, body } => {
                self.integers(&[("id", *id)]);
                self.quoted("octets", body);
            }
        }
    }

    fn position(&mut self, position: &Position) {
        let Position { first, next, recv, credit, max_frame } = *position;
        self.integers(&[("first", first), ("next", next), ("recv", recv)]);
        self.integers(&[("credit", credit), ("max_frame", max_frame)]);
    }

    fn hello(&mut self, hello: &Hello) {
        self.integers(&[("version_min", hello.version_min), ("version_max", hello.version_max)]);
        let none = [0; 16];
        self.octets("session", &hello.session.map_or(none, |session| session.id));
        self.octets("secret", &hello.session.map_or(none, |session| session.secret));
        self.integers(&[("fence", hello.fence)]);
        self.position(&hello.position);
        self.integers(&[("idle_ms", hello.idle_ms)]);
        self.quoted("token", &hello.token);
    }

    fn welcome(&mut self, welcome: &Welcome) {
        let status = welcome.status;
        self.integers(&[("version", welcome.version)]);
        self.put(
            integer(status as u64),
            format!("  status {} {}", status as u64, snake(&format!("{status:?}"))),
        );
        self.octets("session", &welcome.session.id);
        self.octets("secret", &welcome.session.secret);
        self.position(&welcome.position);
        self.integers(&[("resume_ms", welcome.resume_ms), ("ping_ms", welcome.ping_ms)]);
        self.integers(&[("idle_ms", welcome.idle_ms), ("auth_ttl_ms", welcome.auth_ttl_ms)]);
        match welcome.tombstone {
            None => self.put(vec![0], "  no tombstone"),
            Some(stone) => {
                self.put(integer(stone.recv + 1), format!("  tombstone recv {}", stone.recv));
                self.integers(&[("tombstone next", stone.next)]);
            }
        }
    }
}

/// `RolledBack` as `rolled_back`.
pub fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
