import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { startPeer } from "../e2e/peer.mjs";
import { showsText } from "../e2e/dom.mjs";
import { withTab } from "../e2e/tabs.mjs";
import { pack } from "./pack.mjs";
import { server } from "./ws-echo/server.mjs";

describe("the five-line server of every WebSocket tutorial", () => {
  let packed;
  let pages;
  before(async () => {
    packed = await pack();
    pages = await startPeer({
      serve: [
        ["everwire", packed.unpacked],
        ["ws-echo", "tests/packaging/ws-echo"],
      ],
    });
    if (!server.address()) await once(server, "listening");
  });
  after(async () => {
    await pages?.stop();
    for (const client of server.clients) client.terminate();
    server.close();
    packed?.remove();
  });

  it("answers a wire", async () => {
    const address = `ws://127.0.0.1:${server.address().port}`;
    await withTab("chromium", `${pages.http}/ws-echo/index.html?server=${address}`, async (driver, log) => {
      await showsText(driver, "#state", "open");
      await showsText(driver, "#reply", "Echo: Hello Server!");
      assert.deepEqual(log.errors, []);
    });
  });
});
