// The package as npm would publish it.
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot } from "../../scripts/paths.mjs";
import { run } from "../../scripts/process.mjs";

/** Packs into a directory of its own: `{ tarball, unpacked, remove() }`. Needs a built pkg/. */
export async function pack() {
  const directory = mkdtempSync(join(tmpdir(), "everwire-pack-"));
  // Without scripts: what was built is what is tested.
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", directory], { quiet: true });
  const tarball = join(directory, readdirSync(directory)[0]);
  await run("tar", ["-xzf", tarball, "-C", directory]);
  return {
    tarball,
    unpacked: join(directory, "package"),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/**
 * An application in a directory of its own, in which a tarball is installed, as npm does it: `{ home, remove() }`. What the
 * directories `of` tests/packaging hold is copied there, in this order. `within` is where the directory is made.
 */
export async function installed(tarball, { of = [], within = tmpdir() } = {}) {
  const home = mkdtempSync(join(within, "everwire-installed-"));
  for (const directory of of) cpSync(inRoot("tests/packaging", directory), home, { recursive: true });
  writeFileSync(join(home, "package.json"), JSON.stringify({ type: "module", private: true }));
  const install = ["install", "--no-save", "--no-audit", "--no-fund", tarball];
  await run("npm", install, { cwd: home, quiet: true });
  return { home, remove: () => rmSync(home, { recursive: true, force: true }) };
}
