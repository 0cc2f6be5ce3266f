// What the application answers where it is asked: by a function of its own, or by an option that stands for one.
import { byteLength, type Codec, encode, type Raw } from "./codec.ts";
import { report } from "./errors.ts";
import {
  type Attempt,
  isUrl,
  type Provided,
  type Retry,
  type WebSocketClass,
  type WireOptions,
  wrong,
} from "./options.ts";
import type { WireUrl } from "./wire.ts";

export const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof (value as PromiseLike<unknown> | undefined)?.then === "function";

const given = <T>(provided: Provided<T> | undefined, attempt: Attempt): unknown =>
  typeof provided === "function" ? (provided as (attempt: Attempt) => unknown)(attempt) : provided;

/** Calls `then` with what `ask` gives, at once or when it is there, and `failed` with what one of the two throws. */
export const take = (
  ask: () => unknown,
  then: (given: any) => void,
  failed: (error: unknown) => void,
): void => {
  try {
    const given = ask();
    if (isPromise(given)) void given.then(then).catch(failed);
    else then(given);
  } catch (error) {
    failed(error);
  }
};

/** The URL or URLs and the subprotocols for an attempt; a promise if one of the two is. */
export const provide = (
  url: WireUrl,
  protocols: WireOptions["protocols"],
  attempt: Attempt,
): readonly unknown[] | Promise<readonly unknown[]> => {
  const provided = [given(url, attempt), given(protocols, attempt)];
  return provided.some(isPromise) ? Promise.all(provided) : provided;
};

/** Where an attempt goes. */
export interface Target {
  readonly url: string;
  readonly protocols: string[];
  /** The URL can be one of a WebSocket here, which mixed content cannot. */
  readonly good: boolean;
  /** It needs no network. */
  readonly local: boolean;
  /** What of it may be told: the rest can hold tokens. */
  readonly shown: string;
}

export const NOWHERE: Target = { url: "", protocols: [], good: false, local: false, shown: "" };

/** The target of an attempt, of the URL or URLs and the subprotocols provided for it. */
export const readTarget = ([urls, protocols]: readonly unknown[], turn: number): Target => {
  const all: unknown[] = [urls].flat();
  const chosen = all[turn % all.length];
  if (!isUrl(chosen)) throw new TypeError(`The url function gave ${typeof chosen}, not a URL.`);
  const url = String(chosen).replace(/#.*$/s, "");
  return { ...examine(url), url, protocols: list(protocols) };
};

const list = (protocols: unknown): string[] => [protocols ?? []].flat().map(String);

/** Whether an attempt may need no network. Without one, a function is asked only where the page came from this machine. */
export const isLocal = (url: WireUrl): boolean => {
  const urls = [typeof url === "function" ? "" : url].flat();
  return urls.some((url) => examine(String(url)).local);
};

/** False on a server that renders the page: there nothing connects unasked. */
export const inBrowser = (): boolean => "window" in globalThis || "WorkerGlobalScope" in globalThis;

/** The class to connect with. */
export const hostClass = (): WebSocketClass | undefined =>
  inBrowser() ? (globalThis.WebSocket as WebSocketClass | undefined) : undefined;

/** What can be read off a URL. */
const examine = (url: string): Pick<Target, "good" | "local" | "shown"> => {
  try {
    const { protocol, host, hostname, pathname } = new URL(url, globalThis.location?.href);
    const local = /^(127[.\d]+|\[::1]|(.+\.)?localhost)$/.test(hostname);
    const plain = local || !/^https:/.test(globalThis.origin);
    const good = (plain ? /^(ws|http)s?:/ : /^(ws|http)s:/).test(protocol);
    return { good, local, shown: `${protocol}//${host}${pathname}` };
  } catch {
    return NOWHERE;
  }
};

/** Whether and when to try again: milliseconds, or a negative number to stop. */
export const decide = <In, Out>(
  { reconnect }: WireOptions<In, Out>,
  retry: Retry,
  fatal: boolean,
): number => {
  const { close, delay } = retry;
  const { shouldReconnect, delay: policy } = reconnect ?? {};
  try {
    if (!(shouldReconnect ? shouldReconnect(close, retry) : !fatal)) return -1;
    const chosen = policy ? policy(retry) : delay;
    if (chosen === false) return -1;
    if (typeof chosen === "number" && chosen >= 0) return chosen;
    throw wrong("What reconnect.delay returns", "milliseconds or false", chosen);
  } catch (error) {
    report(error);
    return fatal ? -1 : delay;
  }
};

/** The core's number for the kind of a message: 1 for a pong, 2 for a welcome. */
export const kindOf = <In, Out>(
  { heartbeat, isWelcome }: WireOptions<In, Out>,
  message: In | undefined,
  raw: string | ArrayBuffer,
): number => {
  try {
    if (heartbeat?.isPong?.(message, raw)) return 1;
    if (isWelcome?.(message, raw)) return 2;
  } catch (error) {
    report(error);
  }
  return 0;
};

export const pingOf = <In, Out>(
  { heartbeat }: WireOptions<In, Out>,
  codec: Codec<In, Out>,
): Raw | undefined => {
  const ping: unknown = heartbeat?.ping;
  try {
    const data: unknown = typeof ping === "function" ? (ping as () => unknown)() : ping;
    return byteLength(data) === undefined ? encode(codec, data as Out) : (data as Raw);
  } catch (error) {
    report(error);
    return undefined;
  }
};
