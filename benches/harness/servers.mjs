// The servers that subjects talk to: the native peer, and one of socket.io's own.
import { launch, startServer } from "../../scripts/echo-server.mjs";
import { inRoot } from "../../scripts/paths.mjs";

/**
 * Runs `body({ urls, http, pids })` with fresh servers, by name: those of `subjects`, else `native` and `socket.io`. With a
 * `heartbeat`, `{ interval, timeout }`, socket.io's server has that one: its clients have none of their own. Without
 * `release` the native one is as the tests have it.
 */
export async function withServers(body, { heartbeat, subjects, release = true } = {}) {
  const started = {};
  const begin = {
    native: () => startServer({ release, quiet: true, flags: ["--allow-origin", "*"] }),
    "socket.io": () => {
      const args = [inRoot("benches/peers/socket-io.mjs"), JSON.stringify(heartbeat ?? null)];
      return launch(process.execPath, args, { quiet: true });
    },
  };
  const names = subjects ? new Set(subjects.map(({ server }) => server)) : Object.keys(begin);
  const each = (what) =>
    Object.fromEntries(Object.entries(started).map(([name, server]) => [name, what(server)]));
  try {
    for (const name of names) started[name] = await begin[name]();
    const urls = each(({ ws }) => `${ws}/ws`);
    return await body({ urls, http: each(({ http }) => http), pids: each(({ pid }) => pid) });
  } finally {
    await Promise.all(Object.values(each(({ stop }) => stop())));
  }
}
