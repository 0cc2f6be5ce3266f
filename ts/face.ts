/** What the core calls. Nothing here may throw: an exception would end the wasm instance. */
export interface Face {
  /** The number of an option by the core's index, NaN if it was not given. */
  number(index: number): number;
  readonly onmessage: (event: MessageEvent) => void;
  /** Whether the URL last dialed can be one of a WebSocket. */
  readonly good: boolean;
  resolve(ticket: number, attempt: number, turn: number, cause: number): void;
  /** The one exception that is expected: what a WebSocket constructor throws. */
  dial(): object;
  greet(link: number, attempt: number): void;
  abort(): void;
  ping(): unknown;
  decide(
    attempt: number,
    cause: number,
    code: number,
    reason: string,
    wasClean: boolean,
    elapsed: number,
    delay: number,
    fatal: boolean,
  ): number;
  message(parcel: unknown): void;
  tell(
    what: number,
    a: number,
    b: number,
    c: number,
    cause: number,
    code: number,
    reason: string,
    wasClean: boolean,
  ): void;
}

/**
 * A face that the core can hold for ever without keeping the wire alive: what the core holds is a root,
 * and a wire that nobody uses any more must be collected with its core.
 */
export function weak(face: Face): Face {
  const ref = new WeakRef(face);
  const get = (_: unknown, name: string): unknown => {
    const held = ref.deref();
    const value: unknown = held?.[name as keyof Face];
    // A wire that is gone answers nothing, and has no core that would go on.
    return typeof value === "function" ? value.bind(held) : (value ?? (() => undefined));
  };
  return new Proxy<Partial<Face>>({}, { get }) as Face;
}
