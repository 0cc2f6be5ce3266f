// What the compiler tells those who use everwire/websocket: this compiles, or the test fails.
import Reconnecting, {
  type Message,
  type Options,
  type ProtocolsProvider,
  ReconnectingWebSocket,
  type UrlProvider,
  WebSocket as Named,
} from "everwire/websocket";

declare function takes<T>(value: T): void;
declare function ticket(): Promise<string>;

// It is a WebSocket wherever one is asked for.
const socket: WebSocket = new Reconnecting("wss://example.org/");
const another: WebSocket = new Named("wss://example.org/", ["chat"], {
  maxRetries: 0,
  maxEnqueuedMessages: 0,
});
globalThis.WebSocket = Reconnecting;
takes<typeof WebSocket>(ReconnectingWebSocket);
takes<EventTarget>(socket);
takes<WebSocket>(another);

// Every way to construct one.
const options: Options = {
  minReconnectionDelay: 1_000,
  maxReconnectionDelay: 10_000,
  reconnectionDelayGrowFactor: 1.3,
  minUptime: 5_000,
  connectionTimeout: 4_000,
  maxRetries: Infinity,
  maxEnqueuedMessages: 100,
  startClosed: true,
  WebSocket: class {},
  debug: true,
  debugLogger: console.debug,
  shouldReconnectOnClose: (event) => event.code !== 4401 && event.wasClean,
};
const url: UrlProvider = async () => `wss://example.org/?ticket=${await ticket()}`;
const protocols: ProtocolsProvider = () => Promise.resolve(["chat", "other"] as const);
const it = new Reconnecting(url, protocols, options);
new Reconnecting(new URL("wss://example.org/"), options);
new Reconnecting(() => "wss://example.org/", "chat");
new Reconnecting("wss://example.org/", null);
// @ts-expect-error there is no such option
new Reconnecting("wss://example.org/", [], { reconnectInterval: 1 });
// @ts-expect-error a number is no URL
new Reconnecting(17);

// What the peers have besides.
takes<boolean | void>(it.send("text"));
takes<Message[]>(it.drainQueuedMessages());
takes<number>(it.retryCount);
takes<boolean>(it.shouldReconnect);
it.reconnect(4000, "again");
it.reconnect();
it.send(new Blob([]));
it.send(new Uint8Array(1).subarray(1));
// @ts-expect-error what is no message
it.send({ type: "message" });

// Events are those of a WebSocket.
it.onmessage = (event) => takes<MessageEvent>(event);
it.onclose = ({ code, reason, wasClean }) => takes<[number, string, boolean]>([code, reason, wasClean]);
it.addEventListener("close", (event) => takes<CloseEvent>(event), { once: true });
it.addEventListener("message", { handleEvent: (event) => takes<Event>(event) });
takes<0 | 1 | 2 | 3>(it.readyState);
takes<0>(Reconnecting.CONNECTING);
takes<1>(it.OPEN);
it.binaryType = "arraybuffer";
// @ts-expect-error it is read only
it.url = "";
