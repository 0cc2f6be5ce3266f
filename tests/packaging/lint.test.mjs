// What others look at packages with, and finds nothing.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { output, run } from "../../scripts/process.mjs";
import * as needs from "../../scripts/setup.mjs";
import { tool } from "./consumers.mjs";
import { pack } from "./pack.mjs";

describe("the packed package", () => {
  let packed;
  before(async () => {
    await needs.consumerModules();
    packed = await pack();
  });
  after(() => packed?.remove());

  it("gives publint nothing to say", async () => {
    const told = await output(
      process.execPath,
      tool("publint/src/cli.js", "run", packed.tarball, "--strict"),
    );
    assert.match(told ?? "publint failed", /All good!/);
  });

  // Its profile for ES modules leaves out the resolution of Node 10, which knows no `exports`.
  it("has the types that attw expects of every entry", async () => {
    const exceptTheWasm = ["--exclude-entrypoints", "everwire.wasm"];
    const options = ["--profile", "esm-only", ...exceptTheWasm];
    await run(process.execPath, tool("@arethetypeswrong/cli/dist/index.js", packed.tarball, ...options), {
      quiet: true,
    });
  });
});
