// The one wasm instance of a page: started at first use, replaced after a trap.
import { begin } from "#face";
import { __wbg_reset_state, initSync } from "#glue";
import type { Core } from "./core.ts";
import { WireError } from "./errors.ts";

let source: (() => BufferSource | WebAssembly.Module) | undefined;
let state: "cold" | "running" | "trapped" = "cold";
let core: Core | undefined;
const live = new Set<(error: WireError) => void>();

/** Says where the wasm comes from. */
export function supply(wasm: () => BufferSource | WebAssembly.Module): void {
  source ??= wasm;
}

/** A working instance. */
export function start(): Core {
  if (state === "running" && core) return core;
  if (!source) throw new WireError("NotInitialized");
  try {
    begin();
    if (state === "cold") initSync({ module: source() });
    else __wbg_reset_state();
  } catch (cause) {
    throw new WireError("WasmUnavailable", { cause });
  }
  state = "running";
  return core as unknown as Core;
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
  const guarded = Object.fromEntries(entries) as WebAssembly.Exports;
  core = guarded as unknown as Core;
  return guarded;
}

function trapped(cause: unknown): void {
  state = "trapped";
  const error = new WireError("WasmTrap", { cause });
  const wires = [...live];
  live.clear();
  for (const lost of wires) lost(error);
}
