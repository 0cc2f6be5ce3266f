use std::sync::Arc;
use std::time::Duration;

use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::config::Limits;
use crate::drill::Drill;
use crate::feed::Feed;
use crate::head::Head;
use crate::query::Query;
use crate::relay::Talk;
use crate::reply::Reply;
use crate::rooms::Rooms;
use crate::tokens::{Secret, Tokens, Validity};

/// What the query of a WebSocket URL asks the peer to do. The parameters are documented in
/// [`REFERENCE`](crate::REFERENCE).
#[derive(Debug)]
pub(crate) struct Behaviour {
    pub(crate) answer: Answer,
    pub(crate) token: Option<Token>,
    /// The close code for a token whose time is over.
    pub(crate) expired: u16,
    pub(crate) protocol: Option<String>,
    pub(crate) say: Vec<String>,
    pub(crate) burst: Vec<(Message, u64)>,
    pub(crate) invalid: bool,
    pub(crate) prefix: String,
    pub(crate) silent: bool,
    /// Obeys orders in messages.
    pub(crate) drill: Option<Drill>,
    /// Answer `ping` with `pong`, so many times.
    pub(crate) pongs: Option<u64>,
    pub(crate) delay: Duration,
    pub(crate) talk: Talk,
    pub(crate) feed: Option<Feed>,
    /// After how many messages `ending` comes.
    pub(crate) after: u64,
    pub(crate) ending: Option<Ending>,
    pub(crate) idle: Option<Duration>,
    pub(crate) ping: Option<Duration>,
    pub(crate) noclose: bool,
}

impl Behaviour {
    pub(crate) fn parse(query: &Query, limits: &Limits) -> Result<Self, Reply> {
        let answer = if query.has("hang") {
            Answer::Hang
        } else {
            match query.number("refuse", 200..=599)? {
                Some(status) => Answer::Refuse(status),
                None => Answer::Upgrade,
            }
        };
        let mut burst = Vec::new();
        burst.extend(flood(query, limits)?);
        if let Some(size) = query.number("oversize", 0..=limits.oversize)? {
            burst.push((Message::Binary(Bytes::from(vec![0; size])), 1));
        }
        let pongs = match query.number("mute", 0..=u64::MAX)? {
            Some(pongs) => Some(pongs),
            None if query.has("words") => Some(u64::MAX),
            None => None,
        };
        Ok(Self {
            answer,
            token: Token::parse(query)?,
            expired: expired(query)?,
            protocol: query.first("protocol").map(str::to_owned),
            say: query.all("say").map(str::to_owned).collect(),
            burst,
            invalid: query.has("invalid"),
            prefix: query.first("prefix").unwrap_or_default().to_owned(),
            silent: query.has("silent"),
            drill: query.has("drill").then(Drill::default),
            pongs,
            delay: query.millis("delay")?.unwrap_or_default(),
            talk: Talk::parse(query)?,
            feed: Feed::parse(query)?,
            after: query.number("after", 0..=u64::MAX)?.unwrap_or(0),
            ending: Ending::parse(query)?,
            idle: interval(query, "idle")?,
            ping: interval(query, "ping")?,
            noclose: query.has("noclose"),
        })
    }

    /// The subprotocol to answer with.
    pub(crate) fn choose_protocol(&self, head: &Head) -> Option<String> {
        let mut offered = head.items(PROTOCOL_HEADER).filter(|offer| !offer.starts_with(TOKEN_PREFIX));
        match &self.protocol {
            Some(wanted) => offered.find(|offer| offer == wanted),
            None => offered.next(),
        }
        .map(str::to_owned)
    }
}

/// How the upgrade is answered.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Upgrade,
    Refuse(u16),
    Hang,
}

/// What happens after some messages.
#[derive(Debug)]
pub(crate) enum Ending {
    Close(Option<CloseFrame>),
    Drop,
    Stall,
}

