// The build makes the module `#wasm`: the core's wasm, decoded from the text it travels as each time this is called.
export default function wasmBytes(): Uint8Array<ArrayBuffer>;
