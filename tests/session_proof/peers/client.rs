//! The client's application, as a host of the client's half.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use everwire::session::{Client, Code, Delta, Due, Event, Loss, Record, Room, Status, Stored};

use super::truth::{Fate, Truth};
use super::{Conn, Item, Kind, Rules, Setup, Thing, Wrong, closing, decoded, encoded, plain};

/// What the application remembers. A store keeps it together with the session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct App {
    /// Bound in the session and not settled, by number.
    bound: VecDeque<(u64, Item)>,
    /// Requests that wait for their answer.
    asked: BTreeMap<u64, Item>,
    cancelled: BTreeSet<u64>,
    /// Channels.
    open: BTreeSet<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientHost {
    pub half: Client,
    setup: Setup,
    app: App,
    disk: Option<(Stored, App)>,
    /// Submitted, and not bound for want of credit or of a session.
    waiting: VecDeque<(Item, Kind)>,
    /// On their way to the store: what changed, the application then, and what it had taken since.
    commits: VecDeque<(Delta, App, Vec<Item>)>,
    /// Of sessions that are lost.
    stale: VecDeque<Delta>,
    /// Taken since the last commit, with a store.
    fresh: Vec<Item>,
    /// Of those that wait, so many went behind the HELLO, against the rules.
    early: usize,
    /// Arrived and not taken.
    inbox: VecDeque<(u64, Thing)>,
    conns: Vec<(Conn, u64)>,
    restarted: bool,
    /// It may not connect any more.
    pub stuck: Option<u64>,
    pub ended: bool,
    pub losses: u32,
    pub answered: u32,
    pub interrupted: u32,
}

impl ClientHost {
    pub fn new(setup: Setup) -> Self {
        Self {
            half: Client::new(setup.limits, true, setup.durable_client),
            setup,
            app: App::default(),
            disk: None,
            waiting: VecDeque::new(),
            commits: VecDeque::new(),
            stale: VecDeque::new(),
            fresh: Vec::new(),
            early: 0,
            inbox: VecDeque::new(),
            conns: Vec::new(),
            restarted: false,
            stuck: None,
            ended: false,
            losses: 0,
            answered: 0,
            interrupted: 0,
        }
    }

    pub fn session(&self) -> u8 {
        self.half.identity().map_or(0, |identity| identity.id[0])
    }

    fn fence(&self, conn: Conn) -> Option<u64> {
        self.conns.iter().find(|(of, _)| *of == conn).map(|(_, fence)| *fence)
    }

    fn conn(&self, fence: u64) -> Option<Conn> {
        self.conns.iter().find(|(_, of)| *of == fence).map(|(conn, _)| *conn)
    }

    pub fn is_linked(&self) -> bool {
        self.half.link().is_some()
    }

    pub fn has_conns(&self) -> bool {
        !self.conns.is_empty()
    }

    pub fn has_conn(&self, conn: Conn) -> bool {
        self.fence(conn).is_some()
    }

    /// Whether a connection neither carries the session nor is to carry it.
    pub fn is_older(&self, conn: Conn) -> bool {
        self.fence(conn).is_some_and(|fence| self.half.link() != Some(fence) && fence < self.half.fence())
    }

    pub fn submit(&mut self, truth: &mut Truth, kind: Kind) -> Result<(), Wrong> {
        if self.ended {
            return Ok(());
        }
        let item = truth.up.submit();
        if kind == Kind::Request && self.setup.limits.max_requests < 100 {
            // It may be refused because there are too many.
            truth.up.excuse(item);
        }
        if let Kind::On(channel) = kind {
            truth.up.put_on(item, channel);
        }
        self.waiting.push_back((item, kind));
        self.bind(truth)
    }

