//! Two applications with a session between them, and everything a network and a restart can do to them.

use std::collections::VecDeque;

use crate::peers::client::ClientHost;
use crate::peers::server::ServerHost;
use crate::peers::truth::{Fate, Truth};
use crate::peers::{Conn, Kind, Setup, Wrong};

/// How often each thing may happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    pub ups: u8,
    pub downs: u8,
    pub requests: u8,
    pub dials: u8,
    pub cuts: u8,
    /// Of a connection that works.
    pub give_ups: u8,
    pub restarts_with_store: u8,
    pub restarts_without: u8,
    pub client_restarts: u8,
    pub expiries: u8,
    pub drains: u8,
    /// To another node of a server whose store all have.
    pub hand_overs: u8,
    pub closes: u8,
    /// Connections that a client may have at once.
    pub overlap: u8,
}

/// A connection: frames in order, each way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Socket {
    conn: Conn,
    up: VecDeque<Vec<u8>>,
    down: VecDeque<Vec<u8>>,
    /// Which side holds it open.
    client: bool,
    server: bool,
    /// Nothing passes any more, and nobody knows yet.
    cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Submit,
    Ask,
    ServerSubmits,
    Dial,
    Up(Conn),
    Down(Conn),
    Cut(Conn),
    ClientSees(Conn),
    ServerSees(Conn),
    GiveUp(Conn),
    ClientWrites,
    ServerWrites(u8),
    ClientAccepts,
    ServerAccepts(u8),
    ServerAnswers(u8),
    ClientCommits,
    ServerCommits(u8),
    ServerRetires(u8),
    RestartWithStore,
    RestartWithout,
    ClientRestarts,
    Expire(u8),
    Drain(u8),
    HandOver(u8),
    Close,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    left: Budget,
    conns: Conn,
    sockets: Vec<Socket>,
    client: ClientHost,
    server: ServerHost,
    truth: Truth,
}

impl World {
    pub fn new(setup: Setup, budget: Budget) -> Self {
        Self {
            left: budget,
            conns: 0,
            sockets: Vec::new(),
            client: ClientHost::new(setup),
            server: ServerHost::new(setup),
            truth: Truth::default(),
        }
    }

    /// Everything that can happen next.
    pub fn actions(&self) -> Vec<Action> {
        let mut all = Vec::with_capacity(16);
        let left = &self.left;
        self.traffic(&mut all);
        let open = self.sockets.iter().filter(|socket| socket.client).count();
        if left.dials > 0 && !self.client.ended && open < usize::from(left.overlap.max(1)) {
            all.push(Action::Dial);
        }
        for socket in &self.sockets {
            if left.cuts > 0 && !socket.cut {
                all.push(Action::Cut(socket.conn));
            }
            if left.give_ups > 0 && socket.client && !self.client.is_older(socket.conn) {
                all.push(Action::GiveUp(socket.conn));
            }
        }
        let lives = !self.client.ended;
        for (left, action) in [
            (left.ups * u8::from(lives), Action::Submit),
            (left.requests * u8::from(lives), Action::Ask),
            (left.downs, Action::ServerSubmits),
            (left.restarts_with_store, Action::RestartWithStore),
            (left.restarts_without, Action::RestartWithout),
            (left.client_restarts * u8::from(lives), Action::ClientRestarts),
            (left.closes * u8::from(lives), Action::Close),
        ] {
            if left > 0 {
                all.push(action);
            }
        }
        for session in self.server.known() {
            if left.expiries > 0 && !self.truth.destroyed.contains(&session) {
                all.push(Action::Expire(session));
            }
            if left.hand_overs > 0 {
                all.push(Action::HandOver(session));
            }
            if left.drains > 0 {
                all.push(Action::Drain(session));
            }
        }
        all
    }

