import assert from "node:assert/strict";
import { copyFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { inRoot } from "../../scripts/paths.mjs";
import { run, start, stop } from "../../scripts/process.mjs";
import { startPeer } from "../e2e/peer.mjs";
import { showsText } from "../e2e/dom.mjs";
import { withTab } from "../e2e/tabs.mjs";
import { pack } from "./pack.mjs";

describe("a Vite application", () => {
  let packed;
  let home;
  let peer;
  before(async () => {
    packed = await pack();
    home = mkdtempSync(join(tmpdir(), "everwire-vite-"));
    cpSync(inRoot("tests/packaging/vite"), home, {
      recursive: true,
      filter: (path) => !path.endsWith("node_modules"),
    });
    copyFileSync(inRoot(".npmrc"), join(home, ".npmrc"));
    const quietly = { cwd: home, quiet: true };
    await run("npm", ["ci"], quietly);
    await run("npm", ["install", "--no-save", packed.tarball], quietly);
    peer = await startPeer();
  });
  after(async () => {
    await peer?.stop();
    packed?.remove();
    if (home) rmSync(home, { recursive: true, force: true });
  });

  const vite = (...args) => [process.execPath, [join(home, "node_modules/vite/bin/vite.js"), ...args]];

  async function echoes(...command) {
    const { address, server } = await serve(...vite(...command, "--host", "127.0.0.1", "--port", "0"));
    try {
      await withTab("chromium", `${address}?peer=${encodeURIComponent(peer.ws)}`, async (driver, log) => {
        await showsText(driver, "#inlined", "with its wasm inlined");
        await showsText(driver, "#beside", "with its wasm beside it");
        await showsText(driver, "#worker", "from a worker");
        await showsText(driver, "#websocket", "from the class WebSocket");
        assert.deepEqual(log.errors, []);
      });
    } finally {
      await stop(server);
    }
  }

  /** Starts a server of Vite's and reads its address from what it prints. */
  async function serve(command, args) {
    let printed = "";
    let found;
    const address = new Promise((resolve) => (found = resolve));
    const tee = (text) => {
      printed += text;
      const match = /Local:\s+(http:\S+)/.exec(printed.replace(/\x1b\[[\d;]*m/g, ""));
      if (match) found(match[1]);
    };
    const server = start(command, args, { cwd: home, quiet: true, tee });
    const first = await Promise.race([address, server.exited]);
    assert.equal(typeof first, "string", `Vite did not start: ${printed}`);
    return { address: first, server };
  }

  it("echoes through the entries from its dev server", () => echoes());

  it("echoes through the entries from its build", async () => {
    await run(...vite("build"), { cwd: home, quiet: true });
    await echoes("preview");
  });
});
