// PROTOCOL.md is enough to write a server: one that was written from it alone, in another language, keeps every promise.
import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, beforeEach, describe, it } from "node:test";
import { WebSocket } from "ws";
import { SessionWire } from "../../pkg/session.js";
import { readFrame } from "./protocol/bytes.mjs";
import { Server } from "./protocol/server.mjs";

const MANY = 2_000;
const numbers = Array.from({ length: MANY }, (_, number) => String(number));

describe("a server that was written from PROTOCOL.md alone", () => {
  let server;
  let wire;
  let heard;
  let losses;
  beforeEach(async () => {
    server = await Server.start();
    wire = new SessionWire(server.url, { WebSocket, codec: "text", reconnect: { delay: () => 0 } });
    [heard, losses] = [[], []];
    wire.on((text) => heard.push(text));
    wire.addEventListener("sessionlost", (lost) => losses.push(lost));
  });
  afterEach(async () => {
    wire.close();
    await wire.closed;
    await server.stop();
  });

  const next = (type, is = () => true) =>
    new Promise((resolve) => wire.addEventListener(type, (event) => is(event) && resolve(event)));
  const hears = async (count) => {
    while (heard.length < count) await next("message");
  };

  it("brings every message once and in order, both ways, over connections that break", async () => {
    const receipts = [];
    for (let from = 0; from < MANY; from += MANY / 10) {
      for (const number of numbers.slice(from, from + MANY / 10)) receipts.push(wire.send(number));
      await hears(from + 1);
      const back = next("session", ({ resumed }) => resumed);
      server.cut();
      await back;
    }
    for (const { settled } of receipts) assert.equal((await settled).outcome, "delivered");
    await hears(MANY);
    const [session, ...others] = server.sessions.values();
    assert.deepEqual([heard, session.heard, others, losses], [numbers, numbers, [], []]);
  });

  it("answers requests, in parts too, and says what it does not know", async () => {
    assert.equal(await wire.request("echo", "what"), "what");
    const parts = [];
    for await (const part of wire.requestStream("parts", "5")) parts.push(part);
    assert.deepEqual(parts, ["1", "2", "3", "4", "5"]);
    await assert.rejects(wire.request("nothing"), { name: "RequestError", code: "no-method", status: 3 });
  });

  it("opens channels, and lets volatile messages overtake", async () => {
    const channel = wire.channel("news");
    await channel.ready();
    const echoed = new Promise((resolve) => channel.on(resolve));
    assert.equal((await channel.send("on it").settled).outcome, "delivered");
    assert.equal(await echoed, "on it");
    const fleeting = next("message");
    assert.equal(wire.volatile("now"), true);
    assert.equal((await fleeting).data, "now");
  });

  it("proves how far a session came that it ended, and leaves in doubt what it has forgotten", async () => {
    assert.equal((await wire.send("1").settled).outcome, "delivered");
    let lost = next("sessionlost");
    server.forget(true);
    assert.deepEqual(
      [(await lost).delivered, losses[0].inDoubt, losses[0].inboundMissing],
      [1, undefined, false],
    );
    assert.equal((await wire.send("2").settled).outcome, "delivered");
    await hears(2);
    lost = next("sessionlost");
    server.forget(false);
    assert.deepEqual([(await lost).delivered, losses[1].inboundMissing], [1, true]);
    assert.equal((await wire.send("3").settled).outcome, "delivered");
  });

  it("refuses versions that it does not speak", async () => {
    const socket = new WebSocket(server.url, "everwire.v1");
    await once(socket, "open");
    const ended = once(socket, "close");
    const [said] = await Promise.all([once(socket, "message"), socket.send(Uint8Array.of(0, 1, 2, 7, 9))]);
    assert.equal(readFrame(said[0]).records[0].code, 14);
    assert.equal((await ended)[0], 4014);
  });
});
