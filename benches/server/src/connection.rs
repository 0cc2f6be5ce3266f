//! One connection: reads what comes, answers what has to be answered, and keeps messages in flight.

use std::cell::Cell;
use std::rc::Rc;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::Failed;
use crate::dialect::{Dialect, Speech};

/// So that ten thousand connections fit into little memory, and large frames still come in few reads.
const READ_BUFFER: usize = 16 * 1024;

pub struct Load {
    pub dialect: Dialect,
    pub url: String,
    pub text: String,
    /// On each connection.
    pub in_flight: usize,
    pub echoed: Cell<usize>,
    /// On all connections.
    pub under_way: Cell<usize>,
    pub orders: watch::Receiver<Order>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// What comes is answered with nothing.
    Rest,
    /// One message, once.
    Once,
    /// Each message that comes is answered with another.
    Run,
}

pub struct Connection {
    socket: WebSocketStream<TcpStream>,
    speech: Speech,
}

/// A connection over which messages may be sent.
pub async fn open(load: &Load) -> Result<Connection, Failed> {
    let mut request = load.url.as_str().into_client_request()?;
    let host = request.uri().authority().ok_or("the URL names no host")?.to_string();
    if let Some(protocol) = load.dialect.protocol() {
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static(protocol));
    }
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
    let (socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
    let mut connection = Connection { socket, speech: Speech::new(load.dialect) };
    connection.speech.begin();
    while !connection.speech.is_ready() {
        connection.write().await?;
        connection.read().await?;
    }
    connection.write().await?;
    Ok(connection)
}

/// Until the connection ends, or this is dropped.
pub async fn hold(load: Rc<Load>, mut connection: Connection) {
    if let Err(error) = connection.serve(&load).await {
        eprintln!("a connection ended: {error}");
    }
}

impl Connection {
    async fn serve(&mut self, load: &Load) -> Result<(), Failed> {
        let mut orders = load.orders.clone();
        let mut under_way = 0;
        loop {
            let (mut is_new, mut echoed) = (false, 0);
            tokio::select! {
                changed = orders.changed() => {
                    changed?;
                    is_new = true;
                }
                heard = self.read() => echoed = heard?,
            }
            load.echoed.set(load.echoed.get() + echoed);
            under_way -= echoed;
            load.under_way.set(load.under_way.get() - echoed);
            let wanted = match *orders.borrow() {
                Order::Once if is_new => under_way + 1,
                Order::Run => load.in_flight,
                _ => 0,
            };
            while under_way < wanted {
                self.speech.say(&load.text);
                under_way += 1;
                load.under_way.set(load.under_way.get() + 1);
            }
            self.write().await?;
        }
    }

    /// Waits for something, and takes all that has come: how many echoes.
    async fn read(&mut self) -> Result<usize, Failed> {
        let mut next = Some(self.socket.next().await);
        let mut echoed = 0;
        while let Some(message) = next {
            echoed += self.speech.hear(message.ok_or("the server is gone")??)?;
            next = self.socket.next().now_or_never();
        }
        Ok(echoed)
    }

    async fn write(&mut self) -> Result<(), Failed> {
        let messages = self.speech.take();
        for message in messages {
            self.socket.feed(message).await?;
        }
        Ok(self.socket.flush().await?)
    }
}
