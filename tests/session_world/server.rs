//! The server in the world: the half itself, and what its application does.

use everwire::core::LinkId;
use everwire::session::{
    Code, Control, Due, Event as Heard, Identity, Payload as Bytes, Record, Session, Status, Verdict,
    read_hello,
};

use super::{World, closing};

impl World {
    /// A frame reaches the server.
    pub(super) fn arrive(&mut self, link: LinkId, frame: &[u8]) {
        // What follows a frame that was lost is lost too.
        if !self.up {
            self.broken.push((link, true));
        }
        if self.broken.contains(&(link, true)) {
            return;
        }
        let Some((_, fence)) = self.fences.iter().find(|(of, _)| *of == link) else {
            return self.greeted(link, frame);
        };
        let mut events = Vec::new();
        let Some(server) = &mut self.server else { return };
        server.receive(*fence, frame, &mut events).unwrap();
        for event in events {
            self.hear(link, frame, event);
        }
    }

    fn hear(&mut self, link: LinkId, frame: &[u8], event: Heard) {
        let (accepts, answers, parts) = (self.accepts, self.answers, self.parts);
        let (seq, record) = match event {
            Heard::Numbered { seq, record } => (seq, record.says()),
            Heard::Plain(record) => (0, record.says()),
            _ => return,
        };
        self.arrived.push(words(&record, frame));
        if seq > 0 {
            let said = match &record {
                Record::Message { payload, .. } | Record::Request { payload, .. } => payload.text(frame),
                _ => "",
            };
            self.pending.push((seq, said.to_owned()));
        }
        if accepts {
            self.accept_all();
        }
        let server = self.server();
        match record {
            Record::Request { id, payload, .. } if accepts && answers => {
                let bytes = payload.of(frame).to_vec();
                server.respond(id, 0, false, Bytes { channel: 0, text: true, bytes: &bytes });
            }
            Record::Open { channel, .. } => {
                server.confirm(channel, Bytes { channel: 0, text: true, bytes: b"" });
            }
            Record::Ping { token } if answers => server.control(Control::Pong { token, hold_us: 0 }),
            Record::Close { .. } if parts => {
                let frame = server.close(closing(Code::Normal, true, true));
                self.forget(true);
                self.deliver(link, frame);
            }
            _ => {}
        }
    }

    /// The server accepts what has arrived.
    pub fn accept_all(&mut self) {
        for (seq, said) in core::mem::take(&mut self.pending) {
            self.server().accept(seq);
            if !said.is_empty() {
                self.accepted.push(said);
            }
        }
    }

    /// The server loses the session, and keeps a proof or does not.
    pub fn forget(&mut self, proves: bool) {
        self.pending.clear();
        if let Some(server) = self.server.take().filter(|_| proves) {
            self.graves.push((server.identity().id, server.tombstone()));
        }
    }

    fn greeted(&mut self, link: LinkId, frame: &[u8]) {
        if !self.welcomes {
            return;
        }
        let hello = read_hello(frame, 4_096).unwrap();
        let times = self.times;
        if let Some(refusal) = self.refusal {
            let identity = Identity { id: [99; 16], secret: [9; 16] };
            let frame = Session::new(identity, Vec::new(), self.limits, false).close(refusal);
            return self.deliver(link, frame);
        }
        self.fences.push((link, hello.fence));
        if self.forgets {
            let identity = self.server().identity();
            self.server = Some(Session::new(identity, b"ann".to_vec(), self.limits, false));
            let welcome = self.server().resume(&hello, times, &mut Vec::new()).unwrap();
            return self.deliver(link, welcome);
        }
        let verdict = self.server.as_ref().map(|server| server.judge(&hello, b"ann"));
        let welcome = match verdict {
            Some(Verdict::Resume) => self.server().resume(&hello, times, &mut Vec::new()).unwrap(),
            _ => {
                self.sessions += 1;
                let identity = Identity { id: [self.sessions; 16], secret: [9; 16] };
                let mut session = Session::new(identity, b"ann".to_vec(), self.limits, false);
                let grave =
                    |id| self.graves.iter().find(|(of, _)| *of == id).map(|(_, tombstone)| *tombstone);
                let proof = hello.session.and_then(|asked| grave(asked.id)).or(self.proof);
                let status = match (hello.session, proof) {
                    (None, _) => Status::New,
                    (_, None) => Status::Unknown,
                    _ => Status::Expired,
                };
                let proof = proof.filter(|_| status.is_lost());
                let welcome = session.welcome_new(&hello, times, status, proof).unwrap();
                self.server = Some(session);
                welcome
            }
        };
        self.deliver(link, welcome);
    }

    pub(super) fn answer(&mut self) -> bool {
        let mut frame = Vec::new();
        let Some(server) = &mut self.server else { return false };
        if server.due() == Due::Nothing || !server.frame(65_536, &mut frame) {
            return false;
        }
        let fence = server.link();
        let Some((link, _)) = self.fences.iter().find(|(_, of)| Some(*of) == fence) else { return false };
        let link = *link;
        self.deliver(link, frame);
        true
    }
}

pub(super) fn words(record: &Record, frame: &[u8]) -> String {
    let said = match record {
        Record::Message { channel, payload, .. } => format!("message {channel} {}", payload.text(frame)),
        Record::Volatile { channel, payload, .. } => format!("volatile {channel} {}", payload.text(frame)),
        Record::Request { id, timeout_ms, method, payload, .. } => {
            format!("request {id} {timeout_ms} {} {}", method.text(frame), payload.text(frame))
        }
        Record::Response { id, status, more, payload, .. } => {
            format!("response {id} {status} {}{}", payload.text(frame), if *more { "..." } else { "" })
        }
        Record::Cancel { id } => format!("cancel {id}"),
        Record::Open { channel, name, payload, .. } => {
            format!("open {channel} {} {}", name.text(frame), payload.text(frame))
        }
        Record::Shut { channel, code, reason } => format!("shut {channel} {code} {}", reason.text(frame)),
        Record::Ping { .. } => "ping".to_owned(),
        Record::Pong { token, .. } => format!("pong {token}"),
        Record::Auth { token } => format!("auth {}", token.text(frame)),
        Record::Close { code, forget, .. } => format!("close {code}{}", if *forget { " forget" } else { "" }),
        other => format!("{other:?}"),
    };
    said.trim_end().to_owned()
}
