// What the application answers where it is asked: by a function of its own, or by an option that stands for one.
import { report, WireError } from "./errors.ts";
import type { Attempt, Provided, Retry, WireOptions } from "./options.ts";

export const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof (value as PromiseLike<unknown> | undefined)?.then === "function";

export const provide = <T>(provided: Provided<T> | undefined, context: Attempt): unknown =>
  typeof provided === "function" ? (provided as (context: Attempt) => unknown)(context) : provided;

export const list = (protocols: unknown): string[] =>
  protocols == null ? [] : Array.isArray(protocols) ? protocols.map(String) : [String(protocols)];

/**
 * Whether a URL can be one of a WebSocket here, which mixed content cannot, whether it needs no network, and what of it
 * may be told: the rest can hold tokens.
 */
export function examine(url: string): { good: boolean; local: boolean; shown: string } {
  try {
    const { protocol, host, hostname, pathname } = new URL(url, globalThis.location?.href);
    const local = /^(127\.\d+\.\d+\.\d+|\[::1\]|(.+\.)?localhost)$/.test(hostname);
    const plain = local || !/^https:/.test(globalThis.origin);
    const good = (plain ? /^(ws|http)s?:$/ : /^(ws|http)s:$/).test(protocol);
    return { good, local, shown: `${protocol}//${host}${pathname}` };
  } catch {
    return { good: false, local: false, shown: "" };
  }
}

/** Whether and when to try again: milliseconds, or a negative number to stop. */
export function decide<In, Out>({ reconnect }: WireOptions<In, Out>, retry: Retry, fatal: boolean): number {
  const { close, delay } = retry;
  const { shouldReconnect, delay: policy } = reconnect ?? {};
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

/** The core's number for the kind of a message: 1 for a pong, 2 for a welcome. */
export function kindOf<In, Out>(
  { heartbeat, isWelcome }: WireOptions<In, Out>,
  message: In | undefined,
  raw: string | ArrayBuffer,
): number {
  try {
    if (heartbeat?.isPong?.(message, raw)) return 1;
    if (isWelcome?.(message, raw)) return 2;
  } catch (error) {
    report(error);
  }
  return 0;
}
