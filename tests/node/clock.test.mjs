// The fake clock, alone and beside the fake timers that Vitest and Jest have: those of @sinonjs/fake-timers.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import FakeTimers from "@sinonjs/fake-timers";
import { Wire } from "everwire";
import { JsonRpc } from "everwire/json-rpc";
import { Rpc } from "everwire/rpc";
import { FakeClock, FakeServer } from "everwire/testing";

// Those that both of them fake unless told otherwise, and that a wire could meet.
const toFake = [
  "setTimeout",
  "clearTimeout",
  "setInterval",
  "clearInterval",
  "setImmediate",
  "Date",
  "performance",
];

let clock;
afterEach(() => clock?.restore());

describe("the fake clock", () => {
  it("runs timers when they are due, in their order, with the time they see", async () => {
    clock = new FakeClock();
    const start = performance.now();
    const ran = [];
    const note = (name) => ran.push([name, performance.now() - start]);
    setTimeout(note, 20, "late");
    setTimeout(note, 10, "first");
    setTimeout(note, 10, "second");
    setTimeout(() => setTimeout(note, 5, "set by another"), 10);
    const gone = setTimeout(note, 15, "never");
    clearTimeout(gone);
    assert.equal(clock.timers, 4);
    await clock.advance(30);
    assert.deepEqual(ran, [
      ["first", 10],
      ["second", 10],
      ["set by another", 15],
      ["late", 20],
    ]);
    assert.equal(performance.now() - start, 30);
  });

  it("moves both clocks, and only the calendar when the machine sleeps", async () => {
    clock = new FakeClock();
    const [calendar, monotonic] = [Date.now(), performance.now()];
    await clock.advance(1_000);
    clock.sleep(60_000);
    assert.equal(performance.now() - monotonic, 1_000);
    assert.equal(Date.now() - calendar, 61_000);
  });

  it("lets promises happen between two timers", async () => {
    clock = new FakeClock();
    const ran = [];
    setTimeout(async () => {
      for (let i = 0; i < 10; i++) await undefined;
      ran.push("promises");
    }, 1);
    setTimeout(() => ran.push("timer"), 2);
    await clock.advance(2);
    assert.deepEqual(ran, ["promises", "timer"]);
  });

  it("makes signals time out, and with them the requests of everwire/rpc and everwire/json-rpc", async () => {
    clock = new FakeClock();
    const signal = AbortSignal.timeout(1_000);
    const server = new FakeServer();
    const wire = new Wire("wss://example.com", { WebSocket: server.WebSocket });
    const refusals = [
      new Rpc(wire).request({ ask: 1 }),
      new JsonRpc(wire).request("ask", [], { timeout: 60_000 }),
    ].map((answer) => answer.catch(({ code, inDoubt }) => [code, inDoubt, performance.now() - start]));
    const start = performance.now();
    await clock.advance(999);
    assert.equal(signal.aborted, false);
    await clock.advance(1);
    assert.equal(signal.reason.name, "TimeoutError");
    await clock.advance(59_000);
    assert.deepEqual(await Promise.all(refusals), [
      ["timed-out", true, 30_000],
      ["timed-out", true, 60_000],
    ]);
    wire.close();
    await clock.advance(3_000);
  });

  it("moves to the next timer, and says how far, or that there is none", async () => {
    clock = new FakeClock();
    setTimeout(() => {}, 1_234);
    assert.equal(await clock.next(), 1_234);
    await assert.rejects(clock.next(), /No timer is set/);
  });

  it("notices timers that set each other without end", async () => {
    clock = new FakeClock();
    const again = () => setTimeout(again, 0);
    again();
    await assert.rejects(clock.advance(1), /without end/);
  });

  it("puts everything back, and knows the timers of before", async () => {
    const names = ["setTimeout", "clearTimeout"];
    const now = () => [
      ...names.map((name) => globalThis[name]),
      AbortSignal.timeout,
      performance.now,
      Date.now,
    ];
    const before = now();
    const real = setTimeout(() => assert.fail("It was cleared."), 50);
    clock = new FakeClock();
    assert.throws(() => new FakeClock(), /installed already/);
    clearTimeout(real);
    clock[Symbol.dispose]();
    assert.deepEqual(now(), before);
    assert.equal(Object.hasOwn(performance, "now"), false);
    new FakeClock().restore();
  });

  it("gives timers that can be let go as those of Node", () => {
    clock = new FakeClock();
    const timer = setTimeout(() => {}, 1);
    assert.deepEqual([timer.unref(), timer.ref(), timer.hasRef(), +timer > 0], [timer, timer, true, true]);
  });
});

describe("with the fake timers of Vitest and Jest in its place", () => {
  const { setImmediate } = globalThis;
  let timers;
  beforeEach(() => (timers = FakeTimers.install({ toFake })));
  afterEach(() => timers.uninstall());

  /** Steps that are shorter than any time-out, and between two of them the network gets its turn. */
  async function pass(ms) {
    for (let passed = 0; passed < ms; passed += 1_000) {
      await timers.tickAsync(1_000);
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    }
  }

  it("a wire backs off, and gives up on silence, by their clock", async () => {
    const server = new FakeServer();
    server.answer = "refuse";
    const errors = [];
    const wire = new Wire("wss://example.com", {
      WebSocket: server.WebSocket,
      heartbeat: { ping: "ping", interval: 25_000, timeout: 10_000 },
    });
    wire.addEventListener("error", ({ error }) => errors.push(error.code));
    await pass(60_000);
    assert.ok(server.connections.length > 4, `${server.connections.length} attempts`);
    server.answer = "accept";
    await pass(31_000);
    assert.equal(wire.state.name, "open");
    server.connections.at(-1).silence();
    errors.length = 0;
    await pass(36_000);
    assert.deepEqual(errors, ["HeartbeatTimeout"]);
    assert.equal(wire.state.name, "open");
    wire.close();
    await wire.closed;
  });

  it("the latency of a fake server is by their clock too", async () => {
    const server = new FakeServer();
    server.latency = 500;
    const socket = new server.WebSocket("wss://example.com");
    await timers.tickAsync(999);
    assert.equal(socket.readyState, 0);
    await timers.tickAsync(1);
    assert.equal(socket.readyState, 1);
  });
});
