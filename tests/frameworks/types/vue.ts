// What the compiler tells those who use everwire/vue: this compiles, or the test fails.
import type { Wire, WireState } from "everwire";
import { SessionWire } from "everwire/session";
import { useLastMessage, useMessage, useWire, useWireFrom, useWireState } from "everwire/vue";
import { type Ref, ref } from "vue";

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
declare const maybe: Ref<string | undefined>;

const wire = useWire<Price | Trade, Watch>("wss://example.org/prices", { codec: "json" });
takes<Wire<Price | Trade, Watch>>(wire.value);
// @ts-expect-error what the server sends is not what the client sends
wire.value.send({ type: "price", bid: 1 });
// @ts-expect-error another URL makes another wire
wire.value = wire.value;
takes<Wire<Price>>(useWire<Price>(ref("wss://example.org/")).value);
takes<Wire<Price>>(useWire<Price>(() => ["wss://a.example", new URL("wss://b.example")]).value);
// @ts-expect-error there is no such option
useWire("wss://example.org/", { interval: 1 });

const waits = useWire<Price>(maybe);
// @ts-expect-error it may not be there
waits.value.close();
takes<WireState>(useWireState(wire).value);
takes<WireState>(useWireState(wire.value).value);
takes<WireState | undefined>(useWireState(waits).value);
// @ts-expect-error it may not be there
useWireState(waits).value.name;

useMessage(wire, (message) => takes<Price | Trade>(message));
useMessage(wire, "price", ({ bid }) => takes<number>(bid));
useMessage(wire.value, "price", ({ bid }) => takes<number>(bid));
// @ts-expect-error a trade has no bid
useMessage(wire, "trade", ({ bid }) => bid);
// @ts-expect-error there are no such messages
useMessage(wire, "prise", () => {});
useMessage(waits, ({ bid }) => takes<number>(bid));
takes<Price | Trade | undefined>(useLastMessage(wire).value);
takes<Trade | undefined>(useLastMessage(wire, "trade").value);

const session = useWireFrom(
  () => `orders ${maybe.value}`,
  (idle) => new SessionWire<Trade, Watch>("wss://example.org/", { ...idle, token: "t" }),
);
takes<SessionWire<Trade, Watch>>(session.value);
takes<WireState>(useWireState(session).value);
useMessage(session, ({ id }, context) => (takes<number>(id), context?.ack?.()));
useMessage(
  () => session.value.channel<{ text: string }>("room"),
  ({ text }) => takes<string>(text),
);
// @ts-expect-error nothing tells it to connect, nor to close
useWireFrom("number", () => 17);
