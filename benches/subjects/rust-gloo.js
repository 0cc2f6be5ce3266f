import * as glue from "rust:gloo/glue";
import wasm from "rust:gloo/wasm";
import { inRust } from "./rust.js";

export const ways = inRust(glue, wasm);
