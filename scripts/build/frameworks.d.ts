// What ts/ uses of the frameworks, which are not installed here. tests/frameworks checks it against their own types.
declare module "svelte" {
  export function onMount(then: () => () => void): void;
}

declare module "svelte/reactivity" {
  export function createSubscriber(start: (update: () => void) => () => void): () => void;
}

declare module "svelte/store" {
  export function toStore<T>(read: () => T): { subscribe(then: (value: T) => void): () => void };
}

declare module "solid-js" {
  export function createEffect(run: () => void): void;
  export function createMemo<T>(read: (before?: T) => T): () => T;
  export function createSignal<T>(
    value: T,
    options: { equals: false },
  ): [read: () => T, set: (next: T | (() => T)) => void];
  export function onCleanup(end: () => void): void;
  export function untrack<T>(run: () => T): T;
}

declare module "vue" {
  export interface Ref<T> {
    value: T;
  }
  export type ShallowRef<T> = Ref<T>;
  export interface ComputedRef<T> {
    readonly value: T;
  }
  export type MaybeRefOrGetter<T> = T | Ref<T> | Readonly<Ref<T>> | (() => T);
  export function computed<T>(read: (before?: T) => T): ComputedRef<T>;
  export function getCurrentInstance(): object | null;
  export function onMounted(then: () => void): void;
  export function shallowRef<T>(value: T): ShallowRef<T>;
  export function shallowRef<T>(): ShallowRef<T | undefined>;
  export function toValue<T>(value: MaybeRefOrGetter<T>): T;
  export function watch<T>(
    value: () => T,
    then: (now: T, before: T | undefined, onCleanup: (end: () => void) => void) => void,
    options: { immediate: true; flush: "sync" },
  ): () => void;
}

declare module "react" {
  export function useEffect(effect: () => (() => void) | undefined | void, dependencies?: unknown[]): void;
  export function useInsertionEffect(effect: () => void): void;
  export function useMemo<T>(make: () => T, dependencies: unknown[]): T;
  export function useReducer<S>(reducer: (state: S) => S, initial: S): [S, () => void];
  export function useRef<T>(initial: T | undefined): { current: T | undefined };
  export function useSyncExternalStore<T>(
    subscribe: (changed: () => void) => () => void,
    read: () => T,
    readOnServer: () => T,
  ): T;
}
