//! A client, its servers and the connections between them, under chance.

use std::fmt::Write;

use everwire::session::Limits;

use super::dice::Dice;
use super::network::Socket;
use crate::peers::client::ClientHost;
use crate::peers::server::ServerHost;
use crate::peers::truth::{Fate, Truth};
use crate::peers::{Conn, Kind, Rules, Setup, Wrong};

/// The names of sessions are one byte long here, and half of them are for those that moved elsewhere.
const SESSIONS: u8 = 100;

/// What happened.
#[derive(Debug, Default)]
pub struct Tally {
    pub delivered: u64,
    pub not_sent: u64,
    pub in_doubt: u64,
    pub died: u64,
    pub came_down: u64,
    pub links: u64,
    pub losses: u64,
    pub restarts: u64,
    pub answered: u64,
    pub interrupted: u64,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.not_sent += other.not_sent;
        self.in_doubt += other.in_doubt;
        self.died += other.died;
        self.came_down += other.came_down;
        self.links += other.links;
        self.losses += other.losses;
        self.restarts += other.restarts;
        self.answered += other.answered;
        self.interrupted += other.interrupted;
    }
}

pub struct World {
    dice: Dice,
    setup: Setup,
    /// The rarer, the fewer faults.
    peace: u64,
    conns: Conn,
    sockets: Vec<Socket>,
    client: ClientHost,
    server: ServerHost,
    truth: Truth,
    restarts: u64,
    trace: Option<String>,
}

impl World {
    pub fn new(seed: u64, traced: bool) -> Self {
        let mut dice = Dice::new(seed);
        let max_frame = dice.of(&[1_024, 1_500, 4_096, 1 << 20]).unwrap_or(1_024);
        let setup = Setup {
            limits: Limits {
                max_frame,
                window: max_frame + dice.below(2) * dice.below(4_000),
                max_requests: dice.of(&[1, 1_000]).unwrap_or(1),
                max_channels: 8,
            },
            durable_client: dice.one_in(2),
            durable_server: dice.one_in(2),
            payload: dice.of(&[8, 100, 900]).unwrap_or(8),
            vary: true,
            room: dice.of(&[1, 300, 16_384]).unwrap_or(1),
            lag: dice.one_in(2),
            rules: Rules::Kept,
        };
        let peace = dice.of(&[2, 6, 20]).unwrap_or(2);
        Self {
            dice,
            setup,
            peace,
            conns: 0,
            sockets: Vec::new(),
            client: ClientHost::new(setup),
            server: ServerHost::new(setup),
            truth: Truth::default(),
            restarts: 0,
            trace: traced.then(|| format!("{setup:?}\n")),
        }
    }

    pub fn trace(&self) -> &str {
        self.trace.as_deref().unwrap_or_default()
    }

    fn tell(&mut self, what: &str, of: u32) {
        if let Some(trace) = &mut self.trace {
            let _ = writeln!(trace, "{what} {of}");
        }
    }

    pub fn run(&mut self, steps: usize) -> Result<(), Wrong> {
        for _ in 0..steps {
            if self.dice.one_in(4 * self.peace) {
                self.fault()?;
            } else {
                self.step()?;
            }
        }
        self.heal()
    }

    fn session(&mut self) -> u8 {
        let count = self.server.sessions().count() as u64;
        let place = self.dice.below(count) as usize;
        self.server.sessions().nth(place).unwrap_or(0)
    }

    fn conn(&mut self) -> Option<usize> {
        (!self.sockets.is_empty()).then(|| self.dice.below(self.sockets.len() as u64) as usize)
    }

