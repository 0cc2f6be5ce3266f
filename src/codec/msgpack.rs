use std::io::Cursor;

use rmp_serde::Deserializer;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::guard::Budget;
use super::{CodecError, Decode, Encode, Raw};

/// [MessagePack](https://github.com/msgpack/msgpack/blob/master/spec.md): as JSON, in bytes. Structs are maps
/// by field name, as other languages expect them. Text that arrives is refused.
///
/// Nests 128 deep at most. `Vec<u8>` becomes an array of numbers unless it is marked with `serde_bytes`.
#[derive(Clone, Copy, Default, Debug)]
pub struct Msgpack;

impl<T: Serialize + ?Sized> Encode<T> for Msgpack {
    fn encode(&self, message: &T) -> Result<Raw, CodecError> {
        rmp_serde::to_vec_named(message).map(Raw::Binary).map_err(CodecError::new)
    }
}

impl<T: DeserializeOwned> Decode<T> for Msgpack {
    fn decode(&self, raw: &Raw) -> Result<T, CodecError> {
        let bytes = raw.binary()?;
        let mut deserializer = Deserializer::new(Cursor::new(bytes));
        let budget = Budget::new(bytes.len(), false);
        let message = T::deserialize(budget.guard(&mut deserializer)).map_err(CodecError::new)?;
        match bytes.len().saturating_sub(deserializer.position() as usize) {
            0 => Ok(message),
            rest => Err(CodecError::left_over(rest)),
        }
    }
}
