// The class WebSocket of everwire/websocket in real browsers, beside the browser's own, against the native server.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inEachBrowser } from "./in-each-browser.mjs";
import { reconnectTenThousandTimes } from "./leaks.mjs";
import { engines } from "./pages/engines.js";
import { scenarios as blocked } from "./pages/scenarios/websocket-blocked.js";
import { scenarios as reconnecting } from "./pages/scenarios/websocket.js";
import { scenarios as standard } from "./pages/scenarios/websocket-standard.js";
import { PAGES, startPeer } from "./peer.mjs";
import { keepOpen, run } from "./scenario.mjs";
import { withTab } from "./tabs.mjs";

let peer;
before(async () => {
  peer = await startPeer({ serve: PAGES });
});
after(() => peer.stop());

inEachBrowser((browser) => {
  describe(`everwire/websocket in ${browser}`, () => {
    const page = keepOpen((stay) =>
      withTab(browser, `${peer.http}/e2e/wire.html?entry=websocket`, (driver) => stay(driver)),
    );
    for (const [file, scenarios] of Object.entries({
      "websocket-standard": standard,
      websocket: reconnecting,
    })) {
      describe(file, () => {
        for (const title of Object.keys(scenarios)) it(title, () => run(page.driver, file, title));
      });
    }
  });

  describe(`everwire/websocket in ${browser}, on pages of their own`, () => {
    const visit = (query, body) =>
      withTab(browser, `${peer.http}/e2e/wire.html?entry=websocket&${query}`, body);

    for (const [policy, title] of ["no-connect", "no-wasm"].map((policy, i) => [
      policy,
      Object.keys(blocked)[i],
    ]))
      it(title, () => visit(`csp=${policy}`, (driver) => run(driver, "websocket-blocked", title)));

    it("ten thousand reconnects leak nothing", () =>
      visit("", (driver) =>
        reconnectTenThousandTimes(driver, "websocket-leaks", async () => {
          if (!engines[browser].measuresHeap) return;
          const { made, there } = await run(driver, "websocket-leaks", "count the sockets");
          assert.ok(made >= 100 && there <= 1, `${there} of ${made} sockets are still there`);
        }),
      ));
  });
});
