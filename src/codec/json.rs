use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{CodecError, Decode, Encode, Raw};

/// JSON (RFC 8259), one value to a text message. Binary that arrives is read as UTF-8.
///
/// Nests 128 deep at most. Prefer `serde`'s external tagging of enums, its default, or adjacent tagging
/// (`tag` with `content`): internal tagging (`tag` alone) makes wasm some kilobytes larger.
#[derive(Clone, Copy, Default, Debug)]
pub struct Json;

impl<T: Serialize + ?Sized> Encode<T> for Json {
    fn encode(&self, message: &T) -> Result<Raw, CodecError> {
        serde_json::to_string(message).map(Raw::Text).map_err(CodecError::new)
    }
}

impl<T: DeserializeOwned> Decode<T> for Json {
    fn decode(&self, raw: &Raw) -> Result<T, CodecError> {
        serde_json::from_slice(raw.as_bytes()).map_err(CodecError::new)
    }
}
