// What the compiler tells those who use sessions: this compiles, or the test fails.
import type { Wire } from "everwire";
import {
  type Channel,
  RequestError,
  type SessionLost,
  type SessionReceipt,
  type SessionSettled,
  SessionWire,
} from "everwire/session";

interface Order {
  type: "order";
  id: number;
}
interface News {
  type: "news";
  text: string;
}
interface Buy {
  type: "buy";
  symbol: string;
}
interface Methods {
  sum(numbers: number[]): number;
  ticks(symbol: string): AsyncIterable<Order>;
}

declare function takes<T>(value: T): void;

const wire = new SessionWire<Order | News, Buy, Methods>("wss://example.org/session", {
  token: async ({ renews, signal }) => `${renews} ${signal.aborted}`,
  onSessionLost: "report",
  manualAck: true,
  limits: { maxFrame: 4_096, window: 8_192 },
  requestTimeout: 1_000,
});
// @ts-expect-error a session offers its own subprotocol
new SessionWire("wss://example.org/", { protocols: "chat" });
// @ts-expect-error a session greets by itself
new SessionWire("wss://example.org/", { greet: () => {} });

// Messages.
takes<SessionReceipt<Buy>>(wire.send({ type: "buy", symbol: "EUR" }, { key: "EUR" }));
// @ts-expect-error what the server sends is not what the client sends
wire.send({ type: "order", id: 1 });
const settled: SessionSettled<Buy> = await wire.send({ type: "buy", symbol: "EUR" }).settled;
if (settled.outcome === "not-sent") takes<Buy>(settled.message);
else if (settled.outcome === "in-doubt") takes<"session-lost" | "closed">(settled.reason);
else takes<"delivered">(settled.outcome);
// @ts-expect-error that is what plain wires tell
if (settled.outcome === "handed-over") throw settled;
takes<boolean>(wire.volatile({ type: "buy", symbol: "EUR" }));
wire.on("order", (order) => takes<number>(order.id));
wire.on("order", (order, { ack }) => (takes<number>(order.id), ack?.()));
// @ts-expect-error there is no such type
wire.on("orders", () => {});
for await (const message of wire) takes<Order | News>(message);

// Events.
wire.addEventListener("sessionlost", (event) => takes<SessionLost>(event));
wire.addEventListener("session", ({ resumed }) => takes<boolean>(resumed));
wire.addEventListener("message", ({ data, ack }) => (takes<Order | News>(data), ack?.()));
wire.addEventListener("close", ({ cause }) => takes<string>(cause));
// @ts-expect-error there is no such event
wire.addEventListener("sessionfound", () => {});

// It is a wire.
declare function takesAny(wire: Wire<any, any, any, any>): void;
takesAny(wire);

// Requests.
takes<number>(await wire.request("sum", [1, 2]));
// @ts-expect-error what sum takes are numbers
await wire.request("sum", ["1"]);
// @ts-expect-error there is no such method
await wire.request("product", [1]);
for await (const tick of wire.requestStream("ticks", "EUR")) takes<Order>(tick);
takes<() => void>(wire.respond("sum", (numbers, { signal }) => (signal.aborted ? 0 : numbers.length)));
takes<boolean>(new RequestError("no").inDoubt);

// Channels.
const channel = wire.channel<{ text: string }, string>("room", { since: 1 });
takes<Channel<{ text: string }, string>>(channel);
channel.on(({ text }) => takes<string>(text));
channel.on("told", ({ text }, { ack }) => (takes<string>(text), ack?.()));
const orders = wire.channel<Order | News>("orders");
orders.on("news", (news) => takes<string>(news.text));
// @ts-expect-error news have no id
orders.on("news", (news) => news.id);
// @ts-expect-error there is no such type
orders.on("olds", () => {});
channel.addEventListener("shut", ({ code, reason }) => takes<[number, string]>([code, reason]));
takes<SessionReceipt<string>>(channel.send("hello"));
// @ts-expect-error what is sent here is text
channel.send(1);
takes<Promise<void>>(channel.opened);
takes<Promise<void>>(channel.ready({ signal: AbortSignal.abort() }));
