// Everybody who takes part, in the order of the tables. `server` is whose protocol they speak.
export const list = [
  { name: "WebSocket", file: "raw.js" },
  { name: "everwire", file: "everwire.js" },
  { name: "everwire/session", file: "everwire-session.js", server: "session" },
  { name: "everwire/websocket", file: "everwire-websocket.js" },
  { name: "reconnecting-websocket", file: "reconnecting-websocket.js" },
  { name: "partysocket", file: "partysocket.js" },
  { name: "@nktkas/rews", file: "rews.js" },
  { name: "socket.io", file: "socket.io.js", server: "socket.io" },
  { name: "everwire (Rust)", file: "rust-everwire.js" },
  { name: "everwire session (Rust)", file: "rust-session.js", server: "session" },
  { name: "gloo-net (Rust)", file: "rust-gloo.js" },
  { name: "ws_stream_wasm (Rust)", file: "rust-ws_stream.js" },
].map((subject) => ({ server: "native", ...subject }));
