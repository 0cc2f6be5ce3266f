// What the compiler tells those who speak JSON-RPC: this compiles, or the test fails.
import { type Receipt, Wire } from "everwire";
import { JsonRpc, JsonRpcCode, JsonRpcError, RequestError } from "everwire/json-rpc";
import { Wire as WorkerWire } from "everwire/worker";

declare function takes<T>(value: T): void;

interface Server {
  subtract(numbers: [number, number]): number;
  find(by: { name: string }): { id: number } | null;
  ping(): string;
  log(lines: string[]): void;
}
interface Client {
  confirm(asked: { question: string }): boolean;
  progress(done: [number]): void;
}

const wire = new Wire("wss://example.org/rpc");
const rpc = new JsonRpc<Server, Client>(wire, {
  timeout: 1_000,
  maxBatch: 10,
  onError: (error) => takes<JsonRpcError>(error),
});

// Requests and notifications.
takes<number>(await rpc.request("subtract", [42, 23], { timeout: 1_000, signal: AbortSignal.abort() }));
takes<{ id: number } | null>(await rpc.request("find", { name: "x" }));
takes<string>(await rpc.request("ping"));
takes<Receipt>(rpc.notify("log", ["one"], { lane: "low" }));
// @ts-expect-error two numbers
await rpc.request("subtract", [42]);
// @ts-expect-error it takes something
await rpc.request("find");
// @ts-expect-error there is no such method
await rpc.request("confirm", { question: "?" });
// @ts-expect-error lines are text
rpc.notify("log", [1]);

// Batches.
const [difference, found] = rpc.batch(({ request, notify }) => {
  notify("log", ["two"]);
  return [request("subtract", [2, 1]), request("find", { name: "x" })] as const;
});
takes<number>(await difference);
takes<{ id: number } | null>(await found);
// @ts-expect-error there is no such method
rpc.batch(({ request }) => request("product", [1]));

// Handlers.
takes<() => void>(
  rpc.respond("confirm", ({ question }, { signal, id }) => !signal.aborted && question !== id),
);
rpc.respond("confirm", async () => true);
rpc.respond("progress", ([done]) => takes<number>(done));
rpc.respond("confirm", () => {
  throw new JsonRpcError(JsonRpcCode.InvalidParams, "Invalid params", { at: "question" });
});
// @ts-expect-error yes or no
rpc.respond("confirm", () => "maybe");
// @ts-expect-error that is the server's
rpc.respond("subtract", () => 1);

// Without types, and over any wire in plain mode.
const free = new JsonRpc(new WorkerWire("wss://example.org/rpc"));
takes<unknown>(await free.request("anything", { at: "all" }));
free.respond("anything", (params) => params);
// @ts-expect-error there is no such option
new JsonRpc(wire, { retries: 1 });
takes<number>(new JsonRpcError(1, "text").code);
takes<boolean>(new RequestError("text").inDoubt);
rpc.end();
