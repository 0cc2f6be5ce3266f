import { attach, close, detach, give, view } from "#face";
import { isPromise } from "../answers.ts";
import { Channel } from "../channel.ts";
import { byteLength, type Raw } from "../codec.ts";
import * as core from "../core.ts";
import { WireError } from "../errors.ts";
import type { Link, Sending, Sendings } from "../link.ts";
import { Receipt } from "../receipt.ts";
import type { SessionOptions, SessionWire } from "../session-wire.ts";
import { Asking } from "./asking.ts";
import { bytesOf, encoded, fill, SUBPROTOCOL, textOf, wellFormed } from "./bytes.ts";
import { Serving } from "./serving.ts";

/** Where something stands in a frame; the record's kind octet, and past its eight bits how long the name before it is. */
type Place = readonly [frame: number, kind: number, start: number, end: number];
const TEXT = 0x20;
const MORE = 0x80;

/** What the core has not been given yet: bytes and messages. One that may be longer takes its own way. */
const STAGE = 65_536;
const STAGED = 1_024;
const LONGEST = 16_384;
/** A frame that costs next to nothing to copy. */
const SMALL = 1_024;
const PASSED = { channel: 0, bound: true };

/** Of a message that is on no channel. */
export type Deliver<In> = (message: In, raw: string | ArrayBuffer) => void;

/** What a link has besides in a session: sockets by number, frames, channels and requests. */
export class Session<In, Out> {
  declare readonly link: Link<In, Out>;
  declare readonly asking: Asking<In, Out>;
  declare readonly serving: Serving<In, Out>;
  readonly channels = new Map<number, Channel<any, any>>();
  readonly #wire: SessionWire<any, any, any>;
  /** What goes with the message that is being delivered. */
  context: { readonly ack?: () => void } = {};
  readonly #nothing = {};
  readonly #deliver: Deliver<In>;
  readonly #options: SessionOptions<In, Out>;
  /** In use, the one that works first; another may be there to take its place. */
  readonly #sockets = new Map<number, WebSocket>();
  /** Of which events still speak. */
  readonly #frames = new Map<number, ArrayBuffer>();
  #arriving = new ArrayBuffer(0);
  /** What the core is to be given. */
  #filling: unknown;
  /**
   * What passes to the core at the end of the task: so many messages, the name of the first, the bytes of all, and of each
   * two numbers: twice its length, and one more for text; the channel.
   */
  readonly #stage = new Uint8Array(STAGE + STAGED * 8);
  readonly #heads = new Uint32Array(STAGED * 2);
  #staged = 0;
  #length = 0;
  #first = 0;
  /** The last of those, if they are texts: encoded all at once, they take so many bytes at most. */
  #texts: string[] = [];
  #longest = 0;
  /** What the core is sure to take of that: bytes and messages. */
  #room = 0;
  #places = 0;
  /** Of the messages that are being told: the number of the next, and of the next for all that the core knows. */
  #told = 0;
  #known = 0;
  /** The core has been asked for something. */
  #entered = false;
  readonly #takeBack = ({ number }: { number?: number }) => this.link.ask(core.TAKE_BACK, number) === 1;
  #renewing: AbortController | undefined;

  constructor(
    wire: SessionWire<any, any, any>,
    link: Link<In, Out>,
    options: SessionOptions<In, Out>,
    deliver: Deliver<In>,
  ) {
    this.#wire = wire;
    this.#deliver = deliver;
    this.link = link;
    this.#options = options;
    this.asking = new Asking(link, options);
    this.serving = new Serving(this);
  }

  // What is asked of the core.

