// What is left of the glue: the wasm's imports. Its exports are numbers in and numbers out and need none; an instance is
// started by ts/load.ts. The names between the two are long and end in hashes that no compressor can shorten.
import { readFileSync, writeFileSync } from "node:fs";
import { Failure } from "../failure.mjs";
import { rewrite } from "./rewrite.mjs";

/** What wasm-opt calls the only module that the wasm imports from. */
const MODULE = "a";
/** Functions of src/web/face.js, which the glue passes on as they are. */
const SNIPPET = /^\s*"\.\/snippets\/[^"]*": (\w+),\n/gm;
/** A function that the glue brings for the wasm. */
const BROUGHT = /^ {8}(\w+): function\([^]*?\n {8}\},\n/gm;
const ONLY_CALLS = /function\(\) \{\s*const ret = ([\w.]+)\(\);\s*return ret;\s*\}/g;
const KEPT = /^import .*|^function __wbg_get_imports\(\) \{\n[^]*?\n\}\n/gm;

/**
 * Leaves `imports()` of the glue. Returns the exports' names by those in Rust. `mapping` is what wasm-opt printed of the
 * names it has given the wasm.
 */
export function shortenNames(glue, mapping) {
  const { imports, exports } = JSON.parse(mapping);
  let code = readFileSync(glue, "utf8").match(KEPT)?.join("\n") ?? "";
  const replace = (pattern, to) => (code = rewrite(code, pattern, to));
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
  // What only calls what the host has is that itself, and nothing is looked up in these but what the wasm names.
  replace(ONLY_CALLS, (_, called) => called);
  replace(/^\s*__proto__: null,\n/gm, "");
  replace(/"\.\/everwire_bg\.js"/g, JSON.stringify(MODULE));
  replace(/function __wbg_get_imports/g, "export function imports");
  if (/\bwasm\b|FromWasm|ToWasm/.test(code)) {
    throw new Failure(
      "The wasm takes or gives values that need wasm-bindgen's glue. Let src/web/js.rs speak in numbers, or keep the " +
        "glue in scripts/build/glue.mjs.",
    );
  }
  writeFileSync(glue, code);
  return Object.fromEntries(exports);
}
