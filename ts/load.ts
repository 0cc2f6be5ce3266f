// The one wasm instance of a page: started at first use, replaced after a trap.
import { WireError } from "#errors";
import { begin, everyone, share } from "#face";
import { imports, names } from "#glue";
import type { Core } from "./core.ts";

let source: (() => BufferSource | WebAssembly.Module) | undefined;
/** Compiled once, for a fresh instance after a trap too. */
let compiled: WebAssembly.Module | undefined;
let core: Core | undefined;
/** Wires in use. They are not collected. */
export const used = new Set<object>();

/** Says where the wasm comes from. */
export function supply(wasm: () => BufferSource | WebAssembly.Module): void {
  source ??= wasm;
}

/** A working instance. */
export function start(): Core {
  if (core) return core;
  if (!source) throw new WireError("NotInitialized");
  try {
    if (!compiled) {
      const given = source();
      compiled = given instanceof WebAssembly.Module ? given : new WebAssembly.Module(given);
    }
    const { exports } = new WebAssembly.Instance(compiled, imports());
    begin();
    if (SESSION) share(exports[names.memory!]);
    return (core = guard(exports));
  } catch (cause) {
    throw new WireError("WasmUnavailable", { cause });
  }
}

/**
 * Wraps an instance's exports. An exception that leaves one has unwound Rust without its destructors:
 * nothing in that instance can be trusted any more, and no later call, from a timer or an old socket,
 * enters it.
 */
function guard(exports: WebAssembly.Exports): Core {
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
  const entries = Object.entries(names).map(([name, short]) => [
    name,
    enter(exports[short] as () => unknown),
  ]);
  return Object.fromEntries(entries) as Core;
}

function trapped(cause: unknown): void {
  core = undefined;
  const error = new WireError("WasmTrap", { cause });
  for (const wire of everyone()) wire.lost(error, used.has(wire));
  used.clear();
}
