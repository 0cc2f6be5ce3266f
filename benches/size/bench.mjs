// What each makes a page load: minified and compressed as servers send it. Rust clients here are built for speed and with
// the bench inside, which says nothing of their size.
import { brotliCompressSync } from "node:zlib";
import { bundle } from "../harness/bundle.mjs";
import { rowsOf } from "../harness/rows.mjs";

const USES = {
  everwire: 'import { Wire } from "everwire"; new Wire("/");',
  "everwire/session": 'import { SessionWire } from "everwire/session"; new SessionWire("/");',
  "everwire/websocket": 'import Socket from "everwire/websocket"; new Socket("/");',
  "reconnecting-websocket": 'import Socket from "reconnecting-websocket"; new Socket("/");',
  partysocket: 'import Socket from "partysocket/ws"; new Socket("/");',
  "@nktkas/rews": 'import { ReconnectingWebSocket } from "@nktkas/rews"; new ReconnectingWebSocket("/");',
  "socket.io": 'import { io } from "socket.io-client"; io("/");',
};

export async function bench() {
  const found = [];
  for (const [subject, use] of Object.entries(USES)) {
    const script = await bundle(undefined, { contents: use });
    found.push({ subject, median: brotliCompressSync(script).length });
  }
  return rowsOf("page load", "bytes brotli", found);
}
