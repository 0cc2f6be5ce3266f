import { after, before, describe, it } from "node:test";
import { run } from "../../scripts/process.mjs";
import * as needs from "../../scripts/setup.mjs";
import { startPeer } from "../e2e/peer.mjs";
import { proves, tool, withServer } from "./consumers.mjs";
import { installed, pack } from "./pack.mjs";

describe("a Vite application", () => {
  let packed;
  let application;
  let peer;
  before(async () => {
    await needs.consumerModules();
    packed = await pack();
    application = await installed(packed.tarball, { of: ["consumers/app", "consumers/vite"] });
    peer = await startPeer();
  });
  after(async () => {
    await peer?.stop();
    application?.remove();
    packed?.remove();
  });

  const vite = (...args) => tool("vite/bin/vite.js", ...args);
  const echoes = (...command) =>
    withServer(vite(...command, "--host", "127.0.0.1", "--port", "0"), application.home, (address) =>
      proves(address, peer),
    );

  it("echoes through every entry and from workers, from its dev server", () => echoes());

  it("echoes through every entry and from workers, from its build", async () => {
    await run(process.execPath, vite("build"), { cwd: application.home, quiet: true });
    await echoes("preview");
  });
});
