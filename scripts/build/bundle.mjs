// Bundles each entry. Three imports are made here: `#glue`, what is left of what wasm-bindgen wrote; `#face`, the JavaScript
// half of src/web/js.rs; and `#wasm`, the wasm bytes inside a JavaScript module.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../failure.mjs";
import { glueDir, inRoot, pkg } from "../paths.mjs";
import { entries } from "./entries.mjs";
import { wasm } from "./wasm.mjs";
import { wasmModule } from "./wasm-text.mjs";

export async function bundleEntries() {
  mkdirSync(pkg, { recursive: true });
  for (const entry of entries) {
    const code = await bundle(entry, readFileSync(wasm));
    refuseUrls(entry, code);
    writeFileSync(join(pkg, `${entry.name}.js`), code);
  }
}

/** The text of an entry's file, with this wasm in it if it inlines any. */
export async function bundle(entry, wasmBytes) {
  const esbuild = await import("esbuild");
  const { outputFiles } = await esbuild.build({
    entryPoints: [inRoot(entry.source)],
    absWorkingDir: inRoot(),
    write: false,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    plugins: [virtualModules(wasmBytes)],
  });
  return outputFiles[0].text;
}

const virtualModules = (wasmBytes) => ({
  name: "virtual-modules",
  setup(build) {
    build.onResolve({ filter: /^#glue$/ }, () => ({
      path: join(glueDir, "everwire.js"),
      sideEffects: false,
    }));
    // The glue imports a copy of it; there is to be one.
    build.onResolve({ filter: /^#face$|\/snippets\/.*\/face\.js$/ }, () => ({
      path: inRoot("src/web/face.js"),
      sideEffects: false,
    }));
    build.onResolve({ filter: /^#wasm$/ }, () => ({ path: "wasm", namespace: "wasm", sideEffects: false }));
    build.onLoad({ filter: /.*/, namespace: "wasm" }, () => ({ contents: wasmModule(wasmBytes) }));
  },
});

/** The bundlers of those who use the package rewrite `new URL(…, import.meta.url)`. */
function refuseUrls({ name, ownUrl }, code) {
  const found = code.match(/import\.meta/g)?.length ?? 0;
  if (found <= (ownUrl ? 1 : 0)) return;
  throw new Failure(
    `${name}.js would hold import.meta ${found} times and ${ownUrl ? "needs it once" : "must run without it"}: ` +
      "bundlers rewrite such addresses. Take it out of the TypeScript source.",
  );
}
