import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { inRoot } from "../../scripts/paths.mjs";
import { run } from "../../scripts/process.mjs";
import * as needs from "../../scripts/setup.mjs";
import { startPeer } from "../e2e/peer.mjs";
import { proves, tool, withServer } from "./consumers.mjs";
import { installed, pack } from "./pack.mjs";

// Its modules are found above it, as in a workspace: Next.js follows no link that leads elsewhere.
const WORKSPACE = inRoot("tests/packaging/consumers/applications");
const env = { NEXT_TELEMETRY_DISABLED: "1" };

describe("a Next.js application", () => {
  let packed;
  let application;
  let peer;
  before(async () => {
    await needs.consumerModules();
    packed = await pack();
    mkdirSync(WORKSPACE, { recursive: true });
    const of = ["consumers/app", "consumers/next"];
    application = await installed(packed.tarball, { of, within: WORKSPACE });
    peer = await startPeer();
  });
  after(async () => {
    await peer?.stop();
    application?.remove();
    packed?.remove();
  });

  it("is built for production, imports the package where it renders, and echoes in the client", async () => {
    const { home } = application;
    const next = (...args) => tool("next/dist/bin/next", ...args);
    await run(process.execPath, next("build"), { cwd: home, env, quiet: true });
    await withServer(next("start", "--port", "0", "--hostname", "127.0.0.1"), home, async (address) => {
      const rendered = await (await fetch(address)).text();
      assert.match(rendered.replaceAll("<!-- -->", ""), /On the server a wire is idle\./);
      await proves(address, peer);
    });
  });
});
