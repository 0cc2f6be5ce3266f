// `npm run bench`: builds what it needs, runs every bench and prints tables; writes results.json, charts/ and the README's
// table. `-- --quick` is short, `-- --only NAME` runs one bench, `-- --json` prints rows: these write nothing.
import { writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { build } from "../scripts/build.mjs";
import { buildFaultProxy } from "../scripts/echo-server.mjs";
import { Failure, main } from "../scripts/failure.mjs";
import { inRoot } from "../scripts/paths.mjs";
import { output, run } from "../scripts/process.mjs";
import { say } from "../scripts/say.mjs";
import { chromium, setup } from "../scripts/setup.mjs";
import { buildRust } from "./harness/rust.mjs";
import { buildServers } from "./harness/servers.mjs";
import { table } from "./harness/table.mjs";
import { benchNames, RESULTS, text, writeCharts, writeReadme } from "./readme.mjs";

const ROUNDS = { full: 9, quick: 3 };

await main(async (args) => {
  const { quick, only, json } = options(args);
  const names = benchNames();
  if (only && !names.includes(only)) throw new Failure(`There is no bench ${only}: ${names.join(", ")}.`);
  await prepare();
  const rounds = quick ? ROUNDS.quick : ROUNDS.full;
  const benches = [];
  for (const name of only ? [only] : names)
    benches.push({ name, ...(await import(`./${name}/bench.mjs`)), rows: [] });
  const measure = async (bench) => {
    const begun = performance.now();
    const log = (text) => say(`${bench.name}: ${text}`);
    bench.rows = await bench.bench({ rounds, quick, log });
    log(`took ${((performance.now() - begun) / 1_000).toFixed(0)} s`);
  };
  for (const bench of benches.filter(({ isPatient }) => !isPatient)) await measure(bench);
  // Those that measure no speed do not mind each other.
  await Promise.all(benches.filter(({ isPatient }) => isPatient).map(measure));
  const rows = benches.flatMap(({ rows }) => rows);
  const results = { ...(await header(rounds)), rows };
  console.log(json ? text(results) : table(rows));
  if (quick || only) return;
  writeFileSync(RESULTS, text(results));
  await writeCharts(results);
  writeReadme();
});

function options(args) {
  const options = { quick: false, only: undefined, json: false };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--quick") options.quick = true;
    else if (args[i] === "--json") options.json = true;
    else if (args[i] === "--only" && args[i + 1]) options.only = args[++i];
    else throw new Failure(`${args[i]}: there are --quick, --json and --only NAME.`);
  }
  return options;
}

async function prepare() {
  await build();
  await setup([chromium]);
  await buildServers({ release: true });
  await buildFaultProxy({ release: true });
  await buildRust();
  const peers = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  await run("npm", peers, { cwd: inRoot("benches"), quiet: true });
}

async function header(rounds) {
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cpu: cpus()[0].model.trim(),
      cores: cpus().length,
      memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
      kernel: `Linux ${release().split("-")[0]}`,
    },
    browser: (await output("chromium", ["--version"]))?.match(/Chromium [\d.]+/)?.[0],
    node: process.version,
    rounds,
  };
}
