// What a wire promises, over a fake server and a fake clock: hours pass in milliseconds.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Wire } from "everwire";
import { FakeClock, FakeServer } from "everwire/testing";

let clock;
let server;
let wire;
beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer();
});
afterEach(async () => {
  wire.close();
  await clock.advance(3_000);
  assert.equal(wire.state.name, "closed");
  clock.restore();
});

const URL = "wss://example.com/chat";
const ping = { type: "ping" };

function open(options = {}, url = URL) {
  wire = new Wire(url, { WebSocket: server.WebSocket, ...options });
  wire.errors = [];
  wire.addEventListener("error", ({ error }) => wire.errors.push(error.code));
  return wire;
}

const results = (receipts) => receipts.map(({ result }) => result?.reason ?? result?.outcome);

describe("reconnecting", () => {
  it("waits before each retry no longer than a ceiling that doubles up to its maximum", async () => {
    server.answer = "refuse";
    open();
    await clock.advance(0);
    while (server.connections.length < 12) {
      const { name, delay, attempt, until } = wire.state;
      assert.equal(name, "waiting");
      assert.equal(attempt, server.connections.length + 1);
      const ceiling = Math.min(250 * 2 ** (attempt - 2), 30_000);
      assert.ok(delay >= 0 && delay <= ceiling, `${delay} of ${ceiling}`);
      const left = until - performance.now();
      assert.ok(Math.abs(left - delay) < 2, `${left} of ${delay}`);
      await clock.advance(Math.max(0, Math.floor(left) - 1));
      assert.equal(server.connections.length, attempt - 1);
      while (wire.state.attempt === attempt) await clock.advance(1);
      assert.ok(until - performance.now() > -2, "too late");
    }
  });

  it("tries for ever, and draws every delay anew", async () => {
    server.answer = "refuse";
    open();
    await clock.advance(24 * 3_600_000);
    const { attempts } = wire.stats();
    // A day of waits of 15 s in the mean.
    assert.ok(attempts > 4_000 && attempts < 8_000, `${attempts} attempts`);
  });

  it("gives up after as many attempts as it may make, and gives back what waits", async () => {
    server.answer = "refuse";
    open({ reconnect: { maxAttempts: 3 } });
    const receipt = wire.send("keep me");
    await clock.advance(60_000);
    assert.equal(server.connections.length, 3);
    assert.deepEqual([wire.state.name, wire.state.reason], ["closed", "GaveUp"]);
    assert.deepEqual(receipt.result, { outcome: "not-sent", reason: "closed", message: "keep me" });
    assert.equal(clock.timers, 0);
  });

  it("recovers from a connection that breaks, within a second, and sends there what was sent meanwhile", async () => {
    open();
    const first = await server.connection();
    await clock.advance(5_000);
    first.drop();
    await clock.advance(0);
    assert.equal(wire.state.name, "waiting");
    assert.equal(wire.state.close.code, 1006);
    const receipt = wire.send({ type: "while away" });
    assert.equal(receipt.result, undefined);
    await clock.advance(1_000);
    const second = await server.connection();
    assert.deepEqual(await second.json(), { type: "while away" });
    assert.deepEqual(receipt.result, { outcome: "handed-over" });
    assert.deepEqual(first.messages, []);
  });

  it("forgets earlier failures only when a link has proved stable", async () => {
    open({ reconnect: { baseDelay: 1_000, stableAfter: 5_000, delay: ({ attempt }) => attempt } });
    for (const attempt of [2, 3, 4]) {
      (await server.connection()).drop();
      await clock.advance(0);
      assert.equal(wire.state.attempt, attempt);
      await clock.advance(10);
    }
    const stable = await server.connection();
    await clock.advance(5_000);
    stable.drop();
    await clock.advance(0);
    assert.equal(wire.state.attempt, 1);
  });

  it("stays closed after a close code that says it is final", async () => {
    open();
    (await server.connection()).close(4401, "who are you");
    const { code, reason, cause, last } = await wire.closed;
    assert.deepEqual([code, reason, cause, last], [4401, "who are you", "ServerClosed", true]);
    await clock.advance(3_600_000);
    assert.equal(server.connections.length, 1);
  });

  it("does not come back sooner than the server wishes", async () => {
    open();
    (await server.connection()).close(1012, "retry-after=60000");
    await clock.advance(59_999);
    assert.equal(server.connections.length, 1);
    await clock.advance(10_000);
    assert.equal(server.connections.length, 2);
  });

  it("asks for its URL at every attempt", async () => {
    let asked = 0;
    open({ reconnect: { delay: () => 0 } }, async () => `${URL}?ticket=${++asked}`);
    (await server.connection()).drop();
    await clock.advance(1);
    const { url } = await server.connection();
    assert.equal(url, `${URL}?ticket=2`);
  });

  it("gives up on a handshake that is never answered, and on one that greets for ever", async () => {
    server.answer = "hang";
    open({ greet: () => new Promise(() => {}), reconnect: { delay: () => 0 } });
    await clock.advance(9_999);
    assert.deepEqual(wire.errors, []);
    server.answer = "accept";
    await clock.advance(2);
    assert.deepEqual(wire.errors, ["ConnectTimeout"]);
    assert.equal(server.connections[0].state, "closed");
    assert.equal(wire.state.phase, "handshaking");
    await clock.advance(10_000);
    assert.deepEqual(wire.errors, ["ConnectTimeout", "ConnectTimeout"]);
  });

  it("dials anew when the machine has slept", async () => {
    open();
    await server.connection();
    clock.sleep(3_600_000);
    wire.send("awake");
    await clock.advance(60_000);
    assert.equal(server.connections.length, 2);
  });
});

