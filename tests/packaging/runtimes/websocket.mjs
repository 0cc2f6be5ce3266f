// What the class WebSocket does, with the class that is asked for. The peer's address is the second argument.
import assert from "node:assert/strict";
import Reconnecting, { WebSocket as Named } from "everwire/websocket";

const [which, peer] = process.argv.slice(2);
const options = which === "ws" ? { WebSocket: (await import("ws")).default } : {};
const room = crypto.randomUUID();
const ask = async (method, path) => (await fetch(peer + path, { method })).json();
const url = `${peer.replace("http", "ws")}/ws?room=${room}`;
const event = (target, type) => new Promise((heard) => target.addEventListener(type, heard, { once: true }));

assert.equal(Reconnecting, Named);
const socket = new Reconnecting(url, ["chat"], {
  ...options,
  minReconnectionDelay: 5,
  maxReconnectionDelay: 5,
});
assert.equal(socket.send("early"), false);
const early = await event(socket, "message");
assert.ok(early instanceof MessageEvent);
assert.deepEqual([early.data, early.origin, socket.protocol], ["early", new URL(url).origin, "chat"]);

const blob = event(socket, "message");
assert.equal(socket.send(new Uint8Array([1, 2])), true);
const { data } = await blob;
assert.ok(data instanceof Blob);
assert.deepEqual(new Uint8Array(await data.arrayBuffer()), new Uint8Array([1, 2]));
socket.binaryType = "arraybuffer";
const buffer = event(socket, "message");
socket.send(new Uint8Array([3]).buffer);
assert.deepEqual((await buffer).data, new Uint8Array([3]).buffer);

const ended = event(socket, "close");
const again = event(socket, "open");
await ask("POST", `/control/${room}/kill`);
const lost = await ended;
assert.deepEqual([lost.code, lost.reason, lost.wasClean, lost instanceof Event], [1006, "", false, true]);
await again;

const last = event(socket, "close");
socket.close(4000, "done");
assert.equal(socket.readyState, 2);
const { code, reason, wasClean } = await last;
assert.deepEqual([code, reason, wasClean, socket.readyState], [4000, "done", true, 3]);
for (const bad of [() => new Reconnecting("/relative"), () => new Reconnecting(url, ["a", "a"])])
  assert.throws(bad, { name: "SyntaxError", code: DOMException.SYNTAX_ERR });
assert.throws(() => socket.close(1001), { name: "InvalidAccessError" });

const strict = new Reconnecting(`${url}&refuse=503`, [], {
  ...options,
  maxRetries: 0,
  maxEnqueuedMessages: 0,
});
assert.throws(() => strict.send("early"), { name: "InvalidStateError" });
const told = [];
strict.onerror = ({ type }) => told.push(type, strict.readyState);
await event(strict, "close");
assert.deepEqual(told, ["error", 3]);
console.log("done");
