//! `POST /control/ROOM/session/COMMAND`.

use std::time::Duration;

use everwire::server::{Config, Peer};
use everwire::session::{Code, FRAME_LIMITS, MAX_INTEGER};
use serde_json::{Value, json};

use super::handler::{numbers, pour};
use super::manner::{closing, code, going_away, withheld};
use super::order::Prank;
use super::{State, book};
use crate::query::Query;
use crate::reply::Reply;
use crate::rooms::{Order, Room};

/// Obeys one command.
pub(crate) async fn obey(room: &Room, query: &Query, command: &str) -> Result<Value, Reply> {
    let prank = match command {
        "restart" => return restart(room, query).await,
        "ask" => return ask(room, query).await,
        "end" => return end(room, query),
        "source" => {
            let last = query.number("n", 1..=MAX_NUMBERS)?.unwrap_or(1);
            let peers = peers(room);
            let count = peers.len();
            peers
                .into_iter()
                .for_each(|peer| drop(tokio::spawn(async move { pour(&peer, numbers(last)).await })));
            return Ok(json!({ "sources": count }));
        }
        "volatile" => {
            let peers = peers(room);
            peers.iter().for_each(|peer| peer.volatile(query.first("text").unwrap_or_default()));
            return Ok(json!({ "told": peers.len() }));
        }
        "send" => named(query)?,
        "withhold" => Prank::Withhold(withheld(query)?),
        "close" => Prank::Close(closing(query)?),
        "goaway" => Prank::GoAway(going_away(query)?),
        _ => return Err(Reply::not_found()),
    };
    let clients = room.clients(query.number("client", 0..=u64::MAX)?);
    clients.iter().for_each(|client| client.order(Order::Prank(prank.clone())));
    Ok(json!({ "told": clients.len() }))
}

fn named(query: &Query) -> Result<Prank, Reply> {
    let number = query.number("number", 0..=MAX_INTEGER)?;
    Ok(match query.first("what") {
        Some("gap") => Prank::Number(None),
        Some("number") => Prank::Number(number),
        Some("again") => Prank::Again,
        Some("oversize") => Prank::Oversize,
        Some("welcome") => Prank::Welcome,
        Some("ack") => Prank::Acknowledge(number),
        Some("garbage") => Prank::Frame(vec![0xff; 32]),
        Some("frame") => Prank::Frame(bytes(query.first("hex").unwrap_or_default())?),
        _ => {
            let what = "gap, number, again, oversize, welcome, ack, garbage or frame";
            return Err(Reply::bad_request(format!("what must be {what}.")));
        }
    })
}

fn bytes(hex: &str) -> Result<Vec<u8>, Reply> {
    let digits: Option<Vec<u8>> =
        hex.chars().map(|digit| digit.to_digit(16).and_then(|digit| digit.try_into().ok())).collect();
    match digits {
        Some(digits) if digits.len().is_multiple_of(2) => Ok(digits
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .collect()),
        _ => Err(Reply::bad_request("hex must be an even number of hexadecimal digits.")),
    }
}

/// The clients of the sessions that live.
fn peers(room: &Room) -> Vec<Peer> {
    room.sessions.book().server().map(|server| server.peers()).unwrap_or_default()
}

async fn restart(room: &Room, query: &Query) -> Result<Value, Reply> {
    let (state, name) = match query.first("state") {
        None | Some("kept") => (State::Kept, "kept"),
        Some("lost") => (State::Lost, "lost"),
        Some("buried") => (State::Buried, "buried"),
        Some(_) => return Err(Reply::bad_request("state must be kept, lost or buried.")),
    };
    let change = changes(query)?;
    let restarted = room.sessions.restart(state, change).await;
    restarted.map_err(|error| Reply::text(500, format!("It did not start again: {error}.")))?;
    Ok(json!({ "restarted": true, "state": name }))
}

/// What the query says of the server's limits and times.
fn changes(query: &Query) -> Result<impl FnOnce(&mut Config), Reply> {
    let time = |name| -> Result<Option<Duration>, Reply> {
        Ok(query.number(name, 1..=MOST_MILLIS)?.map(Duration::from_millis))
    };
    let (resume, ping, idle) = (time("resume")?, time("ping")?, time("idle")?);
    let max_frame = query.number("max_frame", FRAME_LIMITS.0..=FRAME_LIMITS.1)?;
    let window = query.number("window", FRAME_LIMITS.0..=FRAME_LIMITS.1)?;
    Ok(move |config: &mut Config| {
        let times = [(resume, &mut config.resume), (ping, &mut config.ping), (idle, &mut config.idle)];
        for (wanted, place) in times {
            *place = wanted.unwrap_or(*place);
        }
        let limits = &mut config.limits;
        limits.max_frame = max_frame.unwrap_or(limits.max_frame);
        limits.window = window.unwrap_or(limits.window).max(limits.max_frame);
    })
}

/// Asks every client, and waits for what they answer.
async fn ask(room: &Room, query: &Query) -> Result<Value, Reply> {
    let method = query.first("method").unwrap_or_default();
    let text = query.first("text").unwrap_or_default();
    let patience = query.millis("ms")?.unwrap_or(PATIENCE);
    let asked: Vec<_> =
        peers(room).into_iter().map(|peer| (peer.request(method, text, Some(patience)), peer)).collect();
    let mut answers = Vec::new();
    for (mut reply, peer) in asked {
        let (mut parts, mut failure) = (Vec::new(), None);
        while let Some(part) = reply.next().await {
            match part {
                Ok(content) => parts.push(String::from_utf8_lossy(content.bytes()).into_owned()),
                Err(why) => failure = Some(why.to_string()),
            }
        }
        answers.push(json!({ "session": book::hex(&peer.session()), "parts": parts, "failure": failure }));
    }
    Ok(json!({ "answers": answers }))
}

/// Ends the sessions, with the truth about how far they came.
fn end(room: &Room, query: &Query) -> Result<Value, Reply> {
    let code = code(query)?;
    let code = Code::from_number(code).ok_or_else(|| Reply::bad_request("code must be from 1 to 15."))?;
    let peers = peers(room);
    peers.iter().for_each(|peer| peer.close(code, query.first("reason").unwrap_or_default()));
    Ok(json!({ "ended": peers.len() }))
}

const PATIENCE: Duration = Duration::from_secs(10);
const MAX_NUMBERS: u64 = 10_000_000;
const MOST_MILLIS: u64 = 86_400_000;
