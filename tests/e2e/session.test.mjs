// Sessions of the npm package, as an application uses them, in real browsers against a server that keeps them.
import { after, before, describe, it } from "node:test";
import { inEachBrowser } from "./in-each-browser.mjs";
import { scenarios as session } from "./pages/scenarios/session.js";
import { scenarios as channels } from "./pages/scenarios/session-channels.js";
import { scenarios as ends } from "./pages/scenarios/session-ends.js";
import { scenarios as misbehaving } from "./pages/scenarios/session-misbehaving.js";
import { scenarios as requests } from "./pages/scenarios/session-requests.js";
import { PAGES, startPeer } from "./peer.mjs";
import { keepOpen, run } from "./scenario.mjs";
import { withTab } from "./tabs.mjs";

const files = Object.entries({
  session,
  "session-requests": requests,
  "session-channels": channels,
  "session-ends": ends,
  "session-misbehaving": misbehaving,
});

let peer;
before(async () => (peer = await startPeer({ serve: PAGES })));
after(() => peer.stop());

inEachBrowser((browser) => {
  const page = keepOpen((stay) => withTab(browser, `${peer.http}/e2e/wire.html?entry=session`, stay));
  for (const [file, scenarios] of files) {
    describe(file, () => {
      for (const title of Object.keys(scenarios)) it(title, () => run(page.driver, file, title));
    });
  }
});
