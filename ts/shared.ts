// Wires that components share by a key. One is open while a component uses it, and for a moment after the last.
import type { Channel } from "./channel.ts";
import type { WireState } from "./events.ts";
import type { Wire } from "./wire.ts";

/** What components can share: a wire of any entry, or something of yours around one. */
export interface Shareable {
  readonly state: { readonly name: string };
  reconnect(): void;
  close(): void;
}

/** For the options of a shared wire: it connects when the first component that uses it is mounted. */
export interface Idle {
  readonly idle: true;
}

/** What wires are shared by: one URL, or several taken in turn. */
export type SharedUrl = string | URL | readonly (string | URL)[];

/** There is no URL or key yet, and so no wire. */
export type Nothing = undefined | null | false | "";

/** What tells where it stands. */
export interface Stated extends EventTarget {
  readonly state: WireState;
}

/** What messages come from: a wire, or a channel of a session. */
export type Source<In> = Wire<In, any, any> | Channel<In, any>;

/** A handler of messages. In a session with the option `manualAck`, `context.ack` accepts the message. */
export type Hears<Message> = (message: Message, context?: { readonly ack?: () => void }) => void;

export interface Shared<W> {
  readonly key: string;
  readonly wire: W;
  users: number;
  timer?: ReturnType<typeof setTimeout>;
}

/**
 * How long a wire that no component uses stays open, in milliseconds. Strict mode, hot replacement and a navigation mount
 * again within one task; a route whose code is still loading, or a transition that plays, within this time.
 */
const LINGER = 1_000;

const wires = new Map<string, Shared<any>>();
/** What a state was when it was told. `wire.state` is another object each time, and frameworks compare. */
const states = new WeakMap<Stated, WireState>();

/** Where every wire stands on a server, and while a page that was rendered there is hydrated. */
export const AT_FIRST: WireState = { name: "idle" };

/** The key of a plain wire, apart from those that applications choose. */
export const keyOf = (url: SharedUrl | Nothing): string | undefined =>
  url ? `plain ${[url].flat().join(" ")}` : undefined;

/** On a server what is rendered for one is not for another, and nothing is ever mounted. */
export const inPage = (): boolean => typeof document === "object";

/**
 * The wire of this key: made if nobody has it, `mine` included, and connected by nobody yet. Safe to call while rendering, and
 * to forget.
 */
export function find<W extends Shareable>(
  key: string | Nothing,
  create: (idle: Idle) => W,
  mine?: Shared<W>,
): Shared<W> | undefined {
  if (!key) return undefined;
  const found: Shared<W> | undefined = wires.get(key) ?? (mine?.key === key ? mine : undefined);
  if (found) return found;
  const shared: Shared<W> = { key, wire: create({ idle: true }), users: 0 };
  if (inPage()) {
    wires.set(key, shared);
    linger(shared);
  }
  return shared;
}

/**
 * Uses it, until the function that this returns is called, and connects it if it is not, whoever closed it. If it has lingered
 * too long and another one has its key, it calls `moved` instead: then it is to be found again.
 */
export function hold<W extends Shareable>(shared: Shared<W>, moved: () => void): (() => void) | undefined {
  const { key, wire } = shared;
  if ((wires.get(key) ?? shared) !== shared) return void moved();
  wires.set(key, shared);
  clearTimeout(shared.timer);
  const connect = () => {
    if (shared.users > 0 && /idle|clos/.test(wire.state.name)) wire.reconnect();
  };
  // Who is mounted together hears what goes wrong at once, too.
  if (shared.users++ === 0) void Promise.resolve().then(connect);
  return () => {
    if (--shared.users === 0) linger(shared);
  };
}

function linger<W extends Shareable>(shared: Shared<W>): void {
  shared.timer = setTimeout(() => {
    wires.delete(shared.key);
    shared.wire.close();
  }, LINGER);
}

/** Where a wire stands: the same object until that changes. */
export function stateOf(wire: Stated): WireState {
  const note = () => void states.set(wire, wire.state);
  if (!states.has(wire)) {
    note();
    wire.addEventListener("statechange", note);
  }
  return states.get(wire)!;
}

/** Calls `changed` when the state is another one. Returns a function that ends it. */
export function onState(wire: Stated, changed: () => void): () => void {
  // It is noted before anybody asks for it.
  stateOf(wire);
  wire.addEventListener("statechange", changed);
  return () => wire.removeEventListener("statechange", changed);
}

/** Calls `handler` with the messages of a type, or with all if that is undefined. */
export const onMessage = (
  source: { on(...listen: any[]): () => void } | undefined,
  type: string | number | undefined,
  handler: (...heard: any[]) => void,
): (() => void) | undefined => (type === undefined ? source?.on(handler) : source?.on(type, handler));
