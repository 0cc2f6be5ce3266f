import { Failure } from "../failure.mjs";

/**
 * Rewrites what wasm-bindgen wrote. `pattern` is global; it must be there, and `times` over if that is given: another
 * wasm-bindgen may write something else, and then somebody has to look.
 */
export function rewrite(glue, pattern, to, times) {
  const found = glue.match(pattern)?.length ?? 0;
  if (found === 0 || (times !== undefined && found !== times)) {
    throw new Failure(
      `The glue has ${pattern} ${found} times, not ${times ?? "once or more"}: wasm-bindgen has changed. ` +
        "Look at target/npm/glue/everwire.js and mend scripts/build.",
    );
  }
  return glue.replace(pattern, to);
}
