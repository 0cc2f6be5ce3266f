// Everybody who takes part, in the order of the tables. `server` is whose protocol they speak.
import { open as everwire } from "./everwire.js";
import { open as session } from "./everwire-session.js";
import { open as partysocket } from "./partysocket.js";
import { open as raw } from "./raw.js";
import { open as reconnecting } from "./reconnecting-websocket.js";
import { open as rews } from "./rews.js";
import { ways as everwireRust } from "./rust-everwire.js";
import { ways as gloo } from "./rust-gloo.js";
import { ways as sessionRust } from "./rust-session.js";
import { ways as wsStream } from "./rust-ws_stream.js";
import { open as socketIo } from "./socket.io.js";
import { ways } from "./ways.js";

const subject = (name, open, server = "native") => ({ name, server, ways: (url) => ways(open, url) });
const rust = (name, ways) => ({ name, server: "native", ways });

export const subjects = [
  subject("WebSocket", raw),
  subject("everwire", everwire),
  subject("everwire/session", session),
  subject("reconnecting-websocket", reconnecting),
  subject("partysocket", partysocket),
  subject("@nktkas/rews", rews),
  subject("socket.io", socketIo, "socket.io"),
  rust("everwire (Rust)", everwireRust),
  rust("everwire session (Rust)", sessionRust),
  rust("gloo-net (Rust)", gloo),
  rust("ws_stream_wasm (Rust)", wsStream),
];