  /** The core learns what it has not been told yet, and writes it if this is the `end` of the task. */
  enter(end = 0): void {
    const { core: running, id } = this.link;
    this.#entered = true;
    this.#take();
    if (!this.#staged) return;
    this.#encode();
    const filling = this.#filling;
    const count = this.#staged;
    const length = this.#length + count * 8;
    this.#stage.set(new Uint8Array(this.#heads.buffer, 0, count * 8), this.#length);
    this.#filling = this.#stage.subarray(0, length);
    this.#staged = this.#length = 0;
    running?.give?.(id, core.PASS, this.#first, end, count, length);
    this.#filling = filling;
  }

  /** A call into the browser costs more than most texts do. */
  #encode(): void {
    const texts = this.#texts;
    const all = texts.join("");
    let at = this.#length;
    let written = fill(this.#stage.subarray(at), all);
    // Characters are no bytes.
    if (written !== all.length) {
      written = 0;
      texts.forEach((text, i) => {
        const size = fill(this.#stage.subarray(at + written), text);
        this.#heads[2 * (this.#staged - texts.length + i)] = size * 2 + 1;
        written += size;
      });
    }
    this.#length += written;
    this.#longest = 0;
    this.#texts = [];
  }

  /** As `enter`, before something that takes room, or the wire's end. */
  retire(): void {
    this.enter();
    this.#places = 0;
  }

  ask(what: number, a: number, b: number, c: number): number | undefined {
    const { core: running, id } = this.link;
    if (what === core.FLUSH && a) return void this.enter(1);
    if (what === core.CLOSE) this.retire();
    else this.enter();
    if (what < core.TOKEN) return running?.act(id, what, a, b, c);
    if (what === core.FRAME) return running?.frame?.(id, a, b);
    return running?.give?.(id, what, a, b, c, byteLength(this.#filling) ?? 0);
  }

  give(what: number, data: Raw, a = 0, c = 0, text = typeof data === "string"): number | undefined {
    this.#filling = data;
    return this.link.ask(what, a, Number(text), c);
  }

  /** Takes a message without options to the core at the end of the task; false if it has to queue. */
  pass(receipt: Receipt<any, any>, data: Raw, channel: number): boolean {
    const text = typeof data === "string";
    const length = text ? data.length * 3 : (data as ArrayBuffer).byteLength;
    if (length > LONGEST || channel >= 2 ** 31) return false;
    if (this.#length + this.#longest + length > STAGE) this.#encode();
    const full = this.#staged === STAGED || this.#length + length > STAGE;
    if (length > this.#room || !this.#places || full) {
      const vacancy = this.link.ask(core.VACANCY) ?? 0;
      this.#room = vacancy % 2 ** 32;
      this.#places = Math.floor(vacancy / 2 ** 32);
      if (length > this.#room || !this.#places) return false;
    }
    if (!text && this.#texts.length) this.#encode();
    const place = 2 * this.#staged++;
    if (text) {
      this.#texts.push(data);
      this.#longest += length;
      this.#heads[place] = data.length * 2 + 1;
    } else {
      this.#stage.set(bytesOf(data), this.#length);
      this.#length += length;
      this.#heads[place] = length * 2;
    }
    this.#heads[place + 1] = channel;
    this.#room -= length;
    this.#places--;
    receipt.number = this.link.name(receipt);
    receipt.to = channel ? { channel, bound: true } : PASSED;
    receipt.wait(this.#takeBack);
    if (place) return true;
    this.#first = receipt.number;
    void Promise.resolve().then(() => this.#staged && this.link.ask(core.FLUSH, 1));
    return true;
  }

  // Sockets.

  /** The core's number for the socket that works. */
  get main(): number {
    return this.#sockets.keys().next().value ?? 0;
  }

  /** A socket that is being opened. What the core no longer holds gives way. */
  join(link: number, socket: WebSocket, keepReason: (reason: string) => number): void {
    for (const other of this.#sockets.keys()) {
      if (!this.link.ask(core.HOLDS, other)) close(this.#leave(other)!);
    }
    this.#sockets.set(link, socket);
    const opened = () => {
      if (socket.protocol === SUBPROTOCOL) return void this.link.ask(core.SOCKET_OPENED, link);
      close(this.#leave(link)!);
      this.link.ask(core.SOCKET_ERRORED, link, 2);
    };
    const closed = ({ code, reason, wasClean }: CloseEvent) => {
      this.#leave(link);
      this.link.ask(core.SOCKET_CLOSED, link, code, keepReason(reason) * 2 + Number(wasClean));
    };
    attach(
      socket,
      opened,
      ({ data }) => this.#arrived(link, data),
      () => void this.link.ask(core.SOCKET_ERRORED, link, Number(socket.readyState === 0)),
      closed,
    );
    this.link.socket = this.#sockets.get(this.main);
  }

  #leave(link: number): WebSocket | undefined {
    const socket = this.#sockets.get(link);
    if (socket) detach(socket);
    this.#sockets.delete(link);
    this.link.socket = this.#sockets.get(this.main);
    return socket;
  }

  hangUp(link: number, forget: number, code: number, reason: string): void {
    const socket = forget ? this.#leave(link) : this.#sockets.get(link);
    if (socket) close(socket, code, reason);
  }

  drop(): void {
    for (const link of this.#sockets.keys()) close(this.#leave(link)!);
  }

  #arrived(link: number, data: unknown): void {
    // Text is no frame; nothing at all is none either, and is refused as such.
    this.#arriving = typeof data === "string" ? new ArrayBuffer(0) : (data as ArrayBuffer);
    this.#filling = this.#arriving;
    this.link.ask(core.FRAME, link, this.#arriving.byteLength);
    this.serving.heard();
  }

  /** What is buffered if the socket took it, -1 if it is not open, -2 minus what is buffered if it threw. */
  #write(link: number, at: number, length: number): number {
    const socket = this.#sockets.get(link);
    if (!socket) return -1;
    const frame = view(at, length);
    // A browser copies what it sends. Whoever stands in for it may look later, when something else is there; and a small frame
    // is copied in less time than that question takes.
    const own = length > SMALL && globalThis.WebSocket?.prototype.send === socket.send;
    return give(socket, own && /^function send\W+\[native/.test(`${socket.send}`) ? frame : frame.slice());
  }

  // The token.

  /** Greets with the token, or when it is there. */
  greet(link: number, signal: AbortSignal): unknown {
    const running = this.link.core;
    const greet = (token: string | Uint8Array<ArrayBuffer> | undefined) => {
      if (this.link.core === running) this.give(core.TOKEN, tokenOf(token), link);
    };
    const token = this.#token(false, signal);
    return isPromise(token) ? token.then((token) => greet(token as string)) : greet(token as string);
  }

  async #renew(): Promise<void> {
    this.#renewing?.abort();
    const { signal } = (this.#renewing = new AbortController());
    try {
      const token = await this.#token(true, signal);
      if (!signal.aborted) this.give(core.RENEWED_TOKEN, tokenOf(token as string));
    } catch (cause) {
      if (!signal.aborted) this.link.emit("error", { error: new WireError("GreetingFailed", { cause }) });
    }
  }

  #token(renews: boolean, signal: AbortSignal): unknown {
    const { token } = this.#options;
    return typeof token === "function" ? token({ renews, signal }) : token;
  }

  // Channels.

  /** Throws if there are too many, or the name or the parameters are too long. */
  open(name: string, params: unknown): Channel<any, any> {
    const named = wellFormed(String(name));
    const data = params === undefined ? "" : encoded(this.link.codec, params as Out);
    const head = byteLength(named)!;
    const all = new Uint8Array(head + byteLength(data)!);
    fill(all, named);
    fill(all.subarray(head), data);
    const number = this.give(core.OPEN, all, head, 0, typeof data === "string") ?? 0;
    if (!number) {
      const text =
        "The channel cannot be opened: its name is over 1 KiB, name and parameters are over 8 KiB, or 1,000 channels are open.";
      throw new WireError("InvalidOption", { text });
    }
    const shut = (code: number, reason: string) => {
      this.give(core.SHUT, wellFormed(reason), number, code);
      this.#ended(number, code, reason);
    };
    const channel = new Channel(this.#wire, named, number, this.#options.discriminant, shut);
    this.channels.set(number, channel);
    return channel;
  }

  #ended(number: number, code: number, reason: string): void {
    const channel = this.channels.get(number);
    if (!channel) return;
    this.channels.delete(number);
    for (const sending of this.link.waiting()) {
      if (sending.to?.channel !== number) continue;
      if (sending instanceof Receipt) sending.withdraw();
      else sending.to.withdraw?.();
    }
    channel.ends(code, reason);
  }

  // What the core tells.

  hear(receipts: Sendings, what: number, a: number, b: number, c: number, place: Place): number | undefined {
    switch (what) {
      case core.FILL:
        return c ? fillIn(view(a, b), receipts.get(c)) : fill(view(a, b), this.#filling);
      case core.WRITE:
        return this.#write(a, b, c);
      case core.SOON:
        void Promise.resolve().then(() => this.link.ask(core.FLUSH));
        return;
      case core.KEEP:
        return void this.#frames.set(a, this.#arriving);
      case core.LET_GO:
        return void this.#frames.delete(a);
      case core.ASKED:
        return this.asking.asked(receipts.get(a), b);
      case core.UNANSWERED:
        return this.asking.unanswered(a, b === 1);
      case core.TOKEN_WANTED:
        return void this.#renew();
      case core.WELCOMED:
        return this.link.emit("session", { resumed: a === 1 });
      case core.LOST:
        return this.#lost(a, b, c, place);
      case core.ALL_DELIVERED:
        for (let number = a; number < b; number++) this.link.settle(number);
        return;
      case core.HEARD_MESSAGES:
        return this.#messages(a, b, c, place);
      case core.HEARD_VOLATILE:
        return this.#message(0, b, this.#read(place));
      case core.HEARD_REQUEST:
        return this.#request(a, c, b, place);
      case core.HEARD_RESPONSE:
        return this.asking.answered(b, c, (place[1] & MORE) > 0, this.#read(place));
      case core.HEARD_CANCEL:
        return this.serving.cancelled(b);
      case core.HEARD_OPEN: {
        const channel = this.channels.get(b);
        if (channel) this.#decoded(this.#read(place), (params) => channel.opens(params));
        return;
      }
      case core.HEARD_SHUT:
        return void this.#ended(b, c, this.#read(place, TEXT) as string);
    }
    return;
  }

  #lost(delivered: number, last: number, received: number, [resent, notSent, missing]: Place): undefined {
    this.serving.over();
    for (const channel of this.channels.values()) channel.closes();
    const inDoubt = last > delivered ? { from: delivered + 1, to: last } : undefined;
    const loss = { delivered, inDoubt, notSent, resent, received, inboundMissing: missing > 0 };
    this.link.emit("sessionlost", loss);
  }

  /** The first of those that the core has not been given. */
  get unpassed(): number {
    return this.#staged ? this.#first : Infinity;
  }

  /** The wire is closed for good, or its core is gone. */
  over(): void {
    if (!this.link.core) {
      this.#encode();
      this.#staged = this.#length = 0;
    }
    this.#renewing?.abort();
    this.#frames.clear();
    this.serving.over();
    this.asking.over();
    for (const number of this.channels.keys()) this.#ended(number, 0, "");
  }

  /** A payload: the text if it is one, else its bytes; text that is none stays bytes. */
  #read([frame, kind, start, end]: Place, text = kind & TEXT): string | Uint8Array {
    const bytes = new Uint8Array(this.#frames.get(frame) ?? new ArrayBuffer(0), start, end - start);
    try {
      return text ? textOf(bytes) : bytes;
    } catch {
      return bytes;
    }
  }

  /** Without anything there is nothing to decode. What cannot be decoded is told, with the data. */
  #decoded(raw: string | Uint8Array, then: (value: unknown) => void): boolean {
    let value: unknown;
    try {
      value = raw.length > 0 ? this.link.codec.decode(raw) : undefined;
    } catch (cause) {
      this.link.emit("error", { error: new WireError("Undecodable", { cause, data: raw }) });
      return false;
    }
    then(value);
    return true;
  }

  /** Messages of one frame, one after the other; the number of the next. Three numbers stand ready for each. */
  #messages(seq: number, count: number, frame: number, [at, textsAt, length]: Place): number {
    const running = this.link.core;
    const buffer = this.#frames.get(frame) ?? new ArrayBuffer(0);
    const numbers = new Uint32Array(view(at, count * 4).slice().buffer);
    let texts = length ? textOf(view(textsAt, length)) : "";
    // Then characters are no bytes.
    if (texts.length !== length) texts = "";
    this.#known = this.#told = seq;
    this.#entered = false;
    for (let place = 0, from = 0; place < count;) {
      if (this.#entered && !(this.link.core === running && this.#take())) break;
      this.#entered = false;
      this.#told++;
      const start = numbers[place++]!;
      const end = numbers[place++]!;
      const channel = numbers[place++]!;
      const data = !(channel & 1)
        ? new Uint8Array(buffer, start, end - start)
        : texts
          ? texts.slice(from, (from += end - start))
          : this.#read([frame, TEXT, start, end]);
      this.#message(this.#told - 1, channel >>> 1, data);
    }
    const next = this.#told;
    this.#known = this.#told = 0;
    return next;
  }

  /** Accepts the messages that have been told; whether more are to be. */
  #take(): boolean {
    const { core: running, id } = this.link;
    if (!this.#told) return true;
    const known = this.#known;
    this.#known = this.#told;
    return running?.act(id, core.TOOK, known, this.#told, 0) === 1;
  }

  #message(seq: number, number: number, data: string | Uint8Array): undefined {
    const raw = data as string | ArrayBuffer;
    const ack = this.#ack(seq);
    let message: In;
    try {
      message = (number ? this.link.codec : this.link.own).decode(data);
    } catch (cause) {
      ack?.();
      return this.link.emit("error", { error: new WireError("Undecodable", { cause, data: raw }) });
    }
    if (!number) {
      this.context = ack ? { ack } : this.#nothing;
      return void this.#deliver(message, raw);
    }
    const channel = this.channels.get(number);
    if (channel) channel.deliver(message, raw, ack);
    else ack?.();
  }

  #request(seq: number, id: number, number: number, place: Place): undefined {
    const [frame, kind, start] = place;
    const method = this.#read([frame, TEXT, start - (kind >> 8), start]) as string;
    const data = this.#read(place);
    const ack = this.#ack(seq);
    const handler = this.serving.methods.get(method);
    if (handler) {
      const context = { channel: this.channels.get(number), ...(ack ? { ack } : {}) };
      const understood = this.#decoded(data, (value) => this.serving.serve(id, handler, value, context));
      if (understood) return;
    }
    ack?.();
    this.give(core.RESPOND, "", id, (handler ? 1 : 3) * 2);
  }

  /** Accepts a record, where the application says when. */
  #ack(seq: number): (() => void) | undefined {
    if (!seq || !this.#options.manualAck) return undefined;
    return () => void this.link.ask(core.ACCEPT, seq);
  }
}

/** Fills in what a receipt stands for; says whether it is text, the length of the method's name and the channel. */
const fillIn = (into: Uint8Array, sending: Sending | undefined): number => {
  const { to, data } = sending ?? {};
  if (!sending || !to) return 0;
  const name = fill(into, to.method ?? "");
  fill(into.subarray(name), data);
  to.bound = true;
  // From here on the core has the bytes, and nothing waits under the key.
  sending.data = undefined;
  sending.leave?.();
  sending.leave = undefined;
  const text = Number(typeof data === "string");
  return to.channel * 4096 + (to.method === undefined ? 0 : name + 1) * 2 + text;
};

const tokenOf = (token: unknown): string | Uint8Array<ArrayBuffer> => {
  if (token === undefined || token === null) return "";
  if (typeof token === "string") return wellFormed(token);
  if (token instanceof Uint8Array) return token as Uint8Array<ArrayBuffer>;
  throw new TypeError("The token must be a string or a Uint8Array.");
};
