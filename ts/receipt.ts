/** Why a message never left. */
export type NotSentReason =
  "full" | "evicted" | "superseded" | "expired" | "withdrawn" | "closed" | "refused";

/** What became of a message. In plain mode nobody knows more than that the browser took it. */
export type Settled<Out> =
  | { readonly outcome: "handed-over" }
  | { readonly outcome: "not-sent"; readonly reason: NotSentReason; readonly message: Out };

/** The core's reasons, in its order, from 1. */
export const REASONS = [
  "full",
  "evicted",
  "superseded",
  "expired",
  "withdrawn",
  "closed",
  "refused",
  ...(SESSION ? ["too-large", "session-lost"] : []),
];

/** One for all. */
const DELIVERED = { outcome: "delivered" };

/** @internal Where in a session something is to go. */
export interface Destination {
  /** 0 for none. */
  readonly channel: number;
  /** Of a request. */
  readonly method?: string;
  /** Of a request, in milliseconds. */
  readonly timeout?: number;
  /** It has its number, and will be sent until it is delivered or its session is lost. */
  bound: boolean;
  /** Takes a request back. */
  withdraw?: () => unknown;
}

/** One send. It settles exactly once, with one of `End`. */
export class Receipt<Out = unknown, End = Settled<Out>> {
  /** @internal Only in a session. */
  declare to?: Destination;
  /** @internal Only in a session: the core's number for it. */
  declare number?: number;
  /** @internal The encoded message, for the core. */
  data: unknown;
  /** @internal Called when it waits no more. */
  leave: (() => unknown) | undefined;
  /** What was sent; kept until the browser has taken it. */
  declare message: Out | undefined;
  /** Undefined while the message waits. */
  result: End | undefined;
  readonly #told: (receipt: Receipt<Out, End>) => void;
  #resolve: ((settled: End) => void) | undefined;
  #promise: Promise<End> | undefined;
  #withdraw: ((receipt: this) => boolean) | undefined;

  /** @internal */
  constructor(message: Out, told: (receipt: Receipt<Out, End>) => void) {
    this.message = message;
    this.#told = told;
  }

  /** Resolves when the send has settled. Never rejects. Made when first asked for. */
  get settled(): Promise<End> {
    return (this.#promise ??= new Promise((resolve) => {
      if (this.result) resolve(this.result);
      else this.#resolve = resolve;
    }));
  }

  /** Takes the message back if it still waits; then it settles as not sent, withdrawn. */
  withdraw(): boolean {
    return this.#withdraw?.(this) ?? false;
  }

  /** @internal It waits from now on. */
  wait(withdraw: (receipt: this) => boolean): void {
    if (!this.result) this.#withdraw = withdraw;
  }

  /** @internal By the core's number: 0 for handed over or delivered, else the reason; past those nobody knows. */
  settle(reason: number): void {
    if (this.result) return;
    const not = REASONS[reason - 1];
    const message = this.message as Out;
    this.result = (
      not
        ? { outcome: "not-sent", reason: not, message }
        : reason
          ? {
              outcome: "in-doubt",
              reason: SESSION ? (reason > 10 ? "closed" : "session-lost") : "stopped",
              message,
            }
          : SESSION
            ? DELIVERED
            : { outcome: "handed-over" }
    ) as End;
    if (!reason) this.message = undefined;
    this.data = undefined;
    this.leave?.();
    this.leave = undefined;
    this.#withdraw = undefined;
    this.#resolve?.(this.result);
    this.#told(this);
  }
}
