import { Channel } from "./channel.ts";
import * as core from "./core.ts";
import type { WireEvent, WireEventMap } from "./events.ts";
import type { Link } from "./link.ts";
import type { WireOptions } from "./options.ts";
import { type NotSentReason, Receipt } from "./receipt.ts";
import type { AnyMethods, Answer, Asked, Item, Payload, RequestOptions } from "./request.ts";
import { channelOf, encoded } from "./session/bytes.ts";
import { type Deliver, Session } from "./session/session.ts";
import { type SendOptions, Wire, type WireUrl } from "./wire.ts";

/** What became of a message. */
export type SessionSettled<Out> =
  /** The server has accepted it, once and in its order. */
  | { readonly outcome: "delivered" }
  /** The server has never accepted it. */
  | { readonly outcome: "not-sent"; readonly reason: SessionNotSentReason; readonly message: Out }
  /** It was sent, and the session that would tell is gone, or the wire was closed before the server told. */
  | { readonly outcome: "in-doubt"; readonly reason: "session-lost" | "closed"; readonly message: Out };

/** Why a message was never accepted. `too-large`: the server takes none as large. */
export type SessionNotSentReason = NotSentReason | "too-large" | "session-lost";

export type SessionReceipt<Out = unknown> = Receipt<Out, SessionSettled<Out>>;

export interface SessionSendOptions extends SendOptions {
  /** Where it goes. Default: no channel. */
  channel?: Channel<any, any>;
}

/** What a token is asked for. */
export interface TokenRequest {
  /** The server asks for another token on a connection that works; else it is for a new one. */
  readonly renews: boolean;
  /** Aborted when the answer is of no use any more. */
  readonly signal: AbortSignal;
}

export type Token = string | Uint8Array | undefined;

/** Those of `everwire` that have a meaning in a session, and more. Times are in milliseconds, sizes in bytes. */
export interface SessionOptions<In = unknown, Out = In> extends Omit<
  WireOptions<In, Out>,
  "protocols" | "greet" | "isWelcome" | "heartbeat"
> {
  /** Says who this is, to the server. A function is asked for every connection, and when the server asks again. */
  token?: Token | ((request: TokenRequest) => Token | Promise<Token>);
  /** Pings of this side, beside the server's own. Default: none. */
  heartbeat?: { interval?: number; timeout?: number };
  /**
   * What becomes of messages that were never accepted by the server when it loses the session: they are sent in the next
   * one, or settle as not sent. Default `"resend-unsent"`. What is in doubt is never sent again.
   */
  onSessionLost?: "resend-unsent" | "report";
  /** Messages are accepted when `ack()` is called, not when they are delivered. Default false. */
  manualAck?: boolean;
  /** What this side takes. */
  limits?: {
    /** The largest frame, and so the largest message. Default 1,048,576. */
    maxFrame?: number;
    /** Bytes that may be under way to this side, at least `maxFrame`: less is taken as that. Default 4,194,304. */
    window?: number;
  };
  /** How long a request waits for its answer. Default 30,000. */
  requestTimeout?: number;
}

/** A session that the server has lost. Records are counted from 1 in each session: messages, requests, channels. */
export interface SessionLost {
  /** The server has accepted every record up to this one. */
  readonly delivered: number;
  /** What became of these, nobody can tell. Undefined if the server could prove that there are none. */
  readonly inDoubt: { readonly from: number; readonly to: number } | undefined;
  /** How many of the rest settled as not sent. */
  readonly notSent: number;
  /** How many of the rest are sent in the next session. */
  readonly resent: number;
  /** The last record of the server's that arrived. */
  readonly received: number;
  /** Whether the server may have sent more than that. */
  readonly inboundMissing: boolean;
}

export interface SessionEventMap<In, Out> extends WireEventMap<In, Out, SessionSettled<Out>> {
  message: WireEvent<{ readonly data: In; readonly ack?: () => void }>;
  /** The server has welcomed this side. If not `resumed`, a session begins. */
  session: WireEvent<{ readonly resumed: boolean }>;
  sessionlost: WireEvent<SessionLost>;
}

export interface SessionWire<In = unknown, Out = In, Methods = AnyMethods> {
  /** Queues, and sends as soon as the server takes it. As on a `Wire`, and on a channel if one is given. */
  send(message: Out, options?: SessionSendOptions): SessionReceipt<Out>;
}

/** A session with a server that speaks `everwire.v1`: exactly once, in order, both ways, across every drop. */
export class SessionWire<In = unknown, Out = In, Methods = AnyMethods> extends Wire<
  In,
  Out,
  SessionSettled<Out>,
  SessionEventMap<In, Out>
> {
  /** @internal */
  declare parts: Session<In, Out>;

  /** Connects at once, as a `Wire` does. Throws a `WireError` with code `InvalidOption` if an option is wrong. */
  constructor(url: WireUrl, options: SessionOptions<In, Out> = {}) {
    super(url, options as WireOptions<In, Out>);
  }

  /** @internal */
  override attach(link: Link<In, Out>, options: SessionOptions<In, Out>, deliver: Deliver<In>): void {
    this.parts = link.session = new Session(this, link, options, deliver);
  }

  /** Receipts of the waiting messages in the order in which they would leave. */
  override queue(): SessionReceipt<Out>[] {
    return super.queue().filter((sending) => sending instanceof Receipt);
  }

  /** Messages sent that the server has not accepted yet. */
  get inFlight(): number {
    return this.parts.link.ask(core.READ, core.IN_FLIGHT) ?? 0;
  }

  /** Sends now or never, without a promise that it arrives. False if it is not sent. */
  volatile(message: Out, options: { channel?: Channel<any, any> } = {}): boolean {
    const { own, codec } = this.parts.link;
    const data = encoded(options.channel ? codec : own, message);
    return this.parts.give(core.VOLATILE, data, channelOf(options)) === 1;
  }

  /** Asks the server. Resolves with its answer, the last part if it has several; rejects with a `RequestError`. */
  request<Name extends keyof Methods & string>(
    method: Name,
    payload?: Payload<Methods[Name]>,
    options: RequestOptions = {},
  ): Promise<Answer<Methods[Name]>> {
    return this.parts.asking.request(method, payload, options) as Promise<Answer<Methods[Name]>>;
  }

  /** Asks the server for an answer in parts. It is asked when the loop begins, and told if that ends early. */
  requestStream<Name extends keyof Methods & string>(
    method: Name,
    payload?: Payload<Methods[Name]>,
    options: RequestOptions = {},
  ): AsyncGenerator<Item<Methods[Name]>, void, undefined> {
    return this.parts.asking.stream(method, payload, options) as AsyncGenerator<Item<Methods[Name]>>;
  }

  /**
   * Answers the server's requests for a method with what `handler` gives: a value, a promise of one, or, part by part,
   * what a generator yields. Returns a function that ends it. A later handler takes an earlier one's place.
   */
  respond<Name extends keyof Methods & string>(
    method: Name,
    handler: (payload: Payload<Methods[Name]>, asked: Asked) => unknown,
  ): () => void {
    const { methods } = this.parts.serving;
    methods.set(method, handler);
    return () => void (methods.get(method) === handler && methods.delete(method));
  }

  /** Opens a channel. `params` are for the server, encoded as a message is. */
  channel(name: string, params?: unknown): Channel<In, Out>;
  channel<ChannelIn, ChannelOut = ChannelIn>(name: string, params?: unknown): Channel<ChannelIn, ChannelOut>;
  channel(name: string, params?: unknown): Channel<any, any> {
    return this.parts.open(name, params);
  }
}
