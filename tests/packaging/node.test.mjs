import assert from "node:assert/strict";
import { copyFileSync, cpSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { inRoot } from "../../scripts/paths.mjs";
import { output, run } from "../../scripts/process.mjs";
import { startPeer } from "../e2e/peer.mjs";
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
});

describe("in Node, with a WebSocket", () => {
  let packed;
  let application;
  let peer;
  before(async () => {
    packed = await pack();
    application = await installed(packed.tarball);
    peer = await startPeer();
    cpSync(inRoot("node_modules/ws"), join(application.home, "node_modules/ws"), { recursive: true });
    for (const name of ["exercise.mjs", "websocket.mjs"])
      copyFileSync(inRoot("tests/packaging/node", name), join(application.home, name));
  });
  after(async () => {
    await peer?.stop();
    packed?.remove();
    application?.remove();
  });

  // Node 20 has its own only behind this flag; later ones know the flag no more, or ignore it.
  const [major] = process.versions.node.split(".").map(Number);
  const flags = major < 22 ? ["--experimental-websocket"] : [];
  const node = (...args) => run(process.execPath, args, { cwd: application.home, quiet: true });
  const inNode = (...args) => output(process.execPath, args, { cwd: application.home });

  it("a wire does all it does with the class of ws", () => node("exercise.mjs", "ws", peer.http));

  it("a wire does all it does with Node's own", () => node(...flags, "exercise.mjs", "own", peer.http));

  it("the class WebSocket does all it does with the class of ws", () =>
    node("websocket.mjs", "ws", peer.http));

  it("the class WebSocket does all it does with Node's own", () =>
    node(...flags, "websocket.mjs", "own", peer.http));

  it("a wire stays idle unless a class is passed, although Node has one", async () => {
    const code = `
      import { Wire } from "everwire";
      const wire = new Wire("ws://127.0.0.1:9");
      setImmediate(() => console.log(typeof WebSocket, wire.state.name));
    `;
    assert.equal(await inNode(...flags, "--input-type=module", "--eval", code), "function idle\n");
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
    assert.equal(
      await inNode("--input-type=module", "--eval", code),
      "idle 2 true\nclosed withdrawn,closed closed\n",
    );
  });
});
