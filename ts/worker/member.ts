import { type Hears, slept } from "#face";
import * as core from "../core.ts";
import { REASONS } from "../receipt.ts";
import { Inbox } from "./inbox.ts";
import { join, leave, type Member, onOurClock, post } from "./running.ts";
import { StandIn } from "./standin.ts";
import { type Args, type Name, sizeOf, type ToPage, type ToWorker } from "./talk.ts";

type Heard = Parameters<Hears["hear"]>;
type Parts<T extends unknown[]> = T extends [infer First, ...infer Rest] ? [First, ...Partial<Rest>] : never;

// Of the core's options, those that are needed here.
const [CONNECT_TIMEOUT, MAX_MESSAGES, MAX_BYTES, HIGH_WATER] = [4, 10, 11, 13] as const;
// Of the states, the reasons why a message is not sent, and the causes.
const [IDLE, RESOLVING, WAITING, SUSPENDED, CLOSING, CLOSED] = [0, 1, 5, 6, 7, 8] as const;
const [FULL, WITHDRAWN, OVER, DOUBT] = [1, 5, 6, 8] as const;
const [BY_APPLICATION, BY_SUSPEND] = [15, 18] as const;
/** Messages on their way to the worker, beyond those that its queue may hold. */
const ON_THE_WAY = 16_384;
/** After so much the worker is told that the page keeps up. */
const [MESSAGES_A_WORD, SIZE_A_WORD] = [512, 524_288] as const;

const state = (what: number, a = 0, cause = 0, code = 1000, reason = ""): Heard => [
  what,
  a,
  0,
  0,
  cause,
  code,
  0,
  reason,
];

/** The page's half of a wire whose core is in the worker. */
export class MemberWire implements Member {
  /** Tells or asks the wire something, as the core would. */
  readonly tell: (...heard: Parts<Heard>) => number | undefined;
  readonly #number: number;
  readonly #numbers: readonly number[];
  readonly #flags: number;
  /** The worker knows it. */
  #joined = false;
  /** Messages whose fate the worker has not told. */
  readonly #pending = new Map<number, { readonly length: number; readonly lane: number }>();
  #bytes = 0;
  /** As the worker last told, or as it was last asked to be. */
  #state = state(IDLE);
  /** How often a connection was asked for. */
  #asked = 0;
  /** `close()` was called, and nothing after it. */
  #over = false;
  /** It is closed, and no request to connect is on its way to the worker. */
  #last = false;
  #watches = 0;
  /** The worker has the ping that is always the same. */
  #pinged = false;
  /** As the core counts. */
  readonly #counts: number[] = new Array<number>(core.NOT_SENT + REASONS.length).fill(0);
  #rtt = [NaN, NaN];
  /** In the place of the worker's, and by which number the wire knows it. */
  #socket: StandIn | undefined;
  #link = 0;
  /** The link that the message being delivered came from. */
  #from = 0;
  readonly #taken = { messages: 0, size: 0 };
  readonly #inboxes = new Map<number, Inbox>();
  #loops = 0;

  constructor(number: number, numbers: readonly number[], flags: number, tell: MemberWire["tell"]) {
    this.#number = number;
    this.#numbers = numbers;
    this.#flags = flags;
    this.tell = tell;
  }

