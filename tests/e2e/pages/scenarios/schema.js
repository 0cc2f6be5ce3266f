// Messages that are checked by schemas, of the libraries that people use.
import { messages, next, ok, record, same, task, thrown } from "../check.js";

const load = async () => ({ ...(await import("/pkg/schema.js")), ...(await import("/bundled/schemas.js")) });
const said = (...values) =>
  values.map((value) => `say=${encodeURIComponent(JSON.stringify(value))}`).join("&");

const AT = "2026-11-23T08:00:00.000Z";
const PRICE = { type: "price", bid: 1.5, at: AT };
const TRADE = { type: "trade", id: 7 };

const each = ["zod", "valibot", "arktype"].flatMap((name) =>
  Object.entries({
    "what fits is delivered as the schema makes it": async ({ wire, openRoom }) => {
      const { validated, libraries } = await load();
      const { receive, send } = libraries[name];
      const room = await openRoom();
      const it = wire(room.url(said(PRICE, TRADE)), { codec: validated({ receive, send }) });
      const prices = new Promise((resolve) => it.on("price", resolve));
      const trades = new Promise((resolve) => it.on("trade", resolve));
      const { bid, at } = await prices;
      same([bid, at instanceof Date && at.toISOString()], [1.5, AT]);
      same(await trades, TRADE);
    },

    "what does not fit is an error with the issues and the message, and nothing else is lost": async ({
      wire,
      openRoom,
      WireError,
    }) => {
      const { SchemaError, validated, libraries } = await load();
      const { receive } = libraries[name];
      const room = await openRoom();
      const bad = { ...PRICE, bid: "1.5" };
      const it = wire(room.url(said(TRADE, bad, { type: "order" }, TRADE)), {
        codec: validated({ receive }),
      });
      const told = record(it, "error", "message");
      const failed = next(it, "error");
      same(await messages(it, 2), [TRADE, TRADE]);
      const { error } = await failed;
      ok(error instanceof WireError && error.cause instanceof SchemaError, "the cause is the schema's");
      same([error.code, error.data], ["Undecodable", JSON.stringify(bad)]);
      const { issues, value, message } = error.cause;
      same(value, bad, "the message as it was decoded");
      same(
        [...issues].map(({ path }) => [...path].map((part) => part.key ?? part)),
        // Where strings may not be compiled, as on these pages, arktype says of a union what is wrong, and not where.
        [name === "arktype" ? [] : ["bid"]],
      );
      ok(issues[0].message.length > 0 && message.includes(issues[0].message), message);
      const where = name === "arktype" ? "" : "bid: ";
      ok(message.startsWith(`The message does not fit the schema receive (${name}): ${where}`), message);
      same(
        told.map(([type]) => type),
        ["message", "error", "error", "message"],
        "in order, each once",
      );
      same(it.state.name, "open");
      same(await task(), undefined);
    },

    "what is sent is what the schema makes of it; what does not fit never leaves": async ({
      wire,
      openRoom,
      WireError,
    }) => {
      const { SchemaError, validated, libraries } = await load();
      const { send } = libraries[name];
      const room = await openRoom();
      const it = wire(room.url(), { codec: validated({ send }) });
      const bad = Object.freeze({ type: "watch", symbol: 17 });
      const error = await thrown(() => it.send(bad));
      ok(error instanceof WireError && error.cause instanceof SchemaError, "the cause is the schema's");
      same(error.code, "InvalidMessage");
      ok(error.data === bad && error.cause.value === bad, "the message itself is given back");
      same(
        [...error.cause.issues].map(({ path }) => [...path].map((part) => part.key ?? part)),
        [["symbol"]],
      );
      same([it.queued, it.stats().notSent.closed], [0, 0], "nothing of it is queued, or counted");
      const good = Object.freeze({ type: "watch", symbol: "EUR" });
      const arrived = messages(it, 1);
      const receipt = it.send(good);
      ok(receipt.message === good, "the receipt holds what was given");
      same(await arrived, [{ ...good, depth: 5 }]);
      same((await room.stats()).messagesIn, 1);
    },
  }).map(([title, run]) => [`${name}: ${title}`, run]),
);

