// What a compiler says, with the frameworks' own types.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { build } from "esbuild";
import { inRoot } from "../../scripts/paths.mjs";
import { run } from "../../scripts/process.mjs";
import { install } from "./serve.mjs";

describe("the entries for frameworks", () => {
  before(install);

  const compiles = (project) =>
    run(process.execPath, [inRoot("node_modules/typescript/bin/tsc"), "--project", project], { quiet: true });

  it("have the types that users are promised", () => compiles(inRoot("tests/frameworks/types")));

  it("use the frameworks as the frameworks' own types say", () =>
    compiles(inRoot("tests/frameworks/types/source.json")));

  it("compile in every example of docs/frameworks.md", async () => {
    const place = inRoot("tests/frameworks/node_modules/.examples");
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place);
    const page = readFileSync(inRoot("docs/frameworks.md"), "utf8");
    const examples = [...page.matchAll(/^```tsx\n([^]*?)^```$/gm)];
    assert.ok(examples.length >= 2, `${examples.length} examples`);
    for (const [index, [, code]] of examples.entries()) writeFileSync(join(place, `${index}.tsx`), code);
    const config = { extends: inRoot("tests/frameworks/types/tsconfig.json"), include: ["*.tsx"] };
    writeFileSync(join(place, "tsconfig.json"), JSON.stringify(config));
    await compiles(place);
  });

  it("bring no WebAssembly to those who make their wires themselves", async () => {
    const size = async (imported) => {
      const { outputFiles } = await build({
        stdin: {
          contents: `export { ${imported} } from "everwire/react";`,
          resolveDir: inRoot("tests/frameworks"),
        },
        external: ["react"],
        bundle: true,
        minify: true,
        format: "esm",
        write: false,
      });
      return outputFiles[0].contents.length;
    };
    assert.ok((await size("useWire")) > 40_000, "with it, everwire comes along");
    assert.ok((await size("useWireFrom, useWireState, useMessage, useLastMessage")) < 2_000);
  });
});
