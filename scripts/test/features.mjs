// All that the crate can do for Rust applications. Never --all-features: "js" is the npm package's, and brings its exports along.
const FEATURES = [
  "axum",
  "cbor",
  "js-values",
  "json",
  "msgpack",
  "postcard",
  "server",
  "session",
  "websocket",
];

export const rustFeatures = ["--features", FEATURES.map((name) => `everwire/${name}`).join(",")];
