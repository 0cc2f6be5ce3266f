import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { output } from "../../scripts/process.mjs";
import { installed, pack } from "./pack.mjs";

// Servers import what their pages import, to render them: in Node a wire must do nothing, and do it quietly.
describe("in Node, where there is no page", () => {
  let packed;
  let application;
  before(async () => {
    packed = await pack();
    application = await installed(packed.tarball);
  });
  after(() => {
    packed?.remove();
    application?.remove();
  });

  const inNode = (code) =>
    output(process.execPath, ["--input-type=module", "--unhandled-rejections=strict", "--eval", code], {
      cwd: application.home,
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
