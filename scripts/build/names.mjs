// The names between glue and wasm are long and end in hashes that no compressor can shorten; nobody reads them.
import { readFileSync, writeFileSync } from "node:fs";
import { rewrite } from "./rewrite.mjs";

/** What wasm-opt calls the only module that the wasm imports from. */
const MODULE = "a";
/** Functions of src/web/browser.js, which the glue passes on as they are. */
const SNIPPET = /^\s*"\.\/snippets\/[^"]*": (\w+),\n/gm;

/** Gives the glue the names that wasm-opt has given the wasm; `mapping` is what wasm-opt printed. */
export function shortenNames(glue, mapping) {
  const { imports, exports } = JSON.parse(mapping);
  let code = readFileSync(glue, "utf8");
  const replace = (pattern, to) => (code = rewrite(code, pattern, to));
  const snippet = [...code.matchAll(SNIPPET)][0]?.[1];
  const passedOn = [];
  for (const [module, long, short] of imports) {
    if (module.startsWith("./snippets/")) passedOn.push(`${JSON.stringify(short)}: ${snippet}.${long},`);
    else replace(new RegExp(`\\b${long}(?=:)`, "g"), JSON.stringify(short));
  }
  for (const [long, short] of exports) {
    const use = new RegExp(`\\bwasm\\.${long}\\b`, "g");
    // Some exports are only for tools.
    if (code.search(use) >= 0) replace(use, `wasm[${JSON.stringify(short)}]`);
  }
  if (passedOn.length > 0) {
    replace(SNIPPET, "");
    replace(/const import0 = \{/g, `const import0 = {${passedOn.join("")}`);
  }
  replace(/"\.\/everwire_bg\.js"/g, JSON.stringify(MODULE));
  writeFileSync(glue, code);
}
