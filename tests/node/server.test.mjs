// The fake server's WebSocket behaves as the standard says, and does what the test on its other side says.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { FakeClock, FakeServer } from "everwire/testing";

const URL = "wss://example.com/chat";
let server;
let socket;
let log;
beforeEach(() => (server = new FakeServer()));

/** A socket that writes down what it hears, with its state at that moment. */
function dial(...args) {
  const heard = (log = []);
  const made = (socket = new server.WebSocket(...(args.length > 0 ? args : [URL])));
  for (const type of ["open", "message", "error", "close"])
    made.addEventListener(type, ({ data, code, reason, wasClean }) =>
      heard.push([
        type,
        made.readyState,
        ...[data, code, reason, wasClean].filter((part) => part !== undefined),
      ]),
    );
  return socket;
}

/** When nothing is under way any more. */
async function quiet() {
  const clock = new FakeClock();
  await clock.advance(0);
  clock.restore();
}
const event = (type) => new Promise((heard) => socket.addEventListener(type, heard, { once: true }));

describe("the socket", () => {
  it("opens in a later task, and says where to and by which protocol", async () => {
    dial("https://example.com/chat?a=1", ["one", "two"]);
    assert.deepEqual([socket.readyState, socket.url, socket.protocol], [0, "wss://example.com/chat?a=1", ""]);
    await Promise.resolve();
    assert.deepEqual(log, []);
    const connection = await server.connection();
    assert.deepEqual(log, [["open", 1]]);
    assert.deepEqual([connection.url, connection.protocols], [socket.url, ["one", "two"]]);
    assert.equal(socket.protocol, "one");
  });

  it("refuses what the standard refuses, by the standard's names", async () => {
    for (const args of [["no url"], ["ftp://a/"], ["ws://a/#b"], [URL, ["a", "a"]], [URL, "a b"]])
      assert.throws(() => dial(...args), { name: "SyntaxError" }, args.join());
    assert.equal(server.connections.length, 0);
    dial();
    assert.throws(() => socket.send("early"), { name: "InvalidStateError" });
    await server.connection();
    assert.throws(() => socket.close(1001), { name: "InvalidAccessError" });
    assert.throws(() => socket.close(1000, "x".repeat(124)), { name: "SyntaxError" });
  });

  it("has the constants, on the class and on itself", () => {
    dial();
    for (const owner of [server.WebSocket, socket])
      assert.deepEqual([owner.CONNECTING, owner.OPEN, owner.CLOSING, owner.CLOSED], [0, 1, 2, 3]);
  });

  it("brings text and bytes in their order, each in a task of its own", async () => {
    dial();
    const connection = await server.connection();
    socket.binaryType = "arraybuffer";
    connection.send("a");
    connection.send(Uint8Array.of(1, 2).subarray(1));
    await event("message");
    assert.equal(log.length, 2);
    await event("message");
    assert.deepEqual(log.slice(1), [
      ["message", 1, "a"],
      ["message", 1, Uint8Array.of(2).buffer],
    ]);
    socket.binaryType = "blob";
    connection.send(new ArrayBuffer(3));
    assert.equal((await event("message")).data.size, 3);
  });

  it("sends what was there when it was sent, and counts it until the network has it", async () => {
    dial();
    const connection = await server.connection();
    const bytes = Uint8Array.of(1);
    socket.send(bytes);
    socket.send("ä");
    bytes[0] = 9;
    assert.equal(socket.bufferedAmount, 3);
    assert.deepEqual(await connection.message(), Uint8Array.of(1).buffer);
    assert.equal(await connection.message(), "ä");
    assert.equal(socket.bufferedAmount, 0);
  });

  it("calls a handler attribute in the place of its first value", async () => {
    const called = [];
    socket = new server.WebSocket(URL);
    socket.onopen = () => called.push("never");
    socket.addEventListener("open", () => called.push("second"));
    socket.onopen = () => called.push("first");
    socket.onclose = () => {};
    socket.onclose = null;
    await server.connection();
    assert.deepEqual([called, socket.onclose], [["first", "second"], null]);
  });

  it("closes by a handshake, hears nothing after it, and discards what is sent then", async () => {
    dial();
    const connection = await server.connection();
    connection.send("on its way");
    socket.close(3000, "bye");
    assert.equal(socket.readyState, 2);
    socket.send("late");
    await event("close");
    assert.deepEqual(log, [
      ["open", 1],
      ["close", 3, 3000, "bye", true],
    ]);
    assert.equal(socket.bufferedAmount, 4);
    assert.deepEqual(connection.messages, []);
    assert.deepEqual(await connection.closed, { code: 3000, reason: "bye", wasClean: true });
  });

  it("closed before it is open fails, and the server sees it go", async () => {
    server.answer = "hang";
    dial();
    const connection = await server.connection();
    socket.close();
    assert.deepEqual([socket.readyState, connection.state], [2, "closed"]);
    connection.accept();
    await event("close");
    assert.deepEqual(log, [
      ["error", 3],
      ["close", 3, 1006, "", false],
    ]);
  });

  it("without a code is closed with 1005", async () => {
    dial();
    const connection = await server.connection();
    socket.close();
    assert.equal((await event("close")).code, 1005);
    assert.equal((await connection.closed).code, 1005);
  });
});

