// What a compiler says, with the frameworks' own types.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { build } from "esbuild";
import { inRoot } from "../../scripts/paths.mjs";
import { run } from "../../scripts/process.mjs";
import { installed } from "./serve.mjs";

/** What is there without an import in components of Vue and Svelte. */
const MACROS = `
  declare function defineProps<T>(): T;
  declare function $props(): any;
  declare function $state<T>(): T | undefined;
`;

describe("the entries for frameworks", () => {
  let home;
  let remove;
  before(async () => ({ home, remove } = await installed("types")));
  after(() => remove?.());

  const compiles = (project) =>
    run(process.execPath, [inRoot("node_modules/typescript/bin/tsc"), "--project", project], { quiet: true });

  it("have the types that users are promised", () => compiles(home));

  it("use the frameworks as the frameworks' own types say", () =>
    compiles(inRoot("tests/frameworks/types/source.json")));

  it("compile in every example of docs/frameworks.md", async () => {
    const place = join(home, "examples");
    mkdirSync(place);
    const page = readFileSync(inRoot("docs/frameworks.md"), "utf8");
    const examples = [...page.matchAll(/^```(tsx|vue|svelte)\n([^]*?)^```$/gm)];
    assert.deepEqual(
      examples.map(([, language]) => language),
      ["tsx", "tsx", "vue", "svelte", "tsx", "tsx"],
    );
    for (const [index, [, language, code]] of examples.entries()) {
      // Of a component in a file of its own, the script.
      const script = /<script[^>]*>([^]*?)<\/script>/.exec(code)?.[1] ?? code;
      const jsx = code.includes("everwire/solid") ? "/** @jsxImportSource solid-js */\n" : "";
      writeFileSync(join(place, `${index}.${language === "tsx" ? "tsx" : "ts"}`), jsx + MACROS + script);
    }
    const config = { extends: "../tsconfig.json", include: ["*"] };
    writeFileSync(join(place, "tsconfig.json"), JSON.stringify(config));
    await compiles(place);
  });

  it("bring no WebAssembly to those who make their wires themselves", async () => {
    const size = async (framework, imported) => {
      const { outputFiles } = await build({
        stdin: {
          contents: `export { ${imported} } from "everwire/${framework}";`,
          resolveDir: home,
        },
        external: [framework, `${framework}-js`, `${framework}/*`],
        bundle: true,
        minify: true,
        format: "esm",
        write: false,
      });
      return outputFiles[0].contents.length;
    };
    for (const framework of ["react", "vue", "svelte"]) {
      assert.ok((await size(framework, "useWire")) > 40_000, "with it, everwire comes along");
      assert.ok((await size(framework, "useWireFrom, useWireState, useMessage, useLastMessage")) < 2_000);
    }
    assert.ok((await size("solid", "createWire")) > 40_000);
    assert.ok((await size("solid", "createWireFrom, createWireState, onMessage, createLastMessage")) < 2_000);
  });
});
