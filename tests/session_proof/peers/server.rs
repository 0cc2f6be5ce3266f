//! The server's application, as a host of the sessions it has.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use everwire::session::{
    Answer, Code, Control, Delta, Due, Event, Found, Hello, Identity, Record, Session, Status, Stored, Times,
    Tombstone, Verdict, judge, read_hello, refuse,
};

use super::truth::{Fate, Truth};
use super::{Conn, Item, Rules, Setup, Thing, Wrong, closing, decoded, encoded, plain};

const TIMES: Times = Times { resume_ms: 60_000, ping_ms: 25_000, idle_ms: 60_000, auth_ttl_ms: 0 };
const WHO: &[u8] = b"ann";

/// What the application remembers of a session. A store keeps it together with the session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct App {
    bound: VecDeque<(u64, Item)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Hosted {
    half: Session,
    app: App,
    inbox: VecDeque<(u64, Thing)>,
    /// Requests at work, each with the parts of its answer that have left.
    working: VecDeque<(u64, Item, u8)>,
    /// Channels, each with what was sent on it and may come yet.
    open: BTreeSet<u64>,
    /// On their way to the store: what changed, the application then, and what it had taken since.
    commits: VecDeque<(Delta, App, Vec<Item>)>,
    conn: Option<Conn>,
    /// Connections that carried the session before, and end when the client is heard on the one that does.
    older: Vec<Conn>,
    /// Taken since the last commit, with a store.
    fresh: Vec<Item>,
    /// A store has every record bound up to this number.
    kept: u64,
    restarted: bool,
}

/// A number that names a session where it is now. A node that had it before, and does not know that another
/// has it, has it by this number more.
const ELSEWHERE: u8 = 128;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerHost {
    setup: Setup,
    sessions: BTreeMap<u8, Hosted>,
    disk: BTreeMap<u8, (Stored, App)>,
    graves: BTreeMap<u8, Tombstone>,
    /// Connections that are open, and the session and fence of each that has one.
    conns: BTreeMap<Conn, Option<(u8, u64)>>,
    last: u8,
}

fn identity(number: u8) -> Identity {
    Identity { id: [number; 16], secret: [number ^ 0xff; 16] }
}

impl Hosted {
    /// All that it has, the one that carries it last.
    fn conns(&self) -> impl Iterator<Item = Conn> + use<> {
        self.older.clone().into_iter().chain(self.conn)
    }

    /// What no store has, dies with the process.
    fn bury_unkept(&mut self, truth: &mut Truth) -> Result<(), Wrong> {
        while self.app.bound.back().is_some_and(|(seq, _)| *seq > self.kept)
            && let Some((_, item)) = self.app.bound.pop_back()
        {
            truth.down.settle(item, Fate::Died, false)?;
        }
        Ok(())
    }
}

