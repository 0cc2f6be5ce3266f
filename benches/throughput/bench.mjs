// Messages a second, up, down and echoed, and what each costs the CPU.
import { inBrowser } from "../harness/browser.mjs";
import { rowsOf } from "../harness/rows.mjs";
import { withServers } from "../harness/servers.mjs";
import { list } from "../subjects/list.mjs";

const MEASURES = [
  ["throughput", "messages/s"],
  ["cpu total", "us/message"],
  ["cpu renderer", "us/message"],
  ["cpu network", "us/message"],
  ["cpu server", "us/message"],
];
const SIZES = [16, 128, 1_024, 16_384, 1_000_000];

export async function bench({ rounds, quick, log, subjects = list, release = true }) {
  const sizes = quick ? [128] : SIZES;
  const cells = ["up", "down", "echo"].flatMap((direction) =>
    ["binary", "text"].flatMap((kind) => sizes.map((size) => ({ direction, kind, size }))),
  );
  log(`${cells.length} cells, each ${rounds} times`);
  const measure = ({ urls, pids }) =>
    inBrowser({
      entry: "benches/throughput/page.js",
      subjects,
      job: { servers: urls, rounds, cells },
      servers: pids,
      log: () => {},
      patience: 1_200_000,
    });
  const found = await withServers(measure, { subjects, release });
  return MEASURES.flatMap(([bench, unit]) =>
    rowsOf(
      bench,
      unit,
      found.map(({ [bench]: median, subject, size, direction, kind }) => ({
        subject,
        size,
        direction,
        kind,
        median,
      })),
    ),
  );
}

const chart = (bench, direction, kind, title, y) => ({
  file: `${bench.replace(" ", "-")}-${direction}-${kind}`,
  title: `${title}, ${kind}`,
  rows: (row) => row.bench === bench && row.direction === direction && row.kind === kind,
  x: "bytes a message",
  y,
});

export const charts = ["text", "binary"].flatMap((kind) => [
  chart("throughput", "up", kind, "Messages a second, sent", "messages/s"),
  chart("throughput", "down", kind, "Messages a second, received", "messages/s"),
  chart("throughput", "echo", kind, "Messages a second, sent and received again", "messages/s"),
  chart("cpu total", "up", kind, "CPU time of a message sent", "us, all processes"),
  chart("cpu total", "down", kind, "CPU time of a message received", "us, all processes"),
]);
