//! The native echo server: `tests/echo-server/README.md` says all it can do.

use std::cell::Cell;

use js_sys::{Array, Date};
use wasm_bindgen::prelude::*;

const PEER: &str = match option_env!("EVERWIRE_PEER") {
    Some(peer) => peer,
    None => "ws://127.0.0.1:9001",
};

/// How long something may take to show in the peer's statistics.
const PATIENCE: f64 = 10_000.0;

thread_local! {
    static UNREACHABLE: Cell<bool> = const { Cell::new(false) };
}

/// One test's own corner of the peer: a room for statistics and control, on a port of its own, so
/// that no failure makes the browser delay another test's dials.
pub(crate) struct Room {
    name: String,
    url: String,
}

/// A room. None if it is known already, and has been told, that there is no peer.
pub(crate) async fn room() -> Option<Room> {
    if UNREACHABLE.get() {
        return None;
    }
    let name = format!("{:x}", (js_sys::Math::random() * 9e15) as u64);
    match port("echo").await {
        Ok(url) => Some(Room { name, url }),
        Err(error) => {
            UNREACHABLE.set(true);
            panic!(
                "There is no peer at {PEER}. Start it with `npm run peer`; another address is read from \
                 EVERWIRE_PEER when the tests are compiled. ({})",
                js_sys::Object::from(error).to_string()
            );
        }
    }
}

impl Room {
    /// The address of a connection that behaves as `query` says.
    pub(crate) fn url(&self, query: &str) -> String {
        format!("{}?room={}&{query}", self.url, self.name)
    }

    /// The same on a fresh port, which may `refuse` every connection, let every one `hang`, or `echo`.
    pub(crate) async fn url_at(&self, fault: &str, query: &str) -> String {
        let url = port(fault).await.unwrap();
        format!("{url}?room={}&{query}", self.name)
    }

    pub(crate) async fn stats(&self) -> Stats {
        ask("GET", &format!("/stats?room={}", self.name)).await.unwrap().unchecked_into()
    }

    /// Waits until the statistics are as they should be.
    pub(crate) async fn until(&self, what: &str, is: impl Fn(&Stats) -> bool) -> Stats {
        let started = Date::now();
        loop {
            let stats = self.stats().await;
            if is(&stats) {
                return stats;
            }
            let shown = js_sys::JSON::stringify(&stats).unwrap();
            assert!(
                Date::now() - started < PATIENCE,
                "Not seen in {PATIENCE} ms: {what}. The peer says {shown}"
            );
        }
    }

    /// Texts received, in order.
    pub(crate) async fn received(&self) -> Vec<String> {
        self.stats().await.texts()
    }

    /// `POST /control/ROOM/COMMAND`.
    pub(crate) async fn control(&self, command: &str) -> JsValue {
        ask("POST", &format!("/control/{}/{command}", self.name)).await.unwrap()
    }

    /// Takes this room's port down for so many milliseconds.
    pub(crate) async fn restart(&self, down: u32) {
        let port = port_of(&self.url);
        ask("POST", &format!("/control/restart?down={down}&port={port}")).await.unwrap();
    }
}

/// Makes the browser keep the cookie that `token_in=cookie` asks for.
pub(crate) async fn log_in(token: &str) {
    ask("GET", &format!("/login?token={token}")).await.unwrap();
}

async fn port(fault: &str) -> Result<String, JsValue> {
    let answer: Port = ask("POST", &format!("/control/port?fault={fault}")).await?.unchecked_into();
    Ok(answer.url())
}

async fn ask(method: &str, path: &str) -> Result<JsValue, JsValue> {
    request(method, &format!("{}{path}", PEER.replacen("ws", "http", 1))).await
}

fn port_of(url: &str) -> &str {
    let (_, after) = url.rsplit_once(':').unwrap();
    after.split('/').next().unwrap()
}

#[wasm_bindgen(module = "/tests/web_support/page.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn request(method: &str, url: &str) -> Result<JsValue, JsValue>;

    type Port;
    #[wasm_bindgen(method, getter)]
    fn url(this: &Port) -> String;

    /// What the peer counts in a room.
    pub(crate) type Stats;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn connections(this: &Stats) -> u32;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn dialed(this: &Stats) -> u32;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn opened(this: &Stats) -> u32;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn closed(this: &Stats) -> u32;
    #[wasm_bindgen(method, getter, js_name = messagesIn)]
    pub(crate) fn messages_in(this: &Stats) -> u32;
    #[wasm_bindgen(method, getter)]
    fn received(this: &Stats) -> Array;
    #[wasm_bindgen(method, getter, js_name = lastClose)]
    pub(crate) fn last_close(this: &Stats) -> LastClose;

    pub(crate) type LastClose;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn code(this: &LastClose) -> u16;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn reason(this: &LastClose) -> String;
}

impl Stats {
    pub(crate) fn texts(&self) -> Vec<String> {
        self.received().iter().map(|text| text.as_string().unwrap()).collect()
    }
}
