use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::application::Hosted;
use crate::relay::{Circle, Relay, Talk, Texts};
use crate::session::{Book, Prank, Sessions};
use crate::stats::{ClientStats, Close, RoomStats, Tally, lock};
use crate::tokens::Tokens;

/// Every room there is, bounded in number.
#[derive(Debug)]
pub(crate) struct Rooms {
    limit: usize,
    /// What may wait for one connection, in bytes.
    queue_size: usize,
    /// Where rooms keep their sessions; in memory if nowhere.
    session_store: Option<PathBuf>,
    rooms: Mutex<HashMap<String, Arc<Room>>>,
    /// Counts uses, so the least recently used room can be told.
    uses: AtomicU64,
    next_id: AtomicU64,
}

impl Rooms {
    pub(crate) fn new(limit: usize, queue_size: usize, session_store: Option<PathBuf>) -> Self {
        Self {
            limit,
            queue_size,
            session_store,
            rooms: Mutex::default(),
            uses: AtomicU64::new(0),
            next_id: AtomicU64::new(1),
        }
    }

    /// The room of that name, made if need be; `None` if all rooms are taken.
    pub(crate) fn enter(&self, name: &str) -> Option<Arc<Room>> {
        let mut rooms = lock(&self.rooms);
        if !rooms.contains_key(name) {
            if rooms.len() >= self.limit {
                let oldest = rooms
                    .values()
                    .filter(|room| room.is_idle())
                    .min_by_key(|room| room.used.load(Ordering::Relaxed))?
                    .name
                    .clone();
                rooms.remove(&oldest);
            }
            rooms.insert(name.to_owned(), Arc::new(Room::new(name, self.session_store.as_deref())));
        }
        let room = rooms.get(name)?;
        let now = self.uses.fetch_add(1, Ordering::Relaxed);
        room.used.store(now, Ordering::Relaxed);
        Some(Arc::clone(room))
    }

    /// The room of that name, if it is known.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Room>> {
        lock(&self.rooms).get(name).cloned()
    }

    /// Makes a connection a member of a room for as long as the [`Member`] lives.
    pub(crate) fn join(
        &self,
        room: &Arc<Room>,
        server: &Arc<Tally>,
        protocol: Option<String>,
        application: Option<Hosted>,
    ) -> (Member, mpsc::UnboundedReceiver<Order>) {
        let (orders, receiver) = mpsc::unbounded_channel();
        let client = Arc::new(Client {
            id: self.next_id.fetch_add(1, Ordering::Relaxed),
            opened: SystemTime::now(),
            protocol,
            messages_in: AtomicU64::new(0),
            messages_out: AtomicU64::new(0),
            orders,
            ordered: AtomicUsize::new(0),
            queue_size: self.queue_size,
            killed: Notify::new(),
        });
        lock(&room.state).clients.insert(client.id, Arc::clone(&client));
        room.tally.opened();
        server.opened();
        let member = Member {
            client,
            room: Arc::clone(room),
            server: Arc::clone(server),
            application,
            close: Close::abnormal(),
        };
        (member, receiver)
    }

    pub(crate) fn is_name(name: &str) -> bool {
        (1..=MAX_NAME).contains(&name.len()) && !name.contains(char::is_control)
    }
}

/// A set of connections that are counted and commanded together.
#[derive(Debug)]
pub(crate) struct Room {
    name: String,
    used: AtomicU64,
    pub(crate) tally: Tally,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) sessions: Sessions,
    state: Mutex<RoomState>,
}

impl Room {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What upgrades of this room meet now.
    pub(crate) fn fault(&self) -> Option<Fault> {
        lock(&self.state).fault()
    }

    /// Answers upgrades with `status` for some time; zero ends it.
    pub(crate) fn refuse(&self, time: Duration, status: u16) {
        lock(&self.state).refuse = Some((Instant::now() + time, status));
    }

    /// Leaves upgrades unanswered for some time; zero ends it.
    pub(crate) fn hang(&self, time: Duration) {
        lock(&self.state).hang = Some(Instant::now() + time);
    }

    /// The connections of the room, or the one of that id.
    pub(crate) fn clients(&self, id: Option<u64>) -> Vec<Arc<Client>> {
        lock(&self.state)
            .clients
            .values()
            .filter(|client| id.is_none_or(|id| client.id == id))
            .cloned()
            .collect()
    }

    /// Sends a text to the connections of the room, or to the one of that id; returns to how many.
    pub(crate) fn say(&self, id: Option<u64>, message: &Message, copies: u64) -> usize {
        let mut state = lock(&self.state);
        if id.is_none() {
            state.circle.keep(message);
        }
        let heard = state.clients.values().filter(|client| id.is_none_or(|id| client.id == id));
        heard.map(|client| client.order(Order::Send { message: message.clone(), copies })).count()
    }

