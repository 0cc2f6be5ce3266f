// The bundlers that make files for any web server, as their users call them. `build(entry, out)`: what Node runs to bundle
// one module. `takesPages`: the entry may be an HTML page. Those with `beside` leave `new URL("./x.js", import.meta.url)`
// as it is, so that what it names has to be put beside the bundle. `policy`: what
// the page needs to be allowed.
import { cpSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { run } from "../../scripts/process.mjs";
import { tool } from "./consumers.mjs";
import { installed } from "./pack.mjs";

export const bundlers = {
  "webpack 5": {
    build: (entry, out) =>
      tool("webpack-cli/bin/cli.js", "--mode", "production", "--entry", entry, "--output-path", out),
  },
  "Rollup 4": {
    build: (entry, out) => [
      ...tool("@rollup/wasm-node/dist/bin/rollup", "--plugin", "node-resolve", "--plugin", "terser"),
      ...["--format", "es", "--dir", out, "--input", `main=${entry}`],
    ],
    beside: ["--input", "worker=./worker.js", "--input", "worker-host=everwire/worker-host"],
    copies: ["node_modules/everwire/pkg/everwire.wasm"],
  },
  esbuild: {
    build: (entry, out) =>
      tool("esbuild/bin/esbuild", "--bundle", "--minify", "--format=esm", `--outdir=${out}`, `main=${entry}`),
    beside: [
      "worker=./worker.js",
      "worker-host=everwire/worker-host",
      "everwire=everwire/everwire.wasm",
      "--loader:.wasm=copy",
    ],
  },
  // Into a page that it makes it writes an inline import map.
  "Parcel 2, a page": { build: parcel, takesPages: true, policy: "inline-scripts" },
  "Parcel 2, a script": { build: parcel },
  "Vite 8": {
    build: (page, out) =>
      tool("vite/bin/vite.js", "build", dirname(page), "--base", "./", "--outDir", out, "--emptyOutDir"),
    takesPages: true,
  },
};

function parcel(entry, out) {
  return tool("parcel/lib/bin.js", "build", entry, "--dist-dir", out, "--public-url", "./", "--no-cache");
}

/** Bundles the module main.js of a directory, which its index.html loads, into another. */
export async function bundleScript(name, home, from, to, more = []) {
  const { build, takesPages } = bundlers[name];
  const entry = join(from, takesPages ? "index.html" : "main.js");
  await run(process.execPath, [...build(entry, to), ...more], { cwd: home, quiet: true });
}

/** Makes consumers/app, with the package in it, and bundles it: `{ built, remove() }`, a directory ready to be served. */
export async function bundledPage(name, tarball) {
  const { takesPages, beside, copies = [] } = bundlers[name];
  const { home, remove } = await installed(tarball, { of: ["consumers/app"] });
  const built = join(home, "built");
  await bundleScript(name, home, home, built, beside);
  for (const file of takesPages ? copies : ["index.html", ...copies])
    cpSync(join(home, file), join(built, basename(file)));
  return { built, remove };
}
