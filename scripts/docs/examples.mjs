// Compiles every example of the pages that is TypeScript or JavaScript against pkg/, each as a module of its own. An error names
// the page and its line.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "../failure.mjs";
import { inRoot, npmTarget } from "../paths.mjs";
import { start } from "../process.mjs";
import { examplesOf, pages } from "./pages.mjs";

const LANGUAGES = ["ts", "tsx", "js", "jsx"];
const frameworks = inRoot("tests/frameworks/node_modules");

/** Returns how many there are. */
export async function compileExamples() {
  const examples = [...pages().filter(isForUsers), "pkg/README.md"].flatMap((page) =>
    examplesOf(page, LANGUAGES),
  );
  if (examples.length < 20) throw new Failure(`Only ${examples.length} examples were found.`);
  const directory = join(npmTarget, "examples");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const { page, line, language, code } of examples) {
    // As many empty lines before it as there are in its page, so that the compiler counts as the reader does.
    const name = `${page.replaceAll(/[/\\]/g, "+")}.${line}.${language}`;
    const pragma = code.includes('"solid-js"') ? "/** @jsxImportSource solid-js */" : "";
    writeFileSync(join(directory, name), pragma + "\n".repeat(line - 1) + code);
  }
  writeFileSync(
    join(directory, "tsconfig.json"),
    JSON.stringify({
      extends: inRoot("tests/types/tsconfig.json"),
      compilerOptions: {
        lib: ["es2022", "dom", "dom.iterable"],
        module: "nodenext",
        moduleResolution: "nodenext",
        moduleDetection: "force",
        allowJs: true,
        checkJs: true,
        jsx: "react-jsx",
        skipLibCheck: true,
        // Found from here by its own name, as any package finds itself; the rest is what the tests have installed.
        paths: {
          react: [`${frameworks}/@types/react/index.d.ts`],
          "react/*": [`${frameworks}/@types/react/*.d.ts`],
          "solid-js": [`${frameworks}/solid-js/types/index.d.ts`],
          "solid-js/jsx-runtime": [`${frameworks}/solid-js/types/jsx.d.ts`],
        },
      },
      include: ["*", inRoot("tests/packaging/readme/outside.d.ts")],
    }),
  );
  const tsc = inRoot("node_modules/typescript/bin/tsc");
  let printed = "";
  const tee = (text) => (printed += text);
  const args = [tsc, "--pretty", "false", "--project", directory];
  const { code } = await start(process.execPath, args, { cwd: directory, quiet: true, tee }).exited;
  if (code !== 0) {
    const placed = printed.replaceAll(/^(\S+)\.\d+\.\w+(?=\(\d+,)/gm, (_, name) => name.replaceAll("+", "/"));
    throw new Failure(`Examples of the pages do not compile:\n${placed.trim()}`);
  }
  return examples.length;
}

/** What includes the pages whose examples in Rust are compiled, as documentation of a crate. */
const CRATES = ["src/lib.rs", "src/server/mod.rs", "tests/echo-server/src/lib.rs"];

/** Returns how many there are in Rust, none of which is left to itself. */
export function checkRustExamples() {
  const included = CRATES.flatMap((file) =>
    Array.from(readFileSync(inRoot(file), "utf8").matchAll(/include_str!\("(.+\.md)"\)/g), ([, page]) =>
      join(dirname(file), page),
    ),
  );
  const examples = pages().flatMap((page) => examplesOf(page, ["rust", "rust,no_run"]));
  const alone = examples.find(({ page }) => !included.includes(page));
  if (alone)
    throw new Failure(`${alone.page}:${alone.line} is compiled by no crate: include the page in one.`);
  return examples.length;
}

/** The rest is of this repository's own workings. */
const isForUsers = (page) => /^(README\.md|PROTOCOL\.md|docs[/\\].*)$/.test(page);