    pub(crate) fn stats(&self) -> RoomStats {
        let state = lock(&self.state);
        RoomStats {
            room: self.name.clone(),
            stats: self.tally.stats(),
            clients: state.clients.values().map(|client| client.stats()).collect(),
            sessions: self.sessions.book().stats(),
            received: state.received.last(usize::MAX).map(ToString::to_string).collect(),
        }
    }

    /// Forgets what was counted and ends every fault.
    pub(crate) fn reset(&self) {
        let mut state = lock(&self.state);
        self.tally.reset();
        state.received.clear();
        state.circle.forget();
        state.refuse = None;
        state.hang = None;
        self.tokens.reset();
        self.sessions.book().reset();
        for client in state.clients.values() {
            client.order(Order::Silence(None));
            client.order(Order::Delay(None));
        }
    }

    fn new(name: &str, session_store: Option<&Path>) -> Self {
        let tokens = Arc::default();
        // A room's name may hold anything; a file's may not.
        let digits = name.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        let directory = session_store.map(|store| store.join(digits));
        Self {
            sessions: Sessions::new(Book::new(Arc::clone(&tokens)), directory),
            tokens,
            name: name.to_owned(),
            used: AtomicU64::new(0),
            tally: Tally::default(),
            state: Mutex::default(),
        }
    }

    fn is_idle(&self) -> bool {
        let state = lock(&self.state);
        state.clients.is_empty() && state.fault().is_none()
    }
}

/// What an upgrade may meet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    Refuse(u16),
    Hang,
}

/// An open connection as its room sees it.
#[derive(Debug)]
pub(crate) struct Client {
    id: u64,
    opened: SystemTime,
    protocol: Option<String>,
    messages_in: AtomicU64,
    messages_out: AtomicU64,
    orders: mpsc::UnboundedSender<Order>,
    /// The weight of the orders that wait.
    ordered: AtomicUsize,
    queue_size: usize,
    killed: Notify,
}

impl Client {
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Tells the connection to do something; one that does not listen is killed.
    pub(crate) fn order(&self, order: Order) {
        let waiting = self.ordered.fetch_add(order.weight(), Ordering::Relaxed);
        if waiting >= self.queue_size || self.orders.send(order).is_err() {
            self.kill();
        }
    }

    /// Resets the connection at once.
    pub(crate) fn kill(&self) {
        self.killed.notify_one();
    }

    /// Resolves when the connection is to be reset.
    pub(crate) async fn killed(&self) {
        self.killed.notified().await;
    }

    fn stats(&self) -> ClientStats {
        let opened = self.opened.duration_since(UNIX_EPOCH).unwrap_or_default();
        ClientStats {
            id: self.id,
            opened_ms: u64::try_from(opened.as_millis()).unwrap_or(u64::MAX),
            messages_in: self.messages_in.load(Ordering::Relaxed),
            messages_out: self.messages_out.load(Ordering::Relaxed),
            protocol: self.protocol.clone(),
        }
    }
}

/// What a connection can be told over HTTP.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    Close(Option<CloseFrame>),
    Send {
        message: Message,
        copies: u64,
    },
    /// From another connection of the room, or from the room itself.
    Relay(Message),
    /// Delay echoes and relays so long; `None` goes back to what the query says.
    Delay(Option<Duration>),
    /// The room has revoked tokens.
    LookAtToken,
    /// Neither read nor write until then; `None` ends it.
    Silence(Option<Instant>),
    /// Of a session's connection; others do nothing.
    Prank(Prank),
}

impl Order {
    /// What it costs to keep, in bytes.
    fn weight(&self) -> usize {
        let payload = match self {
            Self::Send { message, .. } | Self::Relay(message) => message.len(),
            Self::Prank(prank) => prank.weight(),
            Self::Close(_) | Self::Delay(_) | Self::LookAtToken | Self::Silence(_) => 0,
        };
        payload + size_of::<Self>()
    }
}

/// A connection's place in its room; leaves the room when dropped, however that happens.
#[derive(Debug)]
pub(crate) struct Member {
    client: Arc<Client>,
    room: Arc<Room>,
    server: Arc<Tally>,
    application: Option<Hosted>,
    close: Close,
}

