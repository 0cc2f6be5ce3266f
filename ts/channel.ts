import { type WireEvent, wireEvent } from "./events.ts";
import { Handlers } from "./handlers.ts";
import type { RequestOptions } from "./request.ts";
import type { SessionReceipt, SessionSendOptions, SessionWire } from "./session-wire.ts";
import type { Raw } from "./codec.ts";
import type { Handles, Tag, Tagged } from "./tagged.ts";
import { waits } from "./waits.ts";

export interface ChannelEventMap<In> {
  message: WireEvent<{ readonly data: In; readonly ack?: () => void }>;
  /** The server has opened it; again after each session that was lost. */
  open: WireEvent<{ readonly data: unknown }>;
  /** It is shut, and stays so. */
  shut: WireEvent<{ readonly code: number; readonly reason: string }>;
}

type Listener<Event> = ((event: Event) => void) | { handleEvent(event: Event): void } | null;

export interface Channel<In = unknown, Out = In> {
  addEventListener<Type extends keyof ChannelEventMap<In>>(
    type: Type,
    listener: Listener<ChannelEventMap<In>[Type]>,
    options?: AddEventListenerOptions | boolean,
  ): void;
  removeEventListener<Type extends keyof ChannelEventMap<In>>(
    type: Type,
    listener: Listener<ChannelEventMap<In>[Type]>,
    options?: EventListenerOptions | boolean,
  ): void;
}

/** A part of a session with a name. It outlives connections, and is opened anew in the session after one that is lost. */
export class Channel<In = unknown, Out = In> extends EventTarget {
  declare readonly name: string;
  /** @internal Its number; negative when shut. */
  declare number: number;
  readonly #wire: SessionWire<any, any, any>;
  readonly #handlers: Handlers<In>;
  readonly #shut: (code: number, reason: string) => void;
  #open = false;

  /** @internal */
  constructor(
    wire: SessionWire<any, any, any>,
    name: string,
    number: number,
    discriminant: string | undefined,
    shut: (code: number, reason: string) => void,
  ) {
    super();
    this.name = name;
    this.number = number;
    this.#wire = wire;
    this.#handlers = new Handlers(discriminant);
    this.#shut = shut;
  }

  get state(): "opening" | "open" | "shut" {
    return this.number < 0 ? "shut" : this.#open ? "open" : "opening";
  }

  /**
   * Resolves when it is open, at once if it is; rejects with the `ChannelShut` if it is shut instead, and if `signal`
   * aborts.
   */
  ready({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    return waits(signal, (resolve, until, reject) => {
      const shut = ({ code = 0, reason = "" }) => reject(new ChannelShut(this.name, code, reason));
      this.addEventListener("open", () => resolve(), until);
      this.addEventListener("shut", shut, until);
      if (this.#open) resolve();
      else if (this.number < 0) shut({});
    });
  }

  /** `ready()` without options. */
  get opened(): Promise<void> {
    return this.ready();
  }

  /** As on the wire. It may be sent before the server has opened the channel. */
  send(message: Out, options: Omit<SessionSendOptions, "channel"> = {}): SessionReceipt<Out> {
    return this.#wire.send(message, { ...options, channel: this });
  }

  /** As on the wire. */
  volatile(message: Out): boolean {
    return this.#wire.volatile(message, { channel: this });
  }

  /** As on the wire. */
  request(
    method: string,
    payload?: unknown,
    options: Omit<RequestOptions, "channel"> = {},
  ): Promise<unknown> {
    return this.#wire.request(method, payload, { ...options, channel: this });
  }

  /** As on the wire. */
  on(handler: Handles<In, ChannelEventMap<In>["message"]>): () => void;
  on<Type extends Tag<In>>(
    type: Type,
    handler: Handles<Tagged<In, Type>, ChannelEventMap<In>["message"]>,
  ): () => void;
  on(type: unknown, handler?: unknown): () => void {
    return this.#handlers.on(type, handler);
  }

  /** Shuts it for good. What waits to be sent on it is taken back. `code` is yours; a reason over 123 bytes is cut. */
  shut(code = 0, reason = ""): void {
    if (this.number >= 0) this.#shut(code, reason);
  }

  /** @internal */
  deliver(message: In, raw: Raw, ack: (() => void) | undefined): void {
    this.#handlers.deliver(message, ack ? { ack } : {});
    this.dispatchEvent(wireEvent("message", { data: message, raw, ack }));
  }

  /** @internal The server has opened it, or its session is lost. */
  opens(data: unknown): void {
    this.#open = true;
    this.dispatchEvent(wireEvent("open", { data }));
  }

  /** @internal */
  closes(): void {
    this.#open = false;
  }

  /** @internal */
  ends(code: number, reason: string): void {
    this.number = -1;
    this.#open = false;
    this.dispatchEvent(wireEvent("shut", { code, reason }));
  }
}

/** A channel was shut before it opened. */
export class ChannelShut extends Error {
  override readonly name = "ChannelShut";
  /** The server's own. */
  declare readonly code: number;
  /** In the server's words. */
  declare readonly reason: string;

  /** @internal */
  constructor(channel: string, code: number, reason: string) {
    super(`The channel ${JSON.stringify(channel)} is shut${reason && `: ${reason}`}.`);
    this.code = code;
    this.reason = reason;
  }
}
