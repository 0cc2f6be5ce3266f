// What the compiler tells those who use the package: this compiles, or the test fails.
import {
  type Receipt,
  type Settled,
  Wire,
  WireError,
  type WireErrorCode,
  type WireState,
  type WireStats,
} from "everwire";
import { cbor, cborWith } from "everwire/cbor";
import { type LogEntry, log, measure } from "everwire/debug";
import { msgpack, type MsgpackExtension, msgpackWith } from "everwire/msgpack";
import { init, Wire as WireBeside } from "everwire/url";
import { init as initWorker, type Receipt as WorkerReceipt, Wire as WorkerWire } from "everwire/worker";
import "everwire/worker-host";

interface Price {
  type: "price";
  symbol: string;
  bid: number;
}
interface Trade {
  type: "trade";
  id: number;
}
interface Subscribe {
  type: "subscribe";
  symbol: string;
}

declare function takes<T>(value: T): void;

const wire = new Wire<Price | Trade, Subscribe>("wss://example.org/prices");

// Messages.
wire.send({ type: "subscribe", symbol: "EUR" });
// @ts-expect-error what the server sends is not what the client sends
wire.send({ type: "price", symbol: "EUR", bid: 1 });
// @ts-expect-error there is no such lane
wire.send({ type: "subscribe", symbol: "EUR" }, { lane: "urgent" });

wire.on((message) => takes<Price | Trade>(message));
wire.on("price", (message) => takes<number>(message.bid));
wire.on("trade", (message) => takes<Trade>(message));
// @ts-expect-error a trade has no bid
wire.on("trade", (message) => message.bid);
// @ts-expect-error there is no such type
wire.on("trades", () => {});
// @ts-expect-error a symbol is no type
wire.on("EUR", () => {});
// @ts-expect-error in plain mode nothing is acknowledged
wire.on("price", (message, { ack }) => ack);
takes<() => void>(wire.on("price", () => {}));

// By whatever field tells them apart, and by none where nothing does.
new Wire<{ op: 1; id: number } | { op: 2; name: string }>("wss://example.org", { discriminant: "op" }).on(
  2,
  (message) => takes<string>(message.name),
);
new Wire<Price | string | null>("wss://example.org").on("price", (message) => takes<Price>(message));
// @ts-expect-error there is no such type
new Wire<Price | string | null>("wss://example.org").on("trade", () => {});
new Wire("wss://example.org").on("anything", (message) => takes<unknown>(message));
new Wire<any>("wss://example.org").on("anything", (message) => message.of.any.kind);
new Wire<Price | { type: string }>("wss://example.org").on("anything", (message) =>
  takes<string>(message.type),
);
new Wire<Record<string, number>>("wss://example.org").on("anything", (message) =>
  takes<number | undefined>(message.x),
);

// What waits can be told not to.
const { signal } = new AbortController();
takes<boolean>(await wire.drained({ signal, timeout: 1_000 }));
await wire.ready({ signal });
for await (const message of wire.messages({ signal })) takes<Price | Trade>(message);

for await (const message of wire) {
  if (message.type === "price") takes<Price>(message);
  // @ts-expect-error only a price has a bid
  message.bid;
}

// Events.
wire.addEventListener("message", (event) => takes<Price | Trade>(event.data));
wire.addEventListener("error", (event) => takes<WireError>(event.error));
wire.addEventListener("close", (event) => takes<number>(event.code));
wire.addEventListener("statechange", (event) => takes<WireState>(event.state));
// @ts-expect-error an error event has no code of its own
wire.addEventListener("error", (event) => event.code);
// @ts-expect-error there is no such event
wire.addEventListener("reconnected", () => {});

// Receipts and states.
const receipt: Receipt<Subscribe> = wire.send({ type: "subscribe", symbol: "EUR" }, { key: "a", ttl: 1_000 });
const settled: Settled<Subscribe> = await receipt.settled;
if (settled.outcome === "not-sent") takes<Subscribe>(settled.message);
// @ts-expect-error what was handed over is not given back
else settled.message;

const state = wire.state;
if (state.name === "waiting") {
  takes<number>(state.delay);
  takes<WireErrorCode>(state.reason);
}
// @ts-expect-error only a wire that waits has a delay
else state.delay;

// Numbers.
const stats: WireStats = wire.stats();
takes<number>(stats.sent.bytes + stats.received.messages + stats.notSent.evicted + stats.reconnects);
takes<number | undefined>(stats.rtt?.smoothed);
takes<number | undefined>(stats.openedAt);
// @ts-expect-error nothing is reset
stats.attempts = 0;
wire.addEventListener("dial", (event) => takes<string>(event.url));

// Binary codecs.
new Wire<Price | Trade, Subscribe>("wss://example.org", { codec: msgpack }).on("price", (message) =>
  takes<number>(message.bid),
);
new Wire<Price>("wss://example.org", { codec: cbor });
declare const point: MsgpackExtension<DOMPoint>;
new Wire<Price>("wss://example.org", { codec: msgpackWith({ extensions: [point], maps: true }) });
new Wire<Price>("wss://example.org", { codec: cborWith({ tags: [] }) });
// @ts-expect-error there is no such option
msgpackWith({ records: true });

// Looking on.
takes<() => void>(log(wire, { name: "prices", to: (entry) => takes<LogEntry>(entry) }));
takes<() => void>(measure(wire));
// @ts-expect-error a socket is no wire
log(new WebSocket("wss://example.org"));

// Addresses and options.
new Wire(() => "wss://example.org");
new Wire(["wss://a.example.org", new URL("wss://b.example.org")], { protocols: ["chat"] });
new Wire(async ({ attempt, signal }) => `wss://example.org/${attempt.toFixed()}/${signal.aborted}`);
new Wire<Uint8Array, ArrayBuffer>("wss://example.org", { codec: "bytes" });
new Wire<number, Date>("wss://example.org", { codec: { encode: String, decode: (data) => data.length } });
new Wire("wss://example.org", { heartbeat: { ping: "ping", isPong: (message) => message === "pong" } });
// @ts-expect-error a heartbeat says what a ping looks like
new Wire("wss://example.org", { heartbeat: { interval: 1_000 } });
// @ts-expect-error there is no such option
new Wire("wss://example.org", { retries: 3 });
// @ts-expect-error there is no such codec
new Wire("wss://example.org", { codec: "xml" });

// The other entry.
await init();
await init(new URL("https://example.org/everwire.wasm"));
new WireBeside<Price>("wss://example.org").on((message) => takes<Price>(message));

// With the connection in a worker.
initWorker(() => new Worker("/worker.js"));
const remote = new WorkerWire<Price | Trade, Subscribe>("wss://example.org/prices", {
  queue: { ttl: 1_000 },
});
// Whoever takes any wire takes those of every entry.
declare function takesAny(wire: Wire<any, any, any, any>): void;
takesAny(wire);
takesAny(remote);
remote.on("price", (message) => takes<number>(message.bid));
remote.addEventListener("close", (event) => takes<number>(event.code));
const unsure: WorkerReceipt<Subscribe> = remote.send({ type: "subscribe", symbol: "EUR" });
const became = await unsure.settled;
if (became.outcome === "in-doubt") takes<Subscribe>(became.message);
else if (became.outcome === "not-sent") takes<string>(became.reason);
else takes<"handed-over">(became.outcome);
// @ts-expect-error nobody may know what became of it
takes<Settled<Subscribe>>(became);
// @ts-expect-error a class cannot cross into a worker
new WorkerWire("wss://example.org", { WebSocket });
