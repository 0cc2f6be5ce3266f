import { start, used } from "#core";
import {
  adopt,
  attach,
  buffered,
  clock,
  close,
  cut,
  detach,
  give,
  type Hears,
  lay,
  layReason,
  listen,
  moment,
  refusal,
  slept,
} from "#face";
import * as answers from "./answers.ts";
import { byteLength, type Codec, encode, type Raw } from "./codec.ts";
import * as core from "./core.ts";
import { codeOf, type WireClose, WireError, type WireErrorCode } from "./errors.ts";
import { wireEvent, type WireState } from "./events.ts";
import {
  type Attempt,
  type Greeting,
  readCodec,
  readOptions,
  type WebSocketClass,
  type WireOptions,
  wrongNumber,
} from "./options.ts";
import type { Receipt } from "./receipt.ts";
import { SUBPROTOCOL } from "./session/bytes.ts";
import { Row } from "./session/row.ts";
import type { Session } from "./session/session.ts";
import type { WireUrl } from "./wire.ts";

/** What arrived: decoded, as it came, and why it could not be decoded. */
interface Parcel {
  readonly message: unknown;
  readonly raw: string | ArrayBuffer;
  readonly failed: WireError | undefined;
}

/** What the core needs of a receipt. */
export type Sending = Pick<Receipt, "data" | "leave" | "settle" | "to">;
/** By the core's numbers. */
export interface Sendings extends Iterable<[number, Sending]> {
  get(number: number): Sending | undefined;
  set(number: number, sending: Sending): unknown;
  delete(number: number): unknown;
}
export type Deliver<In> = (message: In, raw: string | ArrayBuffer) => void;

/** What a core tells or asks: numbers, why, and how a connection ended. */
type Heard = (
  this: Link<any, any>,
  a: number,
  b: number,
  c: number,
  reason: WireErrorCode,
  close: WireClose,
  cause: number,
) => number | undefined | void;

const NONE: WireClose = { code: 0, reason: "", wasClean: false };
const LOST: WireClose = { ...NONE, code: 1006 };

/** Between a wire and its core: calls the one, and is what the other calls. */
export class Link<In, Out> implements Hears {
  declare readonly codec: Codec<In, Out>;
  /** Receipts of what waits, by the numbers that the core has for them. */
  readonly #receipts: Sendings = SESSION ? new Row() : new Map();
  /** The core's numbers of what waits under a key, by lane and key. */
  readonly #keyed = new Map<string, number>();
  #sent = 0;
  readonly #target: EventTarget;
  readonly #deliver: Deliver<In>;
  readonly #url: WireUrl;
  readonly #options: WireOptions<In, Out>;
  readonly #numbers: readonly number[];
  readonly #flags: number;
  /** Listeners can be there. */
  heard = false;
  declare core: core.Core | undefined;
  /** This wire's number in the core. */
  id = 0;
  socket: WebSocket | undefined;
  /** The core's number for the socket. */
  #socketLink = 0;
  #listening = false;
  readonly #clock = clock(
    () => void this.ask(core.WAKE),
    () =>
      this.socket &&
      this.ask(core.SOCKET_BUFFERED, SESSION ? this.session.main : this.#socketLink, buffered(this.socket)),
  );
  /** What is being passed to the socket. */
  #passed: Raw | undefined;
  /** What arrived while something else was being delivered. */
  readonly #held: Parcel[] = [];
  /** Close reasons by number: those that the core gives, then the latest sixteen that were heard or given. */
  readonly texts = ["", "reconnect", "suspended"];
  #reasonsKept = 0;
  /** The answer to a question for what waits. */
  #items: Sending[] = [];
  /** Why there is no core behind this wire. */
  declare dead: WireError | undefined;
  #abort: AbortController | undefined;
  /** The latest question, by itself: numbers begin again in a new core. */
  #question: Attempt | undefined;
  #dialed = answers.NOWHERE;
  /** What was thrown, on its way to the event that tells of it. */
  #thrown: { cause: unknown } | undefined;
  #state: WireState = { name: "idle" };
  /** What there is besides in a session: and how it names a send, and settles one. */
  declare session: Session<In, Out>;
  declare name: (receipt: Sending) => number;
  /** The codec of the wire's own messages, where that of all else is another. */
  declare own: Codec<In, Out>;
  declare settle: (number: number) => void;

