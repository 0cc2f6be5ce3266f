// The names between glue and wasm are long and end in hashes that no compressor can shorten; nobody reads them.
import { readFileSync, writeFileSync } from "node:fs";
import { rewrite } from "./rewrite.mjs";

/** What wasm-opt calls the only module that the wasm imports from. */
const MODULE = "a";
/** Functions of src/web/face.js, which the glue passes on as they are. */
const SNIPPET = /^\s*"\.\/snippets\/[^"]*": (\w+),\n/gm;
/** A function that the glue brings for the wasm. */
const BROUGHT = /^ {8}(\w+): function\([^]*?\n {8}\},\n/gm;

/**
 * Gives the glue the names that wasm-opt has given the wasm; `mapping` is what wasm-opt printed. What the wasm does
 * not import after all is taken out. The exports keep their names on the JavaScript side.
 */
export function shortenNames(glue, mapping) {
  const { imports, exports } = JSON.parse(mapping);
  let code = readFileSync(glue, "utf8");
  const replace = (pattern, to, times) => (code = rewrite(code, pattern, to, times));
  const snippet = [...code.matchAll(SNIPPET)][0]?.[1];
  const wanted = imports.map(([, long]) => long);
  replace(BROUGHT, (text, name) => (wanted.includes(name) ? text : ""));
  const passedOn = [];
  for (const [module, long, short] of imports) {
    if (module.startsWith("./snippets/")) passedOn.push(`${JSON.stringify(short)}: ${snippet}.${long},`);
    else replace(new RegExp(`\\b${long}(?=:)`, "g"), JSON.stringify(short));
  }
  replace(SNIPPET, "");
  replace(/const import0 = \{/g, `const import0 = {${passedOn.join("")}`);
  replace(/"\.\/everwire_bg\.js"/g, JSON.stringify(MODULE));
  const named = exports.map(([long, short]) => `${long}: $1.exports[${JSON.stringify(short)}]`);
  replace(/\bwasm = (wasmInstance|instance)\.exports;/g, `wasm = guard({ ${named.join(", ")} });`, 2);
  writeFileSync(glue, code);
}
