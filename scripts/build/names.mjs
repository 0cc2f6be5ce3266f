// The names between glue and wasm are long and end in hashes that no compressor can shorten; nobody reads them.
import { readFileSync, writeFileSync } from "node:fs";
import { Failure } from "../failure.mjs";

/** Gives the glue the names that wasm-opt has given the wasm; `mapping` is what wasm-opt printed. */
export function shortenNames(glue, mapping) {
  const { imports, exports } = JSON.parse(mapping);
  let code = readFileSync(glue, "utf8");
  const replace = (pattern, to) => {
    if (!pattern.test(code))
      throw new Failure(
        `The glue does not name ${pattern}: wasm-bindgen has changed. Mend scripts/build/names.mjs.`,
      );
    code = code.replaceAll(new RegExp(pattern, "g"), to);
  };
  for (const [, long, short] of imports) replace(new RegExp(`\\b${long}(?=:)`), JSON.stringify(short));
  for (const [long, short] of exports) {
    // Some exports are only for tools.
    if (new RegExp(`wasm\\.${long}\\b`).test(code))
      replace(new RegExp(`wasm\\.${long}\\b`), `wasm[${JSON.stringify(short)}]`);
  }
  replace(/"\.\/everwire_bg\.js"/, JSON.stringify(MODULE));
  writeFileSync(glue, code);
}

/** What wasm-opt calls the only module that wasm imports from. */
const MODULE = "a";
