// What the compiler tells those who use everwire/solid: this compiles, or the test fails.
import type { Wire, WireState } from "everwire";
import { SessionWire } from "everwire/session";
import { createLastMessage, onMessage, createWire, createWireFrom, createWireState } from "everwire/solid";

interface Price {
  type: "price";
  bid: number;
}
interface Trade {
  type: "trade";
  id: number;
}
interface Watch {
  type: "watch";
  symbol: string;
}

declare function takes<T>(value: T): void;
declare const maybe: string | undefined;

const wire = createWire<Price | Trade, Watch>("wss://example.org/prices", { codec: "json" });
takes<Wire<Price | Trade, Watch>>(wire());
// @ts-expect-error what the server sends is not what the client sends
wire().send({ type: "price", bid: 1 });
takes<() => Wire<Price>>(createWire<Price>(() => "wss://example.org/"));
takes<Wire<Price>>(createWire<Price>(() => ["wss://a.example", new URL("wss://b.example")])());
// @ts-expect-error there is no such option
createWire("wss://example.org/", { interval: 1 });

const waits = createWire<Price>(() => maybe);
// @ts-expect-error it may not be there
waits().close();
takes<WireState>(createWireState(wire)());
takes<WireState>(createWireState(wire())());
takes<WireState | undefined>(createWireState(waits)());
// @ts-expect-error it may not be there
createWireState(waits)().name;

onMessage(wire, (message) => takes<Price | Trade>(message));
onMessage(wire, "price", ({ bid }) => takes<number>(bid));
onMessage(wire(), "price", ({ bid }) => takes<number>(bid));
// @ts-expect-error a trade has no bid
onMessage(wire, "trade", ({ bid }) => bid);
// @ts-expect-error there are no such messages
onMessage(wire, "prise", () => {});
onMessage(waits, ({ bid }) => takes<number>(bid));
takes<Price | Trade | undefined>(createLastMessage(wire)());
takes<Trade | undefined>(createLastMessage(wire, "trade")());

const session = createWireFrom(
  () => `orders ${maybe}`,
  (idle) => new SessionWire<Trade, Watch>("wss://example.org/", { ...idle, token: "t" }),
);
takes<SessionWire<Trade, Watch>>(session());
takes<WireState>(createWireState(session)());
onMessage(session, ({ id }, context) => (takes<number>(id), context?.ack?.()));
onMessage(
  () => session().channel<{ text: string }>("room"),
  ({ text }) => takes<string>(text),
);
// @ts-expect-error nothing tells it to connect, nor to close
createWireFrom("number", () => 17);
