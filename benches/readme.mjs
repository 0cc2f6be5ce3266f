// What is shown of results.json: the README's table, and charts. Run by itself, this writes both.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inRoot } from "../scripts/paths.mjs";
import { drawn } from "./harness/charts.mjs";
import { shown } from "./harness/table.mjs";
import { list } from "./subjects/list.mjs";

export const RESULTS = inRoot("benches/results.json");
export const CHARTS = inRoot("benches/charts");
const README = inRoot("README.md");
const REGION = /(?<=<!-- bench: [^>]* -->\n)[^]*?(?=<!-- \/bench -->)/;

/** What a subject is asked, from a row a column: of 128 bytes of text where a size has a meaning. */
const COLUMNS = [
  ["sent, messages/s", { bench: "throughput", direction: "up" }],
  ["received, messages/s", { bench: "throughput", direction: "down" }],
  ["CPU to send, us", { bench: "cpu total", direction: "up" }],
  ["CPU to receive, us", { bench: "cpu total", direction: "down" }],
  ["lone round trip, us", { bench: "round trip p50", direction: "echo" }],
  ["script start to first message, ms", { bench: "start to first message" }],
  ["page load, bytes", { bench: "page load" }],
];
/** Which of the charts are shown there. */
const PICTURES = [
  ["throughput-up-text", "Messages a second sent, by the size of a message"],
  ["throughput-down-text", "Messages a second received, by the size of a message"],
  ["storm-attempts", "Connects a second at a server that is back after a minute, by the seconds since"],
  ["server-echoes", "Messages a second that one core of a server echoes, by the number of connections"],
];
const MESSAGE = { size: 128, kind: "text" };

/** The results, or undefined before there were any. */
export const results = () => (existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")) : undefined);

/** What is to stand in the README. */
export function region(results) {
  if (!results) return "\nNot measured yet.\n\n";
  const { machine, browser, date, rounds, rows } = results;
  const found = (subject, wanted) =>
    rows.find(
      (row) =>
        row.subject === subject &&
        Object.entries(row.direction ? { ...wanted, ...MESSAGE } : wanted).every(
          ([key, is]) => row[key] === is,
        ),
    );
  const lines = list.map(({ name }) => [
    name,
    ...COLUMNS.map(([, wanted]) => {
      const row = found(name, wanted);
      return row?.median == null ? "" : shown(row.median);
    }),
  ]);
  const cells = [["128 bytes of text", ...COLUMNS.map(([title]) => title)], ...lines];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  const line = (cells) =>
    `| ${cells.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (column ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`;
  const charts = PICTURES.map(([file, what]) => `![${what}](benches/charts/${file}.svg)`);
  const where = `${browser}, ${machine.cpu}, ${machine.cores} cores, ${machine.memory}, ${machine.kernel}`;
  const how = `Medians of ${rounds} rounds, ${where}, ${date}.`;
  return `\n${[line(cells[0]), rule, ...cells.slice(1).map(line)].join("\n")}\n\n${how}\n\n${charts.join("\n")}\n\n`;
}

/** What stands there. */
export const stated = () => REGION.exec(readFileSync(README, "utf8"))?.[0];

export const benchNames = () =>
  readdirSync(inRoot("benches")).filter((name) => existsSync(inRoot("benches", name, "bench.mjs")));

/** The charts that benches ask for: `[file, svg]`. */
export async function charts({ rows }) {
  const drawings = [];
  for (const name of benchNames()) {
    const { charts = [] } = await import(`./${name}/bench.mjs`);
    for (const { file, rows: are, ...chart } of charts)
      drawings.push([`${file}.svg`, drawn({ ...chart, rows: rows.filter(are) })]);
  }
  return drawings;
}

export async function writeCharts(results) {
  rmSync(CHARTS, { recursive: true, force: true });
  mkdirSync(CHARTS, { recursive: true });
  for (const [file, svg] of await charts(results)) writeFileSync(join(CHARTS, file), svg);
}

export function writeReadme() {
  const text = readFileSync(README, "utf8").replace(REGION, () => region(results()));
  writeFileSync(README, text);
}

/** The text of results.json: a row in a line. */
export function text({ rows, ...header }) {
  const lines = rows.map((row) => {
    const fields = Object.entries(row).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`);
    return `    { ${fields.join(", ")} }`;
  });
  return `${JSON.stringify(header, null, 2).slice(0, -2)},\n  "rows": [\n${lines.join(",\n")}\n  ]\n}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeReadme();
  if (results()) await writeCharts(results());
}