    /// What happens if nothing more goes wrong, in the order in which a calm network does it.
    fn traffic(&self, all: &mut Vec<Action>) {
        for socket in &self.sockets {
            let conn = socket.conn;
            if !socket.up.is_empty() {
                all.push(Action::Up(conn));
            }
            if !socket.down.is_empty() {
                all.push(Action::Down(conn));
            }
            if socket.client && socket.down.is_empty() && (socket.cut || !socket.server) {
                all.push(Action::ClientSees(conn));
            }
            if socket.server && socket.up.is_empty() && (socket.cut || !socket.client) {
                all.push(Action::ServerSees(conn));
            }
            if socket.client && self.client.is_older(conn) {
                all.push(Action::GiveUp(conn));
            }
        }
        if self.client.has_inbox() {
            all.push(Action::ClientAccepts);
        }
        if self.client.can_commit() {
            all.push(Action::ClientCommits);
        }
        for session in self.server.sessions() {
            if self.server.has_inbox(session) {
                all.push(Action::ServerAccepts(session));
            }
            if self.server.is_working(session) {
                all.push(Action::ServerAnswers(session));
            }
            if self.server.can_commit(session) {
                all.push(Action::ServerCommits(session));
            }
            if self.server.can_write(session) {
                all.push(Action::ServerWrites(session));
            }
        }
        if self.client.can_write() {
            all.push(Action::ClientWrites);
        }
        for session in self.server.sessions().filter(|session| self.server.has_older(*session)) {
            all.push(Action::ServerRetires(session));
        }
    }

    pub fn apply(&mut self, action: Action) -> Result<(), Wrong> {
        let left = &mut self.left;
        let truth = &mut self.truth;
        match action {
            Action::Submit => {
                left.ups -= 1;
                self.client.submit(truth, Kind::Message)?;
            }
            Action::Ask => {
                left.requests -= 1;
                self.client.submit(truth, Kind::Request)?;
            }
            Action::ServerSubmits => {
                left.downs -= 1;
                self.server.submit(truth);
            }
            Action::Dial => {
                left.dials = left.dials.saturating_sub(1);
                self.dial()?;
            }
            Action::Up(conn) => {
                if let Some(frame) = self.socket(conn).and_then(|socket| socket.up.pop_front()) {
                    let out = self.server.arrives(conn, &frame, &mut self.truth)?;
                    self.sent(out);
                }
            }
            Action::Down(conn) => {
                if let Some(frame) = self.socket(conn).and_then(|socket| socket.down.pop_front())
                    && self.client.arrives(conn, &frame, &mut self.truth)?
                {
                    self.client_leaves(conn);
                }
            }
            Action::Cut(conn) => {
                left.cuts -= 1;
                if let Some(socket) = self.socket(conn) {
                    socket.cut = true;
                    socket.up.clear();
                    socket.down.clear();
                }
            }
            Action::GiveUp(conn) => {
                if !self.client.is_older(conn) {
                    left.give_ups -= 1;
                }
                self.client.gone(conn, truth)?;
                self.client_leaves(conn);
            }
            Action::ClientSees(conn) => {
                self.client.gone(conn, truth)?;
                self.client_leaves(conn);
            }
            Action::ServerSees(conn) => {
                self.server.gone(conn);
                self.server_leaves(conn);
            }
            Action::ClientWrites => {
                let sent = self.client.write();
                self.write(sent);
            }
            Action::ServerWrites(session) => {
                if let Some((conn, frame)) = self.server.write(session) {
                    self.sent(vec![(conn, frame, false)]);
                }
            }
            Action::ClientAccepts => {
                self.client.accept(truth)?;
            }
            Action::ServerAccepts(session) => {
                self.server.accept(session, truth)?;
            }
            Action::ServerAnswers(session) => {
                self.server.answer(session);
            }
            Action::ClientCommits => {
                self.client.commit(truth)?;
            }
            Action::ServerCommits(session) => {
                self.server.commit(session, truth)?;
                self.drop_strangers();
            }
            Action::ServerRetires(session) => {
                let out = self.server.retire(session);
                self.sent(out);
            }
            Action::RestartWithStore | Action::RestartWithout => {
                let keeps = action == Action::RestartWithStore;
                let left = if keeps { &mut left.restarts_with_store } else { &mut left.restarts_without };
                *left -= 1;
                self.server.restart(keeps, truth)?;
                let all: Vec<Conn> = self.sockets.iter().map(|socket| socket.conn).collect();
                all.into_iter().for_each(|conn| self.server_leaves(conn));
            }
            Action::ClientRestarts => {
                left.client_restarts -= 1;
                if self.client.restart(truth)? {
                    let all: Vec<Conn> = self.sockets.iter().map(|socket| socket.conn).collect();
                    all.into_iter().for_each(|conn| self.client_leaves(conn));
                }
            }
            Action::Expire(session) => {
                left.expiries -= 1;
                let out = self.server.expire(session, truth)?;
                self.sent(out);
                self.drop_strangers();
            }
            Action::Drain(session) => {
                left.drains -= 1;
                self.server.drain(session);
            }
            Action::HandOver(session) => {
                left.hand_overs -= 1;
                self.server.hand_over(session);
            }
            Action::Close => {
                left.closes -= 1;
                let sent = self.client.close(truth)?;
                self.write(sent);
                let conns: Vec<Conn> = self.sockets.iter().map(|socket| socket.conn).collect();
                for conn in conns {
                    if !self.client.has_conn(conn) {
                        self.client_leaves(conn);
                    }
                }
            }
        }
        Ok(())
    }

