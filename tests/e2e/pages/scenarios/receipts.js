// What becomes of what is sent.
import { messages, next, ok, record, same, task, thrown } from "../check.js";

export const scenarios = {
  "the browser takes a message at once on an open wire": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    await it.opened;
    const receipt = it.send("at once");
    same(receipt.result, { outcome: "handed-over" });
    same(await receipt.settled, { outcome: "handed-over" });
    same(receipt.message, undefined, "what was handed over is not kept");
    ok(!receipt.withdraw(), "what was handed over cannot be taken back");
    same(await messages(it, 1), ["at once"]);
  },

  "a message waits until the wire is open": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    const receipt = it.send({ early: true });
    same([receipt.result, it.queued, it.queuedBytes], [undefined, 1, '{"early":true}'.length]);
    ok(receipt.settled === receipt.settled, "one promise, however often it is asked for");
    same(it.queue(), [receipt]);
    same(await receipt.settled, { outcome: "handed-over" });
    same([it.queued, it.queuedBytes, it.queue()], [0, 0, []]);
    same(await messages(it, 1), [{ early: true }]);
  },

  "a message that does not fit is given back: full": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { queue: { maxMessages: 2, maxBytes: 40 } });
    const receipts = ["one", "two", "three"].map((text) => it.send(text));
    same(receipts.map(reason), ["waits", "waits", "full"]);
    same(await receipts[2].settled, { outcome: "not-sent", reason: "full", message: "three" });
    await it.opened;
    same(reason(it.send("x".repeat(50))), "full", "more than the whole queue may hold");
  },

  "an old message gives way to a new one: evicted": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { queue: { maxMessages: 2, overflow: "drop-oldest" } });
    const events = record(it, "evicted");
    const receipts = ["one", "two", "three"].map((text) => it.send(text));
    same(await receipts[0].settled, { outcome: "not-sent", reason: "evicted", message: "one" });
    same(events, [["evicted", "one"]]);
    same(await messages(it, 2), ["two", "three"]);
  },

  "the newest gives way if the application says so": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { queue: { maxMessages: 2, overflow: "drop-newest" } });
    const low = it.send("low", { lane: "low" });
    const kept = it.send("kept");
    const third = it.send("third");
    const fourth = it.send("fourth");
    same([low, kept, third, fourth].map(reason), ["evicted", "waits", "waits", "evicted"]);
    same(await messages(it, 2), ["kept", "third"]);
  },

  "a message of the same key takes the place of one that waits: superseded": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    const old = it.send({ x: 1 }, { key: "position" });
    it.send("between");
    const low = it.send({ x: 0 }, { key: "position", lane: "low" });
    it.send({ x: 2 }, { key: "position" });
    same(await old.settled, { outcome: "not-sent", reason: "superseded", message: { x: 1 } });
    same(reason(low), "waits", "the same key in another lane");
    same(await messages(it, 3), [{ x: 2 }, "between", { x: 0 }]);
  },

  "a message whose time is up does not leave: expired": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire([await room.urlAt("hang")], { queue: { ttl: 30 } });
    const receipts = [
      it.send("by the queue's ttl"),
      it.send("by its own", { ttl: 5 }),
      it.send("stays", { ttl: 60_000 }),
    ];
    same((await receipts[1].settled).reason, "expired");
    same(await receipts[0].settled, {
      outcome: "not-sent",
      reason: "expired",
      message: "by the queue's ttl",
    });
    same(reason(receipts[2]), "waits");
  },

  "a message is taken back by its receipt, its signal, or all at once: withdrawn": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const it = wire(await room.urlAt("hang"));
    const byReceipt = it.send("by receipt");
    ok(byReceipt.withdraw() && !byReceipt.withdraw(), "once");
    same(await byReceipt.settled, { outcome: "not-sent", reason: "withdrawn", message: "by receipt" });
    const controller = new AbortController();
    const bySignal = it.send("by signal", { signal: controller.signal });
    const others = [it.send("stays"), it.send("stays too")];
    controller.abort();
    same(await bySignal.settled, { outcome: "not-sent", reason: "withdrawn", message: "by signal" });
    same(reason(it.send("too late", { signal: controller.signal })), "withdrawn");
    ok(
      it.clear().every((receipt, i) => receipt === others[i]),
      "clear() gives back the receipts",
    );
    same(others.map(reason), ["withdrawn", "withdrawn"]);
    same(it.queued, 0);
  },

  "closing gives back what waits, and what is sent afterwards: closed": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(await room.urlAt("hang"));
    const waiting = it.send({ waits: 1 });
    it.close();
    same(await waiting.settled, { outcome: "not-sent", reason: "closed", message: { waits: 1 } });
    same(reason(it.send("after")), "closed");
  },

  "a message at which the socket throws is given back and holds nobody up: refused": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    class Choosy extends WebSocket {
      send(data) {
        if (data.includes("bad")) throw new TypeError("not this");
        super.send(data);
      }
    }
    const it = wire(room.url(), { WebSocket: Choosy });
    const queued = ["good 1", "bad 1", "good 2"].map((text) => it.send(text));
    const arrived = messages(it, 3);
    await it.opened;
    const direct = [it.send("bad 2"), it.send("good 3")];
    same([...queued, ...direct].map(reason), [
      "handed-over",
      "refused",
      "handed-over",
      "refused",
      "handed-over",
    ]);
    same(direct[0].result.message, "bad 2");
    same(await arrived, ["good 1", "good 2", "good 3"]);
  },

  "without a WebSocket a wire stays idle, and its receipts settle all the same": async ({
    wire,
    openRoom,
    over,
  }) => {
    const room = await openRoom();
    const RealWebSocket = globalThis.WebSocket;
    const restore = () => (globalThis.WebSocket = RealWebSocket);
    over.addEventListener("abort", restore);
    globalThis.WebSocket = undefined;
    const it = wire(room.url(), { queue: { maxMessages: 3, overflow: "drop-oldest" } });
    same(it.state, { name: "idle" });
    const events = record(it, "evicted");
    const receipts = ["one", "two", "three", "four"].map((text) => it.send(text));
    same(receipts.map(reason), ["evicted", "waits", "waits", "waits"]);
    same(events, [["evicted", "one"]]);
    ok(receipts[1].withdraw(), "it waits");
    same(reason(receipts[1]), "withdrawn");
    const keyed = it.send("old", { key: "k" });
    it.send("new", { key: "k" });
    same(reason(keyed), "superseded");
    same(
      (await it.send("short", { ttl: 5, lane: "low" }).settled).reason,
      "evicted",
      "it is the lowest of a full queue",
    );
    receipts[2].withdraw();
    same((await it.send("short", { ttl: 5 }).settled).reason, "expired");
    restore();
    it.reconnect();
    same(await messages(it, 2), ["four", "new"]);
  },

  "messages leave lane by lane": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    it.send("last", { lane: "low" });
    it.send("second");
    it.send("third", { lane: "normal" });
    it.send("first", { lane: "high" });
    same(
      it.queue().map(({ message }) => message),
      ["first", "second", "third", "last"],
    );
    same(await messages(it, 4), ["first", "second", "third", "last"]);
  },

  "what waits is a copy": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "bytes" });
    const buffer = new Uint8Array([0, 1, 2, 3, 4, 5]);
    const arrived = messages(it, 4);
    it.send(buffer);
    it.send(buffer.buffer);
    it.send(buffer.subarray(2, 4));
    it.send(new DataView(buffer.buffer, 4));
    buffer.fill(9);
    same(await arrived, [
      new Uint8Array([0, 1, 2, 3, 4, 5]),
      new Uint8Array([0, 1, 2, 3, 4, 5]),
      new Uint8Array([2, 3]),
      new Uint8Array([4, 5]),
    ]);
  },

  "a message that cannot be encoded is thrown back": async ({ wire, openRoom, WireError }) => {
    const room = await openRoom();
    const circular = {};
    circular.self = circular;
    const own = { encode: () => 42, decode: (data) => data };
    for (const [codec, message] of [
      ["json", circular],
      ["json", undefined],
      ["json", () => {}],
      ["json", 10n],
      ["raw", { not: "raw" }],
      ["bytes", null],
      [own, "a number comes out"],
    ]) {
      const it = wire(room.url(), { codec });
      const error = await thrown(() => it.send(message));
      ok(error instanceof WireError, `a WireError, not ${error}`);
      same(error.code, "InvalidMessage");
      ok(error.data === message, "the message is in data");
      ok(error.cause instanceof Error, "and why in cause");
      same(it.queued, 0);
    }
  },

  "a buffer that was given away is thrown back, open or not": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "bytes" });
    const given = new Uint8Array([1, 2, 3]);
    const { buffer } = given;
    structuredClone(given, { transfer: [buffer] });
    for (const message of [given, buffer]) {
      same((await thrown(() => it.send(message))).code, "InvalidMessage");
      await it.ready();
    }
    same([it.queued, it.state.name], [0, "open"]);
  },

  "wrong options of a send are thrown back with the message": async ({ wire }) => {
    const it = wire("ws://127.0.0.1:9/");
    for (const [options, text] of [
      [{ lane: "fast" }, /lane must be high, normal, low/],
      [{ ttl: -1 }, /ttl must be milliseconds/],
      [{ ttl: NaN }, /ttl must be milliseconds/],
      [{ key: 7 }, /key must be a string/],
    ]) {
      const error = await thrown(() => it.send("message", options));
      same([error.code, error.data], ["InvalidOption", "message"]);
      ok(text.test(error.message), error.message);
    }
    same(it.queued, 0);
  },

  "drained() tells whether everything has left": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    it.send("one");
    same(await it.drained(), true);
    same(await it.drained({ timeout: 0 }), true, "nothing waits");
    const stuck = wire(await room.urlAt("hang"));
    const receipt = stuck.send("stuck");
    same(await stuck.drained({ timeout: 20 }), false);
    const drained = stuck.drained();
    receipt.withdraw();
    same(await drained, true);
    stuck.send("stuck again");
    const closing = stuck.drained();
    stuck.close();
    same(await closing, true, "closing empties the queue");
  },

  "nobody waits for drained() any more once the signal says so": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const stuck = wire(await room.urlAt("hang"));
    const receipt = stuck.send("stuck");
    const over = new AbortController();
    const { signal } = over;
    const drained = thrown(stuck.drained({ signal }));
    const longer = stuck.drained();
    over.abort("enough");
    same(await drained, "enough");
    same(await thrown(stuck.drained({ signal })), "enough");
    same(receipt.result, undefined, "the message still waits");
    receipt.withdraw();
    same(await longer, true);
    const empty = wire(room.url());
    same(await empty.drained({ signal: new AbortController().signal }), true);
  },

  "what was sent while the line was cut leaves in order when it is back": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire([room.url("drop&after=1"), room.url()], { reconnect: { baseDelay: 20 } });
    const numbers = Array.from({ length: 50 }, (_, i) => i);
    it.addEventListener("close", () => numbers.forEach((number) => it.send(number)), { once: true });
    it.send("cut");
    const close = await next(it, "close");
    same([close.code, close.wasClean, close.cause, close.last], [1006, false, "ServerClosed", false]);
    same(await messages(it, 50), numbers);
    await task();
  },
};

const reason = ({ result }) => (result ? (result.reason ?? result.outcome) : "waits");
