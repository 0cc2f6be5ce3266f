// A panic in wasm ends in a trap that no program can read the text of. Here it traps at once, and the code and strings
// that would have put the text together are gone: what nightly Rust calls panic_immediate_abort.
import { readFileSync, writeFileSync } from "node:fs";
import { Failure } from "../failure.mjs";
import { featureSet } from "./wasm-features.mjs";

/**
 * Functions of the standard library that never return, the formatting that only they need (src/core and src/web format
 * nothing), and what js-sys brings for promises, of which there are none. Names as rustc writes them, hash and all.
 */
const NEVER_RETURN = [
  /\bjs_sys::futures::/,
  /\bcore(\[\w+\])?::fmt::/,
  /^core(\[\w+\])?::(str::count|unicode)::/,
  /^<char>::escape_debug/,
  /\bstd(\[\w+\])?::panicking::/,
  /^core(\[\w+\])?::panicking::\w+/,
  /^core(\[\w+\])?::cell::panic_already_\w+/,
  /^core(\[\w+\])?::(option|result)::(unwrap|expect)_failed/,
  /^core(\[\w+\])?::slice::index::slice_\w*fail/,
  /^core(\[\w+\])?::str::slice_error_fail/,
  /^alloc(\[\w+\])?::raw_vec::(handle_error|capacity_overflow)/,
  /^alloc(\[\w+\])?::alloc::handle_alloc_error/,
  /^<hashbrown(\[\w+\])?::raw::Fallibility>::(capacity_overflow|alloc_err)/,
  /^std(\[\w+\])?::alloc::rust_oom$/,
  /^__rustc(\[\w+\])?::(rust_panic|__rust_alloc_error_handler)$/,
];

/** For JavaScript values inside the wasm, of which there are none. */
const FOR_VALUES = /^__/;

/** Rewrites a wasm file that still has its names. */
export async function trapAtOnce(file) {
  const { default: binaryen } = await import("binaryen");
  const module = binaryen.readBinary(readFileSync(file));
  module.setFeatures(featureSet(binaryen));
  const names = [];
  for (let i = 0; i < module.getNumFunctions(); i++) {
    const { name, params, results } = binaryen.getFunctionInfo(module.getFunctionByIndex(i));
    if (NEVER_RETURN.some((pattern) => pattern.test(name))) names.push({ name, params, results });
  }
  if (names.length === 0) {
    throw new Failure(
      "No panic was found in the wasm: rustc names them otherwise. Mend scripts/build/panics.mjs.",
    );
  }
  for (const { name, params, results } of names) {
    module.removeFunction(name);
    module.addFunction(name, params, results, [], module.unreachable());
  }
  const exports = Array.from({ length: module.getNumExports() }, (_, i) =>
    binaryen.getExportInfo(module.getExportByIndex(i)),
  );
  for (const { name } of exports) if (FOR_VALUES.test(name)) module.removeExport(name);
  writeFileSync(file, blankTexts(module.emitBinary()));
  module.dispose();
}

/** What panics would have said, where in the source they are, and the digits of the numbers in it. */
const TEXTS = [
  /(\/rustc\/[0-9a-f]+|\/?rust\/|crates|everwire|src)[\w./-]*\.rs/,
  /capacity overflow|RefCell already (mutably )?borrowed|closure invoked recursively or after being dropped/,
  /slice index starts at |range (start|end) index | but ends at | out of range for slice of length /,
  /(insertion|removal|swap_remove|split) index \(is |\) should be <=? len \(is /,
  /cannot access a Thread Local Storage value during or after destruction: |AccessError/,
  /0001020304[0-9]{190}/,
];

/** Nothing reads them any more; zeros compress to nothing. */
function blankTexts(wasm) {
  const bytes = Buffer.from(wasm);
  const texts = new RegExp(TEXTS.map(({ source }) => source).join("|"), "g");
  for (const { index, 0: text } of bytes.toString("latin1").matchAll(texts))
    bytes.fill(0, index, index + text.length);
  return bytes;
}