  act(what: number, a: number, b: number, c: number, text: string | undefined): number {
    switch (what) {
      case core.CONNECT:
      case core.RECONNECT:
        if (!this.#joined && !this.#join()) return 0;
        this.#asked += 1;
        this.#over = this.#last = false;
        this.#state = state(RESOLVING, 1);
        break;
      case core.SUSPEND:
        if (this.#state[0] < CLOSING) this.#state = state(SUSPENDED, 0, BY_SUSPEND);
        break;
      case core.CLOSE:
        if (this.#state[0] === CLOSED) return 0;
        this.#over = true;
        if (!this.#joined) return this.#closeIdle(a, text ?? "");
        this.#state = state(CLOSING);
        this.#hush();
        this.tell(core.ABORT);
        break;
      case core.TARGET:
        this.#dial(this.#link + 1);
        this.#post("target", a, this.#socket?.url, this.#socket?.protocols);
        return 0;
      case core.TARGET_FAILED:
        this.#post("target", a);
        return 0;
      case core.GREETED:
        this.#hush();
        break;
      case core.WITHDRAW:
      case core.CLEAR:
        // What has gone nowhere can be taken back at once.
        if (this.#joined) break;
        for (const message of what === core.CLEAR ? [...this.#pending.keys()] : [a])
          this.#settle(message, WITHDRAWN);
        return 1;
      case core.WATCH_DRAIN:
        this.#post("command", what, a, b, c);
        // The core counts them too.
        return ++this.#watches;
      case core.READ:
        return this.#read(a);
      case core.DESCRIBE_STATE:
        return this.#describe();
      case core.WAITING:
        // In the order in which they leave, as far as the page knows.
        for (const [message] of [...this.#pending].sort(([, a], [, b]) => a.lane - b.lane))
          this.tell(core.ITEM, message);
        return 0;
      case core.OPEN_INBOX:
        this.#inboxes.set(++this.#loops, new Inbox(a, b));
        return this.#loops;
      case core.PUSH:
        return this.#inboxes.get(a)?.push(b) ?? 0;
      case core.TAKE:
        return this.#inboxes.get(a)?.take(b) ?? 0;
      case core.CLOSE_INBOX:
        this.#inboxes.delete(a);
        return 0;
      case core.HOLD:
      case core.DELIVERED:
        return 0;
    }
    this.#post("command", what, a, b, c, text);
    return 0;
  }

  queue(message: number, length: number, lane: number, ttl: number, replaced: number): number {
    const refuse = (reason: number): number => {
      this.#count(core.BYTES_OUT + 1 + reason);
      return -reason;
    };
    if (this.#over || this.#state[0] >= CLOSING) return refuse(OVER);
    const bytes = this.#bytes + length;
    // As much as an open wire takes in one go: the socket's buffer, then the queue.
    const full =
      this.#pending.size >= this.#option(MAX_MESSAGES, 1_000) + ON_THE_WAY ||
      bytes > this.#option(MAX_BYTES, 1_048_576) + this.#option(HIGH_WATER, 1_048_576);
    if (full) return refuse(FULL);
    // The worker keeps what waits, for a wire too that is idle until it is asked to connect.
    if (!this.#joined) this.#join();
    this.#pending.set(message, { length, lane });
    this.#bytes = bytes;
    this.#offer(core.OFFER, message, (data) =>
      this.#post("send", message, data, length, lane, ttl, replaced),
    );
    return message;
  }

  /** What the message that is being delivered has been found to be. */
  received(kind: number, length: number): number {
    if (this.#over) return core.DROP;
    if (kind !== 0) this.#post("found", this.#from, kind);
    if (kind === 1) return core.DROP;
    this.#count(core.BYTES_IN, length);
    this.#count(core.BYTES_IN + 1);
    return core.NOW;
  }

  forget(): void {
    if (this.#joined) leave(this.#number);
    this.#joined = false;
  }

  heard(name: Name<ToPage>, args: unknown[]): void {
    switch (name) {
      case "hear":
        return this.#hear(args as Heard);
      case "settled":
        this.#settle(...(args as Args<ToPage, "settled">));
        return this.#rest();
      case "message":
        return this.#message(...(args as Args<ToPage, "message">));
      case "socket":
        return this.#describeSocket(...(args as Args<ToPage, "socket">));
      case "thrown":
        // What it threw is the cause of what is told next.
        StandIn.refusal = { error: args[0] };
        return this.#dialQuietly(this.#link);
      case "behind":
        return this.#socket?.behind();
    }
  }

  lost(began: boolean): void {
    this.#joined = false;
    for (const message of [...this.#pending.keys()]) this.#settle(message, began ? DOUBT : OVER);
  }

  #option(index: number, usual: number): number {
    const given = this.#numbers[index] ?? NaN;
    return Number.isNaN(given) ? usual : given;
  }

  #join(): boolean {
    this.#joined = join(this.#number, this, this.#option(CONNECT_TIMEOUT, 10_000));
    if (!this.#joined) return false;
    this.#asked = this.#watches = 0;
    this.#pinged = false;
    this.#dialQuietly(this.#link + 1);
    this.#post("open", [...this.#numbers], this.#flags);
    return true;
  }

  #post<N extends Name<ToWorker>>(name: N, ...args: Args<ToWorker, N>): void {
    if (this.#joined) post(this.#number, name, ...args);
  }

  /** Has the wire construct its socket, to see where to. */
  #dial(link: number): void {
    this.#link = link;
    this.tell(core.DIAL, link);
    this.#socket = StandIn.latest;
    if (this.#socket) this.#socket.sample = () => this.#post("sample");
  }

  #dialQuietly(link: number): void {
    StandIn.quiet = true;
    this.#dial(link);
    StandIn.quiet = false;
  }

  /** The worker sends by itself what is always the same; this is where the wire hears that it does. */
  #ping(link: number): void {
    const always = this.#socket?.asksForPings === false;
    this.#offer(core.PING, 0, (data) => {
      if (!this.#pinged) this.#post("past", link, data, always);
      this.#pinged = always;
    });
  }

  /** Takes what the wire gives to its socket: a ping, or the message of this number. */
  #offer(what: number, message: number, sink: (data: unknown) => void): void {
    const socket = this.#socket;
    if (!socket) return;
    const { sink: before, sample } = socket;
    Object.assign(socket, { sink, sample: () => {} });
    this.tell(what, this.#link, message);
    Object.assign(socket, { sink: before, sample });
  }

  #settle(message: number, reason: number): void {
    const pending = this.#pending.get(message);
    if (!pending) return;
    this.#pending.delete(message);
    this.#bytes -= pending.length;
    // After the bytes out come the sends by what became of them.
    if (reason === 0) this.#count(core.BYTES_OUT, pending.length);
    this.#count(core.BYTES_OUT + 1 + reason);
    this.tell(core.SETTLED, message, reason);
  }

  #hear(heard: Heard): void {
    const [what, a, b, c] = heard;
    switch (what) {
      case core.GREET:
        // By the worker's number, so that a greeting that comes late does not go to another link.
        this.#dialQuietly(a);
        if (this.#socket) this.#socket.sink = (data) => this.#post("past", a, data);
        break;
      case core.ABORT:
        this.#hush();
        break;
      case core.PING:
        return this.#ping(a);
      case core.DECIDE: {
        const answer = this.tell(...heard) ?? NaN;
        return this.#post("command", core.DECIDED, answer, 0, 0);
      }
      case core.RESOLVE:
        this.#count(core.ATTEMPTS);
        break;
      case core.OPENED:
        this.#count(core.OPENS);
        break;
      case core.PONG:
        this.#rtt = [a, b];
        break;
      case core.CLOSED:
        // It says how many requests to connect the worker had heard.
        this.#last = a === 1 && c === this.#asked;
        break;
      case WAITING:
        heard[3] = onOurClock(c) + slept();
        break;
      case core.LISTEN:
        return this.#post("command", core.MOMENT, this.tell(core.LISTEN) ?? 0, 0, 0);
    }
    if (what <= CLOSED) this.#state = heard;
    this.tell(...heard);
    // What is let go of is the browser's; this stays.
    if (what === core.RELEASE) this.#dialQuietly(this.#link);
    this.#rest();
  }

  /** Nothing more is greeted. */
  #hush(): void {
    if (this.#socket) this.#socket.sink = undefined;
  }

  /** Closed, with every message settled: the worker can forget it. */
  #rest(): void {
    if (this.#last && this.#pending.size === 0) this.forget();
  }

  #message(raw: string | ArrayBuffer, from: number): void {
    const taken = this.#taken;
    taken.messages += 1;
    taken.size += sizeOf(raw);
    this.#from = from;
    this.#socket?.onmessage?.({ data: raw } as MessageEvent);
    if (taken.messages < MESSAGES_A_WORD && taken.size < SIZE_A_WORD) return;
    this.#post("taken", taken.messages, taken.size);
    taken.messages = taken.size = 0;
  }

  #read(what: number): number {
    if (what === core.QUEUED) return this.#pending.size;
    if (what === core.QUEUED_BYTES) return this.#bytes;
    return (what < core.RTT ? this.#counts[what] : this.#rtt[what - core.RTT]) ?? NaN;
  }

  #count(what: number, more = 1): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + more;
  }

  #describeSocket(...[protocol, extensions, buffered, started, opened]: Args<ToPage, "socket">): void {
    if (this.#socket) Object.assign(this.#socket, { protocol, extensions, buffered });
    for (const [what, time] of [
      [core.STARTED, started],
      [core.LAST_OPENED, opened],
    ] as const)
      this.#counts[what] = time && onOurClock(time / 1_000) * 1_000;
  }

  #describe(): number {
    const [what, ...rest] = this.#state;
    this.tell(what + core.DESCRIBE, ...rest);
    return 0;
  }

  /** Where there are no workers a wire is idle until it is closed. */
  #closeIdle(code: number, text: string): number {
    for (const message of [...this.#pending.keys()]) this.#settle(message, OVER);
    this.#state = state(CLOSED, 0, BY_APPLICATION, code, text);
    this.tell(...this.#state);
    this.tell(core.CLOSED, 1, 0, 0, BY_APPLICATION, code, 0, text);
    return 0;
  }
}
