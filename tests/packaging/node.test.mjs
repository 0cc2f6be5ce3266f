import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { output, run } from "../../scripts/process.mjs";
import { pack } from "./pack.mjs";

// Servers import what their pages import, to render them: in Node a wire must do nothing, and do it quietly.
describe("in Node, where there is no page", () => {
  let packed;
  let home;
  before(async () => {
    packed = await pack();
    home = mkdtempSync(join(tmpdir(), "everwire-node-"));
    writeFileSync(join(home, "package.json"), JSON.stringify({ type: "module", private: true }));
    await run("npm", ["install", "--no-save", "--no-audit", "--no-fund", packed.tarball], {
      cwd: home,
      quiet: true,
    });
  });
  after(() => {
    packed?.remove();
    if (home) rmSync(home, { recursive: true, force: true });
  });

  const inNode = (code) =>
    output(process.execPath, ["--input-type=module", "--unhandled-rejections=strict", "--eval", code], {
      cwd: home,
    });

  it("importing everwire does nothing, and the process ends", async () => {
    assert.equal(await inNode(`import { Wire } from "everwire"; console.log(typeof Wire);`), "function\n");
  });

  it("importing everwire/url does nothing, and the process ends", async () => {
    const code = `import { Wire, init } from "everwire/url"; console.log(typeof Wire, typeof init);`;
    assert.equal(await inNode(code), "function function\n");
  });

  it("a new wire stays idle, and the process ends", async () => {
    const code = `
      import { Wire } from "everwire";
      const wire = new Wire("ws://127.0.0.1:9");
      wire.addEventListener("error", () => console.log("an error"));
      wire.addEventListener("close", () => console.log("closed"));
      setTimeout(() => console.log(wire.state.name), 100);
    `;
    assert.equal(await inNode(code), "idle\n");
  });
});
