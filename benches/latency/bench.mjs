// A lone message there and back: what a page waits for an answer when nothing else is on its way.
import { inBrowser } from "../harness/browser.mjs";
import { rowsOf } from "../harness/rows.mjs";
import { withServers } from "../harness/servers.mjs";

const SIZES = [16, 128, 1_024, 16_384];

export async function bench({ rounds, quick }) {
  const cells = (quick ? [128] : SIZES).map((size) => ({ size, kind: "text", direction: "echo" }));
  const found = await withServers(({ urls }) =>
    inBrowser({
      entry: "benches/latency/page.js",
      job: { servers: urls, rounds, cells, trips: quick ? 50 : 100 },
    }),
  );
  return ["p50", "p99"].flatMap((quantile) =>
    rowsOf(
      `round trip ${quantile}`,
      "us",
      found.map(({ cell, subject, [quantile]: median }) => ({ ...cell, subject, median })),
    ),
  );
}

export const charts = [
  {
    file: "round-trip",
    title: "A lone round trip, half of them within",
    rows: ({ bench }) => bench === "round trip p50",
    x: "bytes a message",
    y: "us",
  },
];
