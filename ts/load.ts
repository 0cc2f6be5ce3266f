// The one wasm instance of a page: started at first use, replaced after a trap.
import { WireError } from "#errors";
import { begin, everyone, share } from "#face";
import { imports } from "#glue";
import type { Core } from "./core.ts";

let source: (() => WebAssembly.Module) | undefined;
/** Compiled once, for a fresh instance after a trap too. */
let compiled: WebAssembly.Module | undefined;
let core: Core | undefined;
/** Wires in use. They are not collected. */
export const used = new Set<object>();

/** Says where the wasm comes from. */
export const supply = (wasm: () => WebAssembly.Module): void => {
  source ??= wasm;
};

/** A working instance. */
export const start = (): Core => {
  if (core) return core;
  if (!source) throw new WireError("NotInitialized");
  try {
    const { exports } = new WebAssembly.Instance((compiled ??= source()), imports());
    begin();
    if (SESSION) share(exports.memory);
    return (core = guard(exports));
  } catch (cause) {
    throw new WireError("WasmUnavailable", { cause });
  }
};

/**
 * Wraps an instance's exports. An exception that leaves one has unwound Rust without its destructors:
 * nothing in that instance can be trusted any more, and no later call, from a timer or an old socket,
 * enters it. The exports have short names, and in a bundle so have the members of `Core`.
 */
const guard = (exports: WebAssembly.Exports): Core => {
  const guarded = Object.fromEntries(
    Object.entries(exports).map(([name, exported]) => [
      name,
      (...args: unknown[]) => {
        if (core !== guarded) return undefined;
        try {
          return (exported as (...args: unknown[]) => unknown)(...args);
        } catch (cause) {
          trapped(cause);
          throw cause;
        }
      },
    ]),
  ) as unknown as Core;
  return guarded;
};

const trapped = (cause: unknown): void => {
  core = undefined;
  const error = new WireError("WasmTrap", { cause });
  for (const wire of everyone()) wire.lost(error, used.has(wire));
  used.clear();
};
