// How many instructions the core, the sessions and the codecs take for their work, counted by callgrind: `npm run
// instructions`. Fails where one takes more than scripts/instruction-budgets.json allows; `-- --update` writes what is
// counted there. benches/instructions is the work.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, main } from "./failure.mjs";
import { cargoTarget, inRoot } from "./paths.mjs";
import { output, run } from "./process.mjs";
import { say } from "./say.mjs";
import { setup, valgrind } from "./setup.mjs";
import { countsHere } from "./setup/valgrind.mjs";

const PROGRAM = "everwire-instructions";
/** As the wasm is built: one unit, optimised as a whole. It carries no debug information. */
const PROFILE = "wasm-release";
const BUDGETS = inRoot("scripts/instruction-budgets.json");
const DUMPS = inRoot("target/instructions");
/** The function whose instructions are counted, by its demangled name. */
const MEASURED = "*::measured";

await main(async (args) => {
  if (!countsHere) return say("Instructions are counted on x86-64 Linux alone: nothing was counted here.");
  await setup([valgrind]);
  await run("cargo", ["build", "--locked", "--package", PROGRAM, "--profile", PROFILE]);
  const counts = await countAll(join(cargoTarget, PROFILE, PROGRAM));
  const compiler = (await output("rustc", ["--version"])).trim();
  const budgets = JSON.parse(readFileSync(BUDGETS, "utf8"));
  if (args.includes("--update")) return update(budgets, compiler, counts);
  console.log(table(budgets, counts));
  judge(budgets, compiler, counts);
});

/** Instructions of each piece of work, for one of what it does so often. */
async function countAll(program) {
  const names = (await output(program)).trim().split("\n");
  const counts = {};
  for (const name of names) Object.assign(counts, await count(program, name));
  return counts;
}

async function count(program, name) {
  rmSync(DUMPS, { recursive: true, force: true });
  mkdirSync(DUMPS, { recursive: true });
  const printed = await output(
    "valgrind",
    [
      "--tool=callgrind",
      "--collect-atstart=no",
      `--toggle-collect=${MEASURED}`,
      `--dump-after=${MEASURED}`,
      `--callgrind-out-file=${join(DUMPS, "counts")}`,
      "--log-file=" + join(DUMPS, "log"),
      program,
      name,
    ],
    // The C library chooses how it copies by what the processor can do; this it can do everywhere.
    { env: { GLIBC_TUNABLES: "glibc.cpu.hwcaps=-AVX2_Usable,-AVX2,-AVX512F,-ERMS,-FSRM" } },
  );
  if (printed === undefined)
    throw new Failure(`\`valgrind ${program} ${name}\` failed: ${join(DUMPS, "log")} says why.`);
  const work = printed
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"));
  const dumps = readdirSync(DUMPS).filter((name) => /^counts\.\d+$/.test(name));
  if (dumps.length !== work.length)
    throw new Failure(`${work.length} pieces of work were done, but callgrind saw ${dumps.length} of them.`);
  return Object.fromEntries(
    work.map(([name, times], index) => {
      const dump = readFileSync(join(DUMPS, `counts.${index + 1}`), "utf8");
      return [
        name,
        Math.round((10 * Number(/^(?:totals|summary): (\d+)/m.exec(dump)[1])) / Number(times)) / 10,
      ];
    }),
  );
}

function update(budgets, compiler, counts) {
  writeFileSync(BUDGETS, `${JSON.stringify({ ...budgets, compiler, counts }, null, 2)}\n`);
  say("scripts/instruction-budgets.json holds what was counted. Say in the commit what made the difference.");
}

function table({ counts: allowed }, counts) {
  const line = (name, now, budget, change) =>
    name.padEnd(42) + String(now).padStart(12) + String(budget ?? "none").padStart(12) + change.padStart(9);
  const lines = Object.entries(counts).map(([name, now]) =>
    line(name, now, allowed[name], name in allowed ? percent(now / allowed[name] - 1) : ""),
  );
  return [line("instructions for one", "now", "budget", "change"), ...lines].join("\n");
}

function judge({ counts: allowed, tolerance, toleranceOfOthers, compiler: theirs }, compiler, counts) {
  const foreign = compiler !== theirs;
  const limit = foreign ? toleranceOfOthers : tolerance;
  if (foreign)
    say(
      `The budgets were counted with ${theirs}, this is ${compiler}: only more than ${percent(limit)} counts.`,
    );
  const changes = Object.entries(counts)
    .filter(([name]) => name in allowed)
    .map(([name, now]) => ({ name, now, before: allowed[name], change: now / allowed[name] - 1 }));
  const told = ({ name, now, before, change }) => `${name}: ${now} instead of ${before} (${percent(change)})`;
  const less = changes.filter(({ change }) => change < -limit);
  if (less.length > 0) {
    const words = less.map(told).join("\n");
    say(`Less than the budget, which is to follow (npm run instructions -- --update):\n${words}`);
  }
  const problems = changes.filter(({ change }) => change > limit).map(told);
  const names = new Set([...Object.keys(allowed), ...Object.keys(counts)]);
  for (const name of names) {
    if (!(name in allowed)) problems.push(`${name}: has no budget`);
    if (!(name in counts)) problems.push(`${name}: has a budget, but is not counted any more`);
  }
  if (problems.length === 0) return;
  throw new Failure(
    [
      ...problems,
      "These are instructions for one message, or one of what the line names.",
      "Make it as cheap as it was; or `npm run instructions -- --update`, and say in the commit why it costs more.",
    ].join("\n"),
  );
}

function percent(share) {
  return `${share > 0 ? "+" : ""}${(100 * share).toFixed(1)} %`;
}
