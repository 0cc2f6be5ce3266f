// Built from rust/ by run.mjs, with the wasm inside.
import wasm from "#wasm-msgpack";
import { decode as read, encode as write, initSync } from "#glue-msgpack";

initSync({ module: wasm });
export const encode = (message) => write(message);
export const decode = (bytes) => read(bytes);
