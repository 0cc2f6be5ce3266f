// Messages of a session.
import { messages, next, ok, same, thrown } from "../check.js";

/** How a session's connection was lost and got back. */
const resumed = (it) => next(it, "session", ({ resumed }) => resumed);

/** Whole numbers below what is asked for, the same for the same seed. */
const dices = (seed) => (below) => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};

/** A text or bytes, most of them small. */
function anything(dice) {
  const length = dice([4, 4, 4, 40, 40, 40, 3_000, 3_000, 20_000][dice(9)]);
  const letters = ["a", "é", "日", "😀"].slice(0, 1 + dice(4));
  if (dice(3)) return Array.from({ length }, () => letters[dice(letters.length)]).join("");
  return Uint8Array.from({ length }, () => dice(256));
}

export const scenarios = {
  "a message is delivered when the server has accepted it, and what it answers comes": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const it = wire(room.url());
    const events = [];
    it.addEventListener("session", ({ resumed }) => events.push(resumed));
    const echoed = messages(it, 1);
    const receipt = it.send({ hello: "wörld" });
    same(await receipt.settled, { outcome: "delivered" });
    same(await echoed, [{ hello: "wörld" }]);
    same(
      [events, it.state.name, it.protocol, it.queued, it.inFlight],
      [[false], "open", "everwire.v1", 0, 0],
    );
    same(receipt.message, undefined, "what was delivered is not kept");
    it.close();
    const { cause, wasClean } = await it.closed;
    same([cause, wasClean], ["ClosedByApplication", true]);
  },

  "what is sent across cuts is delivered once and in order, and so is what comes back": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const it = wire(room.url(), { reconnect: { delay: () => 0 } });
    const wanted = Array.from({ length: 300 }, (_, i) => i);
    const echoed = messages(it, wanted.length);
    const receipts = [];
    for (const part of [0, 100, 200]) {
      for (const number of wanted.slice(part, part + 100)) receipts.push(it.send(number));
      if (part === 0) await it.opened;
      const back = resumed(it);
      await room.control("kill");
      await back;
    }
    const outcomes = await Promise.all(receipts.map(({ settled }) => settled));
    ok(
      outcomes.every(({ outcome }) => outcome === "delivered"),
      "every message is delivered",
    );
    same(await echoed, wanted);
    ok(await it.drained({ timeout: 5_000 }), "nothing waits or is under way any more");
    same(it.stats().sent.messages, 300);
  },

  "bytes go out and come back as they are, in frames as large as need be": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "bytes" });
    const sent = [
      new Uint8Array([0, 255, 1]),
      crypto.getRandomValues(new Uint8Array(50_000)),
      new Uint8Array(900_000).fill(7),
    ];
    const echoed = messages(it, 3);
    it.send(sent[0]);
    // A view of something larger, and of another kind.
    it.send(new DataView(new Uint8Array([9, ...sent[1], 9]).buffer, 1, 50_000));
    const receipt = it.send(sent[2]);
    const found = await echoed;
    for (const [i, bytes] of found.entries())
      same([bytes.length, bytes.every((byte, at) => byte === sent[i][at])], [sent[i].length, true]);
    same((await receipt.settled).outcome, "delivered");
  },

  "bytes arrive as they were when they were sent, whoever writes into them and however late the socket looks":
    async ({ wire, openRoom }) => {
      const Late = class extends WebSocket {
        send(data) {
          void Promise.resolve().then(() => super.send(data));
        }
      };
      const seen = (bytes) => [bytes.length, bytes[0], bytes.every((byte) => byte === bytes[0])];
      const ways = [{}, { WebSocket: Late }].flatMap((options) =>
        [100, 3_000, 40_000, 900_000].map((size) => [size, options]),
      );
      for (const [size, options] of ways) {
        const room = await openRoom();
        const it = wire(room.url(), { codec: "bytes", queue: { maxBytes: 1 << 24 }, ...options });
        const echoed = messages(it, 8);
        const bytes = new Uint8Array(size);
        for (const first of [1, 2, 3, 4, 5, 6, 7, 8]) {
          if (first === 3) await it.ready();
          it.send(bytes.fill(first));
        }
        bytes.fill(255);
        same(
          (await echoed).map(seen),
          [1, 2, 3, 4, 5, 6, 7, 8].map((first) => [size, first, true]),
        );
      }
    },

  "text arrives as UTF-8 can tell it, marks at its beginning and lone surrogates too": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "text" });
    const echoed = messages(it, 4);
    for (const text of ["", "\ufeffmark", "\ud83d alone", "😀"]) it.send(text);
    same(await echoed, ["", "\ufeffmark", "\ufffd alone", "😀"]);
  },

  "texts beyond ASCII and bytes that one task sends arrive as they were, in their order": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "raw" });
    await it.ready();
    const sent = [
      "é",
      "日本",
      [1, 2, 3],
      "ü and more",
      [],
      "",
      "plain",
      [4],
      [5, 6],
      "😀",
      "é".repeat(30_000),
      [7],
    ];
    const echoed = messages(it, sent.length);
    for (const message of sent) it.send(Array.isArray(message) ? new Uint8Array(message) : message);
    same(
      (await echoed).map((message) => (typeof message === "string" ? message : [...new Uint8Array(message)])),
      sent,
    );
  },

  "whatever tasks send, of every kind, size and option, arrives as it was sent and in its order": async ({
    wire,
    openRoom,
  }) => {
    for (const seed of [1, 2, 3, 4]) {
      const room = await openRoom();
      const it = wire(room.url(), { codec: "raw", queue: { maxMessages: 10_000, maxBytes: 1 << 27 } });
      const dice = dices(seed);
      const sent = Array.from({ length: 600 }, () => anything(dice));
      const echoed = messages(it, sent.length);
      for (const message of sent) {
        it.send(message, dice(8) ? {} : { ttl: 600_000 });
        if (!dice(40)) await it.drained();
        else if (!dice(20)) await Promise.resolve();
      }
      const digest = (message) =>
        typeof message === "string" ? message : [...new Uint8Array(message)].join();
      const found = (await echoed).map(digest);
      const wrong = found.findIndex((message, i) => message !== digest(sent[i]));
      same(wrong, -1, `seed ${seed}: the first that is not as it was sent`);
    }
  },

  "a buffer that was given away is refused, and harms nothing else": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "bytes" });
    const given = new Uint8Array([1, 2, 3]);
    structuredClone(given, { transfer: [given.buffer] });
    const echoed = messages(it, 4);
    for (const options of [undefined, { key: "k" }]) {
      same((await thrown(() => it.send(given, options))).code, "InvalidMessage");
      it.send(new Uint8Array([4, 5]), options);
      same((await thrown(it.request("echo", given))).code, "InvalidMessage");
      await it.ready();
      it.send(new Uint8Array([6]));
      same((await thrown(() => it.send(given, options))).code, "InvalidMessage");
      await it.drained();
    }
    same(
      (await echoed).map((bytes) => [...bytes]),
      [[4, 5], [6], [4, 5], [6]],
    );
  },

  "drained() without patience says no while the server takes no more": async ({ wire, openRoom }) => {
    const room = await openRoom();
    await room.control("session/restart?state=lost&max_frame=2048&window=2048");
    const it = wire(room.url(), { codec: "text" });
    await it.ready();
    for (let i = 0; i < 20; i++) it.send("x".repeat(1_000));
    same(await it.drained({ timeout: 0 }), false);
    same(await it.drained(), true);
  },

  "a Blob is refused at once, with a cure": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "raw" });
    const error = await thrown(() => it.send(new Blob(["x"])));
    same([error.code, /arrayBuffer/.test(error.cause.message)], ["InvalidMessage", true]);
  },

  "a message larger than the server takes is given back: too-large": async ({ wire, openRoom }) => {
    const room = await openRoom();
    await room.control("session/restart?state=lost&max_frame=2048&window=4096");
    const it = wire(room.url(), { codec: "text" });
    const small = it.send("x".repeat(1_000));
    const large = it.send("y".repeat(3_000));
    same(await large.settled, { outcome: "not-sent", reason: "too-large", message: "y".repeat(3_000) });
    same(await small.settled, { outcome: "delivered" });
    same(it.stats().notSent["too-large"], 1);
  },

  "what waits can be taken back, replaced and run out as without a session": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    await it.opened;
    it.suspend();
    const [first, second, third] = [
      it.send("first", { key: "k" }),
      it.send("second", { key: "k" }),
      it.send("third"),
    ];
    same((await first.settled).reason, "superseded");
    ok(third.withdraw(), "what waits can be taken back");
    same((await third.settled).reason, "withdrawn");
    same((await it.send("late", { ttl: 0 }).settled).reason, "expired");
    same(it.queue(), [second]);
    const echoed = messages(it, 2);
    it.reconnect();
    same(await second.settled, { outcome: "delivered" });
    ok(!second.withdraw(), "what was delivered cannot be taken back");
    // Nothing waits under the key any more.
    same(await it.send("fourth", { key: "k" }).settled, { outcome: "delivered" });
    same(await echoed, ["second", "fourth"]);
  },

  "a message that cannot be decoded is told with what came, and accepted": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { reconnect: { delay: () => 0 } });
    await it.opened;
    const failed = next(it, "error");
    const echoed = messages(it, 1);
    await room.control("say?text=no json");
    it.send("after");
    const { error } = await failed;
    same([error.code, error.data], ["Undecodable", "no json"]);
    same(await echoed, ["after"]);
    // Had it not been accepted, it would come again.
    const back = resumed(it);
    const again = messages(it, 1);
    await room.control("kill");
    await back;
    it.send("later");
    same(await again, ["later"]);
  },

  "a handler that throws is reported, and its message is accepted": async ({
    wire,
    openRoom,
    takeUncaught,
  }) => {
    const room = await openRoom();
    const it = wire(room.url(), { reconnect: { delay: () => 0 } });
    let calls = 0;
    const end = it.on(() => {
      calls += 1;
      throw new Error("broken handler");
    });
    const heard = next(it, "message", ({ data }) => data === "twice");
    it.send("once");
    it.send("twice");
    await heard;
    end();
    const back = resumed(it);
    await room.control("kill");
    await back;
    it.send("last");
    await next(it, "message", ({ data }) => data === "last");
    same(calls, 2);
    same(takeUncaught().map(String), ["Error: broken handler", "Error: broken handler"]);
  },

  "a loop over the wire gets every message": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    for (const number of [1, 2, 3]) it.send(number);
    const found = [];
    for await (const message of it) {
      found.push(message);
      if (found.length === 3) break;
    }
    same(found, [1, 2, 3]);
  },

  "a volatile message goes now or never": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    same(it.volatile("nobody"), false, "nobody is there yet");
    await it.opened;
    const echoed = messages(it, 1);
    same(it.volatile({ x: 1 }), true);
    same(await echoed, [{ x: 1 }]);
    it.suspend();
    same(it.volatile("nobody"), false);
  },

  "with manualAck a message is accepted when the application says so": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { manualAck: true, limits: { maxFrame: 1_024, window: 1_024 } });
    const acks = [];
    const numbers = [];
    it.addEventListener("message", ({ data, ack }) => {
      if (data === "volatile") return;
      numbers.push(data);
      acks.push(ack);
    });
    await it.opened;
    const source = it.request("source", 1_000);
    await next(it, "message", ({ data }) => data === 2);
    for (let round = 0; round < 2; round++) {
      it.volatile("volatile");
      await next(it, "message", ({ data }) => data === "volatile");
    }
    ok(numbers.length < 500, `no more comes than the window holds: ${numbers.length}`);
    const last = next(it, "message", ({ data }) => data === 1_000);
    // A handler has it from its second argument.
    it.on((_, { ack }) => ack?.());
    for (const ack of acks.splice(0)) ack();
    await last;
    await source;
    same(
      numbers,
      Array.from({ length: 1_000 }, (_, i) => i + 1),
    );
  },

  "options that have no meaning in a session are refused": async ({ SessionWire }) => {
    const refused = async (options) => {
      const { code, message } = await thrown(() => new SessionWire("ws://127.0.0.1:9", options));
      same(code, "InvalidOption");
      return message;
    };
    for (const [name, value] of Object.entries({ protocols: "chat", greet() {}, isWelcome() {} }))
      ok((await refused({ [name]: value })).startsWith(`There is no option ${name}.`), name);
    ok(
      /^limits\.maxFrame must be a number from 1024/.test(await refused({ limits: { maxFrame: 1 } })),
      "maxFrame",
    );
    ok(
      /^requestTimeout must be a number from 0/.test(await refused({ requestTimeout: -1 })),
      "requestTimeout",
    );
    ok(/^onSessionLost must be/.test(await refused({ onSessionLost: "resend" })), "onSessionLost");
    ok(!/hunter2/.test(await refused({ token: { hunter2: 1 } })), "a token is not told");
  },
};
