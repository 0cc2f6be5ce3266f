// What the README's examples take from elsewhere.
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
