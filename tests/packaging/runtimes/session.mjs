// What a session does, with the class of WebSocket that is asked for. The peer's address is the second argument.
import assert from "node:assert/strict";
import { SessionWire } from "everwire/session";

const [which, peer] = process.argv.slice(2);
const { WebSocket } = which === "ws" ? await import("ws") : globalThis;
const room = crypto.randomUUID();
const delivered = { outcome: "delivered" };

const wire = new SessionWire(`${peer.replace("http", "ws")}/ws?room=${room}`, {
  WebSocket,
  codec: "raw",
  reconnect: { delay: () => 0 },
});
const received = [];
const both = new Promise((resolve) =>
  wire.on((message) => {
    if (received.push(message) === 2) resolve();
  }),
);
assert.deepEqual(await wire.send("text").settled, delivered);
const resumed = new Promise((resolve) =>
  wire.addEventListener("session", ({ resumed }) => resumed && resolve()),
);
await fetch(`${peer}/control/${room}/kill`, { method: "POST" });
await resumed;
assert.deepEqual(await wire.send(new Uint8Array([1, 2, 255])).settled, delivered);
await both;
assert.deepEqual(received, ["text", new Uint8Array([1, 2, 255])]);
wire.close();
assert.equal((await wire.closed).cause, "ClosedByApplication");
console.log("done");
