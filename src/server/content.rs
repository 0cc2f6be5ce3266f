//! What messages carry.

use bytes::Bytes;

use crate::session::Payload;

/// What a message, request or response carries: bytes, and whether they are text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    bytes: Bytes,
    text: bool,
}

impl Content {
    /// From the wire: text that is not UTF-8 is taken for bytes.
    pub(super) fn received(bytes: Bytes, text: bool) -> Self {
        let text = text && std::str::from_utf8(&bytes).is_ok();
        Self { bytes, text }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        self.text.then(|| std::str::from_utf8(&self.bytes).unwrap_or_default())
    }

    /// The bytes, of a text too.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The bytes themselves.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    pub(super) fn payload(&self, channel: u64) -> Payload<'_> {
        Payload { channel, text: self.text, bytes: &self.bytes }
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self { bytes, text: false }
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into(), text: false }
    }
}

impl From<&[u8]> for Content {
    fn from(bytes: &[u8]) -> Self {
        Self { bytes: Bytes::copy_from_slice(bytes), text: false }
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self { bytes: text.into(), text: true }
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}
