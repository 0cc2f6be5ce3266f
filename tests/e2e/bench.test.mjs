// The harness of `npm run bench`, with those subjects that need nothing installed.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { drawn } from "../../benches/harness/charts.mjs";
import { buildServers } from "../../benches/harness/servers.mjs";
import { table } from "../../benches/harness/table.mjs";
import { CHARTS, charts as chartsOf, region, results, stated, text } from "../../benches/readme.mjs";
import { list } from "../../benches/subjects/list.mjs";
import { bench, charts } from "../../benches/throughput/bench.mjs";

const SUBJECTS = ["WebSocket", "everwire", "everwire/session"];

describe("the bench", () => {
  let rows;
  before(async () => {
    await buildServers({ quiet: true });
    const subjects = list.filter(({ name }) => SUBJECTS.includes(name));
    rows = await bench({ rounds: 1, quick: true, log() {}, subjects, release: false });
  });

  it("measures every subject in a bare browser, both ways and both kinds, and what each message costs the CPU", () => {
    for (const name of ["throughput", "cpu total", "cpu renderer", "cpu network", "cpu server"])
      for (const subject of SUBJECTS)
        for (const direction of ["up", "down", "echo"])
          for (const kind of ["text", "binary"]) {
            const found = rows.filter(
              (row) =>
                row.bench === name &&
                row.subject === subject &&
                row.direction === direction &&
                row.kind === kind,
            );
            assert.equal(found.length, 1, `${name} ${subject} ${direction} ${kind}`);
            const [{ size, unit, median, ratioToRaw }] = found;
            assert.equal(size, 128);
            assert.equal(unit, name === "throughput" ? "messages/s" : "us/message");
            assert.ok(median > 0, `${name} ${subject} ${direction} ${kind}: ${median}`);
            if (subject === "WebSocket") assert.equal(ratioToRaw, 1);
            else assert.ok(ratioToRaw > 0);
          }
  });

  it("writes results that can be read again, tables and charts of every subject", () => {
    const header = { date: "2026-01-02", machine: { cpu: "a" }, rounds: 1 };
    assert.deepEqual(JSON.parse(text({ ...header, rows })), { ...header, rows });
    const { rows: are, ...chart } = charts[0];
    const svg = drawn({ ...chart, rows: rows.filter(are) });
    for (const subject of SUBJECTS) {
      assert.ok(table(rows).includes(`\n${subject} `), subject);
      assert.ok(svg.includes(`>${subject}</text>`), subject);
    }
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  });
});

describe("the README", () => {
  const found = results();

  it("says of the benches what their results are", () => {
    assert.equal(stated(), region(found), "Run `node benches/readme.mjs`.");
  });

  it("has the machine, the browser and the date beside the numbers", () => {
    const row = (subject, bench, direction, median) => ({
      subject,
      bench,
      direction,
      size: 128,
      kind: "text",
      median,
    });
    const machine = { cpu: "Some CPU", cores: 2, memory: "4 GiB", kernel: "Linux 6" };
    const rows = [row("everwire", "throughput", "up", 12_345), row("WebSocket", "throughput", "up", 12_000)];
    const shown = region({ machine, browser: "Chromium 1", date: "2026-01-02", rounds: 9, rows });
    for (const part of [
      "12,345",
      "12,000",
      "Some CPU, 2 cores, 4 GiB, Linux 6",
      "Chromium 1",
      "2026-01-02",
      "9 rounds",
    ])
      assert.ok(shown.includes(part), `${part} in ${shown}`);
  });

  it("shows charts, and all there are say what the results are", async () => {
    const drawings = found ? await chartsOf(found) : [];
    const are = existsSync(CHARTS) ? readdirSync(CHARTS) : [];
    assert.deepEqual(are.sort(), drawings.map(([file]) => file).sort(), "Run `node benches/readme.mjs`.");
    for (const [file, svg] of drawings) assert.equal(readFileSync(join(CHARTS, file), "utf8"), svg, file);
    for (const [, file] of stated().matchAll(/\(benches\/charts\/([^)]+)\)/g))
      assert.ok(are.includes(file), `${file} is no chart`);
  });
});
