import { Handle } from "#glue";
import { byteLength, type Codec, type Raw } from "./codec.ts";
import * as core from "./core.ts";
import { codeOf, report, type WireClose, WireError } from "./errors.ts";
import { wireEvent, type WireState } from "./events.ts";
import { type Face, weak } from "./face.ts";
import { start, watch } from "./load.ts";
import {
  type Attempt,
  type Greeting,
  isUrl,
  type Provided,
  readCodec,
  readOptions,
  type Retry,
  type WebSocketClass,
  type WireOptions,
  wrongNumber,
} from "./options.ts";
import type { Receipt } from "./receipt.ts";
import type { WireUrl } from "./wire.ts";

/** What arrived: decoded, as it came, and why it could not be decoded. */
interface Parcel {
  readonly message: unknown;
  readonly raw: string | ArrayBuffer;
  readonly failed: WireError | undefined;
}

const LOST: WireClose = { code: 1006, reason: "", wasClean: false };

/** Between a wire and its core: calls the one, and is what the other calls. */
export class Link<In, Out> implements Face {
  readonly codec: Codec<In, Out>;
  /** Receipts that the core holds, so that they can be told if it dies. */
  readonly waiting = new Set<Receipt<Out>>();
  readonly #target: EventTarget;
  readonly #deliver: (message: In, raw: string | ArrayBuffer) => void;
  readonly #url: WireUrl;
  readonly #options: WireOptions<In, Out>;
  readonly #numbers: readonly number[];
  readonly #flags: number;
  /** Listeners can be there. */
  heard = false;
  handle: Handle | undefined;
  socket: WebSocket | undefined;
  good = false;
  /** Why there is no core behind this wire. */
  dead: WireError | undefined;
  #unwatch: (() => void) | undefined;
  #abort: AbortController | undefined;
  /** The latest question, by itself: numbers begin again in a new core. */
  #question: Attempt | undefined;
  #answer: { url: string; protocols: string[] } | undefined;
  /** What was thrown, on its way to the event that tells of it. */
  #thrown: unknown;
  #state: WireState = { name: "idle" };

  constructor(
    target: EventTarget,
    deliver: (message: In, raw: string | ArrayBuffer) => void,
    url: WireUrl,
    options: WireOptions<In, Out>,
  ) {
    const { numbers, flags } = readOptions(url, options);
    this.#target = target;
    this.#deliver = deliver;
    this.#url = url;
    this.#options = options;
    this.codec = readCodec(options.codec as Codec | undefined) as Codec<In, Out>;
    this.#numbers = numbers;
    this.#flags = flags;
    this.begin();
  }

  get state(): WireState {
    if (this.dead) return { name: "closed", reason: this.dead.code, close: LOST };
    this.ask(core.DESCRIBE_STATE);
    return this.#state;
  }

  /** The class to connect with, if there is one. */
  get socketClass(): WebSocketClass | undefined {
    // Outside windows and workers, on a server rendering the page, nothing connects unasked.
    const inBrowser = "window" in globalThis || "WorkerGlobalScope" in globalThis;
    return (
      this.#options.WebSocket ??
      (inBrowser ? (globalThis.WebSocket as WebSocketClass | undefined) : undefined)
    );
  }

  /** Starts a core, or learns why there is none. */
  begin(): void {
    this.dead = undefined;
    try {
      start();
      this.handle = new Handle(weak(this), this.#flags);
    } catch (error) {
      if (typeof error === "number") throw wrongNumber(error, this.number(error));
      if (!(error instanceof WireError) || error.code === "NotInitialized") throw error;
      this.lost(error);
    }
  }

  /** Keeps this wire, in use, from being collected until it is closed, and from missing a trap. */
  root(): void {
    if (this.handle) this.#unwatch ??= watch(this.lost);
  }

  ask(what: number, a = 0, b = 0, value?: unknown): number | undefined {
    return this.#unlessTrapped(() => this.handle?.act(what, a, b, value));
  }

  close(code: number, reason: string): void {
    this.#unlessTrapped(() => this.handle?.close(code, reason));
  }

  /** A trap is told by an event; who asked gets no answer. */
  #unlessTrapped<T>(ask: () => T): T | undefined {
    try {
      return ask();
    } catch (error) {
      if (!this.dead) throw error;
      return undefined;
    }
  }

