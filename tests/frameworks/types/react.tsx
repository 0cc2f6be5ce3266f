// What the compiler tells those who use everwire/react: this compiles, or the test fails.
import type { Wire, WireState } from "everwire";
import { type Idle, useLastMessage, useMessage, useWire, useWireFrom, useWireState } from "everwire/react";
import { type SessionSettled, SessionWire } from "everwire/session";
import { Wire as BesideWire } from "everwire/url";
import { Wire as WorkerWire } from "everwire/worker";

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
interface Methods {
  sum(numbers: number[]): number;
}

declare function takes<T>(value: T): void;
declare const maybe: string | undefined;

export function Component() {
  const wire = useWire<Price | Trade, Watch>("wss://example.org/prices", { codec: "json" });
  takes<Wire<Price | Trade, Watch>>(wire);
  wire.send({ type: "watch", symbol: "EUR" });
  // @ts-expect-error what the server sends is not what the client sends
  wire.send({ type: "price", bid: 1 });
  useWire(["wss://a.example", new URL("wss://b.example")]);
  // @ts-expect-error functions cannot be told apart: useWireFrom takes a key
  useWire(() => "wss://example.org/");
  // @ts-expect-error there is no such option
  useWire("wss://example.org/", { interval: 1 });

  const waits = useWire<Price>(maybe);
  // @ts-expect-error it may not be there
  waits.close();
  takes<Wire<Price> | undefined>(waits);
  takes<Wire<Price> | undefined>(useWire<Price>(null));

  takes<WireState>(useWireState(wire));
  takes<WireState | undefined>(useWireState(waits));
  // @ts-expect-error it may not be there
  useWireState(waits).name;

  useMessage(wire, (message) => takes<Price | Trade>(message));
  useMessage(wire, "price", ({ bid }) => takes<number>(bid));
  // @ts-expect-error a trade has no bid
  useMessage(wire, "trade", ({ bid }) => bid);
  useMessage(waits, ({ bid }) => takes<number>(bid));
  takes<Price | Trade | undefined>(useLastMessage(wire));
  takes<Trade | undefined>(useLastMessage(wire, "trade"));
  // @ts-expect-error there may be none yet
  useLastMessage(wire, "trade").id;

  const session = useWireFrom(
    "orders",
    (idle: Idle) =>
      new SessionWire<Price | Trade, Watch, Methods>("wss://example.org/", { ...idle, token: "t" }),
  );
  takes<Promise<number>>(session.request("sum", [1]));
  takes<SessionSettled<Watch> | undefined>(session.send({ type: "watch", symbol: "EUR" }).result);
  takes<WireState>(useWireState(session));
  useMessage(session, (message, context) => (takes<Price | Trade>(message), context?.ack?.()));
  // @ts-expect-error there are no such messages
  useMessage(wire, "prise", () => {});
  useMessage(session, "trade", ({ id }) => takes<number>(id));
  useMessage(session.channel<{ text: string }>("room"), ({ text }) => takes<string>(text));
  takes<SessionWire | undefined>(useWireFrom(maybe, (idle) => new SessionWire("wss://example.org/", idle)));
  useMessage(
    useWireFrom("beside", (idle) => new BesideWire<Price>("wss://example.org/", idle)),
    ({ bid }) => takes<number>(bid),
  );
  useMessage(
    useWireFrom("worker", (idle) => new WorkerWire<Price>("wss://example.org/", idle)),
    ({ bid }) => takes<number>(bid),
  );
  // @ts-expect-error nothing tells it to connect, nor to close
  useWireFrom("number", () => 17);
  return null;
}
