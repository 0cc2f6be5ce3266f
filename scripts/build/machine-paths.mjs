// What is published must not tell where it was built.
import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, sep } from "node:path";
import { Failure } from "../failure.mjs";
import { pkg, root } from "../paths.mjs";

export function refuseMachinePaths(directory = pkg) {
  for (const name of readdirSync(directory)) {
    const found = machinePath(readFileSync(join(directory, name), "latin1"));
    if (!found) continue;
    throw new Failure(
      `${name} holds "${found}", a path of this machine. See rustFlags in scripts/build/wasm.mjs.`,
    );
  }
}

/** The first path of this machine in a text, if it holds any. */
export function machinePath(text) {
  const places = [root, join(homedir(), sep), process.env.CARGO_HOME, "registry/src"];
  return places.find((place) => place && place !== sep && text.includes(place));
}
