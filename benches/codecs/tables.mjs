// The tables of docs/codecs.md, from the results.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inRoot } from "../../scripts/paths.mjs";
import { candidates } from "./candidates.mjs";

const PAGE = inRoot("docs/codecs.md");
const PLACE = /(?<=<!-- bench: [^>]* -->\n)[^]*?(?=<!-- \/bench -->)/;

export function writeTables(results) {
  const text = [
    intro(results),
    ...Object.entries(results.browsers).map(([, browser]) => table(results, browser)),
  ];
  writeFileSync(PAGE, readFileSync(PAGE, "utf8").replace(PLACE, `\n${text.join("\n\n")}\n\n`));
}

const intro = ({ date, machine }) => `Measured on ${date}: ${machine}.`;

function table({ shipped }, { version, times, encoded }) {
  const sizes = Object.keys(Object.values(times)[0]);
  const head = ["", "shipped", ...sizes.flatMap((size) => [`encode ${size}`, "decode", "bytes"])];
  const rows = candidates.map(({ name, what }) => [
    what,
    shipped[name].toLocaleString("en"),
    ...sizes.flatMap((size) => {
      const { encode, decode } = times[name][size];
      return [micros(encode), micros(decode), encoded[name][size].toLocaleString("en")];
    }),
  ]);
  const rule = head.map((_, column) => (column ? "---:" : "---"));
  const lines = [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return [`${version}, µs:`, lines.join("\n")].join("\n\n");
}

const micros = (time) => (time < 100 ? time.toFixed(1) : Math.round(time).toLocaleString("en"));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeTables(JSON.parse(readFileSync(inRoot("benches/codecs/results.json"), "utf8")));
}
