// Type-checks ts/ and writes into pkg/ the declarations that the entries reach, and no others.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../failure.mjs";
import { inRoot, npmTarget, pkg } from "../paths.mjs";
import { run } from "../process.mjs";
import { entries } from "./entries.mjs";

const emitted = join(npmTarget, "types");
const frameworks = entries.flatMap(({ framework }) => framework ?? []);
const IMPORT = /(\bfrom\s*|\bimport\s*\(?\s*)(["'])([^"']+)\2/g;

/** Returns the names of the files written. */
export async function writeTypes() {
  for (const { source } of entries) {
    if (!existsSync(inRoot(source)))
      throw new Failure(`${source} is missing: it is the source of a package entry.`);
  }
  rmSync(emitted, { recursive: true, force: true });
  await run(process.execPath, [
    inRoot("node_modules/typescript/bin/tsc"),
    "--project",
    inRoot("tsconfig.json"),
  ]);
  mkdirSync(pkg, { recursive: true });
  const written = new Set();
  for (const { name } of entries) copyReached(`${name}.d.ts`, written);
  return [...written];
}

function copyReached(file, written) {
  if (written.has(file)) return;
  written.add(file);
  const text = readFileSync(join(emitted, file), "utf8").replace(IMPORT, (_, before, quote, name) => {
    if (frameworks.includes(name)) return `${before}${quote}${name}${quote}`;
    const stem = /^\.\/([\w-]+)(\.[jt]s)?$/.exec(name)?.[1];
    if (!stem) {
      throw new Failure(
        `The public types of ${file.replace(".d.ts", ".ts")} mention "${name}", which the package does not hold. ` +
          "Keep it private (a #field, or a doc comment with @internal).",
      );
    }
    copyReached(`${stem}.d.ts`, written);
    return `${before}${quote}./${stem}.js${quote}`;
  });
  writeFileSync(join(pkg, file), text);
}
