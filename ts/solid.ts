/**
 * Everwire in Solid: `createWire(url)` shares one wire between all components that use this URL, open while one of them is
 * mounted. Rendering on a server opens nothing. Nothing happens at import.
 * @module
 */
import { createEffect, createMemo, createSignal, onCleanup, untrack } from "solid-js";
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
  onMessage as listen,
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

/** A value, or an accessor of one. */
export type Given<T> = T | (() => T);

/**
 * The wire of this URL, the same for all components. It connects when the first is mounted and closes a second after the last
 * is gone; another URL, by an accessor, is another wire. Without a URL there is none. `options` are those of whoever comes
 * first. For anything else that makes a wire another one, or a URL that Everwire is to ask for, take `createWireFrom`.
 */
export function createWire<In = unknown, Out = In>(
  url: Given<SharedUrl>,
  options?: WireOptions<In, Out>,
): () => Wire<In, Out>;
export function createWire<In = unknown, Out = In>(
  url: Given<SharedUrl | Nothing>,
  options?: WireOptions<In, Out>,
): () => Wire<In, Out> | undefined;
export function createWire<In, Out>(
  url: Given<SharedUrl | Nothing>,
  options?: WireOptions<In, Out>,
): () => Wire<In, Out> | undefined {
  const create = (idle: Idle) => new Wire<In, Out>(read(url) as SharedUrl, { ...options, ...idle });
  return createWireFrom(() => keyOf(read(url)), create);
}

/**
 * The wire of this key, made by `create` if no component has it: of any class, or something of yours around one. Give its
 * constructor what `create` is given, and it connects when the component is mounted, not before.
 */
export function createWireFrom<W extends Shareable>(key: Given<string>, create: (idle: Idle) => W): () => W;
export function createWireFrom<W extends Shareable>(
  key: Given<string | Nothing>,
  create: (idle: Idle) => W,
): () => W | undefined;
export function createWireFrom<W extends Shareable>(
  key: Given<string | Nothing>,
  create: (idle: Idle) => W,
): () => W | undefined {
  const [seen, moved] = signal();
  const shared = createMemo<Shared<W> | undefined>((mine) => {
    seen();
    const now = read(key);
    return untrack(() => find(now, create, mine));
  });
  follow(shared, (shared) => shared && hold(shared, moved));
  return () => shared()?.wire;
}

/** Where a wire stands. */
export function createWireState(wire: Given<Stated>): () => WireState;
export function createWireState(wire: Given<Stated | undefined>): () => WireState | undefined;
export function createWireState(wire: Given<Stated | undefined>): () => WireState | undefined {
  const [seen, changed] = signal();
  follow(wire, (wire) => {
    changed();
    return wire && onState(wire, changed);
  });
  return createMemo(() => {
    seen();
    const now = read(wire);
    return now && stateOf(now);
  });
}

/**
 * Calls `handler` with every message, or with those of a type, while the component is mounted. What it throws is reported as
 * what other listeners throw.
 */
export function onMessage<In>(source: Given<Source<In> | undefined>, handler: Hears<In>): void;
export function onMessage<In, Type extends Tag<In>>(
  source: Given<Source<In> | undefined>,
  type: Type,
  handler: Hears<Tagged<In, Type>>,
): void;
export function onMessage(source: Given<Source<any> | undefined>, ...args: any[]): void {
  const handler = args.pop();
  follow(source, (source) => listen(source, args[0], handler));
}

/**
 * The latest message, or the latest of a type. What depends on it may run once for those that come in one go, and see the last:
 * where each counts, take `onMessage`.
 */
export function createLastMessage<In>(source: Given<Source<In> | undefined>): () => In | undefined;
export function createLastMessage<In, Type extends Tag<In>>(
  source: Given<Source<In> | undefined>,
  type: Type,
): () => Tagged<In, Type> | undefined;
export function createLastMessage(
  source: Given<Source<any> | undefined>,
  type?: string | number,
): () => unknown {
  const [last, setLast] = createSignal<unknown>(undefined, { equals: false });
  const tell = (message: unknown) => void setLast(() => message);
  follow(source, (source) => {
    tell(undefined);
    return listen(source, type, tell);
  });
  return last;
}

const read = <T>(given: Given<T>): T => (typeof given === "function" ? (given as () => T)() : given);

/** What is called where a value is read, and what is called when it is another. */
function signal(): [seen: () => void, changed: () => void] {
  const [seen, change] = createSignal<void>(undefined, { equals: false });
  return [seen, () => change()];
}

/** Runs `use` with what there is and what comes in its place, and the end of each, while the component is mounted. */
function follow<T>(given: Given<T>, use: (value: T) => (() => void) | undefined): void {
  createEffect(() => {
    const now = read(given);
    const end = untrack(() => use(now));
    if (end) onCleanup(end);
  });
}
