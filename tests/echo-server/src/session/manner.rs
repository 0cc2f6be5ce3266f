//! What the query of a URL asks a session's connection to do.

use std::time::Duration;

use everwire::server::Content;
use everwire::session::Code;

use super::spoil::{Closing, GoAway, Withheld};
use crate::query::Query;
use crate::reply::Reply;

#[derive(Clone, Debug, Default)]
pub(crate) struct Manner {
    /// What the server sends is so long on its way.
    pub(super) delay: Duration,
    pub(super) silent: bool,
    /// Obeys orders in messages.
    pub(super) drill: bool,
    prefix: String,
    pub(super) welcome: Greeting,
    /// How many handshakes of the room are spoiled.
    pub(super) times: u64,
    pub(super) withheld: Option<Withheld>,
}

/// How a HELLO is answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Greeting {
    #[default]
    Welcome,
    Late(Duration),
    Never,
    Twice,
    /// After a message.
    Early,
    /// As if it resumed a session that the client never had.
    Foreign,
    /// With less credit than one frame.
    Poor,
    /// With a CLOSE.
    Close(Closing),
}

impl Manner {
    pub(crate) fn parse(query: &Query) -> Result<Self, Reply> {
        let welcome = match query.first("welcome") {
            None => Greeting::Welcome,
            Some("late") => Greeting::Late(query.millis("ms")?.unwrap_or(LATE)),
            Some("never") => Greeting::Never,
            Some("twice") => Greeting::Twice,
            Some("early") => Greeting::Early,
            Some("foreign") => Greeting::Foreign,
            Some("poor") => Greeting::Poor,
            Some("close") => Greeting::Close(closing(query)?),
            Some(_) => {
                let kinds = "late, never, twice, early, foreign, poor or close";
                return Err(Reply::bad_request(format!("welcome must be {kinds}.")));
            }
        };
        Ok(Self {
            delay: query.millis("delay")?.unwrap_or_default(),
            silent: query.has("silent"),
            drill: query.has("drill"),
            prefix: query.first("prefix").unwrap_or_default().to_owned(),
            welcome,
            times: query.number("times", 0..=u64::MAX)?.unwrap_or(u64::MAX),
            withheld: withheld(query)?,
        })
    }

    /// What is echoed.
    pub(super) fn dress(&self, content: Content) -> Content {
        match content.text() {
            Some(text) if !self.prefix.is_empty() => format!("{}{text}", self.prefix).into(),
            _ => content,
        }
    }
}

/// What `withhold` asks for.
pub(super) fn withheld(query: &Query) -> Result<Option<Withheld>, Reply> {
    Ok(match query.first("withhold") {
        None | Some("nothing") => None,
        Some("acks") => Some(Withheld::Acks),
        Some("credit") => Some(Withheld::Credit),
        Some(_) => return Err(Reply::bad_request("withhold must be acks, credit or nothing.")),
    })
}

pub(super) fn closing(query: &Query) -> Result<Closing, Reply> {
    Ok(Closing {
        code: code(query)?,
        retry: query.has("retry"),
        forget: query.has("forget"),
        retry_after_ms: query.number("retry_after", 0..=MOST_MILLIS)?.unwrap_or(0),
        recv: query.number("recv", 0..=everwire::session::MAX_INTEGER)?,
        reason: query.first("reason").unwrap_or_default().to_owned(),
    })
}

pub(super) fn going_away(query: &Query) -> Result<GoAway, Reply> {
    let millis = |name| Ok(query.number(name, 0..=MOST_MILLIS)?.unwrap_or(0));
    Ok(GoAway {
        code: match query.has("code") {
            true => code(query)?,
            false => Code::Draining as u64,
        },
        grace_ms: millis("grace")?,
        min_ms: millis("min")?,
        jitter_ms: millis("jitter")?,
        reason: query.first("reason").unwrap_or_default().to_owned(),
    })
}

/// A session's close code; also one that does not exist.
pub(super) fn code(query: &Query) -> Result<u64, Reply> {
    Ok(query.number("code", 0..=MOST_CODE)?.unwrap_or(Code::Normal as u64))
}

const LATE: Duration = Duration::from_secs(1);
const MOST_MILLIS: u64 = 86_400_000;
/// The WebSocket closes with 4000 plus it.
const MOST_CODE: u64 = 999;
