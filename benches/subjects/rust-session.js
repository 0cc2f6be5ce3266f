import * as glue from "rust:session/glue";
import wasm from "rust:session/wasm";
import { inRust } from "./rust.js";

export const ways = inRust(glue, wasm);
