// The package as npm would publish it.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