    /// Something that happens on a good day.
    fn step(&mut self) -> Result<(), Wrong> {
        let what = self.dice.below(36);
        self.tell("step", what as u32);
        let truth = &mut self.truth;
        match what {
            0..=2 => self.client.submit(truth, Kind::Message)?,
            3 => self.client.submit(truth, Kind::Request)?,
            4 => {
                let all: Vec<u64> = self.client.channels().collect();
                match self.dice.of(&all) {
                    None => self.client.open(),
                    Some(channel) if self.dice.one_in(10) => self.client.shut(channel),
                    Some(channel) => self.client.submit(truth, Kind::On(channel))?,
                }
            }
            5 => {
                self.client.volatile(truth);
                let session = self.session();
                self.server.volatile(session, &mut self.truth);
            }
            6 if self.dice.one_in(4) => self.client.cancel(),
            6 => {
                let session = self.session();
                self.server.shut(session, &mut self.truth);
            }
            7..=9 => {
                self.server.submit(truth);
            }
            10..=14 => self.client_writes(),
            15..=19 => {
                let session = self.session();
                self.server_writes(session);
            }
            20..=27 => self.advance()?,
            28 => {
                self.client.accept(truth)?;
            }
            29 | 30 => {
                let session = self.session();
                self.server.accept(session, &mut self.truth)?;
                self.server.answer(session);
            }
            31 => {
                self.client.begin_commit();
                let session = self.session();
                self.server.begin_commit(session);
            }
            32 => {
                self.client.finish_commit(truth)?;
                let session = self.session();
                self.server.finish_commit(session, &mut self.truth)?;
                self.drop_strangers();
            }
            33 => {
                let older = self.sockets.iter().map(|socket| socket.conn);
                if let Some(conn) = older.into_iter().find(|conn| self.client.is_older(*conn)) {
                    self.client_sees(conn)?;
                }
                let session = self.session();
                let out = self.server.retire(session);
                self.sent(out);
            }
            _ => {
                if !self.client.is_linked() && !self.client.has_conns() {
                    self.dial()?;
                }
            }
        }
        self.drop_strangers();
        Ok(())
    }

    /// Something that happens on a bad one.
    fn fault(&mut self) -> Result<(), Wrong> {
        let what = self.dice.below(32);
        self.tell("fault", what as u32);
        let socket = self.conn();
        match (what, socket) {
            (0..=5, Some(index)) => {
                self.partly(index)?;
                if let Some(socket) = self.sockets.get_mut(index) {
                    socket.cut();
                }
            }
            (6, Some(index)) => self.sockets[index].up.die(),
            (7, Some(index)) => self.sockets[index].down.die(),
            (8..=11, Some(index)) if self.sockets[index].is_over() => {
                let conn = self.sockets[index].conn;
                self.client_sees(conn)?;
            }
            (12..=15, Some(index)) if self.sockets[index].is_over() => {
                let conn = self.sockets[index].conn;
                self.server_sees(conn);
            }
            // The client loses patience with a connection that works.
            (16, Some(index)) => {
                let conn = self.sockets[index].conn;
                self.client_sees(conn)?;
            }
            (17, Some(index)) => {
                let conn = self.sockets[index].conn;
                self.server_sees(conn);
            }
            // A second connection beside the first, as before a drain, or by mistake.
            (18..=20, _) if self.sockets.len() < 4 => self.dial()?,
            (21, _) => {
                let session = self.session();
                self.server.drain(session);
                self.server_writes(session);
            }
            (22 | 23, _) if self.setup.durable_server => {
                if self.dice.one_in(2) {
                    let session = self.session();
                    while self.server.finish_commit(session, &mut self.truth)? {}
                }
                self.restart(true)?;
            }
            (24, _) if self.dice.one_in(3) => self.restart(false)?,
            (25, _) if self.dice.one_in(2) => {
                let known = self.server.known();
                if let Some(session) = self.dice.of(&known) {
                    let out = self.server.expire(session, &mut self.truth)?;
                    self.sent(out);
                }
            }
            (26 | 27, _) if self.setup.durable_client && !self.client.ended => {
                if self.dice.one_in(2) {
                    while self.client.finish_commit(&mut self.truth)? {}
                }
                if self.client.restart(&mut self.truth)? {
                    self.restarts += 1;
                    let all: Vec<Conn> = self.sockets.iter().map(|socket| socket.conn).collect();
                    all.into_iter().for_each(|conn| self.client_leaves(conn));
                }
            }
            (28, _) if self.setup.durable_server => {
                let session = self.session();
                self.server.hand_over(session);
            }
            (29, _) if self.dice.one_in(20) => {
                if let Some((conn, frame)) = self.client.close(&mut self.truth)? {
                    self.write(conn, &frame);
                }
                let all: Vec<Conn> = self.sockets.iter().map(|socket| socket.conn).collect();
                for conn in all.into_iter().filter(|conn| !self.client.has_conn(*conn)).collect::<Vec<_>>() {
                    self.client_leaves(conn);
                }
            }
            _ => {}
        }
        self.drop_strangers();
        Ok(())
    }

