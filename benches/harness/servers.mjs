// The servers that subjects talk to: the native peer, the smallest there is for sessions, and one of socket.io's own.
import { join } from "node:path";
import { buildServer, launch, startServer } from "../../scripts/echo-server.mjs";
import { cargoTarget, inRoot } from "../../scripts/paths.mjs";
import { run } from "../../scripts/process.mjs";

/** Builds those in Rust. */
export async function buildServers({ release = false, ...options } = {}) {
  await buildServer({ release, ...options });
  const profile = release ? ["--release"] : [];
  await run("cargo", ["build", "--locked", ...profile, "--package", "everwire-load"], options);
}

/**
 * Runs `body({ urls, http, pids })` with fresh servers, by name: those of `subjects`, else all. `urls` has more by the name of
 * one that answers at another address where it is not to echo: `session silent`. With a
 * `heartbeat`, `{ interval, timeout }`, socket.io's server has that one: its clients have none of their own. Without
 * `release` the native one is as the tests have it.
 */
export async function withServers(body, { heartbeat, subjects, release = true } = {}) {
  const started = {};
  const begin = {
    native: () => startServer({ release, quiet: true, flags: ["--allow-origin", "*"] }),
    // The native peer has a task between the connection and its sessions, so that it can misbehave.
    session: () => {
      const program = join(cargoTarget, release ? "release" : "debug", "everwire-load-echo");
      return launch(program, ["--drill"], { quiet: true, wanted: 2 });
    },
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
    for (const [name, { urls: addresses }] of Object.entries(started)) {
      const [, silent] = addresses;
      if (silent) urls[`${name} silent`] = `${silent.replace(/^http/, "ws")}/ws`;
    }
    return await body({ urls, http: each(({ http }) => http), pids: each(({ pid }) => pid) });
  } finally {
    await Promise.all(Object.values(each(({ stop }) => stop())));
  }
}
