// What the compiler tells those who use everwire/svelte: this compiles, or the test fails.
import type { Wire, WireState } from "everwire";
import { SessionWire } from "everwire/session";
import {
  type Current,
  useLastMessage,
  useMessage,
  useWire,
  useWireFrom,
  useWireState,
} from "everwire/svelte";

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

const wire = useWire<Price | Trade, Watch>("wss://example.org/prices", { codec: "json" });
takes<Wire<Price | Trade, Watch>>(wire.current);
// @ts-expect-error what the server sends is not what the client sends
wire.current.send({ type: "price", bid: 1 });
takes<Current<Wire<Price>>>(useWire<Price>(() => "wss://example.org/"));
takes<Wire<Price>>(useWire<Price>(() => ["wss://a.example", new URL("wss://b.example")]).current);
// @ts-expect-error there is no such option
useWire("wss://example.org/", { interval: 1 });

const waits = useWire<Price>(() => maybe);
// @ts-expect-error it may not be there
waits.current.close();
takes<WireState>(useWireState(wire).current);
takes<WireState>(useWireState(wire.current).current);
takes<WireState | undefined>(useWireState(waits).current);
// @ts-expect-error it may not be there
useWireState(waits).current.name;

useMessage(wire, (message) => takes<Price | Trade>(message));
useMessage(wire, "price", ({ bid }) => takes<number>(bid));
useMessage(wire.current, "price", ({ bid }) => takes<number>(bid));
// @ts-expect-error a trade has no bid
useMessage(wire, "trade", ({ bid }) => bid);
// @ts-expect-error there are no such messages
useMessage(wire, "prise", () => {});
useMessage(waits, ({ bid }) => takes<number>(bid));
takes<Price | Trade | undefined>(useLastMessage(wire).current);
takes<Trade | undefined>(useLastMessage(wire, "trade").current);

const session = useWireFrom(
  () => `orders ${maybe}`,
  (idle) => new SessionWire<Trade, Watch>("wss://example.org/", { ...idle, token: "t" }),
);
takes<SessionWire<Trade, Watch>>(session.current);
takes<WireState>(useWireState(session).current);
useMessage(session, ({ id }, context) => (takes<number>(id), context?.ack?.()));
useMessage(
  () => session.current.channel<{ text: string }>("room"),
  ({ text }) => takes<string>(text),
);
// @ts-expect-error nothing tells it to connect, nor to close
useWireFrom("number", () => 17);
