// Set-up: finds, or installs, what a command needs and nothing else. Uses only what Node itself brings, since it
// runs before node_modules exist.
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure, main } from "./failure.mjs";
import { chromium, firefox, webkit } from "./setup/browsers.mjs";
import { geckodriver, wasmBindgen, wasmPack } from "./setup/cargo-tool.mjs";
import { added } from "./setup/path.mjs";
import { consumerModules, docsModules, frameworkModules, nodeModules } from "./setup/node-modules.mjs";
import { rustLinters, wasmTarget } from "./setup/rust.mjs";
import { valgrind } from "./setup/valgrind.mjs";
import { say } from "./say.mjs";

export {
  chromium,
  consumerModules,
  docsModules,
  firefox,
  frameworkModules,
  geckodriver,
  nodeModules,
  rustLinters,
  valgrind,
  wasmBindgen,
  wasmPack,
  wasmTarget,
  webkit,
};

export const forBuild = [nodeModules, wasmTarget, wasmBindgen];
export const forTests = [
  ...forBuild,
  rustLinters,
  wasmPack,
  chromium,
  firefox,
  geckodriver,
  webkit,
  valgrind,
];

/** Brings everything named here about, in this order. */
export async function setup(needs) {
  const [major] = process.versions.node.split(".");
  if (major < 20)
    throw new Failure(`This is Node ${process.version}; Everwire is built with Node 20 or newer.`);
  for (const need of needs) await need();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    await setup(forTests);
    say("set-up: all that building and testing Everwire needs is here");
    if (added.length > 0)
      say(`To use its tools by hand: export PATH="${added.join(delimiter)}${delimiter}$PATH"`);
  });
}
