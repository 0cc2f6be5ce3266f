// What a compiler says, with the frameworks' own types.
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { build } from "esbuild";
import { inRoot } from "../../scripts/paths.mjs";
import { run } from "../../scripts/process.mjs";
import { writeExamples } from "./examples.mjs";
import { installed } from "./serve.mjs";

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

  // Those that are TypeScript alone are compiled with those of the other pages.
  for (const [language, program, ...args] of [
    ["vue", "vue-tsc/bin/vue-tsc.js", "--project", "tsconfig.json"],
    ["svelte", "svelte-check/bin/svelte-check", "--fail-on-warnings", "--tsconfig", "tsconfig.json"],
  ]) {
    it(`compile in the examples of docs/frameworks.md for ${language}, script and template`, async () => {
      const place = join(home, language);
      writeExamples(language, place);
      cpSync(join(home, `Wrong.${language}`), join(place, `Wrong.${language}`));
      const config = {
        extends: "../tsconfig.json",
        compilerOptions: { skipLibCheck: true },
        include: ["*"],
      };
      writeFileSync(join(place, "tsconfig.json"), JSON.stringify(config));
      await run(process.execPath, [inRoot("tests/frameworks/node_modules", program), ...args], {
        cwd: place,
        quiet: true,
      });
    });
  }

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
