use std::sync::Arc;

use everwire::session::SUBPROTOCOL;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::behaviour::{Answer, Behaviour, PROTOCOL_HEADER, Shown, room_name};
use crate::connection;
use crate::head::Head;
use crate::origin;
use crate::reply::{Reply, say_goodbye};
use crate::rooms::{Fault, Member, Order};
use crate::seats::Crowded;
use crate::server::Shared;
use crate::session::{self, Manner};
use crate::stream::Stream;
use crate::tokens::Validity;

/// Answers a request to upgrade and runs what comes of it. `rest` is what followed the head.
pub(crate) async fn serve(
    shared: &Shared,
    mut stream: Stream,
    head: &Head,
    rest: Vec<u8>,
    crowded: Option<Crowded>,
) {
    shared.tally.dialed();
    match judge(shared, head, crowded) {
        Verdict::Open(opening) => open(shared, stream, *opening, rest).await,
        Verdict::Refuse(reply) => {
            shared.tally.refused();
            if reply.last().write(&mut stream, true).await.is_ok() {
                say_goodbye(&mut stream).await;
            }
        }
        Verdict::Hang => hang(stream).await,
    }
}

/// Keeps a connection without ever answering, until the client leaves.
pub(crate) async fn hang(mut stream: impl AsyncRead + Unpin) {
    let mut chunk = [0; 1024];
    while let Ok(1..) = stream.read(&mut chunk).await {}
}

enum Verdict {
    Open(Box<Opening>),
    Refuse(Reply),
    Hang,
}

/// An upgrade that is to be completed.
struct Opening {
    accept: String,
    protocol: Option<String>,
    behaviour: Behaviour,
    /// It speaks `everwire.v1`, in this manner.
    session: Option<Manner>,
    validity: Option<Arc<Validity>>,
    member: Member,
    orders: mpsc::UnboundedReceiver<Order>,
}

fn judge(shared: &Shared, head: &Head, crowded: Option<Crowded>) -> Verdict {
    let name = match room_name(&head.query) {
        Ok(name) => name,
        Err(reply) => return Verdict::Refuse(reply),
    };
    if let Some(crowded) = crowded {
        return Verdict::Refuse(crowded.reply());
    }
    let Some(room) = shared.rooms.enter(name) else {
        return Verdict::Refuse(Reply::text(503, "Every room is taken."));
    };
    room.tally.dialed();
    let refuse = |reply| {
        room.tally.refused();
        Verdict::Refuse(reply)
    };

    let accept = match accept_key(head) {
        Ok(accept) => accept,
        Err(reply) => return refuse(reply),
    };
    if !origin::is_allowed(head, &shared.config.allowed_origins) {
        return refuse(Reply::text(
            403,
            "This origin may not connect; start the server with --allow-origin ORIGIN.",
        ));
    }
    match room.fault() {
        Some(Fault::Hang) => return Verdict::Hang,
        Some(Fault::Refuse(status)) => return refuse(refusal(status)),
        None => {}
    }
    let behaviour = match Behaviour::parse(&head.query, &shared.config.limits) {
        Ok(behaviour) => behaviour,
        Err(reply) => return refuse(reply),
    };
    match behaviour.answer {
        Answer::Hang => return Verdict::Hang,
        Answer::Refuse(status) => return refuse(refusal(status)),
        Answer::Upgrade => {}
    }
    let validity = match behaviour.token.as_ref().map(|token| token.shown_by(head, &room.tokens)) {
        Some(Shown::Wrong) => return refuse(Reply::text(401, "The token is missing or wrong.")),
        Some(Shown::Good(validity)) => validity,
        None => None,
    };

    let protocol = behaviour.choose_protocol(head);
    let session = match protocol.as_deref() {
        Some(SUBPROTOCOL) if shared.config.application.is_none() && !head.query.has("plain") => {
            match Manner::parse(&head.query) {
                Ok(manner) => Some(manner),
                Err(reply) => return refuse(reply),
            }
        }
        _ => None,
    };
    let (member, orders) =
        shared.rooms.join(&room, &shared.tally, protocol.clone(), shared.config.application.clone());
    Verdict::Open(Box::new(Opening { accept, protocol, behaviour, session, validity, member, orders }))
}

/// The `Sec-WebSocket-Accept` of a request that is a proper handshake (RFC 6455, section 4.2.1).
fn accept_key(head: &Head) -> Result<String, Reply> {
    if !matches!(head.path.as_str(), "/" | "/ws") {
        return Err(Reply::text(404, "WebSockets are at /ws."));
    }
    if head.method != "GET" || !head.has_item("connection", "upgrade") {
        return Err(Reply::bad_request("A WebSocket handshake is a GET with \"Connection: Upgrade\"."));
    }
    if head.header("sec-websocket-version") != Some("13") {
        return Err(
            Reply::text(426, "Only WebSocket version 13 is spoken here.").with("Sec-WebSocket-Version", "13")
        );
    }
    match head.header("sec-websocket-key") {
        Some(key) if key.len() == KEY_LENGTH && key.ends_with("==") => Ok(derive_accept_key(key.as_bytes())),
        _ => Err(Reply::bad_request("Sec-WebSocket-Key must be 16 bytes in base64.")),
    }
}

fn refusal(status: u16) -> Reply {
    Reply::text(status, "Refused, as asked.")
}

async fn open(shared: &Shared, mut stream: Stream, opening: Opening, rest: Vec<u8>) {
    let limits = &shared.config.limits;
    let mut response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n",
        opening.accept
    );
    if let Some(protocol) = &opening.protocol {
        response.push_str(&format!("{PROTOCOL_HEADER}: {protocol}\r\n"));
    }
    response.push_str("\r\n");
    let written = timeout(limits.handshake, stream.write_all(response.as_bytes())).await;
    if !matches!(written, Ok(Ok(()))) {
        return;
    }

    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_message_size(Some(limits.message_size))
        .max_frame_size(Some(limits.message_size));
    let socket = WebSocketStream::from_partially_read(stream, rest, Role::Server, Some(config)).await;
    let Opening { behaviour, session, validity, member, orders, .. } = opening;
    if let Some(manner) = session {
        let room = Arc::clone(member.room());
        return session::run(socket, manner, member, orders, &room.sessions).await;
    }
    connection::run(socket, behaviour, validity, member, orders, limits).await;
}

const KEY_LENGTH: usize = 24;
const READ_BUFFER: usize = 16 << 10;
