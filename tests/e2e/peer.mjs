// The native server as a test's peer and web server.
import { resolve } from "node:path";
import { buildServer, startServer } from "../../scripts/echo-server.mjs";
import { root } from "../../scripts/paths.mjs";

/** The pages of these tests and what they share with those of the crate. */
export const PAGES = [
  ["/e2e", "tests/e2e/pages"],
  ["/support", "tests/web_support"],
];

let built;

/**
 * Starts a server on a free port: `{ http, ws, stop() }`, with `flags` for TLS also `https` and `wss`. It serves the
 * repository's pages, and for each [prefix, directory] of `serve` that directory under /prefix.
 */
export async function startPeer({ serve = [], flags = [] } = {}) {
  await (built ??= buildServer({ quiet: true }));
  const directories = serve.map(([prefix, directory]) => [prefix, resolve(root, directory)]);
  return startServer({ serve: directories, flags, quiet: true });
}
