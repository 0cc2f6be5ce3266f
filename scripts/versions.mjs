// Versions of tools that no lock file pins.
import { readFileSync } from "node:fs";
import { inRoot } from "./paths.mjs";

export const WASM_PACK = "0.15.1";
export const GECKODRIVER = "0.37.1";

/** wasm-bindgen's command must be of exactly the version that the crate was locked to. */
export function wasmBindgenVersion() {
  const lock = readFileSync(inRoot("Cargo.lock"), "utf8");
  const found = /^name = "wasm-bindgen"\nversion = "([^"]+)"/m.exec(lock);
  if (!found) throw new Error("Cargo.lock names no wasm-bindgen");
  return found[1];
}
