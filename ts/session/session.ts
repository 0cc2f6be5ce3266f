import { attach, buffered, close, detach, offer, view } from "#face";
import { isPromise } from "../answers.ts";
import { Channel } from "../channel.ts";
import { byteLength, type Raw } from "../codec.ts";
import * as core from "../core.ts";
import { WireError } from "../errors.ts";
import type { Link, Sending } from "../link.ts";
import type { SessionOptions, SessionWire } from "../session-wire.ts";
import { Asking } from "./asking.ts";
import { encoded, fill, SUBPROTOCOL, textOf, wellFormed } from "./bytes.ts";
import { Serving } from "./serving.ts";

/** Where something stands in a frame. */
type Place = readonly [frame: number, flags: number, start: number, end: number];

/** Of a message that is on no channel. */
export type Deliver<In> = (message: In, raw: string | ArrayBuffer) => void;

/** What a link has besides in a session: sockets by number, frames, channels and requests. */
export class Session<In, Out> {
  readonly link: Link<In, Out>;
  readonly asking: Asking<In, Out>;
  readonly serving: Serving<In, Out>;
  readonly channels = new Map<number, Channel<any, any>>();
  readonly #wire: SessionWire<any, any, any>;
  /** What goes with the message that is being delivered. */
  context: { readonly ack?: () => void } = {};
  readonly #deliver: Deliver<In>;
  readonly #options: SessionOptions<In, Out>;
  /** In use, the one that works first; another may be there to take its place. */
  readonly #sockets = new Map<number, WebSocket>();
  /** Of which events still speak. */
  readonly #frames = new Map<number, ArrayBuffer>();
  #arriving = new ArrayBuffer(0);
  /** What the core is to be given. */
  #filling: unknown;
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

  enter(what: number, a: number, b: number, c: number): number | undefined {
    const { core: running, id } = this.link;
    if (what < core.TOKEN) return running?.act(id, what, a, b, c);
    if (what === core.FRAME) return running?.frame?.(id, a, b);
    return running?.give?.(id, what, a, b, c, byteLength(this.#filling) ?? 0);
  }

  give(what: number, data: Raw, a = 0, b = 0, c = 0): number | undefined {
    this.#filling = data;
    return this.link.ask(what, a, b, c);
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
    const refused = offer(socket, view(at, length).slice());
    return refused === 1 ? -1 : refused ? -2 - buffered(socket) : buffered(socket);
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
    const head = new TextEncoder().encode(named);
    const length = byteLength(data)!;
    const all = new Uint8Array(head.length + length);
    all.set(head);
    fill(all.subarray(head.length), data);
    const number = this.give(core.OPEN, all, head.length, Number(typeof data === "string")) ?? 0;
    if (!number) {
      const text =
        "The channel cannot be opened: its name is over 1 KiB, name and parameters are over 8 KiB, or 1,000 channels are open.";
      throw new WireError("InvalidOption", { text });
    }
    const shut = (code: number, reason: string) => {
      this.give(core.SHUT, wellFormed(reason), number, 0, code);
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
    for (const { to } of this.link.waiting()) if (to?.channel === number) to.withdraw?.();
    channel.ends(code, reason);
  }

  // What the core tells.

  hear(
    receipts: ReadonlyMap<number, Sending>,
    what: number,
    a: number,
    b: number,
    c: number,
    place: Place,
  ): number | undefined {
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
      case core.HEARD_MESSAGE:
      case core.HEARD_VOLATILE:
        return this.#message(a, b, place);
      case core.HEARD_REQUEST:
        return this.#request(a, b, c, place);
      case core.HEARD_RESPONSE: {
        const { data, bytes } = this.#read(place);
        return this.asking.answered(b, c, (place[1] & 2) > 0, data ?? bytes);
      }
      case core.HEARD_CANCEL:
        return this.serving.cancelled(b);
      case core.HEARD_OPEN: {
        const { data, bytes } = this.#read(place);
        const channel = this.channels.get(b);
        if (channel) this.#decoded(data ?? bytes, (params) => channel.opens(params));
        return;
      }
      case core.HEARD_SHUT:
        return void this.#ended(b, c, this.#read(place).data ?? "");
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

  /** The wire is closed for good, or its core is gone. */
  over(): void {
    this.#renewing?.abort();
    this.#frames.clear();
    this.serving.over();
    this.asking.over();
    for (const number of this.channels.keys()) this.#ended(number, 0, "");
  }

  /** A payload: its bytes, and the text if it is one; text that is none stays bytes. */
  #read([frame, flags, start, end]: Place, from = start): { data?: string; bytes: Uint8Array } {
    const bytes = new Uint8Array(this.#frames.get(frame) ?? new ArrayBuffer(0), from, end - from);
    if (!(flags & 1)) return { bytes };
    try {
      return { data: textOf(bytes), bytes };
    } catch {
      return { bytes };
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

  #message(seq: number, number: number, place: Place): undefined {
    const { data, bytes } = this.#read(place);
    const raw = data ?? (bytes as unknown as ArrayBuffer);
    const ack = this.#ack(seq);
    let message: In;
    try {
      message = this.link.codec.decode(data ?? bytes);
    } catch (cause) {
      ack?.();
      return this.link.emit("error", { error: new WireError("Undecodable", { cause, data: raw }) });
    }
    if (!number) {
      this.context = ack ? { ack } : {};
      return void this.#deliver(message, raw);
    }
    const channel = this.channels.get(number);
    if (channel) channel.deliver(message, raw, ack);
    else ack?.();
  }

  #request(seq: number, id: number, number: number, place: Place): undefined {
    const [frame, flags, start] = place;
    const payload = start + (flags >> 1);
    const method = this.#read([frame, 1, start, payload]).data ?? "";
    const { data, bytes } = this.#read(place, payload);
    const ack = this.#ack(seq);
    const handler = this.serving.methods.get(method);
    if (handler) {
      const context = { channel: this.channels.get(number), ...(ack ? { ack } : {}) };
      const understood = this.#decoded(data ?? bytes, (value) =>
        this.serving.serve(id, handler, value, context),
      );
      if (understood) return;
    }
    ack?.();
    this.give(core.RESPOND, "", id, 1, (handler ? 1 : 3) * 2);
  }

  /** Accepts a record, where the application says when. */
  #ack(seq: number): (() => void) | undefined {
    if (!seq || !this.#options.manualAck) return undefined;
    return () => void this.link.ask(core.ACCEPT, seq);
  }
}

/** Fills in what a receipt stands for; says whether it is text, the length of the method's name and the channel. */
function fillIn(into: Uint8Array, sending: Sending | undefined): number {
  const { to, data } = sending ?? {};
  if (!sending || !to) return 0;
  const name = to.method === undefined ? 0 : fill(into.subarray(0, byteLength(to.method)), to.method);
  fill(into.subarray(name), data);
  to.bound = true;
  // From here on the core has the bytes, and nothing waits under the key.
  sending.data = undefined;
  sending.leave?.();
  sending.leave = undefined;
  const text = Number(typeof data === "string");
  return to.channel * 4096 + (to.method === undefined ? 0 : name + 1) * 2 + text;
}

function tokenOf(token: unknown): string | Uint8Array<ArrayBuffer> {
  if (token === undefined || token === null) return "";
  if (typeof token === "string") return wellFormed(token);
  if (token instanceof Uint8Array) return token as Uint8Array<ArrayBuffer>;
  throw new TypeError("The token must be a string or a Uint8Array.");
}
