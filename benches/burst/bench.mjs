// Whether a page still answers while many messages arrive.
import { inBrowser } from "../harness/browser.mjs";
import { rowsOf } from "../harness/rows.mjs";
import { withServers } from "../harness/servers.mjs";

/** Not everybody hears the most messages: a round takes seconds, and wrappers of a WebSocket are as it is. */
const BURSTS = [
  { messages: 1_000 },
  { messages: 10_000 },
  {
    messages: 100_000,
    only: ["WebSocket", "everwire", "everwire/session"],
  },
];

export async function bench({ rounds, quick }) {
  const found = await withServers(({ urls }) =>
    inBrowser({
      entry: "benches/burst/page.js",
      job: { servers: urls, rounds, bursts: quick ? BURSTS.slice(0, 1) : BURSTS, size: 128, kind: "text" },
    }),
  );
  return rowsOf("longest task in a burst", "ms", found);
}

export const charts = [
  {
    file: "burst",
    title: "The longest a page is blocked while messages arrive",
    rows: ({ bench }) => bench === "longest task in a burst",
    x: "messages in the burst",
    y: "ms",
  },
];
