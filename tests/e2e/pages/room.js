// The peer that serves this page, seen from one scenario: a room and a port of its own, so that no failure makes the
// browser delay another scenario's dials. tests/echo-server/README.md says all it can do.
import { fail } from "./check.js";

const PATIENCE = 10_000;

export async function openRoom() {
  const name = crypto.randomUUID();
  const address = await port("echo");
  const stats = () => ask("GET", `/stats?room=${name}`);
  return {
    url: (query = "") => `${address}?room=${name}&${query}`,
    /** On a fresh port, which may "refuse" every connection, let every one "hang", or "echo". */
    urlAt: async (fault, query = "") => `${await port(fault)}?room=${name}&${query}`,
    stats,
    control: (command) => ask("POST", `/control/${name}/${command}`),
    /** A new token of this room; `ms=N` makes it hold so long. */
    issue: async (query = "") => (await ask("POST", `/control/${name}/issue?${query}`)).token,
    /** The statistics, once they are as they should be. */
    async until(what, is) {
      const started = Date.now();
      for (;;) {
        const now = await stats();
        if (is(now)) return now;
        if (Date.now() - started > PATIENCE) fail(`Not seen: ${what}. The peer says ${JSON.stringify(now)}`);
      }
    },
  };
}

/** With TLS for a page that came by TLS. */
const port = async (fault, tls = location.protocol === "https:" ? "&tls" : "") =>
  (await ask("POST", `/control/port?fault=${fault}${tls}`)).url;

async function ask(method, path) {
  const response = await fetch(path, { method });
  if (!response.ok) fail(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}
