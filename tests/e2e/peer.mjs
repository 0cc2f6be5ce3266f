// The native server as a test's peer and web server.
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { resolve } from "node:path";
import { buildServer, startServer } from "../../scripts/echo-server.mjs";
import { root } from "../../scripts/paths.mjs";

/** The pages of these tests and what they share with those of the crate. */
export const PAGES = [
  ["/e2e", "tests/e2e/pages"],
  ["/support", "tests/web_support"],
];

const PATIENCE = 10_000;

let built;

/**
 * Starts a server, on a free port if none is given: `{ http, ws, port, stop(), kill() }`, with `flags` for TLS also `https`
 * and `wss`. It serves the repository's pages, and for each [prefix, directory] of `serve` that directory under /prefix.
 * Sessions of `everwire.v1` need no more than a client that offers it; `sessions` is a directory in which they outlive the
 * server. `kill()` is a `kill -9`.
 */
export async function startPeer({ serve = [], flags = [], sessions, port } = {}) {
  await (built ??= buildServer({ quiet: true }));
  const directories = serve.map(([prefix, directory]) => [prefix, resolve(root, directory)]);
  const more = sessions ? ["--session-store", sessions] : [];
  const server = await startServer({ port, serve: directories, flags: [...flags, ...more], quiet: true });
  return { ...server, port: Number(new URL(server.http).port) };
}

/**
 * A room of a server, seen from the test; pages have `openRoom` of pages/room.js for the same. `command` is anything that
 * tests/echo-server/README.md lists under /control/ROOM/, such as `session/restart?state=lost`.
 */
export function roomOf(peer, name = randomUUID()) {
  const ask = async (method, path) => {
    const response = await fetch(`${peer.http}${path}`, { method });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const stats = () => ask("GET", `/stats?room=${name}`);
  return {
    name,
    url: (query = "") => `${peer.ws}/ws?room=${name}&${query}`,
    command: (command) => ask("POST", `/control/${name}/${command}`),
    stats,
    /** The statistics, once they are as they should be. */
    async until(is) {
      const end = Date.now() + PATIENCE;
      for (;;) {
        const now = await stats();
        if (is(now)) return now;
        if (Date.now() > end) throw new Error(`Never seen: ${is}. The peer says ${JSON.stringify(now)}`);
        await pause(5);
      }
    },
  };
}
