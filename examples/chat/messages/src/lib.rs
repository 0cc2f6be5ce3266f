//! What everybody in the chat says. The server, the page in Rust and the page in TypeScript all share this
//! one enum: the latter through `page/generated/Chat.ts`, which a test of this crate writes.

use serde::{Deserialize, Serialize};

/// One WebSocket message, as JSON: `{ "type": "say", "text": "Hello!" }`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Chat {
    /// To the server, first on every connection: who this is.
    Join { name: String },
    /// To the server.
    Say { text: String },
    /// To everybody who joined.
    Said { name: String, text: String },
    /// To everybody who joined: who is here, whenever that changes.
    Here { names: Vec<String> },
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ts_rs::{Config, TS};

    use super::Chat;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../page/generated/Chat.ts");

    #[test]
    fn the_types_of_the_typescript_page_are_those_of_the_enum() {
        let current = Chat::export_to_string(&Config::default()).unwrap();
        if std::env::var_os("UPDATE_TYPES").is_some() {
            std::fs::create_dir_all(Path::new(FILE).parent().unwrap()).unwrap();
            std::fs::write(FILE, &current).unwrap();
        }
        let written = std::fs::read_to_string(FILE).unwrap_or_default();
        assert_eq!(written, current, "write them again with `UPDATE_TYPES=1 cargo test -p chat-messages`");
    }
}
