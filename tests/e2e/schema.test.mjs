// everwire/schema with the libraries that people check their messages with, in real browsers against the native server.
import { after, before, describe, it } from "node:test";
import { bundled } from "./bundled.mjs";
import { inEachBrowser } from "./in-each-browser.mjs";
import { scenarios as plain } from "./pages/scenarios/schema.js";
import { scenarios as inSessions } from "./pages/scenarios/schema-session.js";
import { PAGES, startPeer } from "./peer.mjs";
import { keepOpen, run } from "./scenario.mjs";
import { withTab } from "./tabs.mjs";

let peer;
let libraries;
before(async () => {
  libraries = await bundled("schemas.js");
  peer = await startPeer({ serve: [...PAGES, libraries.served] });
});
after(async () => {
  await peer?.stop();
  libraries?.remove();
});

inEachBrowser((browser) => {
  for (const [entry, file, scenarios] of [
    ["everwire", "schema", plain],
    ["session", "schema-session", inSessions],
  ]) {
    describe(`everwire/schema with ${entry} in ${browser}`, () => {
      const page = keepOpen((stay) => withTab(browser, `${peer.http}/e2e/wire.html?entry=${entry}`, stay));
      for (const title of Object.keys(scenarios)) it(title, () => run(page.driver, file, title));
    });
  }
});