    fn dial(&mut self) -> Result<(), Wrong> {
        if self.client.ended || self.server.last() >= SESSIONS {
            return Ok(());
        }
        self.conns += 1;
        let conn = self.conns;
        self.tell("dial", conn);
        self.server.opened(conn);
        self.sockets.push(Socket::new(conn));
        for frame in self.client.dial(conn, &mut self.truth)? {
            self.write(conn, &frame);
        }
        Ok(())
    }

    fn restart(&mut self, keeps: bool) -> Result<(), Wrong> {
        self.restarts += 1;
        self.server.restart(keeps, &mut self.truth)?;
        let all: Vec<Conn> = self.sockets.iter().map(|socket| socket.conn).collect();
        all.into_iter().for_each(|conn| self.server_leaves(conn));
        Ok(())
    }

    fn socket(&mut self, conn: Conn) -> Option<&mut Socket> {
        self.sockets.iter_mut().find(|socket| socket.conn == conn)
    }

    fn write(&mut self, conn: Conn, frame: &[u8]) {
        if let Some(socket) = self.socket(conn)
            && socket.server
        {
            socket.up.write(frame);
        }
    }

    fn sent(&mut self, out: Vec<(Conn, Vec<u8>, bool)>) {
        for (conn, frame, last) in out {
            if let Some(socket) = self.socket(conn)
                && socket.client
            {
                socket.down.write(&frame);
            }
            if last {
                self.server_leaves(conn);
            }
        }
    }

    fn client_writes(&mut self) {
        if let Some((conn, frame)) = self.client.write() {
            self.tell("client writes on", conn);
            self.write(conn, &frame);
        }
    }

    fn server_writes(&mut self, session: u8) {
        if let Some((conn, frame)) = self.server.write(session) {
            self.tell("server writes on", conn);
            self.sent(vec![(conn, frame, false)]);
        }
    }

    /// Some bytes arrive somewhere.
    fn advance(&mut self) -> Result<(), Wrong> {
        match self.conn() {
            Some(index) => self.partly(index),
            None => Ok(()),
        }
    }

    fn partly(&mut self, index: usize) -> Result<(), Wrong> {
        let (up, down) = (self.dice.below(1_500) as usize, self.dice.below(1_500) as usize);
        let conn = self.sockets[index].conn;
        self.sockets[index].up.advance(up);
        self.sockets[index].down.advance(down);
        self.take(conn)
    }

    /// Both sides read what has arrived whole.
    fn take(&mut self, conn: Conn) -> Result<(), Wrong> {
        while let Some(frame) = self.socket(conn).filter(|socket| socket.server).and_then(|s| s.up.read()) {
            self.tell("server reads from", conn);
            let out = self.server.arrives(conn, &frame, &mut self.truth)?;
            self.sent(out);
        }
        while let Some(frame) = self.socket(conn).filter(|socket| socket.client).and_then(|s| s.down.read()) {
            self.tell("client reads from", conn);
            if self.client.arrives(conn, &frame, &mut self.truth)? {
                self.client_leaves(conn);
            }
        }
        Ok(())
    }

    fn client_sees(&mut self, conn: Conn) -> Result<(), Wrong> {
        self.tell("client lets go of", conn);
        self.client.gone(conn, &mut self.truth)?;
        self.client_leaves(conn);
        Ok(())
    }