describe("a heartbeat", () => {
  const heartbeat = {
    interval: 25_000,
    timeout: 10_000,
    ping,
    isPong: (message) => message?.type === "pong",
  };

  it("takes a silent link for dead when its ping is not answered in time, and dials anew", async () => {
    open({ heartbeat });
    const first = await server.connection();
    await clock.advance(20_000);
    first.silence();
    await clock.advance(14_999);
    assert.equal(wire.state.name, "open");
    await clock.advance(1_002);
    assert.deepEqual(wire.errors, ["HeartbeatTimeout"]);
    const second = await server.connection();
    assert.equal(second.state, "open");
    assert.deepEqual(first.messages, []);
  });

  it("takes any message for a sign of life", async () => {
    open({ heartbeat });
    const connection = await server.connection();
    server.message = () => connection.sendJson({ type: "news" });
    await clock.advance(600_000);
    assert.deepEqual(wire.errors, []);
    assert.ok(connection.messages.length > 20);
  });

  it("measures the round trip by a pong, and does not deliver it", async () => {
    open({ heartbeat });
    const connection = await server.connection();
    server.latency = 40;
    server.message = () => connection.sendJson({ type: "pong" });
    wire.on(() => assert.fail("a pong was delivered"));
    await clock.advance(25_081);
    assert.equal(Math.round(wire.rtt.last), 80);
  });

  it("is not needed to notice silence where the server talks anyway", async () => {
    open({ idleTimeout: 30_000 });
    const connection = await server.connection();
    await clock.advance(29_000);
    connection.send('"still here"');
    await clock.advance(29_000);
    assert.deepEqual(wire.errors, []);
    await clock.advance(1_001);
    assert.deepEqual(wire.errors, ["IdleTimeout"]);
  });
});

