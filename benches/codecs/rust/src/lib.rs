//! MessagePack or CBOR to and from JavaScript values, without a tree in between: what is read is written into
//! JavaScript at once, and the other way round. Faster than by any Rust type, and the best a page can get.

use serde_wasm_bindgen::{Deserializer, Serializer};
use wasm_bindgen::prelude::*;

fn told(error: impl core::fmt::Display) -> JsValue {
    JsError::new(&error.to_string()).into()
}

#[cfg(feature = "msgpack")]
#[wasm_bindgen]
pub fn encode(value: JsValue) -> Result<Vec<u8>, JsValue> {
    let mut bytes = Vec::new();
    serde_transcode::transcode(Deserializer::from(value), &mut rmp_serde::Serializer::new(&mut bytes))
        .map_err(told)?;
    Ok(bytes)
}

#[cfg(feature = "msgpack")]
#[wasm_bindgen]
pub fn decode(bytes: &[u8]) -> Result<JsValue, JsValue> {
    let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
    serde_transcode::transcode(&mut reader, &Serializer::json_compatible()).map_err(told)
}

#[cfg(feature = "cbor")]
#[wasm_bindgen]
pub fn encode(value: JsValue) -> Result<Vec<u8>, JsValue> {
    let mut bytes = Vec::new();
    let mut writer = minicbor_serde::Serializer::new(&mut bytes);
    writer.serialize_unit_as_null(true);
    serde_transcode::transcode(Deserializer::from(value), &mut writer).map_err(told)?;
    Ok(bytes)
}

#[cfg(feature = "cbor")]
#[wasm_bindgen]
pub fn decode(bytes: &[u8]) -> Result<JsValue, JsValue> {
    let mut reader = minicbor_serde::Deserializer::new(bytes);
    serde_transcode::transcode(&mut reader, &Serializer::json_compatible()).map_err(told)
}