    fn server_sees(&mut self, conn: Conn) {
        self.tell("server lets go of", conn);
        self.server.gone(conn);
        self.server_leaves(conn);
    }

    /// What it wrote is on its way still.
    fn client_leaves(&mut self, conn: Conn) {
        if let Some(socket) = self.socket(conn) {
            socket.client = false;
        }
        self.sockets.retain(|socket| socket.client || socket.server);
    }

    fn server_leaves(&mut self, conn: Conn) {
        if let Some(socket) = self.socket(conn) {
            socket.server = false;
        }
        self.sockets.retain(|socket| socket.client || socket.server);
    }

    /// Connections that the server has closed without a word.
    fn drop_strangers(&mut self) {
        let strange = |socket: &&Socket| socket.server && !self.server.has_conn(socket.conn);
        let strangers: Vec<Conn> = self.sockets.iter().filter(strange).map(|socket| socket.conn).collect();
        strangers.into_iter().for_each(|conn| self.server_leaves(conn));
    }

    /// Nothing goes wrong any more: everything settles.
    fn heal(&mut self) -> Result<(), Wrong> {
        self.tell("heal", 0);
        for _ in 0..4_000 {
            if !self.calm()? {
                return self.check_settled();
            }
        }
        Err("liveness: calm never ends".into())
    }

    fn calm(&mut self) -> Result<bool, Wrong> {
        let mut busy = false;
        let all: Vec<Conn> = self.sockets.iter().map(|socket| socket.conn).collect();
        for conn in all {
            if let Some(socket) = self.socket(conn) {
                busy |= !socket.up.is_empty() || !socket.down.is_empty();
                socket.up.advance(usize::MAX);
                socket.down.advance(usize::MAX);
            }
            self.take(conn)?;
            let over = |socket: &mut Socket| socket.is_over();
            if self.socket(conn).is_some_and(over) || self.client.is_older(conn) {
                busy = true;
                self.client_sees(conn)?;
                self.server_sees(conn);
            }
        }
        busy |= self.client.accept(&mut self.truth)?;
        busy |= self.client.commit(&mut self.truth)?;
        let sessions: Vec<u8> = self.server.sessions().collect();
        for session in sessions {
            busy |= self.server.accept(session, &mut self.truth)?;
            busy |= self.server.answer(session);
            busy |= self.server.commit(session, &mut self.truth)?;
            busy |= self.server.can_write(session) || self.server.has_older(session);
            self.server_writes(session);
            let out = self.server.retire(session);
            self.sent(out);
        }
        self.drop_strangers();
        busy |= self.client.can_write();
        self.client_writes();
        if !busy && !self.client.is_linked() && !self.client.has_conns() && !self.client.ended {
            self.dial()?;
            busy = self.client.has_conns();
        }
        Ok(busy)
    }

    fn check_settled(&self) -> Result<(), Wrong> {
        if self.server.last() >= SESSIONS {
            return Ok(());
        }
        if !self.client.ended && !self.client.is_linked() && self.client.stuck.is_none() {
            return Err(format!("liveness: the client waits on {:?}", self.sockets));
        }
        self.client.check_settled()?;
        let session = self.client.session();
        self.server.check_settled(session)?;
        self.truth.up.settled()?;
        self.truth.down.check()?;
        match self.truth.down.pending(session).first() {
            Some(item) if session > 0 => Err(format!("settlement: the server's {item} never settled")),
            _ => Ok(()),
        }
    }

    pub fn tally(&self) -> Tally {
        let up = &self.truth.up;
        Tally {
            delivered: up.tally(Fate::Delivered) as u64,
            not_sent: up.tally(Fate::NotSent) as u64,
            in_doubt: up.tally(Fate::InDoubt) as u64,
            died: up.tally(Fate::Died) as u64,
            came_down: self.truth.down.tally(Fate::Delivered) as u64,
            links: u64::from(self.conns),
            losses: u64::from(self.client.losses),
            restarts: self.restarts,
            answered: u64::from(self.client.answered),
            interrupted: u64::from(self.client.interrupted),
        }
    }
}
