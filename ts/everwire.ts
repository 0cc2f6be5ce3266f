/**
 * Everwire with its WebAssembly inside: `new Wire(url)` works at once. Nothing happens at import.
 * @module
 */
import wasmBytes from "#wasm";
import { supply } from "./load.ts";

supply(wasmBytes);

export * from "./api.ts";
