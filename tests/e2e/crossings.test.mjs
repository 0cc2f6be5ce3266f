// How often a message crosses the boundary between JavaScript and WebAssembly, both ways: no more often than
// crossings.json allows, whose numbers only fall. It is the same in every browser, so one is asked. In a session how much
// goes into a frame is chance, hence a few more than were counted.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { PAGES, startPeer } from "./peer.mjs";
import { run } from "./scenario.mjs";
import { withTab } from "./tabs.mjs";

const allowed = JSON.parse(readFileSync(new URL("crossings.json", import.meta.url), "utf8"));
const BROWSER = "chromium";
const CURE = "tests/e2e/crossings.json says how many are allowed";

let peer;
before(async () => (peer = await startPeer({ serve: PAGES })));
after(() => peer.stop());

describe("calls between JavaScript and WebAssembly", () => {
  for (const [kind, entry] of [
    ["plain", "everwire"],
    ["session", "session"],
  ]) {
    it(`are no more in a ${kind} wire than they were`, async (test) => {
      const url = `${peer.http}/e2e/wire.html?entry=${entry}`;
      const found = await withTab(BROWSER, url, (driver) => run(driver, "crossings", kind));
      assert.deepEqual(Object.keys(found).sort(), Object.keys(allowed[kind]).sort(), CURE);
      for (const [name, { into, outOf }] of Object.entries(found)) {
        const most = allowed[kind][name];
        const told = `${name}: ${into} into and ${outOf} out of the WebAssembly, not ${most.into} and ${most.outOf}`;
        assert.ok(into <= most.into && outOf <= most.outOf, `${told}; ${CURE}`);
        if (into < 0.9 * most.into || outOf < 0.9 * most.outOf) test.diagnostic(`Lower it: ${told}; ${CURE}`);
      }
    });
  }
});
