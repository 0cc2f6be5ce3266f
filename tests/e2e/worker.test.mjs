// everwire/worker: the same scenarios as for everwire, with the connection in a worker.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { withPage } from "./browser.mjs";
import { inEachBrowser } from "./in-each-browser.mjs";
import { scenarios as connections } from "./pages/scenarios/connections.js";
import { scenarios as messages } from "./pages/scenarios/messages.js";
import { scenarios as options } from "./pages/scenarios/options.js";
import { scenarios as receipts } from "./pages/scenarios/receipts.js";
import { scenarios as stats } from "./pages/scenarios/stats.js";
import { scenarios as worker } from "./pages/scenarios/worker.js";
import { PAGES, startPeer } from "./peer.mjs";
import { keepOpen, run } from "./scenario.mjs";

const files = Object.entries({ receipts, messages, connections, options, stats, worker });

/** These look for an answer in the very call, where here it comes a moment later; pages/scenarios/worker.js waits for it. */
const AT_ONCE = [
  "the browser takes a message at once on an open wire",
  "a message that does not fit is given back: full",
  "the newest gives way if the application says so",
  "a message is taken back by its receipt, its signal, or all at once: withdrawn",
  "a wire tells of every state on its way",
  "a waiting wire says how long, until when and why",
  "a url function that never answers ends at the connect timeout, and its signal tells it",
  "a URL that cannot be used closes the wire",
  "subprotocols that cannot be used close the wire",
  "a greeting leaves first, and the queue waits for the welcome",
  "everything waits while a stalled socket is full, where the engine tells",
  "stats tell since when, how often it was tried, and how often it came back",
  "stats tell why messages were not sent",
];
/** These give a class of WebSocket, which cannot cross into a worker. */
const OWN_CLASS = [
  "a message at which the socket throws is given back and holds nobody up: refused",
  "without a WebSocket a wire stays idle, and its receipts settle all the same",
  "any other option is named, with what was given and what is allowed",
];
const different = [...AT_ONCE, ...OWN_CLASS];

let peer;
before(async () => {
  peer = await startPeer({ serve: PAGES });
});
after(() => peer.stop());

it("what is different with a worker is named as it is", () => {
  const titles = files.flatMap(([, scenarios]) => Object.keys(scenarios));
  assert.deepEqual(
    different.filter((title) => !titles.includes(title)),
    [],
  );
});

inEachBrowser((browser) => {
  describe(`everwire/worker in ${browser}`, () => {
    const page = keepOpen((stay) => withPage(browser, `${peer.http}/e2e/wire.html?entry=worker`, stay));
    for (const [file, scenarios] of files) {
      describe(file, () => {
        for (const title of Object.keys(scenarios).filter((title) => !different.includes(title)))
          it(title, () => run(page.driver, file, title));
      });
    }
  });
});
