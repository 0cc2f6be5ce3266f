// The one wasm instance of a page: started at first use, replaced after a trap.
import { __wbg_reset_state, initSync } from "#glue";
import { WireError } from "./errors.ts";

let source: (() => BufferSource | WebAssembly.Module) | undefined;
let state: "cold" | "running" | "trapped" = "cold";
const live = new Set<(error: WireError) => void>();

/** Says where the wasm comes from. */
export function supply(wasm: () => BufferSource | WebAssembly.Module): void {
  source ??= wasm;
}

/** Makes sure that there is a working instance. */
export function start(): void {
  if (state === "running") return;
  if (!source) throw new WireError("NotInitialized");
  try {
    if (state === "cold") initSync({ module: source() });
    else __wbg_reset_state();
  } catch (cause) {
    throw new WireError("WasmUnavailable", { cause });
  }
  state = "running";
}

/** Calls `lost` once if the instance dies, unless the returned function is called before. */
export function watch(lost: (error: WireError) => void): () => void {
  live.add(lost);
  return () => void live.delete(lost);
}

/**
 * Wraps an instance's exports; the build puts this into the glue. An exception that leaves an export
 * has unwound Rust without its destructors: nothing in that instance can be trusted any more, and no
 * later call, from a timer or an old socket, enters it.
 */
export function guard(exports: WebAssembly.Exports): WebAssembly.Exports {
  let dead = false;
  const enter =
    (call: (...args: unknown[]) => unknown) =>
    (...args: unknown[]) => {
      if (dead) return undefined;
      try {
        return call(...args);
      } catch (cause) {
        dead = true;
        trapped(cause);
        throw cause;
      }
    };
  const entries = Object.entries(exports).map(([name, value]) => [
    name,
    typeof value === "function" ? enter(value as (...args: unknown[]) => unknown) : value,
  ]);
  return Object.fromEntries(entries) as WebAssembly.Exports;
}

function trapped(cause: unknown): void {
  state = "trapped";
  const error = new WireError("WasmTrap", { cause });
  const wires = [...live];
  live.clear();
  for (const lost of wires) lost(error);
}