    pub fn channels(&self) -> impl Iterator<Item = u64> + '_ {
        self.app.open.iter().copied()
    }

    pub fn open(&mut self) {
        if self.half.identity().is_some()
            && let Some((channel, _)) = self.half.open("room", plain(0, b""))
        {
            self.app.open.insert(channel);
        }
    }

    pub fn shut(&mut self, channel: u64) {
        self.app.open.remove(&channel);
        self.half.shut(channel, 0, "");
    }

    pub fn cancel(&mut self) {
        if let Some((id, _)) = self.app.asked.pop_first() {
            self.app.cancelled.insert(id);
            self.half.cancel(id);
        }
    }

    pub fn volatile(&mut self, truth: &mut Truth) {
        let item = truth.up.submit_volatile();
        self.half.volatile(plain(0, &item.to_le_bytes()));
    }

    /// Binds what there is room for, in order. Before there is a session, everything waits.
    fn bind(&mut self, truth: &mut Truth) -> Result<(), Wrong> {
        while let Some((item, kind)) = self.waiting.front().copied() {
            if self.half.identity().is_none()
                || (self.is_linked() && self.half.room(self.setup.payload) != Room::Now)
            {
                break;
            }
            self.waiting.pop_front();
            let payload = encoded(item, &self.setup);
            let seq = match kind {
                Kind::Message => self.half.message(plain(0, &payload)),
                Kind::On(channel) if self.app.open.contains(&channel) => {
                    self.half.message(plain(channel, &payload))
                }
                Kind::On(_) => {
                    truth.up.settle(item, Fate::NotSent, self.restarted)?;
                    continue;
                }
                Kind::Request => {
                    let asked = self.half.request(0, "", plain(0, &payload));
                    let (id, seq) = asked.ok_or("the method is too long")?;
                    self.app.asked.insert(id, item);
                    seq
                }
            };
            self.app.bound.push_back((seq, item));
            truth.up.bound(item, self.session(), seq);
        }
        Ok(())
    }

    /// Opens a connection: its first frames.
    pub fn dial(&mut self, conn: Conn, truth: &mut Truth) -> Result<Vec<Vec<u8>>, Wrong> {
        let (fence, hello) = self.half.hello(b"", 0);
        self.conns.push((conn, fence));
        if self.setup.rules != Rules::FenceNotKept {
            self.commit(truth)?;
        }
        let mut frames = vec![hello];
        if self.setup.rules == Rules::DataBeforeWelcome && self.half.identity().is_none() {
            // As a session would write them that had been welcomed already.
            self.early = self.waiting.len();
            for (index, (item, _)) in self.waiting.iter().enumerate() {
                let mut frame = vec![3, index as u8 + 1, 0, 0x80, 0x80, 0x40, 3, self.setup.payload as u8];
                frame.extend(encoded(*item, &self.setup));
                frames.push(frame);
            }
        }
        Ok(frames)
    }

    pub fn gone(&mut self, conn: Conn, truth: &mut Truth) -> Result<(), Wrong> {
        if let Some(fence) = self.fence(conn) {
            self.half.gone(fence);
            self.conns.retain(|(of, _)| *of != conn);
        }
        if self.ended && self.conns.is_empty() && self.half.identity().is_some() {
            // The server's last word will not come.
            self.end(None, truth)?;
        }
        Ok(())
    }

    /// Takes a frame in; answers whether the connection has ended with it.
    pub fn arrives(&mut self, conn: Conn, frame: &[u8], truth: &mut Truth) -> Result<bool, Wrong> {
        let Some(fence) = self.fence(conn) else { return Ok(true) };
        let before = (self.half.outgoing(), self.half.incoming(), self.session());
        let counts = self.ended || self.half.link() == Some(fence) || fence == self.half.fence();
        let older = (!counts).then(|| self.half.clone());
        let mut events = Vec::new();
        let received = self.half.receive(fence, frame, &mut events);
        if older.is_some_and(|older| older != self.half) {
            return Err("fencing: a frame of an older connection changed the client".into());
        }
        let mut over = false;
        for event in events {
            match event {
                Event::Acked { to } => self.acked(to, truth)?,
                Event::Numbered { seq, record } => {
                    let thing = match record.says() {
                        Record::Message { payload, .. } => {
                            let item = decoded(payload.of(frame));
                            self.setup.arrived(&truth.down, item, before.2, seq)?;
                            Thing::Message(item)
                        }
                        Record::Response { id, payload, status, more, .. } => {
                            Thing::Response { id, item: decoded(payload.of(frame)), status, more }
                        }
                        Record::Shut { channel, .. } => {
                            self.app.open.remove(&channel);
                            Thing::Other
                        }
                        _ => Thing::Other,
                    };
                    self.inbox.push_back((seq, thing));
                }
                Event::Lost(loss) => {
                    if !truth.destroyed.contains(&before.2) {
                        return Err(format!(
                            "loud loss: session {} is lost, and the server has it",
                            before.2
                        ));
                    }
                    self.told(&loss, before.2, truth)?;
                    self.lost(&loss, before.2, truth)?;
                }
                Event::Welcomed { welcome, .. } => {
                    if welcome.status != Status::Resumed {
                        self.begun(truth);
                    }
                    self.bind(truth)?;
                    for _ in 0..core::mem::take(&mut self.early) {
                        self.half.frame(self.setup.room, &mut Vec::new());
                    }
                }
                Event::Plain(record) => match record.says() {
                    Record::Close { code, forget, recv, .. } => {
                        over = true;
                        if code == Code::Superseded as u64 && fence == self.half.fence() {
                            self.stuck = Some(code);
                        }
                        if forget {
                            self.end(Some(recv), truth)?;
                        }
                    }
                    Record::Volatile { payload, .. } => {
                        truth.down.volatile_came(decoded(payload.of(frame)))?;
                    }
                    _ => {}
                },
            }
        }
        if let Err(violation) = received {
            return Err(format!("no violation: the client was sent {violation}"));
        }
        let after = (self.half.outgoing(), self.half.incoming(), self.session());
        if before.2 == after.2 && (before.0.1 > after.0.1 || before.1.1 > after.1.1 || before.1.0 > after.1.0)
        {
            return Err(format!("monotone: the client's counters fell from {before:?} to {after:?}"));
        }
        if !self.setup.lag {
            while self.accept(truth)? {}
        }
        self.bind(truth)?;
        if over {
            self.gone(conn, truth)?;
        }
        Ok(over)
    }

    fn acked(&mut self, to: u64, truth: &mut Truth) -> Result<(), Wrong> {
        while let Some((seq, item)) = self.app.bound.front().copied() {
            if seq > to {
                break;
            }
            self.app.bound.pop_front();
            truth.up.settle(item, Fate::Delivered, self.restarted)?;
        }
        Ok(())
    }

    /// Whether a loss tells the truth of what the server sent.
    fn told(&self, loss: &Loss, session: u8, truth: &Truth) -> Result<(), Wrong> {
        let here = |item: Item| {
            truth.down.has(item)
                || self.fresh.contains(&item)
                || self.commits.iter().any(|(.., fresh)| fresh.contains(&item))
                || self.inbox.iter().any(|(_, thing)| *thing == Thing::Message(item))
        };
        match truth.down.of(session).find(|item| !here(*item)) {
            Some(item) if !loss.missing => {
                Err(format!("loud loss: nothing is said to be missing, and {item} is"))
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, recv: Option<u64>, truth: &mut Truth) -> Result<(), Wrong> {
        let session = self.session();
        let loss = self.half.end(recv, false);
        self.lost(&loss, session, truth)
    }

    fn lost(&mut self, loss: &Loss, session: u8, truth: &mut Truth) -> Result<(), Wrong> {
        self.losses += 1;
        self.inbox.clear();
        // What the application has taken is kept with what the next session begins with.
        for (delta, _, fresh) in core::mem::take(&mut self.commits) {
            fresh.into_iter().try_for_each(|item| truth.down.accepted(session, item))?;
            self.stale.push_back(delta);
        }
        for item in core::mem::take(&mut self.fresh) {
            truth.down.accepted(session, item)?;
        }
        let bound = core::mem::take(&mut self.app.bound);
        let mut again = VecDeque::new();
        for (seq, item) in bound {
            let carried = loss.carried.iter().position(|carried| *carried == seq);
            if let Some(place) = carried {
                self.app.bound.push_back((loss.reopened + place as u64 + 1, item));
                continue;
            }
            let fate = if seq <= loss.delivered {
                Fate::Delivered
            } else if seq <= loss.in_doubt {
                match self.setup.rules {
                    Rules::ResendsInDoubt => {
                        again.push_back((item, Kind::Message));
                        continue;
                    }
                    Rules::DoubtIsNotSent => Fate::NotSent,
                    _ => Fate::InDoubt,
                }
            } else {
                Fate::NotSent
            };
            truth.up.settle(item, fate, self.restarted)?;
        }
        again.append(&mut self.waiting);
        self.waiting = again;
        self.app.asked.retain(|id, _| loss.requests.contains(id));
        self.app.cancelled.clear();
        if self.ended {
            for (item, _) in core::mem::take(&mut self.waiting) {
                truth.up.settle(item, Fate::NotSent, self.restarted)?;
            }
            self.disk = None;
        }
        Ok(())
    }

    /// Another session has begun.
    fn begun(&mut self, truth: &mut Truth) {
        self.inbox.clear();
        for (seq, item) in &self.app.bound {
            truth.up.bound(*item, self.session(), *seq);
        }
        if self.setup.durable_client
            && let Some(identity) = self.half.identity()
            && let Some(delta) = self.half.delta()
        {
            let mut stored = Stored::new(identity, Vec::new());
            stored.apply(&delta);
            self.disk = Some((stored, self.app.clone()));
            self.half.keep(&delta);
        }
    }

    /// Takes one thing out of the inbox.
    pub fn accept(&mut self, truth: &mut Truth) -> Result<bool, Wrong> {
        let Some((seq, thing)) = self.inbox.pop_front() else { return Ok(false) };
        match thing {
            Thing::Message(item) => {
                if self.setup.durable_client {
                    self.fresh.push(item);
                } else {
                    truth.down.accepted(self.session(), item)?;
                }
            }
            Thing::Response { id, .. } if self.app.cancelled.contains(&id) => {}
            Thing::Response { id, item, more: true, .. } if self.app.asked.get(&id) != Some(&item) => {
                return Err(format!("requests: a part of the answer to {item} came for {id}"));
            }
            Thing::Response { more: true, .. } => {}
            Thing::Response { id, item, status, .. } => {
                let Some(asked) = self.app.asked.remove(&id) else {
                    return Err(format!("requests: an answer to request {id}, for which nobody waits"));
                };
                if status == 0 {
                    self.answered += 1;
                    if item != asked {
                        return Err(format!("requests: {asked} got the answer to {item}"));
                    }
                } else {
                    self.interrupted += 1;
                }
            }
            _ => {}
        }
        self.half.accept(seq);
        Ok(true)
    }

    pub fn has_inbox(&self) -> bool {
        !self.inbox.is_empty()
    }

    pub fn can_commit(&self) -> bool {
        self.setup.durable_client && self.half.clone().delta().is_some()
    }

    /// A store keeps what has changed.
    pub fn commit(&mut self, truth: &mut Truth) -> Result<bool, Wrong> {
        self.begin_commit();
        let mut any = false;
        while self.finish_commit(truth)? {
            any = true;
        }
        Ok(any)
    }

    pub fn begin_commit(&mut self) {
        if let Some(delta) = self.half.delta() {
            self.commits.push_back((delta, self.app.clone(), core::mem::take(&mut self.fresh)));
        }
    }

    /// A store has kept the oldest of what is on its way there.
    pub fn finish_commit(&mut self, truth: &mut Truth) -> Result<bool, Wrong> {
        if let Some(delta) = self.stale.pop_front() {
            self.half.keep(&delta);
            return Ok(true);
        }
        let session = self.session();
        let Some((delta, at, fresh)) = self.commits.pop_front() else { return Ok(false) };
        if let Some((stored, app)) = &mut self.disk {
            stored.apply(&delta);
            *app = at;
        }
        fresh.into_iter().try_for_each(|item| truth.down.accepted(session, item))?;
        self.half.keep(&delta);
        Ok(true)
    }

    pub fn can_write(&self) -> bool {
        self.half.due() != Due::Nothing
    }

    /// The next frame, and where it goes.
    pub fn write(&mut self) -> Option<(Conn, Vec<u8>)> {
        let conn = self.conn(self.half.link()?)?;
        if self.setup.rules == Rules::WrittenBeforeKept
            && let Some(delta) = self.half.clone().delta()
        {
            self.half.keep(&delta);
        }
        let mut frame = Vec::new();
        self.half.frame(self.setup.room, &mut frame).then_some((conn, frame))
    }

    /// The process ends, and another goes on with what the store has.
    pub fn restart(&mut self, truth: &mut Truth) -> Result<bool, Wrong> {
        self.commits.clear();
        self.stale.clear();
        let Some((stored, app)) = self.disk.clone() else { return Ok(false) };
        let known: Vec<Item> = app.bound.iter().map(|(_, item)| *item).collect();
        for (item, _) in core::mem::take(&mut self.waiting) {
            truth.up.settle(item, Fate::Died, false)?;
        }
        for (_, item) in &self.app.bound {
            if !known.contains(item) {
                truth.up.settle(*item, Fate::Died, false)?;
            }
        }
        self.fresh.clear();
        self.half = Client::restored(self.setup.limits, true, &stored);
        self.app = app;
        self.inbox.clear();
        self.conns.clear();
        self.restarted = true;
        Ok(true)
    }

    /// The application is done: the frame that says so, if there is a link.
    pub fn close(&mut self, truth: &mut Truth) -> Result<Option<(Conn, Vec<u8>)>, Wrong> {
        self.ended = true;
        // What the application has is part of the last word.
        self.commit(truth)?;
        let conn = self.half.link().and_then(|link| self.conn(link));
        self.conns.retain(|(of, _)| Some(*of) == conn);
        let last = self.half.close(closing(Code::Normal, true));
        match conn {
            Some(conn) => Ok(Some((conn, last))),
            None => {
                self.end(None, truth)?;
                Ok(None)
            }
        }
    }

    /// Whether everything is done that can be done.
    pub fn check_settled(&self) -> Result<(), Wrong> {
        if let Some(code) = self.stuck {
            return Err(format!("liveness: the client gave up on code {code}"));
        }
        if !self.app.asked.is_empty() {
            return Err(format!("requests: no answer came to: {:?}", self.app.asked));
        }
        if self.half.held() > 0 || !self.app.bound.is_empty() || !self.waiting.is_empty() {
            return Err(format!("liveness: the client holds {:?} {:?}", self.app.bound, self.waiting));
        }
        Ok(())
    }
}
