// What is compared: `name` in candidates/, `format`, and `what` people call it.
export const candidates = [
  { name: "json", format: "JSON", what: "JSON, built in" },
  { name: "msgpack", format: "MessagePack", what: "`everwire/msgpack`" },
  { name: "msgpack-msgpack", format: "MessagePack", what: "@msgpack/msgpack 3.1.3" },
  { name: "msgpackr", format: "MessagePack", what: "msgpackr 2.1.3, no-eval build" },
  { name: "rust-msgpack", format: "MessagePack", what: "rmp-serde 1.3.1 in wasm" },
  { name: "cbor", format: "CBOR", what: "`everwire/cbor`" },
  { name: "cborg", format: "CBOR", what: "cborg 6.1.5" },
  { name: "cbor-x", format: "CBOR", what: "cbor-x 1.6.9, no-eval build" },
  { name: "cbor2", format: "CBOR", what: "cbor2 2.3.0" },
  { name: "rust-cbor", format: "CBOR", what: "minicbor-serde 0.7.2 in wasm" },
];
