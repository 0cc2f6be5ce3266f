// Messages a second, up, down and echoed, and what each costs the CPU.
import { inBrowser } from "../harness/browser.mjs";
import { rowsOf } from "../harness/rows.mjs";
import { withServers } from "../harness/servers.mjs";

const SIZES = [16, 128, 1_024, 16_384, 1_000_000];

export async function bench({ rounds, quick, log }) {
  const sizes = quick ? [128] : SIZES;
  const cells = ["up", "down", "echo"].flatMap((direction) =>
    ["binary", "text"].flatMap((kind) => sizes.map((size) => ({ direction, kind, size }))),
  );
  log(`${cells.length} cells, each ${rounds} times`);
  return withServers(async ({ urls, pids }) => {
    const found = await inBrowser({
      entry: "benches/throughput/page.js",
      job: { servers: urls, rounds, cells },
      servers: pids,
    });
    return ["throughput", "cpu total", "cpu renderer", "cpu network", "cpu server"].flatMap((bench) =>
      rowsOf(
        bench,
        bench === "throughput" ? "messages/s" : "us/message",
        found.map(({ [bench]: median, subject, size, direction, kind }) => ({
          subject,
          size,
          direction,
          kind,
          median,
        })),
      ),
    );
  });
}
