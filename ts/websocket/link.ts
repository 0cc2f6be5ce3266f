import { start, used } from "#core";
import {
  adopt,
  attach,
  buffered,
  clock,
  close,
  detach,
  type Hears,
  lay,
  layReason,
  listen,
  moment,
} from "#face";
import { isLocal, isPromise } from "../answers.ts";
import * as core from "../core.ts";
import { report } from "../errors.ts";
import type { Options, ProtocolsProvider, UrlProvider } from "../websocket.ts";
import { kept, refuse, type Sendable, sizeOf, socketUrl, subprotocols, texts } from "./webidl.ts";

/** How a connection ended, and the error that is told before, if one is. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
  readonly error: Error | boolean;
}

/** What a link tells. */
export interface Told {
  opened(): void;
  arrived(data: string | ArrayBuffer): void;
  ended(ending: Ending): void;
  /** Whether another connection follows this end. */
  follows(ending: Ending): boolean;
}

type SocketClass = new (url: string, protocols?: string[]) => WebSocket;

const LOST = { code: 1006, reason: "", wasClean: false };
// Of the core's states.
const IDLE = 0;
const OPEN = 4;
const CLOSING = 7;
const STATES = "idle,resolving,connecting,handshaking,open,waiting,suspended,closing,closed".split(",");
// Of the core's causes.
const REQUESTED = 1;
const TIMED_OUT = 5;
// Of its refusals.
const FULL = -1;

const asked = (provided: unknown): unknown => (typeof provided === "function" ? provided() : provided);