impl Ending {
    fn parse(query: &Query) -> Result<Option<Self>, Reply> {
        if query.has("close") {
            return Ok(Some(Self::Close(close_frame(query, "close")?)));
        }
        if query.has("drop") {
            return Ok(Some(Self::Drop));
        }
        Ok(query.has("stall").then_some(Self::Stall))
    }
}

/// What token must be shown, and where.
#[derive(Debug)]
pub(crate) struct Token {
    /// None: one that the room has issued.
    secret: Option<Secret>,
    place: Place,
}

/// What became of a token.
#[derive(Debug)]
pub(crate) enum Shown {
    Wrong,
    /// Good, and if the room has issued it, for how long.
    Good(Option<Arc<Validity>>),
}

impl Token {
    /// Whether the token is wanted in the first message instead of the request.
    pub(crate) fn is_in_message(&self) -> bool {
        self.place == Place::Message
    }

    /// Whether the request shows the token, if it is the request that must.
    pub(crate) fn shown_by(&self, head: &Head, issued: &Tokens) -> Shown {
        let shown = match self.place {
            Place::Query => head.query.first("auth"),
            Place::Cookie => head.cookie("everwire_token"),
            Place::Subprotocol
                if head.items(PROTOCOL_HEADER).all(|offer| offer.starts_with(TOKEN_PREFIX)) =>
            {
                None
            }
            Place::Subprotocol => {
                head.items(PROTOCOL_HEADER).find_map(|offer| offer.strip_prefix(TOKEN_PREFIX))
            }
            Place::Message => return Shown::Good(None),
        };
        shown.map_or(Shown::Wrong, |shown| self.judge(shown, issued))
    }

    /// Whether this is the token.
    pub(crate) fn judge(&self, shown: &str, issued: &Tokens) -> Shown {
        match &self.secret {
            Some(Secret(secret)) if secret == shown => Shown::Good(None),
            Some(_) => Shown::Wrong,
            None => issued.find(shown).map_or(Shown::Wrong, |validity| Shown::Good(Some(validity))),
        }
    }

    fn parse(query: &Query) -> Result<Option<Self>, Reply> {
        let secret = query.first("token").map(|secret| Secret(secret.to_owned()));
        let place = match query.first("token_in") {
            None if secret.is_none() => return Ok(None),
            None | Some("query") => Place::Query,
            Some("cookie") => Place::Cookie,
            Some("subprotocol") => Place::Subprotocol,
            Some("message") => Place::Message,
            Some(_) => {
                return Err(Reply::bad_request("token_in must be query, cookie, subprotocol or message."));
            }
        };
        Ok(Some(Self { secret, place }))
    }
}

/// The room a connection belongs to.
pub(crate) fn room_name(query: &Query) -> Result<&str, Reply> {
    let name = query.first("room").unwrap_or("lobby");
    if Rooms::is_name(name) {
        Ok(name)
    } else {
        Err(Reply::bad_request("A room name has 1 to 64 bytes and no control characters."))
    }
}

/// The message and the number of copies that `flood` (or `n`) and `size` ask for.
pub(crate) fn flood(query: &Query, limits: &Limits) -> Result<Option<(Message, u64)>, Reply> {
    let name = if query.has("flood") { "flood" } else { "n" };
    let Some(copies) = query.number(name, 0..=MAX_COPIES)? else {
        return Ok(None);
    };
    let size = query.number("size", 0..=limits.oversize)?.unwrap_or(0);
    if copies.saturating_mul(size as u64) > limits.flood_size {
        return Err(Reply::bad_request(format!("A flood may have {} bytes in total.", limits.flood_size)));
    }
    let is_text = match query.first("kind") {
        Some("text") => true,
        None | Some("binary") => false,
        Some(_) => return Err(Reply::bad_request("kind must be text or binary.")),
    };
    Ok((copies > 0).then(|| (filler(size, is_text), copies)))
}

/// A message of this size that says nothing.
pub(crate) fn filler(size: usize, is_text: bool) -> Message {
    if is_text { Message::text("x".repeat(size)) } else { Message::Binary(Bytes::from(vec![0; size])) }
}

