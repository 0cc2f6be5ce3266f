import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as needs from "../../scripts/setup.mjs";
import { startPeer } from "../e2e/peer.mjs";
import { bundledPage, bundlers } from "./bundlers.mjs";
import { proves } from "./consumers.mjs";
import { pack } from "./pack.mjs";

// Under the strict policy of the peer's, for pages and for workers.
const STRICT = "script-src 'self' 'wasm-unsafe-eval';";

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
        const address = `${peer.http}/built/index.html?csp=${policy}`;
        const { headers } = await fetch(address);
        assert.equal(headers.get("content-security-policy").includes(STRICT), policy === "");
        await proves(address, peer);
      } finally {
        await peer.stop();
        remove();
      }
    });
  }
});
