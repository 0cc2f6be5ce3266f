// The components of docs/frameworks.md, each in the file its users would put it in.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { examplesOf } from "../../scripts/docs/pages.mjs";

const LANGUAGES = ["tsx", "vue", "svelte"];
/** How many there are, so that none is overlooked. */
const COUNTS = { react: 3, vue: 1, svelte: 1, solid: 1 };

/** Writes those for a framework into a directory, by their names; what has no name of its own is `Price`. */
export function writeExamples(framework, directory) {
  const examples = examplesOf("docs/frameworks.md", LANGUAGES).filter(({ code }) =>
    code.includes(`"everwire/${framework}"`),
  );
  if (examples.length !== COUNTS[framework])
    throw new Error(`docs/frameworks.md has ${examples.length} examples for ${framework}.`);
  mkdirSync(directory);
  for (const { language, code } of examples) {
    const [, name = "Price"] = /^export function (\w+)/m.exec(code) ?? [];
    writeFileSync(join(directory, `${name}.${language}`), code);
  }
}
