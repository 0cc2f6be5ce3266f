// `npm run bench`: builds what it needs, runs every bench, prints a table, writes results.json and charts/.
// `-- --quick` is short and writes nothing, `-- --only NAME` runs one bench and puts its rows in the place of its old ones.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { build } from "../scripts/build.mjs";
import { buildServer } from "../scripts/echo-server.mjs";
import { Failure, main } from "../scripts/failure.mjs";
import { inRoot } from "../scripts/paths.mjs";
import { output, run } from "../scripts/process.mjs";
import { say } from "../scripts/say.mjs";
import { chromium, setup } from "../scripts/setup.mjs";
import { buildRust } from "./harness/rust.mjs";
import { table } from "./harness/table.mjs";

const RESULTS = inRoot("benches/results.json");
const ROUNDS = { full: 9, quick: 3 };

await main(async (args) => {
  const { quick, only, json } = options(args);
  await prepare();
  const rounds = quick ? ROUNDS.quick : ROUNDS.full;
  const names = readdirSync(inRoot("benches")).filter((name) =>
    existsSync(inRoot("benches", name, "bench.mjs")),
  );
  if (only && !names.includes(only)) throw new Failure(`There is no bench ${only}: ${names.join(", ")}.`);
  const rows = [];
  for (const name of only ? [only] : names) {
    const { bench } = await import(`./${name}/bench.mjs`);
    const begun = performance.now();
    const log = (text) => say(`${name}: ${text}`);
    rows.push(...(await bench({ rounds, quick, log })));
    log(`${((performance.now() - begun) / 1_000).toFixed(0)} s`);
  }
  const results = { ...(await header(rounds)), rows };
  if (json) console.log(JSON.stringify(results));
  else console.log(table(rows));
  if (!quick && !only) writeFileSync(RESULTS, text(results));
});

function options(args) {
  const options = { quick: false, only: undefined, json: false };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--quick") options.quick = true;
    else if (args[i] === "--json") options.json = true;
    else if (args[i] === "--only" && args[i + 1]) options.only = args[++i];
    else throw new Failure(`${args[i]}: I know --quick, --json and --only NAME.`);
  }
  return options;
}

async function prepare() {
  await build();
  await setup([chromium]);
  await buildServer({ release: true });
  await buildRust();
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: inRoot("benches"),
    quiet: true,
  });
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

/** A row in a line. */
function text({ rows, ...header }) {
  const lines = rows.map((row) => `    ${JSON.stringify(row).replaceAll(/(?<=[,{:])(?=["\d\w])/g, "$&")}`);
  return `${JSON.stringify(header, null, 2).slice(0, -2)},\n  "rows": [\n${lines.join(",\n")}\n  ]\n}\n`;
}
