/** Why a message never left. */
export type NotSentReason = (typeof REASONS)[number];

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
] as const;

/** One send. It settles exactly once. `More` is what else may become of it where nobody can always know. */
export class Receipt<Out = unknown, More = never> {
  /** @internal The encoded message, for the core. */
  data: unknown;
  /** @internal Called when it waits no more. */
  leave: (() => unknown) | undefined;
  /** What was sent; kept until the browser has taken it. */
  message: Out | undefined;
  /** Undefined while the message waits. */
  result: Settled<Out> | More | undefined;
  readonly #told: (receipt: Receipt<Out, More>) => void;
  #resolve: ((settled: Settled<Out> | More) => void) | undefined;
  #promise: Promise<Settled<Out> | More> | undefined;
  #withdraw: (() => boolean) | undefined;

  /** @internal */
  constructor(message: Out, told: (receipt: Receipt<Out, More>) => void) {
    this.message = message;
    this.#told = told;
  }

  /** Resolves when the send has settled. Never rejects. Made when first asked for. */
  get settled(): Promise<Settled<Out> | More> {
    return (this.#promise ??= this.result
      ? Promise.resolve(this.result)
      : new Promise((resolve) => (this.#resolve = resolve)));
  }

  /** Takes the message back if it still waits; then it settles as not sent, withdrawn. */
  withdraw(): boolean {
    return this.#withdraw?.() ?? false;
  }

  /** @internal It waits from now on. */
  wait(withdraw: () => boolean): void {
    if (!this.result) this.#withdraw = withdraw;
  }

  /** @internal By the core's number: 0 for handed over, else the reason; past those nobody knows. */
  settle(reason: number): void {
    if (this.result) return;
    const not = REASONS[reason - 1];
    const message = this.message as Out;
    this.result = not
      ? { outcome: "not-sent", reason: not, message }
      : reason
        ? ({ outcome: "in-doubt", reason: "stopped", message } as More)
        : { outcome: "handed-over" };
    if (!reason) this.message = undefined;
    this.data = undefined;
    this.leave?.();
    this.leave = undefined;
    this.#withdraw = undefined;
    this.#resolve?.(this.result);
    this.#told(this);
  }
}
