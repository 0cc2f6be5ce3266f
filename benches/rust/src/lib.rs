//! What `subjects/ways.js` does with a connection, done in Rust by clients in Rust.

#[cfg(feature = "gloo")]
mod gloo;
#[cfg(feature = "everwire")]
mod plain;
#[cfg(feature = "session")]
mod session;
#[cfg(feature = "ws_stream")]
mod ws_stream;

use js_sys::Function;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[cfg(feature = "gloo")]
use gloo::Connection;
#[cfg(all(feature = "everwire", not(feature = "session")))]
use plain::Connection;
#[cfg(feature = "session")]
use session::Connection;
#[cfg(feature = "ws_stream")]
use ws_stream::Connection;

/// What is sent and heard.
pub(crate) enum Message {
    Text(String),
    Binary(Vec<u8>),
}

impl Message {
    fn filler(size: usize, is_text: bool) -> Self {
        if is_text { Self::Text("x".repeat(size)) } else { Self::Binary(vec![0; size]) }
    }

    fn again(&self) -> Self {
        match self {
            Self::Text(text) => Self::Text(text.clone()),
            Self::Binary(bytes) => Self::Binary(bytes.clone()),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Binary(_) => "",
        }
    }
}

/// A subject.
pub(crate) trait Client: Sized {
    async fn open(url: &str) -> Option<Self>;
    /// Resolves when one more may be sent.
    async fn send(&mut self, message: Message);
    async fn hear(&mut self) -> Message;
    /// Bytes that the network has not taken, as far as the client tells.
    fn waiting(&self) -> f64;
}

/// A connection, and what can be asked of it.
#[wasm_bindgen]
pub struct Ways {
    connection: Connection,
    now: Function,
    turn: Function,
}

#[wasm_bindgen]
impl Ways {
    /// `now` reads a clock, `turn` gives a promise of the event loop's next turn.
    pub async fn open(url: String, now: Function, turn: Function) -> Result<Ways, JsValue> {
        let connection = Connection::open(&url).await.ok_or("it did not open")?;
        Ok(Self { connection, now, turn })
    }

    pub async fn up(&mut self, times: u32, size: u32, kind: String) -> Result<u32, JsValue> {
        let message = Message::filler(size as usize, kind == "text");
        let burst = BURST.min(BURST_BYTES.div_ceil(size));
        let mut sent = 0;
        while sent < times {
            let end = times.min(sent + burst);
            while sent < end {
                self.connection.send(message.again()).await;
                sent += 1;
            }
            while self.connection.waiting() > HIGH_MARK {
                self.turn().await?;
            }
        }
        self.connection.send(Message::Text("count".into())).await;
        self.connection.hear().await.text().parse().map_err(|_| "no number".into())
    }

    pub async fn down(&mut self, times: u32, size: u32, kind: String) -> u32 {
        self.connection.send(Message::Text(format!("flood {times} {size} {kind}"))).await;
        for _ in 0..times {
            self.connection.hear().await;
        }
        times
    }

    pub async fn echo(&mut self, times: u32, size: u32, kind: String) -> u32 {
        let message = Message::filler(size as usize, kind == "text");
        let window = WINDOW.min(WINDOW_BYTES / size).max(2);
        let mut sent = 0;
        for heard in 0..times {
            while sent < times.min(heard + window) {
                self.connection.send(message.again()).await;
                sent += 1;
            }
            self.connection.hear().await;
        }
        times
    }

    pub async fn trips(&mut self, times: u32, size: u32, kind: String) -> Result<Vec<f64>, JsValue> {
        let message = Message::filler(size as usize, kind == "text");
        let mut found = Vec::new();
        for _ in 0..times {
            let begun = self.now()?;
            self.connection.send(message.again()).await;
            self.connection.hear().await;
            found.push(self.now()? - begun);
        }
        Ok(found)
    }

    fn now(&self) -> Result<f64, JsValue> {
        Ok(self.now.call0(&JsValue::NULL)?.as_f64().unwrap_or_default())
    }

    async fn turn(&self) -> Result<(), JsValue> {
        let turn = self.turn.call0(&JsValue::NULL)?.unchecked_into::<js_sys::Promise>();
        JsFuture::from(turn).await.map(|_| ())
    }
}

// As in ways.js.
const WINDOW: u32 = 1_024;
const WINDOW_BYTES: u32 = 1 << 20;
const BURST: u32 = 256;
const BURST_BYTES: u32 = 256 << 10;
const HIGH_MARK: f64 = (1 << 20) as f64;
