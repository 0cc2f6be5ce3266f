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

  it("importing everwire/session does nothing, and the process ends", async () => {
    const code = `import { SessionWire } from "everwire/session"; console.log(typeof SessionWire);`;
    assert.equal(await inNode(code), "function\n");
  });

  it("importing everwire/websocket does nothing, and the process ends", async () => {
    const code = `import WebSocket from "everwire/websocket"; console.log(typeof WebSocket);`;
    assert.equal(await inNode(code), "function\n");
  });

  it(
    "a CommonJS module can require it, where Node can require ES modules",
    { skip: !process.features.require_module },
    async () => {
      const code = `
      const { createRequire } = require("node:module");
      const from = createRequire(process.cwd() + "/main.cjs");
      const names = ["everwire", "everwire/session", "everwire/websocket"];
      console.log(names.map((name) => Object.keys(from(name)).includes("default")).join());
      console.log(typeof from("everwire").Wire, typeof from("everwire/session").SessionWire);
    `;
      const args = ["--input-type=commonjs", "--no-warnings", "--eval", code];
      assert.equal(
        await output(process.execPath, args, { cwd: application.home }),
        "false,false,true\nfunction function\n",
      );
    },
  );

  it("a WebSocket without a class to connect with says so and is closed, and the process ends", async () => {
    const code = `
      delete globalThis.WebSocket;
      const { default: WebSocket } = await import("everwire/websocket");
      const socket = new WebSocket("ws://127.0.0.1:9/");
      socket.onerror = ({ message }) => console.log(message);
      socket.onclose = ({ code }) => console.log(code, socket.readyState);
    `;
    const told = "There is no WebSocket here. Pass a class as the option WebSocket.\n1006 3\n";
    assert.equal(await inNode(code), told);
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

  it("a wire of everwire/worker stays idle and gives back what it was to send", async () => {
    const code = `
      import { Wire } from "everwire/worker";
      const wire = new Wire("ws://127.0.0.1:9");
      const receipts = [wire.send(1), wire.send(2)];
      console.log(wire.state.name, wire.queued, receipts[0].withdraw());
      wire.close();
      console.log(wire.state.name, receipts.map(({ result }) => result.reason).join(), wire.send(3).result.reason);
    `;
    assert.equal(await inNode(code), "idle 2 true\nclosed withdrawn,closed closed\n");
  });
});