  /** There is no core any more, or there never was: the wire is closed and its messages are given back. */
  readonly lost = (error: WireError): void => {
    this.dead = error;
    this.handle = undefined;
    this.#unwatch = undefined;
    this.#question = undefined;
    this.abort();
    const { socket } = this;
    this.socket = undefined;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onerror = socket.onclose = null;
      socket.close();
    }
    for (const receipt of [...this.waiting]) receipt.settle(6);
    // A listener added right after the constructor hears of it too.
    void Promise.resolve().then(() => {
      this.emit("statechange", { state: this.state });
      this.emit("error", { error });
      this.emit("close", { ...LOST, cause: error.code, last: true });
    });
  };

  /** Listeners that throw are reported, and the others are called. */
  emit(type: string, details: object): void {
    const dispatch = () => this.#target.dispatchEvent(wireEvent(type, details));
    // That the URL cannot be used shows while the wire is constructed, before there can be a listener.
    if (this.heard || type === "statechange") dispatch();
    else void Promise.resolve().then(dispatch);
  }

  encode(message: Out): Raw {
    let data: unknown;
    try {
      data = this.codec.encode(message);
    } catch (cause) {
      throw new WireError("InvalidMessage", { cause, data: message });
    }
    if (byteLength(data) !== undefined) return data as Raw;
    const given = data === null ? "null" : typeof data;
    const cause = new TypeError(
      `The codec gave ${given}; a WebSocket sends strings, buffers, views and Blobs.`,
    );
    throw new WireError("InvalidMessage", { cause, data: message });
  }

  // What the core calls.

  number(index: number): number {
    return this.#numbers[index] ?? NaN;
  }

  readonly onmessage = (event: MessageEvent): void => {
    const raw = event.data as string | ArrayBuffer;
    let message: In | undefined;
    let failed: WireError | undefined;
    try {
      message = this.codec.decode(typeof raw === "string" ? raw : new Uint8Array(raw));
    } catch (cause) {
      failed = new WireError("Undecodable", { cause, data: raw });
    }
    const { handle } = this;
    const verdict = handle?.received(this.#kind(message, raw)) ?? core.DROP;
    if (verdict === core.DROP) return;
    const parcel: Parcel = { message, raw, failed };
    if (verdict !== core.NOW) return void this.ask(core.HOLD, 0, 0, parcel);
    this.message(parcel);
    if (this.handle === handle) this.ask(core.DELIVERED);
  };

  message({ message, raw, failed }: Parcel): void {
    if (failed) this.emit("error", { error: failed });
    else this.#deliver(message as In, raw);
  }

  resolve(ticket: number, attempt: number, turn: number, cause: number): void {
    const question: Attempt = { attempt, reason: codeOf(cause), signal: this.#signal() };
    this.#question = question;
    const failed = (error: unknown) => {
      if (question !== this.#question) return;
      this.#thrown = error;
      this.ask(core.TARGET_FAILED, ticket);
    };
    const answer = ([url, protocols]: readonly unknown[]) => {
      // A late answer must not take the place of the current one.
      if (question !== this.#question) return;
      const chosen: unknown = Array.isArray(url) ? url[turn % url.length] : url;
      if (!isUrl(chosen)) return failed(new TypeError(`The url function gave ${String(chosen)}, not a URL.`));
      const text = String(chosen).replace(/#.*$/s, "");
      this.#answer = { url: text, protocols: list(protocols) };
      const { good, local } = examine(text);
      this.good = good;
      this.ask(core.TARGET, ticket, Number(local));
    };
    try {
      const provided = [provide(this.#url, question), provide(this.#options.protocols, question)];
      if (provided.some(isPromise)) void Promise.all(provided).then(answer).catch(failed);
      else answer(provided);
    } catch (error) {
      failed(error);
    }
  }

  dial(): object {
    const { url, protocols } = this.#answer ?? { url: "", protocols: [] };
    const Class = this.socketClass;
    try {
      if (!Class) throw new TypeError("There is no WebSocket here.");
      this.socket = (protocols.length > 0 ? new Class(url, protocols) : new Class(url)) as WebSocket;
    } catch (error) {
      this.#thrown = error;
      throw error;
    }
    return this.socket;
  }

  greet(link: number, attempt: number): void {
    const signal = this.#signal();
    const { handle } = this;
    const greeted = (ok: boolean, error?: unknown) => {
      if (this.handle !== handle) return;
      this.#thrown = error;
      this.ask(core.GREETED, link, Number(ok));
    };
    const sendRaw = (data: Raw) => {
      if (this.handle === handle && this.ask(core.TRANSMIT, link, 0, data)) return;
      throw new WireError("GreetingFailed", { text: "The link is not open any more.", data });
    };
    const greeting: Greeting<Out> = {
      attempt,
      signal,
      sendRaw,
      send: (message) => sendRaw(this.encode(message)),
    };
    try {
      const done = this.#options.greet?.(greeting);
      if (isPromise(done))
        void done.then(() => greeted(true)).catch((error: unknown) => greeted(false, error));
      else greeted(true);
    } catch (error) {
      greeted(false, error);
    }
  }

  abort(): void {
    this.#abort?.abort();
  }

  ping(): Raw | undefined {
    const ping: unknown = this.#options.heartbeat?.ping;
    try {
      const data: unknown = typeof ping === "function" ? (ping as () => unknown)() : ping;
      return byteLength(data) === undefined ? this.encode(data as Out) : (data as Raw);
    } catch (error) {
      report(error);
      return undefined;
    }
  }

  decide(
    attempt: number,
    cause: number,
    code: number,
    text: string,
    wasClean: boolean,
    elapsed: number,
    delay: number,
    fatal: boolean,
  ): number {
    const close = { code, reason: text, wasClean };
    const retry: Retry = { attempt, reason: codeOf(cause), close, elapsed, delay };
    const { shouldReconnect, delay: policy } = this.#options.reconnect ?? {};
    try {
      if (!(shouldReconnect ? shouldReconnect(close, retry) : !fatal)) return -1;
      const chosen = policy ? policy(retry) : delay;
      if (chosen === false) return -1;
      if (typeof chosen === "number" && chosen >= 0) return chosen;
      const given = `reconnect.delay must return milliseconds or false; it returned ${String(chosen)}.`;
      throw new WireError("InvalidOption", { text: given });
    } catch (error) {
      report(error);
      return fatal ? -1 : delay;
    }
  }

  tell(
    what: number,
    a: number,
    b: number,
    c: number,
    cause: number,
    code: number,
    text: string,
    wasClean: boolean,
  ): void {
    const reason = codeOf(cause);
    const close: WireClose = { code, reason: text, wasClean };
    switch (what) {
      case core.OPENED:
        return this.emit("open", {});
      case core.CLOSED:
        this.socket = undefined;
        if (a) this.#unwatch = void this.#unwatch?.();
        return this.emit("close", { ...close, cause: reason, last: a === 1 });
      case core.FAILED: {
        const error = new WireError(reason, { close, cause: this.#thrown });
        this.#thrown = undefined;
        return this.emit("error", { error });
      }
      case core.PONG:
        return this.emit("pong", { rtt: a, smoothed: b });
      case core.DRAINED:
        return this.emit("drained", { watch: a, empty: b === 1 });
    }
    const state = [
      { name: "idle" },
      { name: "connecting", phase: "resolving", attempt: a },
      { name: "connecting", phase: "dialing", attempt: a },
      { name: "connecting", phase: "handshaking", attempt: a },
      { name: "open" },
      { name: "waiting", attempt: a, delay: b, until: c, reason, close },
      { name: "suspended", reason },
      { name: "closing" },
      { name: "closed", reason, close },
    ][what % core.DESCRIBE] as WireState;
    if (what >= core.DESCRIBE) this.#state = state;
    else this.emit("statechange", { state });
  }

  #kind(message: In | undefined, raw: string | ArrayBuffer): number {
    const { heartbeat, isWelcome } = this.#options;
    try {
      if (heartbeat?.isPong?.(message, raw)) return 1;
      if (isWelcome?.(message, raw)) return 2;
    } catch (error) {
      report(error);
    }
    return 0;
  }

  /** For whoever is asked next; whoever was asked before may stop. */
  #signal(): AbortSignal {
    this.abort();
    this.#abort = new AbortController();
    return this.#abort.signal;
  }
}

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof (value as PromiseLike<unknown> | undefined)?.then === "function";

const provide = <T>(provided: Provided<T> | undefined, context: Attempt): unknown =>
  typeof provided === "function" ? (provided as (context: Attempt) => unknown)(context) : provided;

const list = (protocols: unknown): string[] =>
  protocols == null ? [] : Array.isArray(protocols) ? protocols.map(String) : [String(protocols)];

/** Whether a URL can be one of a WebSocket, and whether it needs no network. */
function examine(url: string): { good: boolean; local: boolean } {
  try {
    const { protocol, hostname } = new URL(url, globalThis.location?.href);
    const local = /^(127\.\d+\.\d+\.\d+|\[::1\]|(.+\.)?localhost)$/.test(hostname);
    return { good: /^(ws|http)s?:$/.test(protocol), local };
  } catch {
    return { good: false, local: false };
  }
}
