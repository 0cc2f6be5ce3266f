/**
 * `WebSocket` that reconnects: the whole interface of the standard, with the options of reconnecting-websocket and
 * partysocket.
 * @module
 */
import * as core from "./core.ts";
import { report } from "./errors.ts";
import { supply } from "./load.ts";
import { CloseEventHere } from "./websocket/close-event.ts";
import { type Ending, Link } from "./websocket/link.ts";
import { closing, sendable, socketUrl, subprotocols, texts } from "./websocket/webidl.ts";

import wasmBytes from "#wasm";

supply(() => new WebAssembly.Module(wasmBytes()));

/** A URL, or a function asked at every attempt. */
export type UrlProvider = string | URL | (() => string | URL | Promise<string | URL>);

/** Subprotocols to offer, or a function asked at every attempt. */
export type ProtocolsProvider =
  | string
  | readonly string[]
  | null
  | (() => string | readonly string[] | null | Promise<string | readonly string[] | null>);

/** What can be sent. */
export type Message = string | ArrayBufferLike | Blob | ArrayBufferView;

/** Times are in milliseconds. A number out of range counts as the nearest that is not. */
export interface Options {
  /** A class of WebSocket's shape, such as that of Node's `ws`. Default: the global one at the time of the import. */
  WebSocket?: unknown;
  /** No retry is made sooner. Default 3,000. */
  minReconnectionDelay?: number;
  /** No retry is made later. Default 10,000. */
  maxReconnectionDelay?: number;
  /** Growth, per retry, of the time within which it is made. Default 1.3. */
  reconnectionDelayGrowFactor?: number;
  /** A connection this old has proved stable, and the retries are counted from 0 again. Default 5,000. */
  minUptime?: number;
  /** From asking for the URL to open. Default 4,000; without retries none but the browser's own. */
  connectionTimeout?: number;
  /** Attempts after one that failed, and after a connection that was lost before it was stable. Default `Infinity`. */
  maxRetries?: number;
  /** Messages that wait while there is no connection; at most 16 MiB. One more throws. Default 1,000. */
  maxEnqueuedMessages?: number;
  /** Does not connect before `reconnect()`. Default false. */
  startClosed?: boolean;
  /** Whether another connection follows this end of one. Default: always. */
  shouldReconnectOnClose?: (event: CloseEvent) => boolean;
  /** Tells `debugLogger` what happens. Default false. */
  debug?: boolean;
  /** Default `console.log`. */
  debugLogger?: (...what: unknown[]) => void;
}

type Handler<Type extends keyof WebSocketEventMap> =
  ((this: WebSocket, event: WebSocketEventMap[Type]) => unknown) | null;
type Listener<Type extends keyof WebSocketEventMap> = (
  this: WebSocket,
  event: WebSocketEventMap[Type],
) => unknown;

