import { byteLength, encode, keep } from "./codec.ts";
import * as core from "./core.ts";
import { type WireClose, WireError, type WireErrorCode } from "./errors.ts";
import type { WireClosed, WireEventMap, WireState } from "./events.ts";
import { Handlers } from "./handlers.ts";
import { iterate } from "./iterate.ts";
import { type Deliver, Link } from "./link.ts";
import { type Provided, type WireOptions, wrong } from "./options.ts";
import { type NotSentReason, Receipt, type Settled } from "./receipt.ts";
import { channelOf, encoded } from "./session/bytes.ts";
import type { SessionSendOptions } from "./session-wire.ts";
import { readStats, type WireStats } from "./stats.ts";
import type { Handles, Tag, Tagged } from "./tagged.ts";
import { waits } from "./waits.ts";

/** One URL, several taken in turn, or a function asked at every attempt. */
export type WireUrl = Provided<string | URL | readonly (string | URL)[]>;

export interface SendOptions {
  /** Replaces a waiting message of the same key and lane, in its place. */
  key?: string;
  /** How long the message may wait, in milliseconds. Default: `queue.ttl`. */
  ttl?: number;
  /** High leaves first; low gives way first. Default `"normal"`. */
  lane?: "high" | "normal" | "low";
  /** Takes the message back if it still waits when aborted. */
  signal?: AbortSignal;
}

type Listener<Event> = ((event: Event) => void) | { handleEvent(event: Event): void } | null;

const LANES = ["high", "normal", "low"] as const;

export interface Wire<
  In = unknown,
  Out = In,
  End = Settled<Out>,
  Events extends WireEventMap<In, Out, End> = WireEventMap<In, Out, End>,
> {
  removeEventListener<Type extends keyof Events & string>(
    type: Type,
    listener: Listener<Event & Events[Type]>,
    options?: EventListenerOptions | boolean,
  ): void;
}

/** A WebSocket connection that keeps its promises. `End` is what may become of a send, `Events` what is told. */
export class Wire<
  In = unknown,
  Out = In,
  End = Settled<Out>,
  Events extends WireEventMap<In, Out, End> = WireEventMap<In, Out, End>,
