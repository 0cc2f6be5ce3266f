// What arrives: codecs, handlers, listeners, loops.
import { messages, next, ok, record, same, thrown } from "../check.js";

export const scenarios = {
  "json carries any JSON value": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    const values = [null, true, -1.5, "grüezi 👋", [1, [2]], { a: { b: "c" } }];
    const arrived = messages(it, values.length);
    for (const value of values) it.send(value);
    same(await arrived, values);
    same((await room.stats()).received[3], '"grüezi 👋"', "one message is one text message");
  },

  "text carries strings, and reads binary as UTF-8": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "text" });
    const arrived = messages(it, 2);
    it.send("grüezi 👋");
    it.send(new TextEncoder().encode("in bytes"));
    same(await arrived, ["grüezi 👋", "in bytes"]);
  },

  "bytes carries buffers, views and Blobs, and reads text as UTF-8": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "bytes" });
    const data = new Uint8Array([1, 2, 3, 4]);
    const arrived = messages(it, 6);
    it.send(data);
    it.send(data.buffer);
    it.send(data.subarray(1, 3));
    it.send(new Uint16Array([513]));
    it.send(new Blob([data]));
    it.send("é");
    const got = await arrived;
    ok(
      got.every((bytes) => bytes instanceof Uint8Array),
      "Uint8Array in",
    );
    same(
      got.map((bytes) => [...bytes]),
      [
        [1, 2, 3, 4],
        [1, 2, 3, 4],
        [2, 3],
        [1, 2],
        [1, 2, 3, 4],
        [0xc3, 0xa9],
      ],
    );
  },

  "blob gives Blobs": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "blob" });
    const arrived = messages(it, 1);
    it.send(new Blob(["in a ", "blob"]));
    const [blob] = await arrived;
    ok(blob instanceof Blob, "a Blob in");
    same(await blob.text(), "in a blob");
  },

  "raw touches nothing": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "raw" });
    const arrived = messages(it, 2);
    it.send("{not json");
    it.send(new Uint8Array([0, 255]));
    same(await arrived, ["{not json", new Uint8Array([0, 255])]);
  },

  "a codec of one's own turns messages into what is sent and back": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const codec = {
      encode: ({ x, y }) => new Float64Array([x, y]),
      decode: (data) => {
        const [x, y] = new Float64Array(data.buffer, data.byteOffset, 2);
        return { x, y };
      },
    };
    const it = wire(room.url(), { codec });
    it.send({ x: 1.5, y: -2 });
    same(await messages(it, 1), [{ x: 1.5, y: -2 }]);
  },

  "what cannot be decoded is an error with the data, and nothing else stops": async ({
    wire,
    openRoom,
    WireError,
  }) => {
    const room = await openRoom();
    const it = wire(room.url("say=%7Bbroken&say=%22whole%22"));
    const events = record(it, "error", "message");
    const failed = next(it, "error");
    same(await messages(it, 1), ["whole"]);
    const { error } = await failed;
    ok(error instanceof WireError && error.cause instanceof SyntaxError, "what the codec threw is the cause");
    same([error.code, error.data], ["Undecodable", "{broken"]);
    same(events.slice(0, 1), [["error", "Undecodable"]], "in order");
    same(it.state.name, "open");
  },

  "on() takes messages by their type, or all": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    const heard = [];
    const end = it.on("price", (message) => heard.push(["price", message.bid]));
    it.on(7, () => heard.push(["seven"]));
    it.on((message) => heard.push(["all", message?.type]));
    it.on("", () => heard.push(["empty"]));
    const sent = [{ type: "price", bid: 1 }, { type: 7 }, { type: "" }, { no: "type" }, "price", null];
    const arrived = messages(it, 6);
    for (const message of sent) it.send(message);
    await arrived;
    same(
      heard.filter(([who]) => who !== "all"),
      [["price", 1], ["seven"], ["empty"]],
    );
    same(heard.filter(([who]) => who === "all").length, 6);
    end();
    const again = messages(it, 1);
    it.send({ type: "price", bid: 2 });
    await again;
    same(heard.filter(([who]) => who === "price").length, 1, "ended");
  },

  "the field to tell messages apart by is the application's": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { discriminant: "kind" });
    const told = new Promise((resolve) => it.on("a", resolve));
    it.send({ type: "a", kind: "b" });
    it.send({ type: "b", kind: "a" });
    same(await told, { type: "b", kind: "a" });
  },

  "a listener that throws is reported and stops nobody": async ({ wire, openRoom, takeUncaught }) => {
    const room = await openRoom();
    const it = wire(room.url());
    const boom = (where) => () => {
      throw new Error(`thrown in ${where}`);
    };
    it.on("x", boom("on(type)"));
    it.on(boom("on"));
    it.addEventListener("message", boom("message"));
    it.addEventListener("open", boom("open"));
    it.addEventListener("statechange", boom("statechange"), { once: true });
    const heard = record(it, "open", "message");
    const arrived = messages(it, 2);
    it.send({ type: "x" });
    it.send("second");
    same(await arrived, [{ type: "x" }, "second"]);
    await room.until("both came", ({ messagesIn }) => messagesIn === 2);
    same(heard, [
      ["open", ""],
      ["message", { type: "x" }],
      ["message", "second"],
    ]);
    const reported = takeUncaught().map(({ message }) => message.replace("thrown in ", ""));
    same(reported, ["statechange", "open", "on", "on(type)", "message", "on", "message"]);
  },

  "what a listener sends follows what was sent before it": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    it.on("go", () => {
      it.send(1);
      it.send(2);
    });
    it.send(0);
    it.send({ type: "go" });
    same(await messages(it, 4), [0, { type: "go" }, 1, 2]);
  },

  "after close() in a listener nothing more is delivered": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url("say=1&say=2&say=3&say=4&say=5"));
    const heard = [];
    it.on((message) => {
      heard.push(message);
      if (message === 3) it.close(4000, "enough");
    });
    const { cause, code } = await it.closed;
    same([cause, code], ["ClosedByApplication", 4000]);
    same(heard, [1, 2, 3]);
  },

  "a loop reads messages until the wire is closed": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    for (const n of [1, 2, 3]) it.send(n);
    const read = [];
    for await (const message of it) {
      read.push(message);
      if (message === 3) it.close();
    }
    same(read, [1, 2, 3]);
  },

  "a loop that is left takes no more, and another takes up": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    it.send("first");
    for await (const message of it) {
      same(message, "first");
      break;
    }
    const both = Promise.all([it[Symbol.asyncIterator]().next(), it[Symbol.asyncIterator]().next()]);
    it.send("second");
    same(
      (await both).map(({ value }) => value),
      ["second", "second"],
    );
  },

  "a loop ends when its signal says so: after what has come, with the signal's reason": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const it = wire(room.url());
    const over = new AbortController();
    const { signal } = over;
    const loop = it.messages({ signal });
    const first = loop.next();
    const both = messages(it, 2);
    it.send("first");
    it.send("second");
    same((await first).value, "first");
    await both;
    over.abort("enough");
    same((await loop.next()).value, "second");
    same(await thrown(loop.next()), "enough");
    same((await loop.next()).done, true);
    same(await thrown(it.messages({ signal }).next()), "enough", "one that begins too late");
    const waiting = new AbortController();
    const error = thrown(async () => {
      for await (const message of it.messages({ signal: waiting.signal })) same(message, undefined);
    });
    waiting.abort();
    same((await error).name, "AbortError");
    const again = it.messages().next();
    it.send("third");
    same((await again).value, "third", "the wire itself goes on");
  },

  "a loop that is too slow reads what came before it lost something, and then learns of it": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const it = wire(room.url(), { inbox: { maxMessages: 3 } });
    const loop = it[Symbol.asyncIterator]();
    const first = loop.next();
    const arrived = messages(it, 6);
    for (const n of [1, 2, 3, 4, 5, 6]) it.send(n);
    await arrived;
    const read = [(await first).value];
    const error = await thrown(async () => {
      for await (const message of { [Symbol.asyncIterator]: () => loop }) read.push(message);
    });
    same(error.code, "InboundOverflow");
    same(read, [1, 2, 3, 4].slice(0, read.length));
    ok(read.length >= 3, `${read.length} messages were read`);
    same(it.state.name, "open", "the wire itself goes on");
  },

  "a loop throws if the wire ends for another reason than close()": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url("say=1&close=4403&reason=out"));
    const read = [];
    const error = await thrown(async () => {
      for await (const message of it) read.push(message);
    });
    same(read, [1]);
    same([error.code, error.close.code, error.close.reason], ["ServerClosed", 4403, "out"]);
  },

  "five thousand messages arrive, in order and once": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { queue: { maxMessages: 10_000 } });
    const numbers = Array.from({ length: 5_000 }, (_, i) => i);
    const arrived = messages(it, 5_000);
    for (const n of numbers.slice(0, 2_500)) it.send(n);
    await it.opened;
    for (const n of numbers.slice(2_500)) it.send(n);
    same(await arrived, numbers);
    same((await room.stats()).messagesIn, 5_000);
  },
};