    fn dial(&mut self) -> Result<(), Wrong> {
        self.conns += 1;
        let conn = self.conns;
        self.server.opened(conn);
        let up = self.client.dial(conn, &mut self.truth)?.into();
        let down = VecDeque::new();
        self.sockets.push(Socket { conn, up, down, client: true, server: true, cut: false });
        Ok(())
    }

    fn socket(&mut self, conn: Conn) -> Option<&mut Socket> {
        self.sockets.iter_mut().find(|socket| socket.conn == conn)
    }

    fn write(&mut self, sent: Option<(Conn, Vec<u8>)>) {
        if let Some((conn, frame)) = sent
            && let Some(socket) = self.socket(conn)
            && !socket.cut
            && socket.server
        {
            socket.up.push_back(frame);
        }
    }

    fn sent(&mut self, out: Vec<(Conn, Vec<u8>, bool)>) {
        for (conn, frame, last) in out {
            if let Some(socket) = self.socket(conn)
                && !socket.cut
                && socket.client
            {
                socket.down.push_back(frame);
            }
            if last {
                self.server_leaves(conn);
            }
        }
    }

    /// Connections that the server has closed without a word.
    fn drop_strangers(&mut self) {
        let strange = |socket: &&Socket| socket.server && !self.server.has_conn(socket.conn);
        let strangers: Vec<Conn> = self.sockets.iter().filter(strange).map(|socket| socket.conn).collect();
        strangers.into_iter().for_each(|conn| self.server_leaves(conn));
    }

    fn client_leaves(&mut self, conn: Conn) {
        if let Some(socket) = self.socket(conn) {
            socket.client = false;
            socket.down.clear();
        }
        self.sockets.retain(|socket| socket.client || socket.server);
    }

    fn server_leaves(&mut self, conn: Conn) {
        if let Some(socket) = self.socket(conn) {
            socket.server = false;
            socket.up.clear();
        }
        self.sockets.retain(|socket| socket.client || socket.server);
    }

    /// One step of a network on which nothing goes wrong any more; false if there is none left to do.
    pub fn calm(&mut self) -> Result<bool, Wrong> {
        let mut all = Vec::new();
        self.traffic(&mut all);
        match all.first().copied() {
            Some(action) => self.apply(action)?,
            None if !self.client.ended && !self.client.is_linked() && self.client.stuck.is_none() => {
                if self.client.has_conns() {
                    return Err("liveness: the client waits on a connection on which nothing comes".into());
                }
                self.dial()?;
            }
            None => return Ok(false),
        }
        Ok(true)
    }

    /// Everything that must be so when nothing is left to do.
    pub fn check_settled(&self) -> Result<(), Wrong> {
        self.client.check_settled()?;
        let session = self.client.session();
        self.server.check_settled(session)?;
        self.truth.up.settled()?;
        self.truth.down.check()?;
        match self.truth.down.pending(session).first() {
            Some(item) => Err(format!("settlement: the server's {item} never settled")),
            None => Ok(()),
        }
    }

    /// What became of everything, for a tally: in doubt, not sent, and how often a session was lost.
    pub fn tally(&self) -> [usize; 4] {
        let up = &self.truth.up;
        let answered = self.client.answered + self.client.interrupted;
        [up.tally(Fate::InDoubt), up.tally(Fate::NotSent), self.client.losses as usize, answered as usize]
    }
}
