// Modules for pages that find no packages: bundled into a directory that the peer can serve.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { inRoot } from "../../scripts/paths.mjs";

/** `[prefix, directory]` for `startPeer`, and `remove()`. `names` are files of tests/e2e/pages. */
export async function bundled(...names) {
  const directory = mkdtempSync(join(tmpdir(), "everwire-bundled-"));
  await build({
    entryPoints: names.map((name) => inRoot("tests/e2e/pages", name)),
    outdir: directory,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    logLevel: "warning",
  });
  return {
    served: ["/bundled", directory],
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
