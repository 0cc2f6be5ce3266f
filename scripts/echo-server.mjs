// The native server: the tests' peer and the demo's server.
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { cargoTarget, root } from "./paths.mjs";
import { run, start, stop } from "./process.mjs";

const PACKAGE = "everwire-echo-server";
const FAULT_PROXY = "everwire-fault-proxy";
const READY = /listening on (https?:\/\/[\w.:[\]-]+)\n/g;
const READY_WITHIN = 10_000;

export const buildServer = (options) => build(PACKAGE, options);

export const buildFaultProxy = (options) => build(FAULT_PROXY, options);

/** With `release`, as fast as it gets: for what is measured. */
async function build(program, { release = false, ...options } = {}) {
  const profile = release ? ["--release"] : [];
  await run("cargo", ["build", "--locked", ...profile, "--package", PACKAGE, "--bin", program], options);
}

/**
 * Starts the built server; port 0 is any free one. `serve` lists [prefix, directory] pairs beside what it serves
 * anyhow, `flags` are further ones. Ready when this resolves: `{ http, ws, https, wss, exited, stop, kill }`, with
 * `https` and `wss` if the flags ask for TLS.
 */
export async function startServer({ port = 0, serve = [], flags = [], quiet = false, release = false } = {}) {
  const args = ["--port", String(port), "--control", "--root", root];
  for (const [prefix, directory] of serve) args.push("--serve", `/${prefix.replace(/^\//, "")}=${directory}`);
  args.push(...flags);
  const wanted = flags.includes("--tls-port") ? 2 : 1;
  return launch(join(cargoTarget, release ? "release" : "debug", PACKAGE), args, { quiet, wanted });
}

/**
 * Starts a program that says where it listens, at so many addresses; the same as above when it does, and `urls`, all of
 * them.
 */
export async function launch(program, args, { quiet = false, wanted = 1 } = {}) {
  let seen = "";
  let ready;
  const address = new Promise((resolve) => (ready = resolve));
  const tee = (text) => {
    if (seen.length < 10_000) seen += text;
    const found = [...seen.matchAll(READY)].map(([, url]) => url);
    if (found.length === wanted) ready(found);
  };
  const child = start(program, args, { quiet, tee });
  const timer = setTimeout(() => ready(undefined), READY_WITHIN);
  const urls = await Promise.race([address, child.exited.then(() => undefined)]);
  clearTimeout(timer);
  if (!urls) {
    await stop(child);
    const why = quiet ? `:\n${seen.trim()}` : ", as it says above.";
    throw new Failure(`\`${[program, ...args].join(" ")}\` did not start${why}\nPORT=0 takes a free port.`);
  }
  const [http, https] = urls;
  const [ws, wss] = urls.map((url) => url.replace(/^http/, "ws"));
  return {
    urls,
    http,
    ws,
    https,
    wss,
    pid: child.pid,
    exited: child.exited,
    stop: () => stop(child),
    kill: () => stop(child, "SIGKILL"),
  };
}

/**
 * Starts the built fault proxy on a free port before a server, by its `http` address: `{ http, ws, control, stop }`, where
 * `control` is the address that takes orders. Its README.md lists the faults.
 */
export async function startFaultProxy(server, faults, { release = false } = {}) {
  const args = [new URL(server).host, "--faults", faults];
  const proxy = await launch(join(cargoTarget, release ? "release" : "debug", FAULT_PROXY), args, {
    quiet: true,
    wanted: 2,
  });
  const [http, control] = proxy.urls;
  return { http, ws: proxy.ws, control, stop: proxy.stop };
}
