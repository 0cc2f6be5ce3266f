// Servers that render pages import what those import: where there is no page nothing happens, and the process ends.
import assert from "node:assert/strict";
import { Wire } from "everwire";
import { cbor } from "everwire/cbor";
import { log } from "everwire/debug";
import { msgpack } from "everwire/msgpack";
import { SessionWire } from "everwire/session";
import { init } from "everwire/url";
import WebSocket from "everwire/websocket";
import { Wire as WireInWorker } from "everwire/worker";

for (const Class of [Wire, SessionWire, WireInWorker]) {
  const wire = new Class("ws://127.0.0.1:9");
  for (const type of ["error", "close", "dial"])
    wire.addEventListener(type, () => assert.fail(`${Class.name} is told ${type}`));
  await new Promise(setImmediate);
  assert.equal(wire.state.name, "idle");
}
assert.deepEqual(
  [cbor.encode, msgpack.encode, log, init, WebSocket].map((it) => typeof it),
  Array.from({ length: 5 }, () => "function"),
);
console.log("done");
