// The npm package, as an application uses it, in real browsers against the native server.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { engines } from "./pages/engines.js";
import { scenarios as blocked } from "./pages/scenarios/blocked.js";
import { scenarios as codecs } from "./pages/scenarios/codecs.js";
import { scenarios as connections } from "./pages/scenarios/connections.js";
import { scenarios as debug } from "./pages/scenarios/debug.js";
import { scenarios as messages } from "./pages/scenarios/messages.js";
import { scenarios as options } from "./pages/scenarios/options.js";
import { scenarios as receipts } from "./pages/scenarios/receipts.js";
import { scenarios as separate } from "./pages/scenarios/separate.js";
import { scenarios as stats } from "./pages/scenarios/stats.js";
import { scenarios as trap } from "./pages/scenarios/trap.js";
import { reconnectTenThousandTimes, usedHeap } from "./leaks.mjs";
import { PAGES, startPeer } from "./peer.mjs";
import { keepOpen, run, switchNetwork } from "./scenario.mjs";
import { withTab } from "./tabs.mjs";
import { inEachBrowser } from "./in-each-browser.mjs";

const files = Object.entries({
  receipts,
  messages,
  connections,
  options,
  separate,
  stats,
  debug,
  codecs,
  trap,
});
const [noWasm, noConnections] = Object.keys(blocked);

let peer;
before(async () => {
  peer = await startPeer({ serve: PAGES });
});
after(() => peer.stop());

inEachBrowser((browser) => {
  describe(`the package in ${browser}`, () => {
    const page = keepOpen((stay) => visit(browser, "", stay));
    for (const [file, scenarios] of files) {
      describe(file, () => {
        for (const title of Object.keys(scenarios)) it(title, () => run(page.driver, file, title));
      });
    }
  });

  describe(`the package in ${browser}, on pages of their own`, () => {
    it(noWasm, () => visit(browser, "csp=no-wasm", (driver) => run(driver, "blocked", noWasm)));

    it(noConnections, () =>
      visit(browser, "csp=no-connect", (driver) => run(driver, "blocked", noConnections)),
    );

    it("without a network a wire waits for it, and goes on when it is back", () =>
      visit(browser, "", async (driver) => {
        await run(driver, "network", "lose the connection");
        await switchNetwork(browser, driver, "offline");
        await run(driver, "network", "without a network");
        await switchNetwork(browser, driver, "online");
        await run(driver, "network", "the network is back");
      }));

    if (engines[browser].measuresHeap) {
      it("wires that are closed and let go are collected", () =>
        visit(browser, "", async (driver) => {
          await run(driver, "leaks", "close two hundred wires");
          await usedHeap(driver);
          assert.equal(await run(driver, "leaks", "count those that are still there"), 0);
        }));
    }

    it("ten thousand reconnects leak nothing", () =>
      visit(browser, "", (driver) => reconnectTenThousandTimes(driver, "leaks")));
  });
});

const address = (query) => `${peer.http}/e2e/wire.html?${query}`;

const visit = (browser, query, body) => withTab(browser, address(query), body);
