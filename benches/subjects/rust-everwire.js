import * as glue from "rust:everwire/glue";
import wasm from "rust:everwire/wasm";
import { inRust } from "./rust.js";

export const ways = inRust(glue, wasm);
