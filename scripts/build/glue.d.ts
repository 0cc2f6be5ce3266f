/** What the wasm imports. */
export function imports(): WebAssembly.Imports;