describe("what is sent", () => {
  it("waits while there is no connection, and then leaves in its order", async () => {
    server.answer = "refuse";
    open();
    await clock.advance(60_000);
    const receipts = [1, 2, 3].map((number) => wire.send(number));
    receipts.push(wire.send("first of all", { lane: "high" }));
    assert.equal(wire.queued, 4);
    server.answer = "accept";
    await clock.advance(30_001);
    const connection = server.connections.at(-1);
    assert.deepEqual(connection.messages, ['"first of all"', "1", "2", "3"]);
    assert.deepEqual(results(receipts), Array(4).fill("handed-over"));
  });

  it("that never leaves is given back with the reason", async () => {
    server.answer = "hang";
    open({ queue: { maxMessages: 3 } });
    const kept = wire.send("kept");
    const replaced = wire.send("old", { key: "a" });
    const newer = wire.send("new", { key: "a" });
    const brief = wire.send("brief", { ttl: 1_000 });
    const tooMuch = wire.send("too much");
    assert.deepEqual(results([kept, replaced, newer, brief, tooMuch]), [
      undefined,
      "superseded",
      undefined,
      undefined,
      "full",
    ]);
    await clock.advance(1_000);
    assert.equal(newer.withdraw(), true);
    wire.close();
    assert.deepEqual(results([kept, newer, brief]), ["closed", "withdrawn", "expired"]);
    assert.equal(kept.result.message, "kept");
  });

  it("counts texts in the bytes of UTF-8 that leave: a lone surrogate, sent as U+FFFD, is three", () => {
    open({ codec: "text", idle: true });
    const texts = ["plain", "né", "€", "😀", "\ud800", "\udc00\ud800", "a\ud83db", "\ud83d\ud83d\ude00"];
    for (const text of [...texts, ...texts.map((text) => text.repeat(300))]) {
      const receipt = wire.send(text);
      assert.equal(wire.queuedBytes, new TextEncoder().encode(text).length, JSON.stringify(text));
      receipt.withdraw();
    }
  });

  it("gives way when the queue is to drop the oldest", async () => {
    server.answer = "hang";
    open({ queue: { maxMessages: 2, overflow: "drop-oldest" } });
    const receipts = [1, 2, 3].map((number) => wire.send(number));
    assert.deepEqual(results(receipts), ["evicted", undefined, undefined]);
  });

  it("is held until the server agrees, after the greeting of each connection", async () => {
    open({
      greet: ({ send }) => send({ type: "login" }),
      isWelcome: (message) => message?.type === "welcome",
      reconnect: { delay: () => 0 },
    });
    wire.send({ type: "first" });
    const connection = await server.connection();
    await clock.advance(100);
    assert.deepEqual(connection.messages.map(JSON.parse), [{ type: "login" }]);
    connection.sendJson({ type: "welcome" });
    await clock.advance(0);
    assert.deepEqual(connection.messages.map(JSON.parse), [{ type: "login" }, { type: "first" }]);
    connection.drop();
    await clock.advance(1);
    assert.deepEqual(await (await server.connection()).json(), { type: "login" });
  });

  it("waits where it can be taken back while the socket has more than it can send", async () => {
    open({ codec: "text", highWaterMark: 10 });
    const connection = await server.connection();
    connection.pause();
    const receipts = ["0123456789a", "b", "c"].map((text) => wire.send(text));
    await clock.advance(60_000);
    assert.deepEqual(results(receipts), ["handed-over", undefined, undefined]);
    assert.equal(wire.bufferedAmount, 11);
    assert.equal(receipts[1].withdraw(), true);
    connection.resume();
    await clock.advance(1_000);
    assert.deepEqual(connection.messages, ["0123456789a", "c"]);
    assert.equal(wire.bufferedAmount, 0);
  });
});

describe("closing", () => {
  it("tells the server code and reason, and ends with its answer", async () => {
    open();
    const connection = await server.connection();
    wire.close(4000, "done");
    assert.equal(wire.state.name, "closing");
    assert.deepEqual(await connection.closed, { code: 4000, reason: "done", wasClean: true });
    assert.equal((await wire.closed).cause, "ClosedByApplication");
  });

  it("waits no longer than closeTimeout for a server that does not answer", async () => {
    open();
    (await server.connection()).silence();
    wire.close();
    await clock.advance(2_999);
    assert.equal(wire.state.name, "closing");
    await clock.advance(2);
    assert.equal(wire.state.name, "closed");
  });

  it("ends a loop over the messages", async () => {
    open();
    const connection = await server.connection();
    const heard = [];
    const loop = (async () => {
      for await (const message of wire) heard.push(message);
    })();
    connection.sendJson(1);
    connection.sendJson(2);
    await clock.advance(0);
    wire.close();
    await loop;
    assert.deepEqual(heard, [1, 2]);
  });
});
