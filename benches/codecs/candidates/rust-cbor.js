// Built from rust/ by run.mjs, with the wasm inside.
import wasm from "#wasm-cbor";
import { decode as read, encode as write, initSync } from "#glue-cbor";

initSync({ module: wasm });
export const encode = (message) => write(message);
export const decode = (bytes) => read(bytes);
