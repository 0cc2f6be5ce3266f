// What the examples, and the types of what they import, take from elsewhere.
declare const process: { readonly argv: readonly string[] };

declare module "ws" {
  export default class WebSocket extends EventTarget {
    constructor(address: null);
    constructor(address: string | URL, options?: { headers?: Record<string, string> });
    constructor(
      address: string | URL,
      protocols?: string | string[],
      options?: { headers?: Record<string, string> },
    );
  }
}

declare module "buffer" {
  export const Blob: typeof globalThis.Blob;
  export const File: typeof globalThis.File;
}

declare module "node:test" {
  export function test(name: string, run: () => Promise<void>): void;
}

declare module "node:assert/strict" {
  const assert: { equal(actual: unknown, expected: unknown): void };
  export default assert;
}

declare module "everwire/worker-host?worker" {
  export default class extends Worker {
    constructor();
  }
}
