use cbor4ii::core::dec::Read;
use cbor4ii::core::utils::SliceReader;
use cbor4ii::serde::{Deserializer, to_vec};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::guard::Budget;
use super::{CodecError, Decode, Encode, Raw};

/// CBOR (RFC 8949): as JSON, in bytes. Structs are maps by field name, as other languages expect them. A
/// float may arrive in any width or as an integer, as JavaScript writes it. Text that arrives is refused.
///
/// Nests 128 deep at most. `Vec<u8>` becomes an array of numbers unless it is marked with `serde_bytes`.
#[derive(Clone, Copy, Default, Debug)]
pub struct Cbor;

impl<T: Serialize + ?Sized> Encode<T> for Cbor {
    fn encode(&self, message: &T) -> Result<Raw, CodecError> {
        to_vec(Vec::new(), &message).map(Raw::Binary).map_err(|error| CodecError::new(error.to_string()))
    }
}

impl<T: DeserializeOwned> Decode<T> for Cbor {
    fn decode(&self, raw: &Raw) -> Result<T, CodecError> {
        let bytes = raw.binary()?;
        let mut deserializer = Deserializer::new(SliceReader::new(bytes));
        let budget = Budget::new(bytes.len(), true);
        let message = T::deserialize(budget.guard(&mut deserializer))
            .map_err(|error| CodecError::new(error.to_string()))?;
        let mut rest = deserializer.into_inner();
        match rest.fill(bytes.len()) {
            Ok(rest) if rest.as_ref().is_empty() => Ok(message),
            Ok(rest) => Err(CodecError::left_over(rest.as_ref().len())),
            Err(error) => Err(CodecError::new(error.to_string())),
        }
    }
}