  constructor(
    target: EventTarget,
    deliver: Deliver<In>,
    url: WireUrl,
    options: WireOptions<In, Out>,
    { numbers, flags } = readOptions(url, options),
  ) {
    this.#target = target;
    this.#deliver = deliver;
    this.#url = url;
    this.#options = options;
    this.codec = readCodec(options.codec as Codec | undefined) as Codec<In, Out>;
    this.#numbers = numbers;
    if (SESSION) {
      this.own = this.codec;
      this.codec = this.own.bare ?? this.own;
      this.name = (receipt) => (this.#receipts.set(++this.#sent, receipt), this.#sent);
      this.settle = (number) => this.#settle(number, 0);
    }
    this.#flags = answers.isLocal(url) ? flags | 64 : flags;
    this.begin();
  }

  get state(): WireState {
    if (this.dead) return { name: "closed", reason: this.dead.code, close: LOST };
    this.ask(core.DESCRIBE_STATE);
    return this.#state;
  }

  /** The class to connect with, if there is one. */
  get socketClass(): WebSocketClass | undefined {
    return this.#options.WebSocket ?? answers.hostClass();
  }

  /** Starts a core, or learns why there is none. */
  begin(): void {
    this.dead = undefined;
    try {
      const started = start();
      lay(this.#numbers);
      const number = started.create(this.#flags);
      if (number < 0) throw wrongNumber(started, -1 - number, this.#numbers[-1 - number]);
      this.core = started;
      this.id = number;
      adopt(number, this, () => started.act(number, core.FORGET, 0, 0, 0));
    } catch (error) {
      if (!(error instanceof WireError && error.code.endsWith("Unavailable"))) throw error;
      this.lost(error, true);
    }
  }

  /** Keeps this wire, in use, from being collected until it is closed. */
  root(): void {
    if (this.core) used.add(this);
  }

  ask(what: number, a = 0, b = 0, c = 0): number | undefined {
    return this.#unlessTrapped(() =>
      SESSION ? this.session.ask(what, a, b, c) : this.core?.act(this.id, what, a, b, c),
    );
  }

  close(code: number, reason: string): void {
    this.ask(core.CLOSE, code, this.#keepReason(cut(reason)));
  }

  /** Receipts of the waiting messages in the order in which they would leave. */
  waiting(): Sending[] {
    this.#items = [];
    this.ask(core.WAITING);
    return this.#items;
  }

  /** Hands data to the socket past an empty queue: `TAKEN`, `THREW`, or it has to queue. */
  pass(data: Raw, length: number): number | undefined {
    if (SESSION) return undefined;
    this.#passed = data;
    const passed = this.core?.pass(this.id, length);
    this.#passed = undefined;
    return passed;
  }

  /** Queues what a receipt stands for; the answer is `Core.enqueue`'s. */
  queue(receipt: Sending, length: number, lane: number, ttl: number, key: string | undefined): number {
    if (SESSION) this.session.retire();
    const number = ++this.#sent;
    this.#receipts.set(number, receipt);
    const place = key === undefined ? "" : lane + key;
    const id =
      this.core?.enqueue(
        this.id,
        number,
        length,
        lane,
        ttl,
        this.#keyed.get(place) ?? -1,
        ...(SESSION ? [receipt.to?.timeout ?? Infinity] : []),
      ) ?? -6;
    if (id < 0 && id !== core.TOLD) this.#settle(number, -id);
    else if (place && id >= 0) {
      this.#keyed.set(place, id);
      receipt.leave = () => this.#keyed.get(place) === id && this.#keyed.delete(place);
    }
    return id;
  }

  #settle(number: number, reason: number): void {
    const receipt = this.#receipts.get(number);
    this.#receipts.delete(number);
    receipt?.settle(reason);
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
  lost(error: WireError, loud: boolean): void {
    this.dead = error;
    this.core = undefined;
    this.#question = undefined;
    this.#stopAsking();
    this.#release();
    for (const [number, receipt] of [...this.#receipts])
      this.#settle(number, SESSION && receipt.to?.bound && number < this.session.unpassed ? 11 : 6);
    if (SESSION) this.session?.over();
    if (!loud) return;
    // A listener added right after the constructor hears of it too.
    void Promise.resolve().then(() => {
      this.emit("statechange", { state: this.state });
      this.emit("error", { error });
      this.emit("close", { ...LOST, cause: error.code, last: true });
    });
  }

  /** Lets go of everything that is the browser's. */
  #release(): void {
    this.#drop();
    this.#clock.stop();
    listen(false, this.#page);
    this.#listening = false;
  }

  #drop(): void {
    if (SESSION) return this.session?.drop();
    const { socket } = this;
    this.socket = undefined;
    if (!socket) return;
    detach(socket);
    close(socket);
  }

  /** Listeners that throw are reported, and the others are called. */
  emit(type: string, details: object): undefined {
    const dispatch = () => this.#target.dispatchEvent(wireEvent(type, details));
    // That the URL cannot be used shows while the wire is constructed, before there can be a listener.
    if (this.heard || type === "statechange") dispatch();
    else void Promise.resolve().then(dispatch);
  }

  // What the socket calls.

  readonly #opened = (): void => void this.ask(core.SOCKET_OPENED, this.#socketLink);

  // WebKit tells of mixed content by an error of a socket that still connects, and no close event follows.
  readonly #errored = (): void =>
    void this.ask(core.SOCKET_ERRORED, this.#socketLink, Number(this.socket?.readyState === 0));

  readonly #closed = ({ code, reason, wasClean }: CloseEvent): void => {
    if (SESSION) return;
    if (this.socket) detach(this.socket);
    this.socket = undefined;
    this.ask(core.SOCKET_CLOSED, this.#socketLink, code, this.#keepReason(reason) * 2 + Number(wasClean));
  };

  /** The number of a reason, which is laid ready too. */
  #keepReason(reason: string): number {
    layReason(reason);
    if (!reason) return 0;
    const number = 3 + (this.#reasonsKept++ % 16);
    this.texts[number] = reason;
    return number;
  }

  readonly #arrived = (event: MessageEvent): void => {
    if (SESSION) return;
    const raw = event.data as string | ArrayBuffer;
    let message: In | undefined;
    let failed: WireError | undefined;
    try {
      message = this.codec.decode(typeof raw === "string" ? raw : new Uint8Array(raw));
    } catch (cause) {
      failed = new WireError("Undecodable", { cause, data: raw });
    }
    const running = this.core;
    const verdict = this.#unlessTrapped(() =>
      running?.arrived(
        this.id,
        this.#socketLink,
        answers.kindOf(this.#options, message, raw),
        byteLength(raw)!,
      ),
    );
    if (!verdict) return;
    const parcel: Parcel = { message, raw, failed };
    if (verdict !== core.NOW) {
      this.#held.push(parcel);
      return void this.ask(core.HOLD);
    }
    this.#message(parcel);
    if (this.core === running) this.ask(core.DELIVERED);
  };

  readonly #page = (event: Event): void => void this.ask(core.MOMENT, moment(event));

  // What the core calls.

  hear(
    what: number,
    a: number,
    b: number,
    c: number,
    cause: number,
    code: number,
    clean: number,
    text: number | string,
  ): number | undefined {
    if (SESSION && what >= core.FILL)
      return this.session.hear(this.#receipts, what, a, b, c, [cause, code, clean, text as number]);
    const reason = codeOf(cause & 255);
    const close = code
      ? {
          code,
          reason: typeof text === "string" ? text : (this.texts[text] ?? ""),
          wasClean: clean === 1,
        }
      : NONE;
    const heard = Link.#heard[what];
    if (heard) return heard.call(this, a, b, c, reason, close, cause) as number | undefined;
    const state = [
      { name: "idle" },
      { name: "connecting", phase: "resolving", attempt: a },
      { name: "connecting", phase: "dialing", attempt: a },
      { name: "connecting", phase: "handshaking", attempt: a },
      { name: "open" },
      { name: "waiting", attempt: a, delay: b, until: c - slept(), reason, close },
      { name: "suspended", reason },
      { name: "closing" },
      { name: "closed", reason, close },
    ][what % core.DESCRIBE] as WireState;
    if (what >= core.DESCRIBE) this.#state = state;
    else this.emit("statechange", { state });
    return undefined;
  }

  /** By the numbers of ts/core.ts. What is no answer there is of no use to the core. */
  static readonly #heard: Readonly<Record<number, Heard>> = {
    [core.OFFER](link, number) {
      if (SESSION) return -1;
      return this.#offer(link, number ? this.#receipts.get(number)?.data : this.#passed);
    },
    [core.SETTLED](number, reason) {
      this.#settle(number, reason);
    },
    [core.ALARM](millis) {
      this.#clock.alarm(millis);
    },
    [core.MESSAGE](wanted) {
      if (SESSION) return;
      const parcel = this.#held.shift();
      if (wanted && parcel) this.#message(parcel);
    },
    [core.SAMPLE]() {
      this.#clock.later();
    },
    [core.BUFFERED]() {
      return this.socket && buffered(this.socket);
    },
    [core.RESOLVE](ticket, attempt, turn, reason) {
      const question: Attempt = { attempt, reason, signal: this.#signal() };
      this.#question = question;
      const failed = (cause: unknown) => {
        if (question !== this.#question) return;
        this.#thrown = { cause };
        this.ask(core.TARGET_FAILED, ticket);
      };
      const answer = (provided: readonly unknown[]) => {
        // A late answer must not take the place of the current one.
        if (question !== this.#question) return;
        this.#dialed = answers.readTarget(provided, turn);
        this.ask(core.TARGET, ticket, Number(this.#dialed.local));
      };
      const protocols = SESSION ? SUBPROTOCOL : this.#options.protocols;
      answers.take(() => answers.provide(this.#url, protocols, question), answer, failed);
    },
    [core.ABORT]() {
      this.#stopAsking();
    },
    /** Answers under 0 for a socket, else what the exception means. */
    [core.DIAL](link) {
      const { url, protocols, shown, good } = this.#dialed;
      const Class = this.socketClass;
      let socket: WebSocket;
      this.emit("dial", { url: shown });
      try {
        if (!Class) throw new TypeError("There is no WebSocket here.");
        socket = (protocols.length > 0 ? new Class(url, protocols) : new Class(url)) as WebSocket;
      } catch (cause) {
        const meaning = refusal(cause, good);
        // The text of a SyntaxError names the URL or the subprotocols, and a token in them.
        if (meaning !== core.INVALID_URL && meaning !== core.INVALID_PROTOCOLS) this.#thrown = { cause };
        return meaning;
      }
      // Chromium, blocked by connect-src: constructed closed, one error event, never a close event.
      if (socket.readyState === 3) return core.CONTENT_BLOCKED;
      if (SESSION) {
        this.session.join(link, socket, (reason) => this.#keepReason(reason));
        return -1;
      }
      this.#drop();
      this.socket = socket;
      this.#socketLink = link;
      attach(socket, this.#opened, this.#arrived, this.#errored, this.#closed);
      return -1;
    },
    [core.GREET](link, attempt) {
      const signal = this.#signal();
      const running = this.core;
      const greeted = (ok: boolean, cause?: unknown) => {
        // A token that is there greets by itself.
        if (this.core !== running || (SESSION && ok)) return;
        if (!ok) this.#thrown = { cause };
        this.ask(core.GREETED, link, Number(ok));
      };
      const sendRaw = (data: Raw) => {
        if (this.core === running && this.#offer(link, data) >= 0) return;
        // Without the data, which may be a token: this error is told to whoever listens.
        throw new WireError("GreetingFailed", { text: "The link is not open any more." });
      };
      const greeting: Greeting<unknown> = {
        attempt,
        signal,
        sendRaw,
        send: (message) => sendRaw(encode(this.codec, message, {})),
      };
      answers.take(
        () => (SESSION ? this.session.greet(link, signal) : this.#options.greet?.(greeting)),
        () => greeted(true),
        (error) => greeted(false, error),
      );
    },
    [core.PING](link) {
      if (SESSION) return;
      const ping = answers.pingOf(this.#options, this.codec);
      if (ping === undefined) return;
      this.emit("ping", {});
      this.#offer(link, ping);
    },
    [core.LISTEN]() {
      if (this.#listening) return -1;
      this.#listening = true;
      listen(true, this.#page);
      return moment();
    },
    [core.RELEASE]() {
      this.#release();
    },
    [core.ITEM](number) {
      const receipt = this.#receipts.get(number);
      if (receipt) this.#items.push(receipt);
    },
    [core.HANG_UP](link, forget, _, _reason, { code, reason }) {
      this.#stopAsking();
      if (SESSION) return this.session.hangUp(link, forget, code, reason);
      const { socket } = this;
      if (!socket || link !== this.#socketLink) return;
      if (forget) {
        detach(socket);
        this.socket = undefined;
      }
      close(socket, code, reason);
    },
    [core.DECIDE](attempt, elapsed, delay, reason, close, cause) {
      return answers.decide(this.#options, { attempt, reason, close, elapsed, delay }, cause > 255);
    },
    [core.OPENED]() {
      this.emit("open", {});
    },
    [core.CLOSED](last, _, _c, cause, close) {
      if (last) used.delete(this);
      if (SESSION && last) this.session.over();
      this.emit("close", { ...close, cause, last: last === 1 });
    },
    [core.FAILED](_a, _b, _c, reason, close) {
      const error = new WireError(reason, { close, ...this.#thrown });
      this.#thrown = undefined;
      this.emit("error", { error });
    },
    [core.PONG](rtt, smoothed) {
      this.emit("pong", { rtt, smoothed });
    },
    [core.DRAINED](watch, empty) {
      this.emit("drained", { watch, empty: empty === 1 });
    },
  };

  /** What is buffered if the socket took it, -1 if it is not open, -2 minus what is buffered if it threw. */
  #offer(link: number, data: unknown): number {
    if (SESSION) return -1;
    return this.socket && link === this.#socketLink ? give(this.socket, data) : -1;
  }

  #message({ message, raw, failed }: Parcel): void {
    if (failed) this.emit("error", { error: failed });
    else this.#deliver(message as In, raw);
  }

  #stopAsking(): void {
    this.#abort?.abort();
  }

  /** For whoever is asked next; whoever was asked before may stop. */
  #signal(): AbortSignal {
    this.#stopAsking();
    this.#abort = new AbortController();
    return this.#abort.signal;
  }
}
