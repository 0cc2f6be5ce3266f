// What the compiler tells those who ask and answer in plain mode: this compiles, or the test fails.
import { Wire } from "everwire";
import { RequestError, Rpc, type RpcErrorCode } from "everwire/rpc";
import { validated } from "everwire/schema";
import { Wire as WorkerWire } from "everwire/worker";
import { z } from "zod";

declare function takes<T>(value: T): void;

interface Quote {
  type: "quote";
  id: number;
  bid: number;
}
interface Confirm {
  type: "confirm";
  id: number;
  question: string;
}
interface Tick {
  type: "tick";
  bid: number;
}
type Ask = { type: "quote"; id: number; symbol: string } | { type: "cancel"; id: number; order: number };
type Confirmed = { type: "confirmed"; id: number; yes: boolean };

const wire = new Wire<Quote | Confirm | Tick, Ask | Confirmed>("wss://example.org");
const rpc = new Rpc(wire);

// What is asked has no id, what is answered has one.
const answer = await rpc.request(
  { type: "quote", symbol: "EUR" },
  { timeout: 1_000, signal: AbortSignal.abort() },
);
takes<Quote | Confirm>(answer);
if (answer.type === "quote") takes<number>(answer.bid);
// @ts-expect-error a tick has no id, so it is no answer
if (answer.type === "tick") takes<never>(answer);
// @ts-expect-error a quote is of something
await rpc.request({ type: "quote" });
// @ts-expect-error what arrives is not what is asked
await rpc.request({ type: "confirm", question: "?" });

// Handlers.
takes<() => void>(
  rpc.respond("confirm", ({ question }, { signal }) => ({
    type: "confirmed",
    yes: question.length > 0 && !signal.aborted,
  })),
);
rpc.respond("confirm", async () => ({ type: "confirmed", yes: true }));
// @ts-expect-error it has to be answered
rpc.respond("confirm", () => {});
// @ts-expect-error yes or no
rpc.respond("confirm", () => ({ type: "confirmed", yes: "maybe" }));
// @ts-expect-error there is no such type
rpc.respond("refuse", () => ({ type: "confirmed", yes: true }));
// @ts-expect-error a confirm has no bid
rpc.respond("confirm", (message) => ({ type: "confirmed", yes: message.bid > 1 }));

// Errors.
const error = new RequestError("no", { data: 17 });
takes<RpcErrorCode>(error.code);
takes<boolean>(error.inDoubt);
// @ts-expect-error there is no such code
if (error.code === "late") throw error;

// The id in another place, and answers that are read.
const other = new Rpc(
  new Wire<{ ref: string; value: number }, { ref: string; ask: string }>("wss://example.org"),
  {
    id: "ref",
    nextId: () => crypto.randomUUID(),
    read: ({ value }) => value,
  },
);
takes<number>(await other.request({ ask: "?" }));
// @ts-expect-error the id is not to be given
await other.request({ ask: "?", ref: "1" });
const nested = new Rpc(
  new Wire<{ head: { id: number }; body: string }, { head: { id: number }; body: number }>(
    "wss://example.org",
  ),
  {
    id: {
      set: (body: number, id) => ({ head: { id: Number(id) }, body }),
      get: ({ head }) => head.id,
    },
    isAnswer: ({ body }) => body !== "",
    fail: (failure, { body }) => (failure instanceof Error ? body.length : 0),
  },
);
takes<string>((await nested.request(17)).body);
// @ts-expect-error what is asked are numbers
await nested.request("17");

// Over any wire in plain mode, with or without schemas.
new Rpc(new WorkerWire<Quote, Ask>("wss://example.org"));
const checked = new Rpc(
  new Wire("wss://example.org", {
    codec: validated({
      receive: z.object({ id: z.number(), sum: z.number() }),
      send: z.object({ id: z.number(), terms: z.array(z.number()) }),
    }),
  }),
);
takes<number>((await checked.request({ terms: [1, 2] })).sum);
// @ts-expect-error terms are numbers
await checked.request({ terms: ["1"] });
const free = new Rpc(new Wire("wss://example.org"));
takes<unknown>(await free.request({ any: "thing" }));
// @ts-expect-error there is no such option
new Rpc(wire, { retries: 1 });
rpc.end();
