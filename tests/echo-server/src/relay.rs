use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::query::Query;
use crate::reply::Reply;
use crate::rooms::{Client, Order, Rooms};

/// What a connection wants to hear from the others of its room, and to tell them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Talk {
    pub(crate) relay: Option<Relay>,
    members: bool,
    name: Option<String>,
    recall: usize,
}

impl Talk {
    pub(crate) fn parse(query: &Query) -> Result<Self, Reply> {
        let relay = match query.first("relay") {
            None => None,
            Some("" | "others") => Some(Relay::Others),
            Some("all") => Some(Relay::All),
            Some(_) => return Err(Reply::bad_request("relay must be others or all.")),
        };
        let name = query.first("name").map(str::to_owned);
        if name.as_deref().is_some_and(|name| !Rooms::is_name(name)) {
            return Err(Reply::bad_request("A name has 1 to 64 bytes and no control characters."));
        }
        let recall = query.number("recall", 0..=MAX_KEPT)?.unwrap_or(0);
        Ok(Self { relay, members: query.has("members"), name, recall })
    }

    /// Whether it has to do with the others of its room at all.
    pub(crate) fn is_wanted(&self) -> bool {
        self.relay.is_some() || self.members || self.recall > 0
    }
}

/// To whom a message goes instead of back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Relay {
    Others,
    /// To the sender too, so that all hear everything in one order.
    All,
}

/// The connections of a room that hear one another, and what is repeated to those who come later.
#[derive(Debug)]
pub(crate) struct Circle {
    members: BTreeMap<u64, Listener>,
    kept: Texts,
}

impl Circle {
    /// Lets a connection hear what comes from now on; returns what it missed. `None` if too many
    /// listen.
    pub(crate) fn enter(&mut self, client: &Arc<Client>, talk: &Talk) -> Option<Vec<Utf8Bytes>> {
        if self.members.len() >= MAX_MEMBERS {
            return None;
        }
        let listener = Listener { client: Arc::clone(client), talk: talk.clone() };
        self.members.insert(client.id(), listener);
        self.tell_members();
        Some(self.kept.last(talk.recall).cloned().collect())
    }

    pub(crate) fn leave(&mut self, client: &Client) {
        if self.members.remove(&client.id()).is_some() {
            self.tell_members();
        }
    }

    pub(crate) fn relay(&mut self, from: &Client, relay: Relay, message: &Message) {
        self.keep(message);
        for (id, listener) in &self.members {
            if listener.talk.relay.is_some() && (*id != from.id() || relay == Relay::All) {
                listener.client.order(Order::Relay(message.clone()));
            }
        }
    }

    /// Remembers a text for those who come later.
    pub(crate) fn keep(&mut self, message: &Message) {
        if let Message::Text(text) = message {
            self.kept.push(text);
        }
    }

    pub(crate) fn forget(&mut self) {
        self.kept.clear();
    }

    /// Tells those who asked for it who is here; each is told its own number.
    fn tell_members(&self) {
        let asked = self.members.iter().filter(|(_, listener)| listener.talk.members);
        let mut list = None;
        for (id, listener) in asked {
            let list = list.get_or_insert_with(|| self.list());
            let text = json!({ "type": "members", "you": id, "members": list });
            listener.client.order(Order::Relay(Message::text(text.to_string())));
        }
    }

    fn list(&self) -> Value {
        let describe = |(id, listener): (&u64, &Listener)| match &listener.talk.name {
            Some(name) => json!({ "id": id, "name": name }),
            None => json!({ "id": id }),
        };
        self.members.iter().map(describe).collect()
    }
}

impl Default for Circle {
    fn default() -> Self {
        Self { members: BTreeMap::new(), kept: Texts::new(MAX_KEPT, MAX_KEPT_BYTES) }
    }
}

#[derive(Debug)]
struct Listener {
    client: Arc<Client>,
    talk: Talk,
}

/// The last of many texts, bounded in number and bytes.
#[derive(Debug)]
pub(crate) struct Texts {
    texts: VecDeque<Utf8Bytes>,
    bytes: usize,
    max: usize,
    max_bytes: usize,
}

impl Texts {
    pub(crate) fn new(max: usize, max_bytes: usize) -> Self {
        Self { texts: VecDeque::new(), bytes: 0, max, max_bytes }
    }

    pub(crate) fn push(&mut self, text: &Utf8Bytes) {
        self.bytes += text.len();
        // A text may be a view of a larger read buffer, which would stay alive with it.
        self.texts.push_back(Utf8Bytes::from(text.as_str()));
        while self.texts.len() > self.max || self.bytes > self.max_bytes {
            let Some(oldest) = self.texts.pop_front() else {
                break;
            };
            self.bytes -= oldest.len();
        }
    }

    /// The last `count`, oldest first.
    pub(crate) fn last(&self, count: usize) -> impl Iterator<Item = &Utf8Bytes> {
        self.texts.iter().skip(self.texts.len().saturating_sub(count))
    }

    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.bytes = 0;
    }
}

const MAX_MEMBERS: usize = 256;
const MAX_KEPT: usize = 100;
const MAX_KEPT_BYTES: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &Texts, count: usize) -> Vec<&str> {
        texts.last(count).map(Utf8Bytes::as_str).collect()
    }

    #[test]
    fn texts_are_bounded_in_number_and_bytes() {
        let mut texts = Texts::new(3, 10);
        for text in ["a", "b", "c", "d"] {
            texts.push(&text.into());
        }
        assert_eq!(strings(&texts, 9), ["b", "c", "d"]);
        assert_eq!(strings(&texts, 2), ["c", "d"]);
        assert!(strings(&texts, 0).is_empty());
        texts.push(&"123456789".into());
        assert_eq!(strings(&texts, 9), ["d", "123456789"]);
        texts.push(&"larger than all".into());
        assert!(strings(&texts, 9).is_empty());
        assert_eq!(texts.bytes, 0);
    }

    #[test]
    fn a_talk_that_makes_no_sense_is_refused() {
        for query in ["relay=some", "name=", "name=a%00", "recall=101", "recall=x"] {
            assert!(Talk::parse(&Query::parse(query).unwrap()).is_err(), "{query}");
        }
        let quiet = Talk::parse(&Query::parse("name=lamp").unwrap()).unwrap();
        assert!(!quiet.is_wanted());
    }
}