impl ServerHost {
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            sessions: BTreeMap::new(),
            disk: BTreeMap::new(),
            graves: BTreeMap::new(),
            conns: BTreeMap::new(),
            last: 0,
        }
    }

    pub fn sessions(&self) -> impl Iterator<Item = u8> + '_ {
        self.sessions.keys().copied()
    }

    /// The name of the session that began last.
    pub fn last(&self) -> u8 {
        self.last
    }

    /// Those in memory and those that only a store has.
    pub fn known(&self) -> Vec<u8> {
        let mut known: Vec<u8> = self.sessions.keys().chain(self.disk.keys()).copied().collect();
        known.retain(|session| *session < ELSEWHERE);
        known.sort_unstable();
        known.dedup();
        known
    }

    /// A connection has come.
    pub fn opened(&mut self, conn: Conn) {
        self.conns.insert(conn, None);
    }

    pub fn has_conn(&self, conn: Conn) -> bool {
        self.conns.contains_key(&conn)
    }

    pub fn gone(&mut self, conn: Conn) {
        if let Some(Some((session, fence))) = self.conns.remove(&conn)
            && let Some(hosted) = self.sessions.get_mut(&session)
        {
            hosted.half.gone(fence);
            hosted.conn = hosted.conn.filter(|of| *of != conn);
            hosted.older.retain(|of| *of != conn);
        }
    }

    /// Takes a frame in: frames that go out by it, and whether each ends its connection.
    pub fn arrives(
        &mut self,
        conn: Conn,
        frame: &[u8],
        truth: &mut Truth,
    ) -> Result<Vec<(Conn, Vec<u8>, bool)>, Wrong> {
        match self.conns.get(&conn).copied() {
            None => Ok(Vec::new()),
            Some(None) => self.greeted(conn, frame, truth),
            Some(Some((session, fence))) => self.frame(conn, session, fence, frame, truth),
        }
    }

    fn greeted(
        &mut self,
        conn: Conn,
        frame: &[u8],
        truth: &mut Truth,
    ) -> Result<Vec<(Conn, Vec<u8>, bool)>, Wrong> {
        let hello =
            read_hello(frame, 4096).map_err(|violation| format!("no violation: HELLO, {violation}"))?;
        let asked = hello.session.map_or(0, |asked| asked.id[0]);
        let mut loaded = false;
        if !self.sessions.contains_key(&asked)
            && !self.graves.contains_key(&asked)
            && let Some((stored, app)) = self.disk.get(&asked)
        {
            let half = Session::restored(self.setup.limits, stored);
            let half_channels = stored.channels.keys().copied().collect();
            let hosted = Hosted {
                half,
                app: app.clone(),
                inbox: VecDeque::new(),
                working: VecDeque::new(),
                open: half_channels,
                commits: VecDeque::new(),
                fresh: Vec::new(),
                kept: stored.state.last,
                conn: None,
                older: Vec::new(),
                restarted: true,
            };
            self.sessions.insert(asked, hosted);
            loaded = true;
        }
        let grave = self.graves.get(&asked).copied();
        let verdict = match (self.sessions.get(&asked), grave) {
            (Some(hosted), None) => self.verdict(&hosted.half, &hello),
            (_, tombstone) => {
                let found = tombstone.map(|tombstone| Found::Grave {
                    identity: identity(asked),
                    principal: WHO.to_vec(),
                    tombstone,
                });
                judge(&hello, WHO, found.as_ref())
            }
        };
        if loaded && verdict != Verdict::Resume {
            // When the next HELLO comes, it may be out of date.
            self.sessions.remove(&asked);
        }
        match verdict {
            Verdict::Superseded => {
                self.conns.remove(&conn);
                Ok(vec![(conn, refuse(closing(Code::Superseded, false)), true)])
            }
            Verdict::Resume => self.resume(conn, asked, &hello, truth),
            Verdict::Create { status, tombstone } => self.create(conn, &hello, status, tombstone),
        }
    }

    fn verdict(&self, half: &Session, hello: &Hello) -> Verdict {
        let theirs = &hello.position;
        if self.setup.rules == Rules::LateHelloIsARollback
            && (theirs.next <= half.incoming().1 || theirs.recv < half.outgoing().1)
        {
            return Verdict::Create { status: Status::RolledBack, tombstone: None };
        }
        half.judge(hello, WHO)
    }

    fn resume(
        &mut self,
        conn: Conn,
        session: u8,
        hello: &Hello,
        truth: &mut Truth,
    ) -> Result<Vec<(Conn, Vec<u8>, bool)>, Wrong> {
        let mut out = Vec::new();
        let hosted = self.sessions.get_mut(&session).ok_or("no such session")?;
        let fence = hosted.half.fence();
        hosted.older.extend(hosted.conn.take());
        let mut events = Vec::new();
        let welcome = hosted.half.resume(hello, TIMES, &mut events);
        let welcome = welcome.map_err(|violation| format!("no violation: on resume, {violation}"))?;
        hosted.conn = Some(conn);
        if hosted.half.fence() <= fence {
            return Err(format!("monotone: the fence fell from {fence} to {}", hosted.half.fence()));
        }
        if let Some((stored, _)) = self.disk.get_mut(&session) {
            stored.state.fence = hello.fence;
        }
        if let Some(elsewhere) = self.sessions.get_mut(&(session + ELSEWHERE)) {
            // Its store takes nothing from it any more.
            elsewhere.bury_unkept(truth)?;
        }
        self.conns.insert(conn, Some((session, hello.fence)));
        out.push((conn, welcome, false));
        for event in events {
            if let Event::Acked { to } = event {
                self.acked(session, to, truth)?;
            }
        }
        Ok(out)
    }

    fn create(
        &mut self,
        conn: Conn,
        hello: &Hello,
        status: Status,
        tombstone: Option<Tombstone>,
    ) -> Result<Vec<(Conn, Vec<u8>, bool)>, Wrong> {
        self.last += 1;
        let session = self.last;
        let who = identity(session);
        let mut half = Session::new(who, WHO.to_vec(), self.setup.limits, self.setup.durable_server);
        let welcome = half.welcome_new(hello, TIMES, status, tombstone);
        let welcome = welcome.map_err(|violation| format!("no violation: on a new session, {violation}"))?;
        if self.setup.durable_server {
            let mut stored = Stored::new(who, WHO.to_vec());
            stored.state.fence = hello.fence;
            self.disk.insert(session, (stored, App::default()));
        }
        let hosted = Hosted {
            half,
            app: App::default(),
            inbox: VecDeque::new(),
            working: VecDeque::new(),
            open: BTreeSet::new(),
            commits: VecDeque::new(),
            fresh: Vec::new(),
            kept: 0,
            conn: Some(conn),
            older: Vec::new(),
            restarted: false,
        };
        self.sessions.insert(session, hosted);
        self.conns.insert(conn, Some((session, hello.fence)));
        Ok(vec![(conn, welcome, false)])
    }

    fn frame(
        &mut self,
        conn: Conn,
        session: u8,
        fence: u64,
        frame: &[u8],
        truth: &mut Truth,
    ) -> Result<Vec<(Conn, Vec<u8>, bool)>, Wrong> {
        let Some(hosted) = self.sessions.get_mut(&session) else { return Ok(Vec::new()) };
        let before = (hosted.half.outgoing(), hosted.half.incoming());
        let older = (fence < hosted.half.fence()).then(|| hosted.half.clone());
        let mut events = Vec::new();
        let received = hosted.half.receive(fence, frame, &mut events);
        if older.is_some_and(|older| older != hosted.half || !events.is_empty()) {
            return Err("fencing: a frame of an older connection changed the server".into());
        }
        let after = (hosted.half.outgoing(), hosted.half.incoming());
        if before.0.1 > after.0.1 || before.1.1 > after.1.1 || before.1.0 > after.1.0 {
            return Err(format!("monotone: the server's counters fell from {before:?} to {after:?}"));
        }
        let is_current = hosted.conn == Some(conn);
        let mut forget = false;
        for event in events {
            match event {
                Event::Numbered { seq, record } => {
                    let thing = match record.says() {
                        Record::Message { payload, .. } => {
                            let item = decoded(payload.of(frame));
                            self.setup.arrived(&truth.up, item, session % ELSEWHERE, seq)?;
                            Thing::Message(item)
                        }
                        Record::Request { id, payload, .. } => {
                            let item = decoded(payload.of(frame));
                            self.setup.arrived(&truth.up, item, session % ELSEWHERE, seq)?;
                            Thing::Request { id, item }
                        }
                        Record::Cancel { id } => Thing::Cancel { id },
                        Record::Open { channel, .. } => Thing::Open { channel },
                        Record::Shut { channel, .. } => {
                            hosted.open.remove(&channel);
                            Thing::Other
                        }
                        _ => Thing::Other,
                    };
                    hosted.inbox.push_back((seq, thing));
                }
                Event::Acked { to } => {
                    while hosted.app.bound.front().is_some_and(|(seq, _)| *seq <= to) {
                        if let Some((_, item)) = hosted.app.bound.pop_front() {
                            truth.down.settle(item, Fate::Delivered, hosted.restarted)?;
                        }
                    }
                }
                Event::Plain(record) => match record.says() {
                    Record::Close { forget: forgets, .. } => {
                        forget |= forgets;
                        if !forgets {
                            hosted.half.gone(fence);
                            hosted.conn = None;
                            self.conns.remove(&conn);
                        }
                    }
                    Record::Volatile { payload, .. } => {
                        truth.up.volatile_came(decoded(payload.of(frame)))?;
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        if let Err(violation) = received {
            return Err(format!("no violation: the server was sent {violation}"));
        }
        let mut out = if is_current { self.retire(session) } else { Vec::new() };
        if !self.setup.lag {
            while self.accept(session, truth)? {}
        }
        if forget {
            // What has arrived and is not taken, never will be.
            self.commit(session, truth)?;
        }
        let moved = |hosted: &Hosted| {
            let stored = self.disk.get(&(session % ELSEWHERE));
            session >= ELSEWHERE && stored.is_none_or(|(stored, _)| stored.state.fence > hosted.half.fence())
        };
        if forget
            && self.sessions.get(&session).is_some_and(|hosted| !moved(hosted))
            && let Some(hosted) = self.sessions.get_mut(&session)
        {
            out.push((conn, hosted.half.close(closing(Code::Normal, true)), true));
            self.conns.remove(&conn);
            self.forget(session % ELSEWHERE, truth)?;
        }
        Ok(out)
    }

    fn acked(&mut self, session: u8, to: u64, truth: &mut Truth) -> Result<(), Wrong> {
        let Some(hosted) = self.sessions.get_mut(&session) else { return Ok(()) };
        while hosted.app.bound.front().is_some_and(|(seq, _)| *seq <= to) {
            if let Some((_, item)) = hosted.app.bound.pop_front() {
                truth.down.settle(item, Fate::Delivered, hosted.restarted)?;
            }
        }
        Ok(())
    }

    /// The session is over here.
    fn forget(&mut self, session: u8, truth: &mut Truth) -> Result<(), Wrong> {
        self.sessions.remove(&session);
        if let Some(mut elsewhere) = self.sessions.remove(&(session + ELSEWHERE)) {
            elsewhere.bury_unkept(truth)?;
            elsewhere.conns().for_each(|conn| {
                self.conns.remove(&conn);
            });
        }
        self.disk.remove(&session);
        truth.destroyed.insert(session);
        for item in truth.down.pending(session) {
            truth.down.settle(item, Fate::InDoubt, false)?;
        }
        Ok(())
    }

    /// Gives a session up; a tombstone stays. What carried it is closed.
    pub fn expire(&mut self, session: u8, truth: &mut Truth) -> Result<Vec<(Conn, Vec<u8>, bool)>, Wrong> {
        let mut out = Vec::new();
        if self.setup.rules == Rules::AcceptsFromTheGrave {
            if let Some(hosted) = self.sessions.get(&session) {
                self.graves.insert(session, hosted.half.tombstone());
                truth.destroyed.insert(session);
            }
            return Ok(out);
        }
        self.commit(session, truth)?;
        out.append(&mut self.retire(session));
        let tombstone = match (self.sessions.get_mut(&session), self.disk.get(&session)) {
            (Some(hosted), _) => {
                if let Some(conn) = hosted.conn {
                    self.conns.remove(&conn);
                    out.push((conn, hosted.half.close(closing(Code::SessionLost, false)), true));
                }
                hosted.half.tombstone()
            }
            (None, Some((stored, _))) => Session::restored(self.setup.limits, stored).tombstone(),
            _ => return Ok(out),
        };
        self.graves.insert(session, tombstone);
        self.forget(session, truth)?;
        Ok(out)
    }

    /// The application sends something in the session that began last.
    pub fn submit(&mut self, truth: &mut Truth) -> bool {
        let here = self.sessions.range(..ELSEWHERE).next_back();
        let Some((session, hosted)) = here else { return false };
        let (session, payload) = (*session, self.setup.payload);
        if truth.destroyed.contains(&session) || hosted.half.room(payload) != everwire::session::Room::Now {
            return false;
        }
        let Some(hosted) = self.sessions.get_mut(&session) else { return false };
        let item = truth.down.submit();
        let seq = hosted.half.message(plain(0, &encoded(item, &self.setup)));
        hosted.app.bound.push_back((seq, item));
        truth.down.bound(item, session, seq);
        true
    }

    pub fn has_inbox(&self, session: u8) -> bool {
        self.sessions.get(&session).is_some_and(|hosted| !hosted.inbox.is_empty())
    }

    /// Takes one thing in.
    pub fn accept(&mut self, session: u8, truth: &mut Truth) -> Result<bool, Wrong> {
        let Some(hosted) = self.sessions.get_mut(&session) else { return Ok(false) };
        let Some((seq, thing)) = hosted.inbox.pop_front() else { return Ok(false) };
        match thing {
            Thing::Message(item) => hosted.fresh.push(item),
            Thing::Request { id, item } => {
                hosted.fresh.push(item);
                hosted.working.push_back((id, item, 0));
            }
            Thing::Open { channel } => {
                hosted.open.insert(channel);
            }
            _ => {}
        }
        hosted.half.accept(seq);
        match thing {
            Thing::Cancel { id } => {
                hosted.working.retain(|(of, ..)| *of != id);
                hosted.half.respond(id, Answer::Cancelled as u64, false, plain(0, b""));
            }
            Thing::Open { channel } if channel % 2 == 0 => {
                hosted.half.confirm(channel, plain(0, b""));
            }
            _ => {}
        }
        if !self.setup.durable_server {
            for item in core::mem::take(&mut hosted.fresh) {
                truth.up.accepted(session, item)?;
            }
        } else if self.setup.rules == Rules::AcknowledgedBeforeKept
            && let Some(delta) = hosted.half.clone().delta()
        {
            hosted.half.keep(&delta);
        }
        Ok(true)
    }

    pub fn is_working(&self, session: u8) -> bool {
        self.sessions.get(&session).is_some_and(|hosted| !hosted.working.is_empty())
    }

    /// Answers one request.
    pub fn answer(&mut self, session: u8) -> bool {
        let Some(hosted) = self.sessions.get_mut(&session) else { return false };
        let Some((id, item, parts)) = hosted.working.pop_front() else { return false };
        let more = item % 3 == 2 && parts < 2;
        hosted.half.respond(id, 0, more, plain(0, &encoded(item, &self.setup)));
        if more {
            hosted.working.push_back((id, item, parts + 1));
        }
        true
    }

    /// The application shuts a channel that is open: what is on its way there nobody will see.
    pub fn shut(&mut self, session: u8, truth: &mut Truth) {
        let Some(hosted) = self.sessions.get_mut(&session) else { return };
        let Some(channel) = hosted.open.pop_first() else { return };
        hosted.half.shut(channel, 0, "");
        truth.up.shut(channel);
    }

    pub fn volatile(&mut self, session: u8, truth: &mut Truth) {
        if let Some(hosted) = self.sessions.get_mut(&session) {
            let item = truth.down.submit_volatile();
            hosted.half.volatile(plain(0, &item.to_le_bytes()));
        }
    }

    pub fn can_commit(&self, session: u8) -> bool {
        self.setup.durable_server
            && self.sessions.get(&session).is_some_and(|hosted| hosted.half.clone().delta().is_some())
    }

    /// A store keeps what has changed, and with it what the application has taken.
    pub fn commit(&mut self, session: u8, truth: &mut Truth) -> Result<bool, Wrong> {
        self.begin_commit(session);
        let mut any = false;
        while self.finish_commit(session, truth)? {
            any = true;
        }
        Ok(any)
    }

    pub fn begin_commit(&mut self, session: u8) {
        if let Some(hosted) = self.sessions.get_mut(&session)
            && let Some(delta) = hosted.half.delta()
        {
            hosted.commits.push_back((delta, hosted.app.clone(), core::mem::take(&mut hosted.fresh)));
        }
    }

    /// A store has kept the oldest of what is on its way there, or has refused to.
    pub fn finish_commit(&mut self, session: u8, truth: &mut Truth) -> Result<bool, Wrong> {
        let Some(hosted) = self.sessions.get_mut(&session) else { return Ok(false) };
        let Some((delta, at, fresh)) = hosted.commits.pop_front() else { return Ok(false) };
        let of = session % ELSEWHERE;
        let stored = self.disk.get_mut(&of);
        let bound = stored.as_ref().is_none_or(|(stored, _)| stored.state.fence > hosted.half.fence());
        if bound && self.setup.rules != Rules::NoFencing {
            // Another node has it.
            hosted.conns().for_each(|conn| {
                self.conns.remove(&conn);
            });
            hosted.bury_unkept(truth)?;
            self.sessions.remove(&session);
            return Ok(true);
        }
        if let Some((stored, app)) = stored {
            stored.apply(&delta);
            *app = at;
        }
        hosted.half.keep(&delta);
        hosted.kept = delta.state.last;
        fresh.into_iter().try_for_each(|item| truth.up.accepted(of, item))?;
        Ok(true)
    }

    /// Another node is to serve this session from here on, and the one that has it does not know.
    pub fn hand_over(&mut self, session: u8) {
        if session < ELSEWHERE
            && !self.sessions.contains_key(&(session + ELSEWHERE))
            && let Some(mut hosted) = self.sessions.remove(&session)
        {
            // It may learn what the other has learnt.
            hosted.restarted = true;
            for conn in hosted.conns() {
                if let Some(Some((its, _))) = self.conns.get_mut(&conn) {
                    *its = session + ELSEWHERE;
                }
            }
            self.sessions.insert(session + ELSEWHERE, hosted);
        }
    }

    pub fn can_write(&self, session: u8) -> bool {
        self.sessions.get(&session).is_some_and(|hosted| hosted.half.due() != Due::Nothing)
    }

    /// The next frame, and where it goes.
    pub fn write(&mut self, session: u8) -> Option<(Conn, Vec<u8>)> {
        let hosted = self.sessions.get_mut(&session)?;
        let conn = hosted.conn?;
        let mut frame = Vec::new();
        hosted.half.frame(self.setup.room, &mut frame).then_some((conn, frame))
    }

    pub fn has_older(&self, session: u8) -> bool {
        self.sessions.get(&session).is_some_and(|hosted| !hosted.older.is_empty())
    }

    /// Ends the connections that carried the session before: the client was heard on the one that does, or long enough not.
    pub fn retire(&mut self, session: u8) -> Vec<(Conn, Vec<u8>, bool)> {
        let older = self.sessions.get_mut(&session).map(|hosted| core::mem::take(&mut hosted.older));
        let mut out = Vec::new();
        for conn in older.into_iter().flatten() {
            self.conns.remove(&conn);
            out.push((conn, refuse(closing(Code::Superseded, false)), true));
        }
        out
    }

    /// Asks the client to go elsewhere.
    pub fn drain(&mut self, session: u8) {
        if let Some(hosted) = self.sessions.get_mut(&session) {
            hosted.half.control(Control::GoAway {
                code: Code::Draining,
                grace_ms: 1_000,
                min_ms: 0,
                jitter_ms: 0,
                reason: "",
            });
        }
    }

    /// The process ends, and another begins: with what the store has, or with nothing.
    pub fn restart(&mut self, keeps: bool, truth: &mut Truth) -> Result<(), Wrong> {
        self.conns.clear();
        let sessions = core::mem::take(&mut self.sessions);
        if keeps {
            for (session, mut hosted) in sessions {
                debug_assert!(self.disk.contains_key(&(session % ELSEWHERE)), "only durable servers keep");
                hosted.bury_unkept(truth)?;
            }
        } else {
            self.graves.clear();
            for session in sessions.into_keys().chain(core::mem::take(&mut self.disk).into_keys()) {
                self.forget(session % ELSEWHERE, truth)?;
            }
        }
        truth.up.check()
    }

    /// Whether everything is done that can be done in this session.
    pub fn check_settled(&self, session: u8) -> Result<(), Wrong> {
        match self.sessions.get(&session) {
            Some(hosted) if hosted.half.held() > 0 || !hosted.app.bound.is_empty() => {
                Err(format!("liveness: the server holds {:?} of session {session}", hosted.app.bound))
            }
            _ => Ok(()),
        }
    }
}
