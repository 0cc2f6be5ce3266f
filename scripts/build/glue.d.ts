/** What the wasm imports. */
export function imports(): WebAssembly.Imports;
/** The exports of the wasm by their names in Rust. */
export const names: Readonly<Record<string, string>>;