/** Between a WebSocket and its core: calls the one, and is what the other calls. */
export class Link implements Hears {
  readonly #told: Told;
  readonly #url: UrlProvider;
  readonly #protocols: ProtocolsProvider | undefined;
  readonly #options: Options;
  readonly #class: SocketClass | undefined;
  /** What waits, by the numbers that the core has for it, in order. */
  readonly #waiting = new Map<number, Sendable>();
  #sent = 0;
  #passed: Sendable | undefined;
  #core: core.Core | undefined;
  /** This link's number in the core. */
  #id = 0;
  /** The latest socket, and the core's number for it. */
  socket: WebSocket | undefined;
  #socketLink = 0;
  /** Of the socket: it has been open, and it has told of an error. */
  #opened = false;
  #errored = false;
  /** The core's number for the state. */
  #state = IDLE;
  readonly #clock = clock(
    () => void this.#ask(core.WAKE),
    () => void this.#ask(core.SOCKET_ERRORED, this.#socketLink, 1),
  );
  /** What arrived while something else was being delivered. */
  readonly #held: (string | ArrayBuffer)[] = [];
  /** Close reasons by number: those of the core, then the latest sixteen that were heard or given. */
  readonly #reasons = [""];
  #reasonsKept = 0;
  #target = { url: "", origin: "", protocols: [] as string[] };
  /** Something may wait. */
  queues = false;
  #question: object | undefined;
  /** What was thrown, on its way to the event that tells of it. */
  #thrown: unknown;
  #listening = false;
  #dead = false;

  constructor(
    told: Told,
    url: UrlProvider,
    protocols: ProtocolsProvider | undefined,
    options: Options,
    fallback: SocketClass | undefined,
  ) {
    this.#told = told;
    this.#url = url;
    this.#protocols = protocols;
    this.#options = options;
    this.#class = (options.WebSocket as SocketClass | undefined) ?? fallback;
    this.#begin();
    if (!options.startClosed) this.#act(core.CONNECT);
  }

  /** As `readyState`. */
  get state(): 0 | 1 | 2 | 3 {
    if (this.#dead) return 3;
    this.#ask(core.DESCRIBE_STATE);
    if (this.#state === OPEN) return this.socket?.readyState === 1 ? 1 : 2;
    if (this.#state < CLOSING) return this.#state === IDLE ? 3 : 0;
    return this.#state === CLOSING ? 2 : 3;
  }

  /** Whether a connection is there or will be. */
  get replaces(): boolean {
    return (this.state, this.#state > IDLE && this.#state < CLOSING && !this.#dead);
  }

  /** Of the messages that arrive. */
  get origin(): string {
    return this.#target.origin;
  }

  get url(): string {
    return typeof this.#url === "function" ? this.#target.url : (this.#url as string);
  }

  read(what: number): number {
    return this.#ask(core.READ, what) ?? 0;
  }

  #begin(): void {
    this.#dead = false;
    const { minReconnectionDelay, reconnectionDelayGrowFactor, maxReconnectionDelay, ...options } =
      this.#options;
    const { maxRetries, connectionTimeout, minUptime, maxEnqueuedMessages, shouldReconnectOnClose } = options;
    const delays = [minReconnectionDelay, reconnectionDelayGrowFactor, maxReconnectionDelay];
    const flags =
      (shouldReconnectOnClose ? core.DECIDES : 0) | (isLocal(this.#url as string) ? core.LOCAL : 0);
    try {
      const started = start();
      lay(
        [...delays, maxRetries, connectionTimeout, minUptime, maxEnqueuedMessages].map((n) =>
          Number(n ?? NaN),
        ),
      );
      const id = started.create(flags);
      this.#core = started;
      this.#id = id;
      adopt(id, this, () => started.act(id, core.FORGET, 0, 0, 0));
      this.queues = this.read(core.QUEUE_LIMIT) > 0;
    } catch (error) {
      this.lost(error as Error, true);
    }
  }

  #ask(what: number, a = 0, b = 0, c = 0): number | undefined {
    try {
      return this.#core?.act(this.#id, what, a, b, c);
    } catch (error) {
      if (!this.#dead) throw error;
      return undefined;
    }
  }

  /** As `#ask`, and keeps this link, in use, from being collected until it is closed. */
  #act(what: number, a = 0, b = 0): void {
    if (this.#core) used.add(this);
    this.#ask(what, a, b);
  }

  /** Whether the socket took it at once; bytes that nobody will ever send are told as a negative number. */
  send(data: Sendable): boolean | number {
    this.#passed = data;
    // Without a size: what the browser takes is its own affair.
    const passed = this.#core?.pass(this.#id, 0);
    this.#passed = undefined;
    if (passed === core.TAKEN) return true;
    if (passed === core.THREW) {
      const thrown = this.#thrown;
      this.#thrown = undefined;
      throw thrown;
    }
    const number = ++this.#sent;
    const message = kept(data);
    this.#waiting.set(number, message);
    const size = sizeOf(message);
    const id = this.#core?.enqueue(this.#id, number, size, 1, Infinity, -1) ?? FULL - 1;
    if (id >= 0 || id === core.TOLD) return false;
    this.#waiting.delete(number);
    if (id !== FULL) return -size;
    if (this.queues) refuse("QuotaExceededError", "Too much waits to be sent: see maxEnqueuedMessages.");
    return this.state === 0 ? refuse("InvalidStateError", "The WebSocket is not open yet.") : -size;
  }

  /** Takes back what waits. */
  drain(): Sendable[] {
    const waiting = [...this.#waiting.values()];
    this.#ask(core.CLEAR);
    this.#waiting.clear();
    return waiting;
  }

  close(code: number, reason: string): void {
    this.#act(core.CLOSE, code, this.#keepReason(reason));
  }

  reconnect(code: number, reason: string): void {
    if (this.#dead) this.#begin();
    this.#act(core.RECONNECT, code || 1_000, this.#keepReason(reason));
  }

  // What the socket calls.

  readonly #open = (): void => void this.#ask(core.SOCKET_OPENED, this.#socketLink);

  // WebKit tells of mixed content by an error of a socket that still connects, and no close event follows.
  readonly #error = (): void => {
    this.#errored = true;
    this.#ask(core.SOCKET_ERRORED, this.#socketLink, Number(this.socket?.readyState === 0));
  };

  readonly #close = ({ code, reason, wasClean }: CloseEvent): void => {
    if (this.socket) detach(this.socket);
    this.#ask(core.SOCKET_CLOSED, this.#socketLink, code, this.#keepReason(reason) * 2 + Number(wasClean));
  };

  readonly #message = ({ data }: MessageEvent): void => {
    const running = this.#core;
    const verdict = running?.arrived(this.#id, this.#socketLink, 0, 0);
    if (verdict === core.NOW) {
      this.#told.arrived(data);
      if (this.#core === running) this.#ask(core.DELIVERED);
    } else if (verdict) {
      this.#held.push(data);
      this.#ask(core.HOLD);
    }
  };

  readonly #page = (event: Event): void => void this.#ask(core.MOMENT, moment(event));

  /** The number of a reason, which is laid ready too. */
  #keepReason(reason: string): number {
    layReason(reason);
    if (!reason) return 0;
    const number = 3 + (this.#reasonsKept++ % 16);
    this.#reasons[number] = reason;
    return number;
  }

  // What the core calls.

  hear(
    what: number,
    a: number,
    b: number,
    c: number,
    cause: number,
    code: number,
    clean: number,
    reason: number | string,
  ): number | undefined {
    const close = { code, reason: this.#reasons[reason as number] ?? "", wasClean: clean === 1 };
    switch (what) {
      case core.OFFER:
        return this.#offer(a, b ? this.#waiting.get(b) : this.#passed);
      case core.SETTLED:
        return void this.#waiting.delete(a);
      case core.ALARM:
        return void this.#clock.alarm(a);
      case core.MESSAGE: {
        const data = this.#held.shift();
        if (a && data !== undefined) this.#told.arrived(data);
        return;
      }
      case core.RESOLVE:
        return void this.#resolve(a);
      case core.DIAL:
        return this.#dial(a);
      case core.HANG_UP:
        return void this.#hangUp(a, b, close);
      case core.LISTEN:
        if (this.#listening) return -1;
        this.#listening = true;
        listen(true, this.#page);
        return moment();
      case core.RELEASE:
        return void this.#release();
      case core.DECIDE:
        return this.#told.follows(this.#ending(cause, close)) ? c : -1;
      case core.OPENED:
        this.#opened = true;
        this.#log("open");
        return void this.#told.opened();
      case core.CLOSED:
        if (a) used.delete(this);
        this.#log("close", close);
        return void this.#told.ended(this.#ending(cause, close));
      case core.FAILED:
        if (cause === TIMED_OUT) this.#thrown = new Error("TIMEOUT");
        return;
      case core.ABORT:
        return;
    }
    this.#state = what % core.DESCRIBE;
    if (what < core.DESCRIBE) this.#log(STATES[what], ...(b ? [b] : []));
    return;
  }

  #ending(cause: number, close: Omit<Ending, "error">): Ending {
    const failed = this.#errored || (!this.#opened && cause !== REQUESTED);
    return { ...close, error: (this.#thrown as Error | undefined) ?? failed };
  }

  #resolve(ticket: number): void {
    const question = (this.#question = {});
    this.#opened = this.#errored = false;
    this.#thrown = undefined;
    const failed = (error: unknown) => {
      if (question !== this.#question) return;
      this.#thrown = error;
      this.#ask(core.TARGET_FAILED, ticket);
    };
    const answer = ([url, protocols]: readonly unknown[]) => {
      // A late answer must not take the place of the current one.
      if (question !== this.#question) return;
      const href = socketUrl(`${url}`);
      this.#target = { url: href, origin: new URL(href).origin, protocols: subprotocols(texts(protocols)) };
      this.#ask(core.TARGET, ticket, Number(isLocal(href)));
    };
    try {
      const provided = [asked(this.#url), asked(this.#protocols)];
      if (provided.some(isPromise)) void Promise.all(provided).then(answer).catch(failed);
      else answer(provided);
    } catch (error) {
      failed(error);
    }
  }

  /** A refusal is told in a later task, as one by the network would be. */
  #dial(link: number): number {
    const { url, protocols } = this.#target;
    this.#socketLink = link;
    try {
      if (!this.#class)
        throw new TypeError("There is no WebSocket here. Pass a class as the option WebSocket.");
      const socket = protocols.length > 0 ? new this.#class(url, protocols) : new this.#class(url);
      this.socket = socket;
      attach(socket, this.#open, this.#message, this.#error, this.#close);
      // Chromium, blocked by connect-src: constructed closed, and there never is a close event.
      if (socket.readyState === 3) this.#clock.later();
    } catch (error) {
      this.#thrown = error;
      this.#clock.later();
    }
    return -1;
  }

  /** What is buffered if the socket took it, -1 if it is not open, -2 minus what is buffered if it threw. */
  #offer(link: number, data: Sendable | undefined): number {
    const { socket } = this;
    if (socket?.readyState !== 1 || link !== this.#socketLink) return -1;
    try {
      socket.send(data as string);
      return buffered(socket);
    } catch (error) {
      this.#thrown = error;
      return -2 - buffered(socket);
    }
  }

  #hangUp(link: number, forget: number, { code, reason }: Omit<Ending, "error">): void {
    const { socket } = this;
    if (!socket || link !== this.#socketLink) return;
    if (forget) detach(socket);
    close(socket, code, reason);
  }

  /** There is no core any more, or there never was. What waits can be drained. */
  lost(error: Error, loud: boolean): void {
    this.#dead = true;
    this.#core = undefined;
    this.#question = undefined;
    this.#release();
    if (this.socket) (detach(this.socket), close(this.socket));
    if (loud) void Promise.resolve().then(() => this.#told.ended({ ...LOST, error }));
  }

  #release(): void {
    this.#clock.stop();
    listen(false, this.#page);
    this.#listening = false;
  }

  /** Without the URL, which can hold a token. */
  #log(...what: unknown[]): void {
    const { debug, debugLogger = console.log } = this.#options;
    try {
      if (debug) debugLogger("RWS>", ...what);
    } catch (error) {
      report(error);
    }
  }
}