impl Member {
    pub(crate) fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client)
    }

    /// To be called with every order that the connection takes.
    pub(crate) fn taken(&self, order: &Order) {
        self.client.ordered.fetch_sub(order.weight(), Ordering::Relaxed);
    }

    pub(crate) fn received(&self, message: &Message) {
        let bytes = message.len() as u64;
        self.client.messages_in.fetch_add(1, Ordering::Relaxed);
        self.room.tally.received(bytes);
        self.server.received(bytes);
    }

    /// Keeps a text for the statistics.
    pub(crate) fn remember(&self, message: &Message) {
        if let Message::Text(text) = message {
            lock(&self.room.state).received.push(text);
        }
    }

    /// Hears the room from now on, if that is wanted; returns what it missed. `None` if too many do.
    pub(crate) fn listen(&self, talk: &Talk) -> Option<Vec<Utf8Bytes>> {
        if !talk.is_wanted() {
            return Some(Vec::new());
        }
        lock(&self.room.state).circle.enter(&self.client, talk)
    }

    pub(crate) fn relay(&self, relay: Relay, message: &Message) {
        lock(&self.room.state).circle.relay(&self.client, relay, message);
    }

    /// The connection is open to the application, if there is one.
    pub(crate) fn open(&self) {
        if let Some(application) = &self.application {
            application.opened(self.client());
        }
    }

    /// Gives a message to the application; false if there is none.
    pub(crate) fn deliver(&self, message: &Message) -> bool {
        let Some(application) = &self.application else { return false };
        application.received(self.client(), message);
        true
    }

    pub(crate) fn room(&self) -> &Arc<Room> {
        &self.room
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.room.tokens
    }

    pub(crate) fn sent(&self, message: &Message) {
        let bytes = message.len() as u64;
        self.client.messages_out.fetch_add(1, Ordering::Relaxed);
        self.room.tally.sent(bytes);
        self.server.sent(bytes);
    }

    pub(crate) fn leave(mut self, close: Close) {
        self.close = close;
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut state = lock(&self.room.state);
        state.clients.remove(&self.client.id);
        state.circle.leave(&self.client);
        drop(state);
        self.room.tally.closed(self.close.clone());
        self.server.closed(self.close.clone());
        if let Some(application) = &self.application {
            application.closed(self.client());
        }
    }
}

#[derive(Debug)]
struct RoomState {
    clients: BTreeMap<u64, Arc<Client>>,
    circle: Circle,
    received: Texts,
    refuse: Option<(Instant, u16)>,
    hang: Option<Instant>,
}

impl RoomState {
    fn fault(&self) -> Option<Fault> {
        let now = Instant::now();
        match (self.hang, self.refuse) {
            (Some(until), _) if now < until => Some(Fault::Hang),
            (_, Some((until, status))) if now < until => Some(Fault::Refuse(status)),
            _ => None,
        }
    }
}

impl Default for RoomState {
    fn default() -> Self {
        Self {
            clients: BTreeMap::new(),
            circle: Circle::default(),
            received: Texts::new(MAX_RECEIVED, MAX_RECEIVED_BYTES),
            refuse: None,
            hang: None,
        }
    }
}

const MAX_NAME: usize = 64;
const MAX_RECEIVED: usize = 1_000;
const MAX_RECEIVED_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_empty_room_is_forgotten_first() {
        let rooms = Rooms::new(2, 1024, None);
        let server = Arc::default();
        let kept = rooms.enter("kept").unwrap();
        let member = rooms.join(&kept, &server, None, None);
        rooms.enter("old").unwrap();
        rooms.enter("new").unwrap();
        assert!(rooms.find("kept").is_some());
        assert!(rooms.find("old").is_none());
        assert!(rooms.find("new").is_some());

        let new = rooms.enter("new").unwrap();
        let _other = rooms.join(&new, &server, None, None);
        assert!(rooms.enter("third").is_none());
        drop(member);
        assert!(rooms.enter("third").is_some());
        assert!(rooms.find("kept").is_none());
    }

    #[test]
    fn a_room_with_a_fault_is_not_forgotten() {
        let rooms = Rooms::new(1, 1024, None);
        let room = rooms.enter("a").unwrap();
        room.refuse(Duration::from_secs(60), 503);
        assert!(rooms.enter("b").is_none());
        room.refuse(Duration::ZERO, 503);
        assert!(rooms.enter("b").is_some());
    }

    #[test]
    fn a_client_that_does_not_take_orders_is_killed() {
        let rooms = Rooms::new(1, 1024, None);
        let room = rooms.enter("a").unwrap();
        let (member, _orders) = rooms.join(&room, &Arc::default(), None, None);
        // The first is taken whatever its size, or the largest could never be sent.
        for _ in 0..2 {
            member.client.order(Order::Relay(Message::binary(vec![0; 2048])));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(member.client.killed());
    }
}
