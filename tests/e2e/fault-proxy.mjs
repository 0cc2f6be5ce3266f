// What stands between a page and its server, and spoils the connection.
import * as native from "../../scripts/echo-server.mjs";

let built;

/**
 * Starts one on a free port before `peer`. Faults are an object, such as `{ cut: "50-500", seed: 7 }`;
 * tests/echo-server/README.md lists them.
 *
 * `{ ws, faults(faults), cut(how), stats(), stop() }`: `faults` puts others in the place of those before, `cut` cuts what
 * is open.
 */
export async function startFaultProxy(peer, faults = {}) {
  await (built ??= native.buildFaultProxy({ quiet: true }));
  const proxy = await native.startFaultProxy(peer.http, query(faults));
  const ask = async (method, path) => {
    const response = await fetch(`${proxy.control}${path}`, { method });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return {
    ws: proxy.ws,
    faults: (others = {}) => ask("POST", `/control/faults?${query(others)}`),
    cut: (how = "reset") => ask("POST", `/control/cut?how=${how}`),
    stats: () => ask("GET", "/stats"),
    stop: proxy.stop,
  };
}

const query = (faults) => new URLSearchParams(faults).toString();
