// All that a wire does, with the class of WebSocket that is asked for. The peer's address is the second argument.
import assert from "node:assert/strict";
import { Wire } from "everwire";

const [which, peer] = process.argv.slice(2);
const WebSocket = which === "ws" ? (await import("ws")).default : globalThis.WebSocket;
const room = crypto.randomUUID();
const ask = async (method, path) => (await fetch(peer + path, { method })).json();

const wire = new Wire(`${peer.replace("http", "ws")}/ws?room=${room}&words`, {
  WebSocket,
  codec: "raw",
  reconnect: { delay: () => 0 },
  heartbeat: { interval: 20, timeout: 5_000, ping: "ping", isPong: (message) => message === "pong" },
});
const next = (type) => new Promise((heard) => wire.addEventListener(type, heard, { once: true }));
const received = [];
const arrived = (count) =>
  new Promise((resolve) => {
    const end = wire.on((message) => {
      received.push(message);
      if (received.length === count) resolve(end());
    });
  });

await wire.ready();
const both = arrived(2);
wire.send("text");
wire.send(new Uint8Array([1, 2, 255]));
await both;
assert.deepEqual(received.splice(0), ["text", new Uint8Array([1, 2, 255])]);
await next("pong");
const lost = next("close");
const again = next("open");
await ask("POST", `/control/${room}/kill`);
const { code: how, wasClean } = await lost;
assert.deepEqual([how, wasClean], [1006, false]);
await again;
const back = arrived(1);
assert.deepEqual(await wire.send("back").settled, { outcome: "handed-over" });
await back;
assert.deepEqual(received, ["back"]);
wire.close(4000, "done");
const { cause, code } = await wire.closed;
assert.deepEqual([cause, code], ["ClosedByApplication", 4000]);
const { opened } = await ask("GET", `/stats?room=${room}`);
assert.equal(opened, 2);
console.log("done");
