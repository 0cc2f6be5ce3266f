/**
 * Everwire in Vue: `useWire(url)` shares one wire between all components that use this URL, open while one of them is mounted.
 * Rendering on a server opens nothing. Nothing happens at import.
 * @module
 */
import {
  computed,
  type ComputedRef,
  getCurrentInstance,
  type MaybeRefOrGetter,
  onMounted,
  type ShallowRef,
  shallowRef,
  toValue,
  watch,
} from "vue";
import type { WireState } from "./events.ts";
import { Wire } from "./everwire.ts";
import type { WireOptions } from "./options.ts";
import {
  AT_FIRST,
  find,
  type Hears,
  hold,
  type Idle,
  inPage,
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

/**
 * The wire of this URL, the same for all components. It connects when the first is mounted and closes a second after the last
 * is gone; another URL, by a ref or getter, is another wire. Without a URL there is none. `options` are those of whoever comes
 * first. For anything else that makes a wire another one, or a URL that Everwire is to ask for, take `useWireFrom`.
 */
export function useWire<In = unknown, Out = In>(
  url: MaybeRefOrGetter<SharedUrl>,
  options?: WireOptions<In, Out>,
): ComputedRef<Wire<In, Out>>;
export function useWire<In = unknown, Out = In>(
  url: MaybeRefOrGetter<SharedUrl | Nothing>,
  options?: WireOptions<In, Out>,
): ComputedRef<Wire<In, Out> | undefined>;
export function useWire<In, Out>(
  url: MaybeRefOrGetter<SharedUrl | Nothing>,
  options?: WireOptions<In, Out>,
): ComputedRef<Wire<In, Out> | undefined> {
  const create = (idle: Idle) => new Wire<In, Out>(toValue(url) as SharedUrl, { ...options, ...idle });
  return useWireFrom(() => keyOf(toValue(url)), create);
}

/**
 * The wire of this key, made by `create` if no component has it: of any class, or something of yours around one. Give its
 * constructor what `create` is given, and it connects when the component is mounted, not before.
 */
export function useWireFrom<W extends Shareable>(
  key: MaybeRefOrGetter<string>,
  create: (idle: Idle) => W,
): ComputedRef<W>;
export function useWireFrom<W extends Shareable>(
  key: MaybeRefOrGetter<string | Nothing>,
  create: (idle: Idle) => W,
): ComputedRef<W | undefined>;
export function useWireFrom<W extends Shareable>(
  key: MaybeRefOrGetter<string | Nothing>,
  create: (idle: Idle) => W,
): ComputedRef<W | undefined> {
  const moves = shallowRef(0);
  const shared = computed<Shared<W> | undefined>(
    (mine) => (void moves.value, find(toValue(key), create, mine)),
  );
  follow(shared, (shared) => shared && hold(shared, () => moves.value++));
  return computed(() => shared.value?.wire);
}

/** Where a wire stands; idle until the component is mounted. */
export function useWireState(wire: MaybeRefOrGetter<Stated>): Readonly<ShallowRef<WireState>>;
export function useWireState(
  wire: MaybeRefOrGetter<Stated | undefined>,
): Readonly<ShallowRef<WireState | undefined>>;
export function useWireState(
  wire: MaybeRefOrGetter<Stated | undefined>,
): Readonly<ShallowRef<WireState | undefined>> {
  const state = shallowRef(toValue(wire) && AT_FIRST);
  follow(wire, (wire) => {
    const note = () => void (state.value = wire && stateOf(wire));
    note();
    return wire && onState(wire, note);
  });
  return state;
}

/**
 * Calls `handler` with every message, or with those of a type, while the component is mounted. What it throws is reported as
 * what other listeners throw.
 */
export function useMessage<In>(source: MaybeRefOrGetter<Source<In> | undefined>, handler: Hears<In>): void;
export function useMessage<In, Type extends Tag<In>>(
  source: MaybeRefOrGetter<Source<In> | undefined>,
  type: Type,
  handler: Hears<Tagged<In, Type>>,
): void;
export function useMessage(source: MaybeRefOrGetter<Source<any> | undefined>, ...args: any[]): void {
  const handler = args.pop();
  follow(source, (source) => onMessage(source, args[0], handler));
}

/**
 * The latest message, or the latest of a type. What watches it runs once for those that come in one go, and sees the last: where
 * each counts, take `useMessage`.
 */
export function useLastMessage<In>(
  source: MaybeRefOrGetter<Source<In> | undefined>,
): Readonly<ShallowRef<In | undefined>>;
export function useLastMessage<In, Type extends Tag<In>>(
  source: MaybeRefOrGetter<Source<In> | undefined>,
  type: Type,
): Readonly<ShallowRef<Tagged<In, Type> | undefined>>;
export function useLastMessage(
  source: MaybeRefOrGetter<Source<any> | undefined>,
  type?: string | number,
): Readonly<ShallowRef<unknown>> {
  const last = shallowRef<unknown>();
  follow(source, (source) => {
    last.value = undefined;
    return onMessage(source, type, (message) => (last.value = message));
  });
  return last;
}

/** Runs `use` with what there is and what comes in its place, and the end of each, while the component or scope is there. */
function follow<T>(value: MaybeRefOrGetter<T>, use: (value: T) => (() => void) | undefined): void {
  const begin = () =>
    void watch(
      () => toValue(value),
      (now, _, onCleanup) => {
        const end = use(now);
        if (end) onCleanup(end);
      },
      { immediate: true, flush: "sync" },
    );
  if (getCurrentInstance()) onMounted(begin);
  else if (inPage()) begin();
}
