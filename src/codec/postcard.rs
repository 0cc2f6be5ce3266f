use serde::Serialize;
use serde::de::DeserializeOwned;

use super::guard::Budget;
use super::{CodecError, Decode, Encode, Raw};

/// [Postcard](https://postcard.jamesmunns.com): fields by place and not by name, so both ends must have the
/// very same types. The smallest messages and the smallest code; for Rust on both ends. Text that arrives
/// is refused.
///
/// Nests 128 deep at most. It does not work for types whose form depends on the data: internally tagged
/// and untagged enums, `serde(flatten)`, `serde(skip_serializing_if)`.
#[derive(Clone, Copy, Default, Debug)]
pub struct Postcard;

impl<T: Serialize + ?Sized> Encode<T> for Postcard {
    fn encode(&self, message: &T) -> Result<Raw, CodecError> {
        postcard::to_stdvec(message).map(Raw::Binary).map_err(CodecError::new)
    }
}

impl<T: DeserializeOwned> Decode<T> for Postcard {
    fn decode(&self, raw: &Raw) -> Result<T, CodecError> {
        let bytes = raw.binary()?;
        let mut deserializer = postcard::Deserializer::from_bytes(bytes);
        let budget = Budget::new(bytes.len(), false);
        let message = T::deserialize(budget.guard(&mut deserializer)).map_err(CodecError::new)?;
        match deserializer.finalize().map_err(CodecError::new)? {
            [] => Ok(message),
            rest => Err(CodecError::left_over(rest.len())),
        }
    }
}
