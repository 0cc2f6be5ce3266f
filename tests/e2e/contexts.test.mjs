// Every context in which a page's code runs: connect, echo text and bytes, heartbeat, reconnect, close.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { build } from "esbuild";
import { inRoot } from "../../scripts/paths.mjs";
import { withPage } from "./browser.mjs";
import { inEachBrowser } from "./in-each-browser.mjs";
import { startPeer } from "./peer.mjs";
import { keepOpen } from "./scenario.mjs";

const CONTEXTS = [
  "window",
  "window, with the connection in a worker",
  "dedicated worker, module",
  "dedicated worker, classic",
  "shared worker, module",
  "shared worker, classic",
  "service worker, module",
  "service worker, classic",
];

let peer;
let bundled;
before(async () => {
  bundled = mkdtempSync(join(tmpdir(), "everwire-bundled-"));
  await build({
    entryPoints: [inRoot("tests/e2e/pages/contexts/worker.js")],
    outfile: join(bundled, "worker.js"),
    bundle: true,
    format: "iife",
    logLevel: "warning",
    plugins: [
      {
        name: "served",
        setup: (on) => on.onResolve({ filter: /^\/pkg\// }, ({ path }) => ({ path: inRoot(`.${path}`) })),
      },
    ],
  });
  peer = await startPeer({
    serve: [
      ["/e2e", "tests/e2e/pages"],
      ["/bundled", bundled],
    ],
  });
});
after(async () => {
  await peer?.stop();
  rmSync(bundled, { recursive: true, force: true });
});

inEachBrowser((browser) => {
  describe(`a wire in ${browser}`, () => {
    const page = keepOpen((stay) => withPage(browser, `${peer.http}/e2e/contexts/index.html`, stay));

    for (const context of CONTEXTS) {
      it(`does all it does in a ${context}`, async () => {
        const { driver } = page;
        await driver.manage().setTimeouts({ script: 30_000 });
        await driver.wait(() => driver.executeScript("return typeof window.runIn === 'function'"), 10_000);
        const script =
          "const [context, done] = arguments; window.runIn(context).then(done, (e) => done(String(e)));";
        assert.equal(await driver.executeAsyncScript(script, context), "done");
      });
    }
  });
});
