// The commands that serve until they are stopped: `npm start`, `npm run dev`, `npm run peer`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { inRoot } from "../../scripts/paths.mjs";

describe("npm's commands that serve", () => {
  for (const signal of ["SIGTERM", "SIGINT"]) {
    it(`leave no server behind when npm gets ${signal}`, { timeout: 120_000 }, async () => {
      const npm = spawn("npm", ["run", "peer"], {
        cwd: inRoot("."),
        env: { ...process.env, PORT: "0" },
        stdio: ["ignore", "pipe", "inherit"],
        detached: true,
      });
      const address = await listening(npm.stdout);
      assert.equal((await fetch(`${address}/stats`)).status, 200);
      const gone = new Promise((resolve) => npm.stdout.once("close", resolve));
      npm.kill(signal);
      // Everything that serves holds this pipe: it closes with the last of them.
      await gone;
      await assert.rejects(fetch(`${address}/stats`), "the server still answers");
    });
  }

  it("are the shell's own process, so that signals reach them", () => {
    const { scripts } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
    for (const name of ["start", "dev", "peer"]) assert.match(scripts[name], /^exec node /, name);
  });
});

async function listening(stdout) {
  let seen = "";
  for await (const text of stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    seen += text;
    const found = /listening on (http:\S+)/.exec(seen);
    if (found) {
      stdout.resume();
      return found[1];
    }
  }
  throw new Error(`never listened: ${seen}`);
}
