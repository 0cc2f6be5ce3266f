use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::Message;

use crate::behaviour::{close_frame, copies, flood};
use crate::head::Head;
use crate::listener::Remote;
use crate::origin;
use crate::ports::PortFault;
use crate::query::{Plus, Query, decode};
use crate::reply::Reply;
use crate::rooms::{Client, Order, Room, Rooms};
use crate::server::{Shared, reachable};
use crate::session;
use crate::stats::lock;

/// Obeys `POST /control/COMMAND`, if control is on.
pub(crate) async fn obey(
    shared: &Arc<Shared>,
    head: &Head,
    command: &str,
) -> Result<(Reply, Option<Aftermath>), Reply> {
    if !shared.config.control {
        return Err(Reply::text(403, "Control is off; start the server with --control to turn it on."));
    }
    if !origin::is_allowed(head, &shared.config.allowed_origins) {
        return Err(Reply::text(
            403,
            "This origin may not control; start the server with --allow-origin ORIGIN.",
        ));
    }
    match command.split_once('/') {
        Some((room, command)) => {
            let room = enter(shared, room)?;
            let done = match command.strip_prefix("session/") {
                Some(command) => session::obey(&room, &head.query, command).await?,
                None => obey_in_room(shared, &head.query, &room, command)?,
            };
            Ok((Reply::json(&done), None))
        }
        None if command == "restart" => restart(shared, &head.query),
        None if command == "port" => Ok((open_port(shared, &head.query)?, None)),
        None => Err(Reply::not_found()),
    }
}

/// What happens once the answer is written, for it would take the answer along.
#[derive(Debug)]
pub(crate) struct Aftermath {
    remote: Remote,
    down: Duration,
}

impl Aftermath {
    pub(crate) fn happen(self) {
        self.remote.restart(self.down);
    }
}

fn enter(shared: &Shared, room: &str) -> Result<Arc<Room>, Reply> {
    let name = decode(room, Plus::Plus)
        .filter(|name| Rooms::is_name(name))
        .ok_or_else(|| Reply::bad_request("A room name has 1 to 64 bytes and no control characters."))?;
    shared.rooms.enter(&name).ok_or_else(|| Reply::text(503, "Every room is taken."))
}

fn obey_in_room(shared: &Shared, query: &Query, room: &Arc<Room>, command: &str) -> Result<Value, Reply> {
    let limits = &shared.config.limits;

    match command {
        "kill" => {
            let count = each(room, query, Client::kill)?;
            Ok(json!({ "killed": count }))
        }
        "close" => {
            let frame = close_frame(query, "code")?;
            let count = order(room, query, &Order::Close(frame))?;
            Ok(json!({ "closed": count }))
        }
        "refuse" => {
            let time = millis(query)?;
            let status = query.number("status", 200..=599)?.unwrap_or(503);
            room.refuse(time, status);
            Ok(json!({ "refusing": time.as_millis(), "status": status }))
        }
        "hang" => {
            let time = millis(query)?;
            room.hang(time);
            Ok(json!({ "hanging": time.as_millis() }))
        }
        "silence" => {
            let time = millis(query)?;
            let until = (!time.is_zero()).then(|| Instant::now() + time);
            let count = order(room, query, &Order::Silence(until))?;
            Ok(json!({ "silenced": count, "ms": time.as_millis() }))
        }
        "say" => {
            let text = query.first("text").ok_or_else(|| Reply::bad_request("Say what? Add text=TEXT."))?;
            let (message, copies) = (Message::text(text), copies(query)?);
            let client = client(query)?;
            let Some(after) = query.number("after", 0..=MAX_AFTER)?.filter(|after| *after > 0) else {
                return Ok(json!({ "said": room.say(client, &message, copies) }));
            };
            let permit = Arc::clone(&shared.scheduled)
                .try_acquire_owned()
                .map_err(|_| Reply::text(503, "Too much is to be said later already."))?;
            let room = Arc::clone(room);
            tokio::spawn(async move {
                sleep(Duration::from_millis(after)).await;
                room.say(client, &message, copies);
                drop(permit);
            });
            Ok(json!({ "after": after }))
        }
        "delay" => {
            let time = millis(query)?;
            let count = order(room, query, &Order::Delay((!time.is_zero()).then_some(time)))?;
            Ok(json!({ "delayed": count, "ms": time.as_millis() }))
        }
        "flood" => {
            let (message, copies) = flood(query, limits)?
                .ok_or_else(|| Reply::bad_request("Flood with what? Add n=N&size=S."))?;
            let count = order(room, query, &Order::Send { message, copies })?;
            Ok(json!({ "flooded": count }))
        }
        "issue" => {
            let lifetime = query.millis("ms")?;
            let token = room.tokens.issue(lifetime, query.first("owner").unwrap_or_default());
            let token = token.ok_or_else(|| Reply::text(503, "Too many tokens of this room hold."))?;
            Ok(json!({ "token": token }))
        }
        "revoke" => {
            let count = room.tokens.revoke(query.first("token"));
            for client in room.clients(None) {
                client.order(Order::LookAtToken);
            }
            Ok(json!({ "revoked": count }))
        }
        "reset" => {
            room.reset();
            Ok(json!({ "reset": room.name() }))
        }
        _ => Err(Reply::not_found()),
    }
}

fn restart(shared: &Shared, query: &Query) -> Result<(Reply, Option<Aftermath>), Reply> {
    let down = query.millis("down")?.unwrap_or_default();
    let port = query.number("port", 1..=u16::MAX)?;
    let remote =
        lock(&shared.ports).remote(port).ok_or_else(|| Reply::text(404, "No listener has this port."))?;
    let reply = Reply::json(&json!({ "restarting": true, "down": down.as_millis() })).last();
    Ok((reply, Some(Aftermath { remote, down })))
}

fn open_port(shared: &Arc<Shared>, query: &Query) -> Result<Reply, Reply> {
    let fault = match query.first("fault") {
        Some("refuse") => PortFault::Refuse,
        Some("hang") => PortFault::Hang,
        None | Some("echo") => PortFault::Echo,
        Some(_) => return Err(Reply::bad_request("fault must be refuse, hang or echo.")),
    };
    let identity = if query.has("tls") {
        let tls = shared.config.tls.as_ref();
        let none = || Reply::text(409, "There is no certificate; start the server with --tls-port N.");
        Some(tls.ok_or_else(none)?.identity.clone())
    } else {
        None
    };
    let scheme = if identity.is_some() { "wss" } else { "ws" };
    let address = lock(&shared.ports)
        .open(fault, identity, shared)
        .map_err(|error| Reply::text(503, format!("No port could be opened: {error}.")))?;
    Ok(Reply::json(&json!({
        "port": address.port(),
        "url": format!("{scheme}://{}/ws", reachable(address)),
    })))
}

fn order(room: &Room, query: &Query, order: &Order) -> Result<usize, Reply> {
    each(room, query, |client| client.order(order.clone()))
}

/// Does something to every connection of the room, or to the one called `client`.
fn each(room: &Room, query: &Query, act: impl Fn(&Client)) -> Result<usize, Reply> {
    let clients = room.clients(client(query)?);
    clients.iter().for_each(|client| act(client));
    Ok(clients.len())
}

/// The one connection that is meant, if not all are.
fn client(query: &Query) -> Result<Option<u64>, Reply> {
    query.number("client", 0..=u64::MAX)
}

fn millis(query: &Query) -> Result<Duration, Reply> {
    query.millis("ms")?.ok_or_else(|| Reply::bad_request("For how long? Add ms=N; 0 ends it."))
}

const MAX_AFTER: u64 = 600_000;
