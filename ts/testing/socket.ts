import type { FakeClose, FakeData } from "../fake-server.ts";
import { CloseEventHere } from "../websocket/close-event.ts";
import {
  closing,
  kept,
  refuse,
  sendable,
  sizeOf,
  socketUrl,
  subprotocols,
  texts,
} from "../websocket/webidl.ts";
import { task } from "./tasks.ts";

/** What a socket does to the other side. */
export interface FarSide {
  /** The network may take its time to take it; then it calls `taken`. */
  send(data: FakeData, taken: () => void): void;
  close(code: number, reason: string): void;
  /** Closed before it was open. */
  abandon(): void;
}

type On<Name extends keyof WebSocketEventMap> =
  ((this: WebSocket, event: WebSocketEventMap[Name]) => unknown) | null;

/**
 * A WebSocket in memory, with what the standard says of members, states, exceptions and the order of events: each comes
 * in a task of its own.
 */
export class FakeSocket extends EventTarget implements WebSocket {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSING: 2;
  declare readonly CLOSED: 3;
  declare onopen: On<"open">;
  declare onmessage: On<"message">;
  declare onerror: On<"error">;
  declare onclose: On<"close">;
  readonly url: string;
  readonly extensions = "";
  readonly #far: FarSide;
  readonly #on = new Map<string, { value: unknown; listener: (event: Event) => void }>();
  #binaryType: BinaryType = "blob";
  #state: 0 | 1 | 2 | 3 = 0;
  #protocol = "";
  #buffered = 0;

  /** Dials: the far side is asked for, and answers later. */
  constructor(
    url: unknown,
    protocols: unknown,
    dial: (socket: FakeSocket, url: string, protocols: string[]) => FarSide,
  ) {
    super();
    this.url = socketUrl(`${url}`);
    this.#far = dial(this, this.url, subprotocols(texts(protocols)));
  }

  get readyState(): 0 | 1 | 2 | 3 {
    return this.#state;
  }

  get protocol(): string {
    return this.#protocol;
  }

  /** Bytes that were sent and that the network has not taken. */
  get bufferedAmount(): number {
    return this.#buffered;
  }

  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(type: BinaryType) {
    if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
  }

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (this.#state === 0) refuse("InvalidStateError", "The WebSocket is not open yet.");
    const message = kept(sendable(data)) as FakeData;
    const size = sizeOf(message);
    this.#buffered += size;
    if (this.#state === 1) this.#far.send(message, () => (this.#buffered -= size));
  }

  close(code?: number, reason?: string): void {
    const close = closing(code, reason);
    if (this.#state > 1) return;
    const dialing = this.#state === 0;
    this.#state = 2;
    if (!dialing) return this.#far.close(close.code, close.reason);
    this.#far.abandon();
    task(() => this.end({ code: 1006, reason: "", wasClean: false }, true));
  }

  /** The handshake is over. */
  open(protocol: string): void {
    if (this.#state !== 0) return;
    this.#state = 1;
    this.#protocol = protocol;
    this.dispatchEvent(new Event("open"));
  }

  /** The network brings a message. */
  arrive(data: string | ArrayBuffer): void {
    if (this.#state !== 1) return;
    const shown = typeof data === "string" || this.#binaryType === "arraybuffer" ? data : new Blob([data]);
    this.dispatchEvent(new MessageEvent("message", { data: shown, origin: new URL(this.url).origin }));
  }

  /** The connection is over, or there never was one. */
  end(close: FakeClose, failed: boolean): void {
    if (this.#state === 3) return;
    this.#state = 3;
    if (failed) this.dispatchEvent(new Event("error"));
    this.dispatchEvent(new CloseEventHere("close", close));
  }

  /** An event handler attribute. */
  handler(name: string): unknown {
    return this.#on.get(name)?.value ?? null;
  }

  /** Its place among the listeners is that of its first value. */
  handle(name: string, value: unknown): void {
    const before = this.#on.get(name);
    if (typeof value !== "function") {
      if (before) this.removeEventListener(name, before.listener);
      this.#on.delete(name);
    } else if (before) before.value = value;
    else {
      const added = {
        value: value as unknown,
        listener: (event: Event) => (added.value as Function).call(this, event),
      };
      this.#on.set(name, added);
      this.addEventListener(name, added.listener);
    }
  }
}

["CONNECTING", "OPEN", "CLOSING", "CLOSED"].forEach((name, value) => {
  for (const owner of [FakeSocket, FakeSocket.prototype])
    Object.defineProperty(owner, name, { value, enumerable: true });
});
for (const name of ["open", "message", "error", "close"])
  Object.defineProperty(FakeSocket.prototype, `on${name}`, {
    get(this: FakeSocket) {
      return this.handler(name);
    },
    set(this: FakeSocket, value: unknown) {
      this.handle(name, value);
    },
    enumerable: true,
    configurable: true,
  });
