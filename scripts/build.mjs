// Builds the npm package into pkg/: Rust to wasm, wasm to glue, TypeScript and glue to one file for each entry.
// What has not changed is not built again.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { alone } from "./build/alone.mjs";
import { bundleEntries } from "./build/bundle.mjs";
import { entries } from "./build/entries.mjs";
import { refuseMachinePaths } from "./build/machine-paths.mjs";
import { writeTypes } from "./build/types.mjs";
import { buildWasm } from "./build/wasm.mjs";
import { main } from "./failure.mjs";
import { pkg } from "./paths.mjs";
import { forBuild, setup } from "./setup.mjs";
import { say } from "./say.mjs";

export async function build() {
  const started = performance.now();
  await setup(forBuild);
  await alone(async () => {
    await buildWasm();
    const types = await writeTypes();
    await bundleEntries();
    removeAllBut(["README.md", "everwire.wasm", ...types, ...entries.map(({ name }) => `${name}.js`)]);
    refuseMachinePaths();
  });
  say(`built pkg/ in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** Everything else in pkg/ is left from an older build, and would be published with it. */
function removeAllBut(kept) {
  for (const name of readdirSync(pkg)) {
    if (!kept.includes(name)) rmSync(join(pkg, name), { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(build);
