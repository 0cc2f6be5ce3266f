// Bundles each entry. These imports are made here: `#core`, where the entry has its core; `#errors`, how it says what fails; `#ranges`, what the core says
// the options' numbers may be; `#glue`, what is left of what wasm-bindgen wrote; `#face`, the JavaScript
// half of src/web/js.rs; and `#wasm`, the wasm bytes inside a JavaScript module. `SESSION` is a constant, and what is of
// sessions alone is nowhere else.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../failure.mjs";
import { inRoot, pkg } from "../paths.mjs";
import { entries } from "./entries.mjs";
import { ownNames, refusePublicNames } from "./own-names.mjs";
import { cores, unpacker } from "./wasm.mjs";
import { withoutUnused } from "./unused.mjs";
import { wasmModule } from "./wasm-text.mjs";

export async function bundleEntries() {
  mkdirSync(pkg, { recursive: true });
  refusePublicNames(Object.values(cores).flatMap((core) => Object.keys(exportsOf(core))));
  for (const entry of entries) {
    const code = await bundle(entry, readFileSync(coreOf(entry).wasm));
    refuseUrls(entry, code);
    writeFileSync(join(pkg, `${entry.name}.js`), code);
  }
}

/** What an entry has for its core. */
export const coreOf = ({ session, webSocket }) =>
  session ? cores.session : webSocket ? cores.webSocket : cores.plain;

/** The text of an entry's file, with this wasm in it if it inlines any. */
export async function bundle(entry, wasmBytes) {
  const esbuild = await import("esbuild");
  const inlined = [];
  const { outputFiles } = await esbuild.build({
    entryPoints: [inRoot(entry.source)],
    absWorkingDir: inRoot(),
    write: false,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    ...(entry.noCore ? {} : shortNames(entry)),
    legalComments: "none",
    logLevel: "warning",
    define: { SESSION: String(entry.session === true) },
    external: entry.framework ? [entry.framework, `${entry.framework}/*`] : [],
    plugins: [virtualModules(wasmBytes, entry, inlined)],
  });
  return putIn(await shrink(outputFiles[0].text, entry), inlined);
}

/**
 * A name for a text that is put in when the code is minified: minifiers choose names that compress well beside the letters they
 * see, and the wasm's text is another language.
 */
const standIn = (place) => `__TEXT_${place}__`;

function putIn(code, texts) {
  return texts.reduce((code, text, place) => {
    const around = code.split(standIn(place));
    if (around.length === 2) return around.join(JSON.stringify(text));
    throw new Failure(
      `A text of the wasm is in the bundle ${around.length - 1} times: look at scripts/build/bundle.mjs.`,
    );
  }, code);
}

/** The members of the facade that are shortened; those that stand for the wasm's exports, to the names that these have. */
function shortNames(entry) {
  const exported = exportsOf(coreOf(entry));
  return { mangleProps: ownNames(Object.keys(exported)), mangleCache: exported };
}

/** The names of a core's exports, by those in Rust. */
const exportsOf = ({ names }) => JSON.parse(readFileSync(names, "utf8"));

/** What esbuild leaves twice and in vain, for one. */
async function shrink(code, { framework }) {
  const { minify } = await import("terser");
  // To read a property has no effect, but where a framework notes who reads; and what is inlined into an expression is no shorter.
  const compress = { passes: 3, inline: 1, pure_getters: !framework };
  const used = await withoutUnused(code);
  return (await minify(used, { module: true, ecma: 2020, compress, format: { comments: false } })).code;
}

const virtualModules = (
  wasmBytes,
  { core = "ts/load.ts", errors = "ts/errors.ts", ...entry },
  inlined = [],
) => ({
  name: "virtual-modules",
  setup(build) {
    build.onResolve({ filter: /^#glue$/ }, () => ({
      path: coreOf(entry).glue,
      sideEffects: false,
    }));
    // The glue imports a copy of it; there is to be one.
    build.onResolve({ filter: /^#face$|\/snippets\/.*\/face\.js$/ }, () => ({
      path: inRoot("src/web/face.js"),
      sideEffects: false,
    }));
    // Not once more: what makes wires is the entry that applications import too.
    if (entry.framework)
      build.onResolve({ filter: /^\.\/everwire\.ts$/ }, () => ({ path: "./everwire.js", external: true }));
    build.onResolve({ filter: /^#core$/ }, () => ({ path: inRoot(core) }));
    build.onResolve({ filter: /^#errors$/ }, () => ({ path: inRoot(errors) }));
    build.onResolve({ filter: /^#ranges$/ }, () => ({ path: "ranges", namespace: "ranges" }));
    build.onResolve({ filter: /^#wasm$/ }, () => ({ path: "wasm", namespace: "wasm", sideEffects: false }));
    build.onLoad({ filter: /.*/, namespace: "wasm" }, () => ({
      contents: wasmModule(wasmBytes, readFileSync(unpacker), (text) => standIn(inlined.push(text) - 1)),
      resolveDir: inRoot("scripts/build"),
    }));
    build.onLoad({ filter: /.*/, namespace: "ranges" }, async () => ({ contents: await rangesModule() }));
  },
});

const RANGES = `import { start } from "./ts/load.ts";
export { supply } from "./ts/load.ts";
export const range = (...which) => start().range(...which);`;

/** What the core answers for each of its numbers, until it knows no more. */
async function rangesModule() {
  const esbuild = await import("esbuild");
  const { outputFiles } = await esbuild.build({
    stdin: { contents: RANGES, resolveDir: inRoot() },
    write: false,
    bundle: true,
    format: "esm",
    ...shortNames({}),
    define: { SESSION: "false" },
    plugins: [virtualModules(new Uint8Array(), {})],
  });
  const { range, supply } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  supply(() => new WebAssembly.Module(readFileSync(cores.plain.wasm)));
  const ranges = [];
  for (let i = 0; range(i, 1) > 0; i++) ranges.push([0, 1, 2].map((what) => range(i, what)));
  return `export default ${JSON.stringify(ranges)};`;
}

/** The bundlers of those who use the package rewrite `new URL(…, import.meta.url)`. */
function refuseUrls({ name, beside }, code) {
  const found = code.match(/import\.meta/g)?.length ?? 0;
  if (found <= (beside ? 1 : 0)) return;
  throw new Failure(
    `${name}.js would hold import.meta ${found} times and ${beside ? "needs it once" : "must run without it"}: ` +
      "bundlers rewrite such addresses. Take it out of the TypeScript source.",
  );
}
