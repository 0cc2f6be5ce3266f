// Connections that are cut again and again after they have opened, in real browsers.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { startFaultProxy } from "./fault-proxy.mjs";
import { inEachBrowser } from "./in-each-browser.mjs";
import { PAGES, startPeer } from "./peer.mjs";
import { run } from "./scenario.mjs";
import { withTab } from "./tabs.mjs";

let peer;
before(async () => (peer = await startPeer({ serve: PAGES })));
after(() => peer.stop());

inEachBrowser((browser) => {
  for (const how of ["reset", "fin"]) {
    it(`a wire that is cut (${how}) every 50 to 500 ms is open again each time, and goes on`, async (test) => {
      const proxy = await startFaultProxy(peer, { cut: "50-500", how });
      try {
        const { seed } = await proxy.stats();
        test.diagnostic(`seed ${seed}`);
        await withTab(browser, `${peer.http}/e2e/wire.html?proxy=${proxy.ws}`, async (driver) => {
          await run(driver, "cuts", "it is open again after every cut");
          const { upgrades, cuts } = await proxy.stats();
          assert.ok(upgrades >= 9 && cuts >= 8, `${upgrades} upgrades, ${cuts} cuts`);
          await proxy.faults();
          await run(driver, "cuts", "it goes on where nobody cuts it any more");
        });
      } finally {
        await proxy.stop();
      }
    });
  }
});
