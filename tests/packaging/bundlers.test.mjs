import { after, before, describe, it } from "node:test";
import * as needs from "../../scripts/setup.mjs";
import { startPeer } from "../e2e/peer.mjs";
import { bundledPage, bundlers } from "./bundlers.mjs";
import { proves } from "./consumers.mjs";
import { pack } from "./pack.mjs";

// The peer serves pages with the policy `script-src 'self' 'wasm-unsafe-eval'`, under which no inline script runs.
describe("an application, bundled", () => {
  let packed;
  before(async () => {
    await needs.consumerModules();
    packed = await pack();
  });
  after(() => packed?.remove());

  for (const [name, { policy = "" }] of Object.entries(bundlers)) {
    it(`echoes through every entry and from workers, by ${name}`, async () => {
      const { built, remove } = await bundledPage(name, packed.tarball);
      const peer = await startPeer({ serve: [["/built", built]] });
      try {
        await proves(`${peer.http}/built/index.html?csp=${policy}`, peer);
      } finally {
        await peer.stop();
        remove();
      }
    });
  }
});
