/**
 * Everwire with its WebAssembly inside: `new Wire(url)` works at once. Nothing happens at import.
 * @module
 */
import { supply } from "./load.ts";

export * from "./api.ts";

// Brotli packs the text of the wasm best behind all others.
import wasmBytes from "#wasm";

supply(() => new WebAssembly.Module(wasmBytes()));