export interface ReconnectingWebSocket {
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;
  addEventListener<Type extends keyof WebSocketEventMap>(
    type: Type,
    listener: Listener<Type>,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<Type extends keyof WebSocketEventMap>(
    type: Type,
    listener: Listener<Type>,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** The class that connects. Whoever makes this one the global WebSocket does not make it its own. */
const Native = globalThis.WebSocket as (new (url: string, protocols?: string[]) => WebSocket) | undefined;

/**
 * A WebSocket that reconnects. `open` and `close` come with every connection; `readyState` is CONNECTING between two of
 * them, and CLOSED when none follows. With `{ maxRetries: 0, maxEnqueuedMessages: 0 }` it is a WebSocket as the
 * standard has it.
 */
export class ReconnectingWebSocket extends EventTarget implements WebSocket {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;
  readonly #link: Link;
  readonly #handlers = new Map<string, { value: unknown; listener: (event: Event) => void }>();
  #binaryType: BinaryType = "blob";
  /** Bytes that were sent when nobody could send them any more. */
  #discarded = 0;

  /**
   * Connects at once, unless the options say otherwise.
   * Throws a `SyntaxError` (a `DOMException`) if the URL or the subprotocols cannot be those of a WebSocket.
   */
  constructor(url: UrlProvider, options: Options);
  constructor(url: UrlProvider, protocols?: ProtocolsProvider, options?: Options);
  constructor(url: UrlProvider, protocols: ProtocolsProvider | Options = [], options: Options = {}) {
    super();
    if (arguments.length === 0) throw new TypeError("A WebSocket needs a URL.");
    if (typeof protocols === "object" && protocols && !(Symbol.iterator in protocols)) {
      options = protocols;
      protocols = [];
    }
    const given = typeof url === "function" ? url : `${url}`;
    const names = typeof protocols === "function" ? protocols : texts(protocols);
    this.#link = new Link(
      {
        opened: () => void this.dispatchEvent(new Event("open")),
        arrived: (data) => this.#arrived(data),
        ended: (ending) => this.#ended(ending),
        follows: (ending) => this.#follows(options.shouldReconnectOnClose, ending),
      },
      typeof given === "function" ? given : socketUrl(given),
      typeof names === "function" ? names : subprotocols(names),
      options,
      Native,
    );
  }

  /** The URL, as the standard writes it. Of a function, what it last answered. */
  get url(): string {
    return this.#link.url;
  }

  get readyState(): 0 | 1 | 2 | 3 {
    return this.#link.state;
  }

  /** Bytes that wait, here and in the browser, and those that were sent when it was too late. */
  get bufferedAmount(): number {
    const browsers = this.readyState ? this.#link.socket?.bufferedAmount : 0;
    return this.#link.read(core.QUEUED_BYTES) + (browsers ?? 0) + this.#discarded;
  }

  /** Of the connection there is. */
  get extensions(): string {
    return (this.readyState && this.#link.socket?.extensions) || "";
  }

  /** The subprotocol the server chose. */
  get protocol(): string {
    return (this.readyState && this.#link.socket?.protocol) || "";
  }

  /** What binary messages arrive as. */
  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(type: BinaryType) {
    const given = `${type}`;
    if (given === "blob" || given === "arraybuffer") this.#binaryType = given;
  }

  get onopen(): Handler<"open"> {
    return this.#handler("open");
  }

  set onopen(handler: Handler<"open">) {
    this.#handle("open", handler);
  }

  get onmessage(): Handler<"message"> {
    return this.#handler("message");
  }

  set onmessage(handler: Handler<"message">) {
    this.#handle("message", handler);
  }

  get onerror(): Handler<"error"> {
    return this.#handler("error");
  }

  set onerror(handler: Handler<"error">) {
    this.#handle("error", handler);
  }

  get onclose(): Handler<"close"> {
    return this.#handler("close");
  }

  set onclose(handler: Handler<"close">) {
    this.#handle("close", handler);
  }

  /** Retries since a connection was last stable, or `reconnect()` was called. */
  get retryCount(): number {
    return this.#link.read(core.RETRIES);
  }

  /** Whether it connects again by itself. */
  get shouldReconnect(): boolean {
    return this.#link.replaces;
  }

  /**
   * Sends now, or queues until there is a connection: true or false. Without a queue it throws an `InvalidStateError`
   * while connecting, and gives nothing back. Throws a `QuotaExceededError` if the queue is full. After the last
   * `close` what is sent is discarded, and `bufferedAmount` tells of it.
   */
  send(data: Message): boolean | void {
    if (arguments.length === 0) throw new TypeError("send() needs something to send.");
    const sent = this.#link.send(sendable(data));
    if (typeof sent === "number") this.#discarded -= sent;
    if (this.#link.queues) return sent === true;
  }

  /**
   * Closes for good. `code` is 1000 or 3000 to 4999, else it throws an `InvalidAccessError`; `reason` has at most 123
   * bytes of UTF-8, else it throws a `SyntaxError`.
   */
  close(code: number | undefined = undefined, reason: string | undefined = undefined): void {
    const close = closing(code, reason);
    this.#link.close(close.code, close.reason);
  }

  /** Connects at once, whatever the state: closes the connection there is, and counts retries from 0. Throws as `close()`. */
  reconnect(code?: number, reason?: string): void {
    const close = closing(code, reason);
    this.#link.reconnect(close.code, close.reason);
  }

  /** Takes back what waits, in its order. Bytes come as buffers. */
  drainQueuedMessages(): Message[] {
    return this.#link.drain();
  }

  #handler(type: string): null {
    return (this.#handlers.get(type)?.value ?? null) as null;
  }

  /** An event handler attribute (HTML, section 8.1.8.1): its place among the listeners is that of its first value. */
  #handle(type: string, given: unknown): void {
    const before = this.#handlers.get(type);
    if (typeof given !== "function" && (typeof given !== "object" || given === null)) {
      if (before) super.removeEventListener(type, before.listener);
      this.#handlers.delete(type);
    } else if (before) {
      before.value = given;
    } else {
      const handler = {
        value: given as unknown,
        listener: (event: Event) => {
          if (typeof handler.value === "function" && handler.value.call(this, event) === false)
            event.preventDefault();
        },
      };
      this.#handlers.set(type, handler);
      super.addEventListener(type, handler.listener);
    }
  }

  #arrived(raw: string | ArrayBuffer): void {
    const data = typeof raw === "string" || this.#binaryType === "arraybuffer" ? raw : new Blob([raw]);
    this.dispatchEvent(new MessageEvent("message", { data, origin: this.#link.origin }));
  }

  #ended({ error, ...close }: Ending): void {
    if (error) this.dispatchEvent(errorEvent(error));
    this.dispatchEvent(new CloseEventHere("close", close));
  }

  #follows(decide: Options["shouldReconnectOnClose"], ending: Ending): boolean {
    try {
      return !decide || Boolean(decide(new CloseEventHere("close", ending)));
    } catch (error) {
      report(error);
      return true;
    }
  }
}

/** Why a connection failed is told to nobody; why there was none is told as those do whom this class replaces. */
const errorEvent = (error: Error | boolean): Event => {
  if (error === true) return new Event("error");
  const details = { error, message: String((error as Partial<Error>).message ?? error) };
  return typeof ErrorEvent === "function"
    ? new ErrorEvent("error", details)
    : Object.assign(new Event("error"), details);
};

// As Web IDL has it: constants on the class and on what it makes, and everything enumerable.
const { prototype } = ReconnectingWebSocket;
["CONNECTING", "OPEN", "CLOSING", "CLOSED"].forEach((name, value) => {
  for (const owner of [ReconnectingWebSocket, prototype])
    Object.defineProperty(owner, name, { value, enumerable: true });
});
for (const name of Object.getOwnPropertyNames(prototype))
  if (name !== "constructor") Object.defineProperty(prototype, name, { enumerable: true });
Object.defineProperty(prototype, Symbol.toStringTag, { value: "WebSocket", configurable: true });
Object.defineProperty(ReconnectingWebSocket, "name", { value: "WebSocket", configurable: true });

export { ReconnectingWebSocket as WebSocket };
export default ReconnectingWebSocket;
