// What the page of every kind of application proves: each entry, and a worker of either kind, sends and hears the echo.
import { Wire } from "everwire";
import { SessionWire } from "everwire/session";
import { init, Wire as WireBeside } from "everwire/url";
import WebSocket from "everwire/websocket";
import { Wire as WireInWorker } from "everwire/worker";
import { echo, echoSocket } from "./echo.js";

const proofs = {
  everwire: (peer) => echo(Wire, peer),
  "everwire/session": (peer) => echo(SessionWire, peer, "delivered"),
  "everwire/websocket": (peer) => echoSocket(WebSocket, peer),
  "everwire/url": async (peer, wasm) => {
    await init(wasm);
    await echo(WireBeside, peer);
  },
  "everwire/worker": (peer) => echo(WireInWorker, peer),
  "a dedicated worker": (peer) => {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    return asked(worker, worker, peer);
  },
  "a shared worker": (peer) => {
    const worker = new SharedWorker(new URL("./worker.js", import.meta.url), { type: "module" });
    return asked(worker, worker.port, peer);
  },
};

/** Shows how it stands with each, as "everwire: ok". `wasm` is where everwire.wasm is, if not where it looks for it. */
export function prove(peer, show, wasm) {
  const told = new Map(Object.keys(proofs).map((name) => [name, "…"]));
  const each = Object.entries(proofs).map(async ([name, proof]) => {
    told.set(name, await proof(peer, wasm).then(() => "ok", String));
    show([...told].map((pair) => pair.join(": ")).join("; "));
  });
  return Promise.all(each);
}

/** Hands a worker the peer, and fails as it does. */
async function asked(worker, port, peer) {
  const answer = new Promise((resolve) => {
    port.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve(`not started: ${message}`);
  });
  port.postMessage(peer);
  const told = await answer;
  if (told !== "ok") throw new Error(told);
}
