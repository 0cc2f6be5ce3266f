// The pages of the documentation, and the examples in them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "../paths.mjs";

const SKIPPED = ["node_modules", "target", "pkg", "fuzz"];
const FENCE = /^```([^\n]*)\n([^]*?)^```$/gm;

/** Every page of this repository, as paths from its root. */
export function pages(directory = "") {
  return readdirSync(inRoot(directory), { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory())
      return entry.name.startsWith(".") || SKIPPED.includes(entry.name) ? [] : pages(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

/** Those that users read in one site: `docs/` and the protocol. */
export const documents = () => pages().filter((page) => /^(docs[/\\].*|PROTOCOL\.md)$/.test(page));

/** The examples of a page in these languages: `{ page, line, language, code }`, the line being that of the code's first. */
export function examplesOf(page, languages) {
  const text = readFileSync(inRoot(page), "utf8");
  return Array.from(text.matchAll(FENCE), ({ 1: language, 2: code, index }) => ({
    page,
    line: text.slice(0, index).split("\n").length + 1,
    language,
    code,
  })).filter(({ language }) => languages.includes(language));
}
