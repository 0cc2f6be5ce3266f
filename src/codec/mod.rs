//! From messages to what a WebSocket carries, and back.
//!
//! A codec is both halves of a contract: [`Encode`] for what leaves, [`Decode`] for what arrives. They are
//! apart so that a client may only ever encode one type and only ever decode another. The same codecs
//! work in the browser and on a server, so both can share their types and cannot drift apart.
//!
//! | codec | cargo feature | on the wire | for |
//! |---|---|---|---|
//! | [`Text`] | | text | strings as they are |
//! | [`Bytes`] | | binary | bytes as they are |
//! | [`Untouched`] | | either | [`Raw`] as it is |
//! | `Json` | `json` (default) | text | any server |
//! | `Msgpack` | `msgpack` | binary | any server, smaller |
//! | `Cbor` | `cbor` | binary | any server, RFC 8949 |
//! | `Postcard` | `postcard` | binary | Rust on both ends: the smallest messages and the smallest code |
//!
//! What arrives is taken for hostile: whatever the bytes, decoding ends with a message or a
//! [`CodecError`], nests no deeper than a fixed bound, and sets aside no memory on the word of the sender.
//! A message that carries more than it should is refused, not cut.
//!
#![cfg_attr(all(feature = "json", not(target_arch = "wasm32")), doc = "```")]
// There the tests compile the examples, and nothing runs them.
#![cfg_attr(all(feature = "json", target_arch = "wasm32"), doc = "```no_run")]
#![cfg_attr(
    feature = "json",
    doc = r##"
use everwire::codec::{Decode, Encode, Json, Raw};

#[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
enum Message {
    Say { text: String },
}

let raw = Json.encode(&Message::Say { text: "Hello".into() })?;
assert_eq!(raw, Raw::Text(r#"{"Say":{"text":"Hello"}}"#.into()));
let message: Message = Json.decode(&raw)?;
assert_eq!(message, Message::Say { text: "Hello".into() });
# Ok::<(), everwire::codec::CodecError>(())
```
"##
)]

#[cfg(feature = "cbor")]
mod cbor;
#[cfg(any(feature = "cbor", feature = "msgpack", feature = "postcard"))]
mod guard;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "msgpack")]
mod msgpack;
#[cfg(feature = "postcard")]
mod postcard;

use std::error::Error;
use std::fmt;

#[cfg(feature = "cbor")]
pub use cbor::Cbor;
#[cfg(feature = "json")]
pub use json::Json;
#[cfg(feature = "msgpack")]
pub use msgpack::Msgpack;
#[cfg(feature = "postcard")]
pub use postcard::Postcard;

/// What one WebSocket message carries (RFC 6455, section 5.6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Raw {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

impl Raw {
    /// Bytes on the wire.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether it carries nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes; UTF-8 if it is text.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The text; binary that is UTF-8 counts.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub fn as_text(&self) -> Result<&str, CodecError> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Binary(bytes) => std::str::from_utf8(bytes).map_err(CodecError::new),
        }
    }
}

#[cfg(any(feature = "cbor", feature = "msgpack", feature = "postcard"))]
impl Raw {
    /// The bytes of a binary message: no text is one of these formats.
    fn binary(&self) -> Result<&[u8], CodecError> {
        match self {
            Self::Binary(bytes) => Ok(bytes),
            Self::Text(_) => Err(CodecError::new("a text message arrived where a binary one was expected")),
        }
    }
}

impl From<&str> for Raw {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Raw {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&[u8]> for Raw {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(bytes.to_owned())
    }
}

impl From<Vec<u8>> for Raw {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}

/// Turns a message into what a WebSocket carries.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot encode `{T}`",
    note = "the codecs of everwire encode what is `serde::Serialize`; `Text` encodes strings, `Bytes` vectors of bytes",
    note = "without the feature `json`, a builder needs a codec: `.codec(...)`"
)]
pub trait Encode<T: ?Sized> {
    /// The message, ready to be sent.
    ///
    /// # Errors
    /// If it has no form in this codec.
    fn encode(&self, message: &T) -> Result<Raw, CodecError>;
}

/// Turns what a WebSocket carried into a message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot decode `{T}`",
    note = "the codecs of everwire decode what is `serde::de::DeserializeOwned`; `Text` decodes to `String`, `Bytes` to `Vec<u8>`",
    note = "without the feature `json`, a builder needs a codec: `.codec(...)`"
)]
pub trait Decode<T> {
    /// The message, whole: bytes left over are an error.
    ///
    /// # Errors
    /// If it is not a message of this codec and type.
    fn decode(&self, raw: &Raw) -> Result<T, CodecError>;
}

/// Both halves, for a wire that receives `In` and sends `Out`. Every type that has both is one.
pub trait Codec<In, Out = In>: Encode<Out> + Decode<In> {}

impl<In, Out, C: Encode<Out> + Decode<In>> Codec<In, Out> for C {}

/// Why a message could not be encoded or decoded; the codec's own error is the source.
#[derive(Debug)]
pub struct CodecError(Box<dyn Error + Send + Sync>);

impl CodecError {
    /// From an error of another kind, or from a text.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

#[cfg(any(feature = "cbor", feature = "msgpack", feature = "postcard"))]
impl CodecError {
    fn left_over(bytes: usize) -> Self {
        Self::new(format!("{bytes} bytes are left over after the message"))
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for CodecError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// Strings, one to a text message. Binary that arrives is read as UTF-8.
#[derive(Clone, Copy, Default, Debug)]
pub struct Text;

impl<T: AsRef<str> + ?Sized> Encode<T> for Text {
    fn encode(&self, message: &T) -> Result<Raw, CodecError> {
        Ok(message.as_ref().into())
    }
}

impl Decode<String> for Text {
    fn decode(&self, raw: &Raw) -> Result<String, CodecError> {
        raw.as_text().map(str::to_owned)
    }
}

/// Bytes, one vector to a binary message. Text that arrives is its UTF-8.
#[derive(Clone, Copy, Default, Debug)]
pub struct Bytes;

impl<T: AsRef<[u8]> + ?Sized> Encode<T> for Bytes {
    fn encode(&self, message: &T) -> Result<Raw, CodecError> {
        Ok(message.as_ref().into())
    }
}

impl Decode<Vec<u8>> for Bytes {
    fn decode(&self, raw: &Raw) -> Result<Vec<u8>, CodecError> {
        Ok(raw.as_bytes().to_owned())
    }
}

/// What arrives untouched, and what is sent as it is: text as text, binary as binary.
#[derive(Clone, Copy, Default, Debug)]
pub struct Untouched;

impl Encode<Raw> for Untouched {
    fn encode(&self, message: &Raw) -> Result<Raw, CodecError> {
        Ok(message.clone())
    }
}

impl Decode<Raw> for Untouched {
    fn decode(&self, raw: &Raw) -> Result<Raw, CodecError> {
        Ok(raw.clone())
    }
}
