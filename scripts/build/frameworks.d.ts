// What ts/ uses of the frameworks, which are not installed here. tests/frameworks checks it against their own types.
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
