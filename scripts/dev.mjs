// Serves the demo page and builds again what changes: `npm run dev`. The page itself (www/) needs no build: reload it.
import { existsSync, watch } from "node:fs";
import { build } from "./build.mjs";
import { buildServer, startServer } from "./echo-server.mjs";
import { servedDocs } from "./docs/served.mjs";
import { main } from "./failure.mjs";
import { inRoot } from "./paths.mjs";

const SETTLED_AFTER = 150;
const port = process.env.PORT ?? 9001;
let server;

await main(async () => {
  const package_ = { paths: ["src", "ts", "Cargo.toml"], rebuild: build };
  const peer = { paths: ["src", "tests/echo-server", "Cargo.toml"], rebuild: restart };
  const pending = new Set([package_, peer]);
  let changed;
  for (const part of pending) {
    for (const path of part.paths.map((path) => inRoot(path)).filter(existsSync)) {
      watch(path, { recursive: true }, () => {
        pending.add(part);
        changed?.();
      });
    }
  }
  for (;;) {
    while (pending.size > 0) await rebuildAll(pending);
    console.log(
      `\n  Everwire's demo page:  ${server?.http ?? "not served, see above"}/\n\n  Waiting for changes. Ctrl-C stops it.\n`,
    );
    await new Promise((resolve) => (changed = resolve));
    // An editor saves one file in several steps, and a checkout changes many: wait until they settle.
    await new Promise((resolve) => setTimeout(resolve, SETTLED_AFTER));
  }
});

/** A build that fails says why and waits for the next change. */
async function rebuildAll(pending) {
  const parts = [...pending];
  pending.clear();
  for (const { rebuild } of parts) await rebuild().catch((error) => console.error(`\n${error.message}`));
}

async function restart() {
  await buildServer();
  await server?.stop();
  server = await startServer({ port, serve: servedDocs() });
}
