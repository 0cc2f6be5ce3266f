// node_modules, as package-lock.json says.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { inRoot } from "../paths.mjs";
import { run } from "../process.mjs";
import { say } from "../say.mjs";

const STAMP = inRoot("node_modules/.everwire-lock");

export async function nodeModules() {
  const lock = createHash("sha256")
    .update(readFileSync(inRoot("package-lock.json")))
    .digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === lock) return;
  say("set-up: installing node_modules as package-lock.json says");
  // No dependency here needs its install script, so none is run.
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
  writeFileSync(STAMP, lock);
}
