import * as glue from "rust:ws_stream/glue";
import wasm from "rust:ws_stream/wasm";
import { inRust } from "./rust.js";

export const ways = inRust(glue, wasm);