export const scenarios = {
  ...Object.fromEntries(each),

  "an asynchronous schema is refused by its name, either way": async ({ wire, openRoom }) => {
    const { validated, asynchronous } = await load();
    for (const [vendor, schema] of [
      ["zod", asynchronous.zod],
      ["tests", asynchronous.failing],
    ]) {
      const room = await openRoom();
      const codec = validated({ receive: schema, send: schema });
      const it = wire(room.url(said("text")), { codec });
      const { error } = await next(it, "error");
      same([error.code, error.cause.name, error.cause.value], ["Undecodable", "SchemaError", "text"]);
      ok(error.cause.message.startsWith(`The schema receive (${vendor}) checks asynchronously`), vendor);
      const unsent = await thrown(() => it.send("text"));
      same([unsent.code, unsent.cause.issues], ["InvalidMessage", []]);
      ok(unsent.cause.message.startsWith(`The schema send (${vendor}) checks asynchronously`), vendor);
      // A rejection that nobody took would be heard of by now.
      await task();
    }
  },

  "the text of an error stays short, whatever is wrong": async () => {
    const { validated } = await load();
    const issues = Array.from({ length: 10_000 }, (_, i) => ({
      message: "x".repeat(100_000),
      path: [{ key: "list" }, i, Symbol("s")],
    }));
    const receive = { "~standard": { version: 1, vendor: "tests", validate: () => ({ issues }) } };
    const error = await thrown(() => validated({ receive }).decode("[]"));
    same([error.issues.length, error.value], [10_000, []]);
    ok(error.message.length < 800 && error.message.endsWith("; and 9997 more."), error.message);
    ok(error.message.includes("list.0.Symbol(s): xxx"), error.message);
  },

  "any codec can be checked, and what is no schema is refused at once": async ({ wire, openRoom }) => {
    const { msgpack } = await import("/pkg/msgpack.js");
    const { validated, libraries } = await load();
    const { receive, send } = libraries.zod;
    const room = await openRoom();
    const codec = validated({ send, codec: msgpack });
    const it = wire(room.url(), { codec });
    it.send({ type: "watch", symbol: "EUR", depth: 2 });
    same(await messages(it, 1), [{ type: "watch", symbol: "EUR", depth: 2 }]);
    for (const wrong of [{ receive: {} }, { send: null }, { receive: "zod" }, { receive, codec: "xml" }])
      ok((await thrown(() => validated(wrong))) instanceof TypeError, JSON.stringify(wrong));
  },

  "pings and greetings are checked too, and a pong that is known as it came need not fit": async ({
    wire,
    openRoom,
    takeUncaught,
  }) => {
    const { validated, libraries } = await load();
    const room = await openRoom();
    const { receive, send } = libraries.zod;
    const it = wire(room.url(), {
      codec: validated({ receive, send }),
      greet: ({ send }) => send({ type: "watch", symbol: "greeting" }),
      isWelcome: (message, raw) => raw.includes("greeting"),
      heartbeat: {
        interval: 20,
        ping: { type: "watch", symbol: "ping" },
        isPong: (_, raw) => raw.includes("ping"),
      },
    });
    const told = record(it, "error");
    await next(it, "pong");
    same(told, [["error", "Undecodable"]], "the welcome is delivered, and does not fit; no pong is");
    const other = wire(room.url(), {
      codec: validated({ send }),
      greet: ({ send }) => send({ type: "watch" }),
    });
    const { error } = await next(other, "error");
    same(
      [error.code, error.cause.code, error.cause.cause.name],
      ["GreetingFailed", "InvalidMessage", "SchemaError"],
    );
    ok(!error.cause.data, "what a greeting holds is not told");
    other.close();
    same(takeUncaught(), []);
  },
};
