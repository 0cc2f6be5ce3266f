// everwire/rpc in real browsers against the native server, over the wires of both entries.
import { after, before, describe, it } from "node:test";
import { inEachBrowser } from "./in-each-browser.mjs";
import { scenarios } from "./pages/scenarios/rpc.js";
import { PAGES, startPeer } from "./peer.mjs";
import { keepOpen, run } from "./scenario.mjs";
import { withTab } from "./tabs.mjs";

/** These look for what is known at once on a page, and a moment later of a worker. */
const AT_ONCE = [
  "a request that is late is in doubt if it was sent, and taken back if not",
  "a request that is given up rejects with the signal's reason, and is taken back if it waits",
  "a request that is not sent says why",
];

let peer;
before(async () => {
  peer = await startPeer({ serve: PAGES });
});
after(() => peer?.stop());

inEachBrowser((browser) => {
  for (const entry of ["everwire", "worker"]) {
    describe(`everwire/rpc with ${entry} in ${browser}`, () => {
      const page = keepOpen((stay) => withTab(browser, `${peer.http}/e2e/wire.html?entry=${entry}`, stay));
      const titles = Object.keys(scenarios);
      for (const title of entry === "worker" ? titles.filter((title) => !AT_ONCE.includes(title)) : titles)
        it(title, () => run(page.driver, "rpc", title));
    });
  }
});
