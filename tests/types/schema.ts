// What the compiler tells those who have their messages checked: this compiles, or the test fails.
import { type } from "arktype";
import { Wire, type WireError } from "everwire";
import { msgpack } from "everwire/msgpack";
import { type Schemas, SchemaError, type SchemaIssue, type StandardSchema, validated } from "everwire/schema";
import { SessionWire } from "everwire/session";
import { Wire as WorkerWire } from "everwire/worker";
import * as v from "valibot";
import { z } from "zod";

declare function takes<T>(value: T): void;
/** Nothing but `T`: `any` is refused, and so is what is wider or narrower. */
declare function is<T>(): <U>(
  value: U & ([T, U] extends [U, T] ? (0 extends 1 & U ? never : U) : never),
) => void;

type Price = { type: "price"; symbol: string; at: Date };
type Trade = { type: "trade"; id: number };
type Subscribe = { type: "subscribe"; symbol: string; depth?: number | undefined };

// What handlers get is what the schema makes, what `send` takes is what it takes.
const receive = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("price"),
    symbol: z.string(),
    at: z.iso.datetime().transform((at) => new Date(at)),
  }),
  z.object({ type: z.literal("trade"), id: z.number() }),
]);
const send = z.object({ type: z.literal("subscribe"), symbol: z.string(), depth: z.number().default(5) });
const wire = new Wire("wss://example.org", { codec: validated({ receive, send }) });
wire.on((message) => is<Price | Trade>()(message));
wire.on("price", (message) => is<Date>()(message.at));
wire.on("trade", (message) => is<number>()(message.id));
// @ts-expect-error a trade has no symbol
wire.on("trade", (message) => message.symbol);
// @ts-expect-error there is no such type
wire.on("order", () => {});
wire.send({ type: "subscribe", symbol: "EUR" });
wire.send({ type: "subscribe", symbol: "EUR", depth: 1 });
// @ts-expect-error a subscription says of what
wire.send({ type: "subscribe" });
// @ts-expect-error what arrives is not what is sent
wire.send({ type: "trade", id: 1 });
const settled = await wire.send({ type: "subscribe", symbol: "EUR" }).settled;
if (settled.outcome === "not-sent") takes<Subscribe>(settled.message);
wire.addEventListener("message", ({ data }) => is<Price | Trade>()(data));
for await (const message of wire) is<Price | Trade>()(message);

// With other libraries.
const withValibot = new Wire("wss://example.org", {
  codec: validated({
    receive: v.variant("kind", [
      v.object({ kind: v.literal("price"), bid: v.pipe(v.string(), v.transform(Number)) }),
      v.object({ kind: v.literal("trade"), id: v.number() }),
    ]),
    send: v.object({ kind: v.literal("ping") }),
    codec: msgpack,
  }),
  discriminant: "kind",
});
withValibot.on("price", (message) => is<number>()(message.bid));
withValibot.send({ kind: "ping" });
// @ts-expect-error there is no such message
withValibot.send({ kind: "pong" });
// @ts-expect-error there is no such type
withValibot.on("ping", () => {});

const withArktype = new Wire("wss://example.org", {
  codec: validated({
    receive: type({ type: "'price'", bid: "string.numeric.parse" }).or({ type: "'trade'", id: "number" }),
    send: type({ type: "'ping'" }),
  }),
});
withArktype.on("price", (message) => is<number>()(message.bid));
withArktype.send({ type: "ping" });
// @ts-expect-error there is no such message
withArktype.send({ type: "pong" });
// @ts-expect-error there is no such type
withArktype.on("ping", () => {});

// One way only: the other one is whatever is said of it.
const inbound = new Wire<z.infer<typeof receive>, Subscribe>("wss://example.org", {
  codec: validated({ receive }),
});
inbound.send({ type: "subscribe", symbol: "EUR" });
// @ts-expect-error no number was promised
inbound.send(1);
const outbound = new Wire<Price, z.input<typeof send>>("wss://example.org", { codec: validated({ send }) });
outbound.on("price", (message) => is<Price>()(message));
new Wire("wss://example.org", { codec: validated({ receive }) }).send("whatever");
new Wire("wss://example.org", { codec: validated({ send }) }).on((message) => is<unknown>()(message));
// @ts-expect-error the schema says otherwise
new Wire<number, Subscribe>("wss://example.org", { codec: validated({ receive }) });
// @ts-expect-error the schema takes no numbers
new Wire<Price, number>("wss://example.org", { codec: validated({ send }) });

// In sessions and in a worker as well.
const session = new SessionWire("wss://example.org", {
  codec: validated({ receive, send }),
  manualAck: true,
});
session.on("price", (message, { ack }) => (is<Date>()(message.at), ack?.()));
// @ts-expect-error a subscription says of what
session.send({ type: "subscribe" });
new WorkerWire("wss://example.org", { codec: validated({ receive, send }) }).on("trade", ({ id }) =>
  is<number>()(id),
);

// What is wrong.
wire.addEventListener("error", ({ error }) => {
  takes<WireError>(error);
  if (error.cause instanceof SchemaError) takes<readonly SchemaIssue[]>(error.cause.issues);
});
const own: StandardSchema<string, number> = {
  "~standard": { version: 1, vendor: "own", validate: (value) => ({ value: Number(value) }) },
};
const schemas: Schemas<number, string> = { receive: own, send: own };
new Wire("wss://example.org", { codec: validated(schemas) }).on((message) => is<number>()(message));
// @ts-expect-error this is no schema
validated({ receive: { parse: (value: unknown) => value } });
// @ts-expect-error there is no such codec
validated({ receive, codec: "xml" });
