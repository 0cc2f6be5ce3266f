import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startPeer } from "../e2e/peer.mjs";
import { showsText } from "../e2e/dom.mjs";
import { inEachBrowser } from "../e2e/in-each-browser.mjs";
import { withTab } from "../e2e/tabs.mjs";
import { pack } from "./pack.mjs";

describe("a page without a bundler", () => {
  let packed;
  let peer;
  before(async () => {
    packed = await pack();
    peer = await startPeer({
      serve: [
        ["everwire", packed.unpacked],
        ["unbundled", "tests/packaging/unbundled"],
        ["app", "tests/packaging/consumers/app"],
      ],
    });
  });
  after(async () => {
    await peer?.stop();
    packed?.remove();
  });

  inEachBrowser((browser) => {
    it(`imports the entries straight from the package and echoes through each, in ${browser}`, async () => {
      const url = `${peer.http}/unbundled/index.html?peer=${encodeURIComponent(peer.ws)}`;
      await withTab(browser, url, async (driver, log) => {
        await showsText(driver, "#inlined", "with its wasm inlined");
        await showsText(driver, "#beside", "with its wasm beside it");
        await showsText(driver, "#worker", "from a worker");
        await showsText(driver, "#websocket", "from the class WebSocket");
        assert.deepEqual(log.errors, []);
      });
    });

    it(`imports the entries by an import map and echoes through each, in ${browser}`, async () => {
      const query = `csp=inline-scripts&peer=${encodeURIComponent(peer.ws)}`;
      await withTab(browser, `${peer.http}/unbundled/import-map.html?${query}`, async (driver, log) => {
        await showsText(driver, "#proved", "ok,ok,ok");
        assert.deepEqual(log.errors, []);
      });
    });
  });
});
