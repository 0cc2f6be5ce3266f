/**
 * Everwire in Svelte: `useWire(() => url)` shares one wire between all components that use this URL, open while one of them is
 * mounted. Rendering on a server opens nothing. Nothing happens at import.
 * @module
 */
import { onMount } from "svelte";
import { createSubscriber } from "svelte/reactivity";
import { toStore } from "svelte/store";
import type { WireState } from "./events.ts";
import { Wire } from "./everwire.ts";
import type { WireOptions } from "./options.ts";
import {
  find,
  type Hears,
  hold,
  type Idle,
  keyOf,
  type Nothing,
  onMessage,
  onState,
  type Shareable,
  type Shared,
  type SharedUrl,
  type Source,
  type Stated,
  stateOf,
} from "./shared.ts";
import type { Tag, Tagged } from "./tagged.ts";

export type { Hears, Idle, Nothing, Shareable, SharedUrl, Source, Stated } from "./shared.ts";

/** A value that changes: whatever reads it, in markup, `$derived` or `$effect`, runs again. */
export interface Current<T> {
  readonly current: T;
}

/** A value, or where to read it: a function, which may read runes, or what the functions here return. */
export type Given<T> = T | (() => T) | Current<T>;

/**
 * The wire of this URL, the same for all components. It connects when the first is mounted and closes a second after the last
 * is gone; another URL, by a function that reads runes, is another wire. Without a URL there is none. `options` are those of
 * whoever comes first. For anything else that makes a wire another one, or a URL that Everwire is to ask for, take
 * `useWireFrom`.
 */
export function useWire<In = unknown, Out = In>(
  url: Given<SharedUrl>,
  options?: WireOptions<In, Out>,
): Current<Wire<In, Out>>;
export function useWire<In = unknown, Out = In>(
  url: Given<SharedUrl | Nothing>,
  options?: WireOptions<In, Out>,
): Current<Wire<In, Out> | undefined>;
export function useWire<In, Out>(
  url: Given<SharedUrl | Nothing>,
  options?: WireOptions<In, Out>,
): Current<Wire<In, Out> | undefined> {
  const create = (idle: Idle) => new Wire<In, Out>(read(url) as SharedUrl, { ...options, ...idle });
  return useWireFrom(() => keyOf(read(url)), create);
}

/**
 * The wire of this key, made by `create` if no component has it: of any class, or something of yours around one. Give its
 * constructor what `create` is given, and it connects when the component is mounted, not before.
 */
export function useWireFrom<W extends Shareable>(key: Given<string>, create: (idle: Idle) => W): Current<W>;
export function useWireFrom<W extends Shareable>(
  key: Given<string | Nothing>,
  create: (idle: Idle) => W,
): Current<W | undefined>;
export function useWireFrom<W extends Shareable>(
  key: Given<string | Nothing>,
  create: (idle: Idle) => W,
): Current<W | undefined> {
  let mine: Shared<W> | undefined;
  const [seen, moved] = signal();
  const shared = () => (seen(), (mine = find(read(key), create, mine)));
  follow(shared, (shared) => shared && hold(shared, moved));
  return {
    get current() {
      return shared()?.wire;
    },
  };
}

/** Where a wire stands. */
export function useWireState(wire: Given<Stated>): Current<WireState>;
export function useWireState(wire: Given<Stated | undefined>): Current<WireState | undefined>;
export function useWireState(wire: Given<Stated | undefined>): Current<WireState | undefined> {
  const [seen, changed] = signal();
  follow(wire, (wire) => {
    changed();
    return wire && onState(wire, changed);
  });
  return {
    get current() {
      seen();
      const now = read(wire);
      return now && stateOf(now);
    },
  };
}

/**
 * Calls `handler` with every message, or with those of a type, while the component is mounted. What it throws is reported as
 * what other listeners throw.
 */
export function useMessage<In>(source: Given<Source<In> | undefined>, handler: Hears<In>): void;
export function useMessage<In, Type extends Tag<In>>(
  source: Given<Source<In> | undefined>,
  type: Type,
  handler: Hears<Tagged<In, Type>>,
): void;
export function useMessage(source: Given<Source<any> | undefined>, ...args: any[]): void {
  const handler = args.pop();
  follow(source, (source) => onMessage(source, args[0], handler));
}

/**
 * The latest message, or the latest of a type. What reads it runs once for those that come in one go, and sees the last: where
 * each counts, take `useMessage`.
 */
export function useLastMessage<In>(source: Given<Source<In> | undefined>): Current<In | undefined>;
export function useLastMessage<In, Type extends Tag<In>>(
  source: Given<Source<In> | undefined>,
  type: Type,
): Current<Tagged<In, Type> | undefined>;
export function useLastMessage(
  source: Given<Source<any> | undefined>,
  type?: string | number,
): Current<unknown> {
  let last: unknown;
  const [seen, changed] = signal();
  const tell = (message: unknown) => {
    last = message;
    changed();
  };
  follow(source, (source) => {
    tell(undefined);
    return onMessage(source, type, tell);
  });
  return {
    get current() {
      seen();
      return last;
    },
  };
}

const read = <T>(given: Given<T>): T =>
  typeof given === "function"
    ? (given as () => T)()
    : given && typeof given === "object" && "current" in given
      ? given.current
      : (given as T);

/** What is called where a value is read, and what is called when it is another. */
function signal(): [seen: () => void, changed: () => void] {
  let update: (() => void) | undefined;
  const seen = createSubscriber((start) => {
    update = start;
    return () => (update = undefined);
  });
  return [seen, () => update?.()];
}

/** Runs `use` with what there is and what comes in its place, and the end of each, while the component is mounted. */
function follow<T>(given: Given<T>, use: (value: T) => (() => void) | undefined): void {
  onMount(() => {
    let before: T | undefined;
    let end: (() => void) | undefined;
    const stop = toStore(() => read(given)).subscribe((now) => {
      // Stores tell of an object that stays the same, too.
      if (now === before) return;
      before = now;
      end?.();
      end = use(now);
    });
    return () => {
      stop();
      end?.();
    };
  });
}
