// Where there is no page and a WebSocket: Node, Deno and Bun.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { inRoot } from "../../scripts/paths.mjs";
import { run } from "../../scripts/process.mjs";
import * as needs from "../../scripts/setup.mjs";
import { startPeer } from "../e2e/peer.mjs";
import { tool } from "./consumers.mjs";
import { installed, pack } from "./pack.mjs";

const [major] = process.versions.node.split(".").map(Number);
// Node 20 has its own only behind this flag; later ones know the flag no more, or ignore it.
const flags = major < 22 ? ["--experimental-websocket"] : [];
const [node22] = tool(`node-linux-${process.arch}/bin/node`);
const [deno] = tool(`@deno/linux-${process.arch}-glibc/deno`);
const [bun] = tool(`@oven/bun-linux-${process.arch.replace("arm64", "aarch64")}/bin/bun`);

/** By name: how it runs a file, and whose class of WebSocket that is to use. */
const runtimes = {
  [`Node ${major}, with its own WebSocket`]: [[process.execPath, ...flags], "own"],
  [`Node ${major}, with that of ws`]: [[process.execPath, ...flags], "ws"],
  "Node 22, with its own WebSocket": [[node22], "own"],
  "Deno, with its own WebSocket": [[deno, "run", "--allow-net"], "own"],
  "Bun, with its own WebSocket": [[bun], "own"],
};

const promises = {
  "does all that a wire does": "wire.mjs",
  "does all that a session does": "session.mjs",
  "does all that the class WebSocket does": "websocket.mjs",
  "imports every entry, and connects nothing unasked": "unasked.mjs",
};

describe("where there is no page", () => {
  let packed;
  let application;
  let peer;
  before(async () => {
    await needs.consumerModules();
    packed = await pack();
    application = await installed(packed.tarball, { of: ["runtimes"] });
    cpSync(inRoot("node_modules/ws"), join(application.home, "node_modules/ws"), { recursive: true });
    peer = await startPeer();
  });
  after(async () => {
    await peer?.stop();
    application?.remove();
    packed?.remove();
  });

  for (const [name, [[program, ...args], which]] of Object.entries(runtimes)) {
    describe(name, () => {
      for (const [promise, file] of Object.entries(promises)) {
        it(promise, () =>
          run(program, [...args, file, which, peer.http], { cwd: application.home, quiet: true }),
        );
      }
    });
  }
});
