// node_modules, as a package-lock.json says.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { inRoot } from "../paths.mjs";
import { run } from "../process.mjs";
import { say } from "../say.mjs";

export const nodeModules = () => install(".");

/** The frameworks, which only the tests of their entries need. */
export const frameworkModules = () => install("tests/frameworks");

/** What builds the documentation: TypeDoc, with a TypeScript that it knows, since the one of this package is newer. */
export const docsModules = () => install("scripts/docs");

/** Bundlers, linters, runtimes and Next.js, which only the tests of packaging need. */
export const consumerModules = () => install("tests/packaging/consumers");

async function install(directory) {
  const stamp = inRoot(directory, "node_modules/.everwire-lock");
  const lock = createHash("sha256")
    .update(readFileSync(inRoot(directory, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  const where = directory === "." ? "" : `${directory}/`;
  say(`set-up: installing ${where}node_modules as package-lock.json says`);
  // No dependency here needs its install script, so none is run.
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: inRoot(directory) });
  writeFileSync(stamp, lock);
}