/// The close frame that the parameter called `name` and `reason` ask for; 1005 is one without a
/// code.
pub(crate) fn close_frame(query: &Query, name: &'static str) -> Result<Option<CloseFrame>, Reply> {
    let code = query.number(name, 1000..=4999)?.unwrap_or(1000);
    if matches!(code, 1004 | 1006 | 1015..=2999) {
        return Err(Reply::bad_request(format!(
            "{code} never travels in a close frame; 1006 is what drop leads to."
        )));
    }
    let reason = query.first("reason").unwrap_or_default();
    if reason.len() > MAX_REASON {
        return Err(Reply::bad_request(format!("A close reason may have {MAX_REASON} bytes.")));
    }
    Ok((code != 1005).then(|| CloseFrame { code: code.into(), reason: reason.into() }))
}

/// How many copies `say` over HTTP sends.
pub(crate) fn copies(query: &Query) -> Result<u64, Reply> {
    Ok(query.number("n", 1..=MAX_COPIES)?.unwrap_or(1))
}

pub(crate) const PROTOCOL_HEADER: &str = "sec-websocket-protocol";

fn expired(query: &Query) -> Result<u16, Reply> {
    let code = query.number("expired", 3000..=4999)?;
    Ok(code.unwrap_or(WRONG_TOKEN))
}

fn interval(query: &Query, name: &'static str) -> Result<Option<Duration>, Reply> {
    let interval = query.millis(name)?;
    if interval.is_some_and(|interval| interval.is_zero()) {
        return Err(Reply::bad_request(format!("{name} must be at least 1.")));
    }
    Ok(interval)
}

#[derive(Debug, PartialEq)]
enum Place {
    Query,
    Cookie,
    Subprotocol,
    Message,
}

/// The close code for a token that is wrong.
pub(crate) const WRONG_TOKEN: u16 = 4401;
const TOKEN_PREFIX: &str = "token.";
const MAX_COPIES: u64 = 10_000_000;
const MAX_REASON: usize = 123;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Behaviour, Reply> {
        Behaviour::parse(&Query::parse(query).unwrap(), &Limits::default())
    }

    #[test]
    fn nothing_asked_is_a_plain_echo() {
        let behaviour = parse("").unwrap();
        assert_eq!(behaviour.answer, Answer::Upgrade);
        assert!(behaviour.ending.is_none() && behaviour.token.is_none());
        assert!(behaviour.burst.is_empty() && behaviour.say.is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_refused_rather_than_guessed() {
        for query in [
            "close=999",
            "close=1006",
            "close=5000",
            "close=1015",
            "refuse=101",
            "refuse=600",
            "after=-1",
            "delay=86400001",
            "idle=0",
            "ping=0",
            "flood=x",
            "flood=10000001&size=1",
            "flood=1000&size=1000000",
            "flood=1&size=1&kind=other",
            "oversize=67108865",
            "token=a&token_in=header",
            "mute=many",
            "token_in=header",
            "expired=1000",
        ] {
            assert!(parse(query).is_err(), "{query}");
        }
        let reason = "x".repeat(124);
        assert!(parse(&format!("close=1000&reason={reason}")).is_err());
    }

    #[test]
    fn a_close_without_a_code_is_written_1005() {
        let ending = parse("close=1005").unwrap().ending;
        assert!(matches!(ending, Some(Ending::Close(None))));
        let ending = parse("close=4001&reason=x").unwrap().ending;
        assert!(matches!(ending, Some(Ending::Close(Some(frame))) if frame.reason == "x"));
    }

    #[test]
    fn room_names_are_bounded() {
        for (query, name) in [("", Some("lobby")), ("room=a%20b", Some("a b")), ("room=", None)] {
            assert_eq!(room_name(&Query::parse(query).unwrap()).ok(), name);
        }
        let long = format!("room={}", "x".repeat(65));
        assert!(room_name(&Query::parse(&long).unwrap()).is_err());
        assert!(room_name(&Query::parse("room=a%0Ab").unwrap()).is_err());
    }
}
