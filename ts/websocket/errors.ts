import type { WireErrorCode } from "../errors.ts";

const TEXTS: Partial<Record<WireErrorCode, string>> = {
  WasmTrap: "The WebAssembly stopped unexpectedly. A new WebSocket works. Please report the cause.",
  WasmUnavailable:
    "WebAssembly cannot start; see cause. If the page has a Content-Security-Policy, add 'wasm-unsafe-eval' to script-src.",
};

/** Told by the `error` event, in `error`. */
export class WireError extends Error {
  constructor(code: WireErrorCode, { cause }: { cause?: unknown } = {}) {
    super(TEXTS[code], { cause });
  }
}
