/**
 * Everwire in React: `useWire(url)` shares one wire between all components that use this URL, open while one of them is
 * mounted. Rendering on a server opens nothing. Nothing happens at import.
 * @module
 */
import { useEffect, useInsertionEffect, useMemo, useReducer, useRef, useSyncExternalStore } from "react";
import type { WireState } from "./events.ts";
import { Wire } from "./everwire.ts";
import type { WireOptions } from "./options.ts";
import {
  AT_FIRST,
  find,
  type Hears,
  hold,
  type Idle,
  keyOf,
  type Nothing,
  onMessage,
  onState,
  type Shareable,
  type SharedUrl,
  type Source,
  type Stated,
  stateOf,
} from "./shared.ts";
import type { Tag, Tagged } from "./tagged.ts";

export type { Hears, Idle, Nothing, Shareable, SharedUrl, Source, Stated } from "./shared.ts";

/**
 * The wire of this URL, the same for all components. It connects when the first is mounted and closes a second after the last
 * is gone; another URL is another wire. Without a URL there is none. `options` are those of whoever comes first: later ones,
 * and other objects at each render, change nothing. For anything else that makes a wire another one, or a URL that is a
 * function, take `useWireFrom`.
 */
export function useWire<In = unknown, Out = In>(
  url: SharedUrl,
  options?: WireOptions<In, Out>,
): Wire<In, Out>;
export function useWire<In = unknown, Out = In>(
  url: SharedUrl | Nothing,
  options?: WireOptions<In, Out>,
): Wire<In, Out> | undefined;
export function useWire<In, Out>(
  url: SharedUrl | Nothing,
  options?: WireOptions<In, Out>,
): Wire<In, Out> | undefined {
  return useWireFrom(keyOf(url), (idle) => new Wire<In, Out>(url as SharedUrl, { ...options, ...idle }));
}

/**
 * The wire of this key, made by `create` if no component has it: of any class, or something of yours around one. Give its
 * constructor what `create` is given, and it connects when the component is mounted, not while it renders.
 */
export function useWireFrom<W extends Shareable>(key: string, create: (idle: Idle) => W): W;
export function useWireFrom<W extends Shareable>(
  key: string | Nothing,
  create: (idle: Idle) => W,
): W | undefined;
export function useWireFrom<W extends Shareable>(
  key: string | Nothing,
  create: (idle: Idle) => W,
): W | undefined {
  const [, moved] = useReducer((turn: number) => turn + 1, 0);
  const shared = find(key, create);
  useEffect(() => shared && hold(shared, moved), [shared]);
  return shared?.wire;
}

/** Where a wire stands. The component renders again when that changes. */
export function useWireState(wire: Stated): WireState;
export function useWireState(wire: Stated | undefined): WireState | undefined;
export function useWireState(wire: Stated | undefined): WireState | undefined {
  const listen = useMemo(() => (changed: () => void) => (wire ? onState(wire, changed) : () => {}), [wire]);
  return useSyncExternalStore(
    listen,
    () => wire && stateOf(wire),
    () => wire && AT_FIRST,
  );
}

/**
 * Calls `handler` with every message, or with those of a type, while the component is mounted: the handler of the latest
 * render, without listening anew. What it throws is reported as what other listeners throw.
 */
export function useMessage<In>(source: Source<In> | undefined, handler: Hears<In>): void;
export function useMessage<In, Type extends Tag<In>>(
  source: Source<In> | undefined,
  type: Type,
  handler: Hears<Tagged<In, Type>>,
): void;
export function useMessage(source: Source<any> | undefined, ...args: any[]): void {
  const handler = useRef<(...heard: any[]) => void>(undefined);
  const type = args.length > 1 ? args.shift() : undefined;
  useInsertionEffect(() => void (handler.current = args[0]));
  useEffect(() => onMessage(source, type, (...heard) => handler.current!(...heard)), [source, type]);
}

/**
 * The latest message, or the latest of a type. The component renders again for it, and of those that come in one go it sees the
 * last: where each counts, take `useMessage`.
 */
export function useLastMessage<In>(source: Source<In> | undefined): In | undefined;
export function useLastMessage<In, Type extends Tag<In>>(
  source: Source<In> | undefined,
  type: Type,
): Tagged<In, Type> | undefined;
export function useLastMessage(source: Source<any> | undefined, type?: string | number): unknown {
  const [listen, read] = useMemo(() => {
    let last: unknown;
    const listen = (changed: () => void) =>
      onMessage(source, type, (message) => {
        last = message;
        changed();
      }) ?? (() => {});
    return [listen, () => last];
  }, [source, type]);
  return useSyncExternalStore(listen, read, read);
}
