use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::control::{self, Aftermath};
use crate::files;
use crate::head::{Head, skip_body};
use crate::origin;
use crate::reply::{Reply, say_goodbye};
use crate::seats::Crowded;
use crate::server::Shared;
use crate::stream::Stream;
use crate::upgrade;

/// Serves one connection: any number of HTTP requests, or one upgrade.
pub(crate) async fn serve(shared: &Arc<Shared>, mut stream: Stream, crowded: Option<Crowded>) {
    let limits = &shared.config.limits;
    let mut buffer = Vec::new();
    let mut patience = limits.handshake;
    loop {
        let head = match Head::read(&mut stream, &mut buffer, limits, patience).await {
            Ok(Some(head)) => head,
            Ok(None) => return,
            Err(reply) => return end_with(reply, &mut stream).await,
        };
        if head.wants_websocket() {
            // Boxed, for a connection that only speaks HTTP need not carry its room.
            return Box::pin(upgrade::serve(shared, stream, &head, buffer, crowded)).await;
        }
        if let Some(crowded) = crowded {
            return end_with(crowded.reply(), &mut stream).await;
        }
        if let Err(reply) = skip_body(&head, &mut stream, &mut buffer, limits).await {
            return end_with(reply, &mut stream).await;
        }

        let (mut reply, aftermath) = route(shared, &head).await;
        if !head.keeps_alive() {
            reply = reply.last();
        }
        let is_last = reply.is_last();
        let written = reply.write(&mut stream, head.method != "HEAD").await;
        if let Some(aftermath) = aftermath {
            aftermath.happen();
        }
        if written.is_err() {
            return;
        }
        if is_last {
            return say_goodbye(&mut stream).await;
        }
        patience = KEEP_ALIVE;
    }
}

async fn route(shared: &Arc<Shared>, head: &Head) -> (Reply, Option<Aftermath>) {
    let path = head.path.as_str();
    if head.method == "OPTIONS" && (path == "/stats" || path.starts_with(CONTROL)) {
        return (with_cors(Reply::empty(204)), None);
    }
    if let Some(command) = path.strip_prefix(CONTROL) {
        let (reply, aftermath) = if head.method == "POST" {
            control::obey(shared, head, command).await.unwrap_or_else(|refusal| (refusal, None))
        } else {
            (only("POST, OPTIONS"), None)
        };
        return (with_cors(reply), aftermath);
    }
    let reply = match (head.method.as_str(), path) {
        ("GET" | "HEAD", "/stats") => with_cors(stats(shared, head)),
        ("GET" | "HEAD", "/login") => login(shared, head),
        ("GET" | "HEAD", "/ws") => Reply::text(426, "Speak WebSocket here.").with("Upgrade", "websocket"),
        ("GET" | "HEAD", _) => files::serve(&shared.config.mounts, head).await,
        _ => only("GET, HEAD"),
    };
    (reply, None)
}

pub(crate) async fn end_with(reply: Reply, stream: &mut Stream) {
    let written: io::Result<()> = reply.last().write(stream, true).await;
    if written.is_ok() {
        say_goodbye(stream).await;
    }
}

fn stats(shared: &Shared, head: &Head) -> Reply {
    let value = match head.query.first("room") {
        Some(room) => serde_json::to_value(shared.room_stats(room)),
        None => serde_json::to_value(shared.tally.stats()),
    };
    match value {
        Ok(value) => Reply::json(&value),
        Err(_) => Reply::text(500, "The statistics could not be written down."),
    }
}

/// Sets the cookie that `token_in=cookie` asks for.
fn login(shared: &Shared, head: &Head) -> Reply {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let token = match head.query.first("token") {
        Some(token) if !token.is_empty() && token.bytes().all(is_plain) => token,
        _ => {
            return Reply::bad_request("token must be letters, digits and any of \"-._~\".");
        }
    };
    let site = if head.query.has("cross_site") { "None; Secure" } else { "Lax" };
    let reply = Reply::json(&json!({ "loggedIn": true }))
        .with("Set-Cookie", format!("everwire_token={token}; Path=/; SameSite={site}; HttpOnly"));
    // A page of another port may only keep the cookie if it is answered by name.
    match head.header("origin") {
        Some(origin) if origin::is_allowed(head, &shared.config.allowed_origins) => reply
            .with("Access-Control-Allow-Origin", origin)
            .with("Access-Control-Allow-Credentials", "true")
            .with("Vary", "Origin"),
        _ => reply,
    }
}

fn only(methods: &'static str) -> Reply {
    Reply::text(405, format!("Only {methods} will do here.")).with("Allow", methods)
}

pub(crate) fn with_cors(reply: Reply) -> Reply {
    reply
        .with("Access-Control-Allow-Origin", "*")
        .with("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS")
        .with("Access-Control-Allow-Headers", "*")
}

const CONTROL: &str = "/control/";
const KEEP_ALIVE: Duration = Duration::from_secs(60);