> extends EventTarget {
  readonly #link: Link<In, Out>;
  readonly #inbox: WireOptions<In, Out>["inbox"];
  readonly #handlers: Handlers<In>;
  #listens = false;

  /**
   * Connects at once where there is a WebSocket, in a window or worker or one given in `options`, unless it is to be idle.
   * Throws a `WireError` with code `InvalidOption` if an option is wrong.
   */
  constructor(url: WireUrl, options: WireOptions<In, Out> = {}) {
    super();
    this.#inbox = options.inbox;
    this.#handlers = new Handlers(options.discriminant);
    this.#link = new Link(this, (message, raw) => this.#deliver(message, raw), url, options);
    if (SESSION) this.attach?.(this.#link, options, (message, raw) => this.#deliver(message, raw));
    options.signal?.addEventListener("abort", () => this.close(1000, "aborted"));
    if (options.signal?.aborted) this.close(1000, "aborted");
    else if (!options.idle && this.#link.socketClass) this.#act(core.CONNECT);
    this.#link.heard = true;
  }

  /** @internal Takes the link of a session's wire, before it is used. */
  attach?(link: Link<In, Out>, options: unknown, deliver: Deliver<In>): void;

  /** Where the wire stands. */
  get state(): WireState {
    return this.#link.state;
  }

  /** Messages waiting. */
  get queued(): number {
    return this.#read(core.QUEUED);
  }

  /** Bytes waiting. */
  get queuedBytes(): number {
    return this.#read(core.QUEUED_BYTES);
  }

  /** Receipts of the waiting messages in the order in which they would leave. */
  queue(): Receipt<Out, End>[] {
    return this.#link.waiting() as Receipt<Out, End>[];
  }

  /** Bytes that the browser has taken and not yet given to the network. */
  get bufferedAmount(): number {
    return this.#link.socket?.bufferedAmount ?? 0;
  }

  /** The subprotocol the server chose. */
  get protocol(): string {
    return this.#link.socket?.protocol ?? "";
  }

  /** The extensions in use, such as `permessage-deflate`. */
  get extensions(): string {
    return this.#link.socket?.extensions ?? "";
  }

  /** Round trips in milliseconds, once a pong has matched a ping. */
  get rtt(): { readonly last: number; readonly smoothed: number } | undefined {
    const last = this.#link.ask(core.READ, core.RTT) as number;
    return last >= 0 ? { last, smoothed: this.#read(core.SMOOTHED_RTT) } : undefined;
  }

  /** What the wire has done so far, in numbers. */
  stats(): WireStats {
    return readStats(this.rtt, this.#read);
  }

  /**
   * Sends now if the wire is open, else queues. Throws a `WireError` with code `InvalidMessage`, the
   * message in `data`, if it cannot be encoded; in every other case the receipt tells. (But for one: if
   * the WebAssembly stops in this very call, it throws with code `WasmTrap`, since nobody knows then.)
   */
  send(message: Out, options: SendOptions = {}): Receipt<Out, End> {
    const link = this.#link;
    const data = SESSION
      ? encoded((options as SessionSendOptions).channel ? link.codec : link.own, message)
      : encode(link.codec, message);
    const { lane = "normal", ttl = Infinity, key, signal } = options;
    checkSend(lane, ttl, key, message);
    const receipt = new Receipt<Out, End>(message, this.#settled);
    if (SESSION) {
      const channel = channelOf(options as SessionSendOptions);
      const plain = lane === "normal" && ttl === Infinity && key === undefined && !signal;
      if (plain && link.session.pass(receipt, data, channel)) return receipt;
      receipt.to = { channel, bound: false };
    }
    const length = byteLength(data)!;
    const running = link.core;
    if (signal?.aborted || !running) {
      receipt.settle(running ? 5 : 6);
      return receipt;
    }
    let id: number;
    try {
      const passed = SESSION ? 0 : link.pass(data, length);
      if (passed) {
        receipt.settle(passed === core.THREW ? 7 : 0);
        return receipt;
      }
      receipt.data = SESSION ? data : keep(data);
      id = link.queue(receipt, length, LANES.indexOf(lane), ttl, key);
      // What a session has bound has been copied.
      if (SESSION) receipt.data &&= keep(data);
    } catch (cause) {
      // Nobody knows how far it came, so no receipt can tell.
      throw new WireError("WasmTrap", { cause, data: message });
    }
    if (id < 0) return receipt;
    link.root();
    receipt.wait(() => link.core === running && this.#act(core.WITHDRAW, id) === 1);
    if (signal) {
      const over = new AbortController();
      signal.addEventListener("abort", () => void receipt.withdraw(), over);
      void receipt.settled.then(() => over.abort());
    }
    return receipt;
  }

  /**
   * Calls `handler` with every message, or with those whose discriminant (`type` unless the options say
   * otherwise) is `type`. Returns a function that ends it.
   */
  on(handler: Handles<In, Events["message"]>): () => void;
  on<Type extends Tag<In>>(type: Type, handler: Handles<Tagged<In, Type>, Events["message"]>): () => void;
  on(type: unknown, handler?: unknown): () => void {
    return this.#handlers.on(type, handler);
  }

  override addEventListener<Type extends keyof Events & string>(
    type: Type,
    listener: Listener<Event & Events[Type]>,
    options?: AddEventListenerOptions | boolean,
  ): void {
    this.#listens ||= type === "message";
    super.addEventListener(type, listener as EventListener, options);
  }

  /** `messages()` without options. */
  [Symbol.asyncIterator](): AsyncGenerator<In, void, undefined> {
    return this.messages();
  }

  /**
   * Messages as they come, from the first step of a `for await` loop on. The loop ends when the wire is closed by
   * `close()`, and throws the `WireError` if it closes for another reason or if the loop is too slow
   * (`InboundOverflow`), or the reason of `signal` when that is aborted.
   */
  messages({ signal }: { signal?: AbortSignal } = {}): AsyncGenerator<In, void, undefined> {
    return iterate(this, this.#link, signal, this.#inbox);
  }

  /** Resolves when the wire is open, at once if it is; rejects if it closes for good or `signal` aborts. */
  ready({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    return waits(signal, (resolve, until, reject) => {
      this.addEventListener("open", () => resolve(), until);
      if (this.state.name === "open") resolve();
      this.#whenClosed(until, (cause, close) => reject(this.#link.dead ?? new WireError(cause, { close })));
    });
  }

  /** `ready()` without options. */
  get opened(): Promise<void> {
    return this.ready();
  }

  /** Resolves when the wire is closed for good, at once if it is. */
  get closed(): Promise<WireClosed> {
    return waits(undefined, (resolve, until) =>
      this.#whenClosed(until, (cause, close) => resolve({ ...close, cause, last: true })),
    );
  }

  /**
   * Resolves with true when nothing waits any more, with false if `timeout` (milliseconds) passes first; rejects if
   * `signal` aborts.
   */
  drained({ timeout = -1, signal }: { timeout?: number; signal?: AbortSignal } = {}): Promise<boolean> {
    return waits(signal, (resolve, until) => {
      const listener = (event: Event & { watch?: number; empty?: boolean }) =>
        event.watch === watched && resolve(event.empty === true);
      super.addEventListener("drained", listener, until);
      // Without a core nothing waits, but nothing left either.
      this.addEventListener("close", () => this.#link.dead && resolve(false), until);
      let watched: number | undefined;
      if ((SESSION ? this.queued + this.#read(core.IN_FLIGHT) : this.queued) === 0) resolve(true);
      else watched = this.#act(core.WATCH_DRAIN, timeout);
    });
  }

  /** Takes every waiting message back; each settles as not sent, withdrawn. */
  clear(): Receipt<Out, End>[] {
    const waiting = this.queue();
    this.#act(core.CLEAR);
    return waiting;
  }

  /**
   * Closes for good. Waiting messages settle as not sent and are given back; no message is delivered
   * from here on. `code` is 1000 or 3000 to 4999; a reason over 123 bytes is cut.
   */
  close(code = 1000, reason = ""): void {
    if (!/^(1000|[34]\d{3})$/.test(String(code))) throw new WireError("InvalidClose");
    this.#link.close(code, String(reason));
  }

  /** Connects at once, whatever the state: skips a wait, replaces a link, opens a closed wire afresh. */
  reconnect(): void {
    if (this.#link.dead) this.#link.begin();
    if (this.#link.socketClass) this.#act(core.RECONNECT);
  }

  /** Hangs up and keeps the queue until `reconnect()`. */
  suspend(): void {
    this.#act(core.SUSPEND);
  }

  /** Calls `listener` when the wire is closed for good, at once if it is. */
  #whenClosed(
    until: { readonly signal: AbortSignal },
    listener: (cause: WireErrorCode, close: WireClose) => void,
  ): void {
    const { state } = this;
    const closed = ({ code, reason, wasClean, cause, last }: WireClosed) =>
      last && listener(cause, { code, reason, wasClean });
    this.addEventListener("close", closed, until);
    if (state.name === "closed") listener(state.reason, state.close);
  }

  readonly #read = (what: number): number => this.#link.ask(core.READ, what) ?? 0;

  #act(what: number, a = 0): number | undefined {
    this.#link.root();
    return this.#link.ask(what, a);
  }

  readonly #settled = (receipt: Receipt<Out, End>): void => {
    if ((receipt.result as { reason?: NotSentReason }).reason === "evicted")
      this.#link.emit("evicted", { receipt });
  };

  #deliver(message: In, raw: string | ArrayBuffer): void {
    const context = SESSION ? this.#link.session.context : undefined;
    this.#handlers.deliver(message, context);
    if (this.#listens) this.#link.emit("message", { data: message, raw, ...context });
  }
}

const checkSend = (lane: string, ttl: number, key: unknown, message: unknown): void => {
  if (!LANES.includes(lane as "high")) throw wrong("lane", LANES.join(", "), lane, message);
  if (!(ttl >= 0)) throw wrong("ttl", "milliseconds, 0 or more", ttl, message);
  if (key !== undefined && typeof key !== "string") throw wrong("key", "a string", key, message);
};