describe("the server", () => {
  it("refuses: an error, 1006 and no more", async () => {
    server.answer = "refuse";
    dial();
    const connection = await server.connection();
    assert.deepEqual(log, [
      ["error", 3],
      ["close", 3, 1006, "", false],
    ]);
    assert.equal(connection.state, "closed");
  });

  it("answers by a function, which sees URL and subprotocols", async () => {
    server.answer = (connection) => {
      if (new globalThis.URL(connection.url).searchParams.get("ticket") === "good") connection.accept("two");
      else connection.refuse();
    };
    dial(`${URL}?ticket=bad`, ["one", "two"]);
    assert.equal((await server.connection()).state, "closed");
    dial(`${URL}?ticket=good`, ["one", "two"]);
    assert.equal((await server.connection()).state, "open");
    assert.equal(socket.protocol, "two");
  });

  it("can leave a handshake open and answer it later, once", async () => {
    server.answer = "hang";
    dial(URL, "one");
    const connection = await server.connection();
    assert.deepEqual([connection.state, socket.readyState], ["dialing", 0]);
    assert.throws(() => connection.accept("other"), /did not offer the subprotocol other, but: one/);
    connection.accept("");
    await event("open");
    assert.equal(socket.protocol, "");
    assert.throws(() => connection.refuse(), /answered already/);
  });

  it("closes with code and reason, and with none", async () => {
    dial();
    (await server.connection()).close(4401, "expired");
    await event("close");
    assert.deepEqual(log.at(-1), ["close", 3, 4401, "expired", true]);
    dial();
    const connection = await server.connection();
    assert.throws(() => connection.close(1006), /drop\(\)/);
    connection.close();
    assert.throws(() => connection.send("late"), /the connection is closing/);
    assert.equal((await event("close")).code, 1005);
  });

  it("drops: 1006, what was under way is lost, and whoever waits for a message is told", async () => {
    dial();
    const connection = await server.connection();
    connection.send("lost");
    socket.send("lost too");
    const message = connection.message();
    connection.drop();
    await event("close");
    assert.deepEqual(log.slice(1), [["close", 3, 1006, "", false]]);
    await assert.rejects(message, /Nothing more will arrive: the connection is closed \(1006\)/);
    await assert.rejects(connection.message(), /Nothing more will arrive/);
  });

  it("falls silent, and lets everything through again", async () => {
    dial();
    const connection = await server.connection();
    connection.silence();
    connection.send("down");
    socket.send("up");
    socket.close();
    await quiet();
    assert.deepEqual([log.length, connection.messages.length, socket.bufferedAmount], [1, 0, 0]);
    connection.resume();
    assert.equal(await connection.message(), "up");
    assert.equal((await event("close")).wasClean, true);
  });

  it("stops reading, which bufferedAmount shows", async () => {
    dial();
    const connection = await server.connection();
    connection.pause();
    socket.send("12345");
    await quiet();
    assert.equal(socket.bufferedAmount, 5);
    connection.resume();
    assert.equal(await connection.message(), "12345");
    assert.equal(socket.bufferedAmount, 0);
  });

  it("without a network takes nobody, and says so to a page if there is one", async () => {
    const told = [];
    const navigator = {};
    const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
    Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
    globalThis.dispatchEvent = ({ type }) => told.push([type, navigator.onLine]);
    try {
      dial();
      const connection = await server.connection();
      server.offline();
      connection.send("later");
      dial();
      await server.connection();
      assert.deepEqual(log.at(-1), ["close", 3, 1006, "", false]);
      server.online();
      dial();
      assert.equal((await server.connection()).state, "open");
      assert.deepEqual(told, [
        ["offline", false],
        ["online", undefined],
      ]);
    } finally {
      delete globalThis.dispatchEvent;
      if (before) Object.defineProperty(globalThis, "navigator", before);
      else delete globalThis.navigator;
    }
  });

  it("answers every message by its function, and keeps what arrived", async () => {
    server.message = (connection, data) => connection.sendJson({ echo: JSON.parse(data) });
    dial();
    const connection = await server.connection();
    socket.send("1");
    assert.equal((await event("message")).data, '{"echo":1}');
    assert.equal(await connection.json(), 1);
    assert.deepEqual(connection.messages, ["1"]);
  });

  it("waits for messages and attempts until a signal says no, and the next who waits gets what comes then", async () => {
    const reason = new Error("no more");
    const rejected = (wait) => assert.rejects(wait, (error) => error === reason);
    const over = new AbortController();
    const { signal } = over;
    const attempt = rejected(server.connection({ signal }));
    const next = server.connection({ signal: new AbortController().signal });
    over.abort(reason);
    await attempt;
    dial();
    const connection = await next;
    assert.equal(connection, server.connections[0]);
    await rejected(server.connection({ signal }));

    const later = new AbortController();
    const message = rejected(connection.message({ signal: later.signal }));
    const json = rejected(connection.json({ signal: later.signal }));
    later.abort(reason);
    await Promise.all([message, json]);
    const heard = connection.json();
    socket.send("1");
    assert.equal(await heard, 1);
    dial();
    assert.equal(await server.connection(), server.connections[1]);
  });
});

describe("with a latency", () => {
  let clock;
  beforeEach(() => (clock = new FakeClock()));
  afterEach(() => clock.restore());

  it("takes so long each way, and keeps the order when that changes", async () => {
    server.latency = 100;
    dial();
    await clock.advance(199);
    assert.deepEqual(log, []);
    await clock.advance(1);
    assert.deepEqual(log, [["open", 1]]);
    const connection = await server.connection();
    connection.send("slow");
    server.latency = 10;
    connection.send("fast");
    await clock.advance(50);
    assert.equal(log.length, 1);
    await clock.advance(50);
    assert.deepEqual(
      log.slice(1).map(([, , data]) => data),
      ["slow", "fast"],
    );
  });
});
