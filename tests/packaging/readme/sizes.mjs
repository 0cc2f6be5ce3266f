// What `npm run size` measures, as the README tells it. Run by itself, this writes it there.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inRoot } from "../../../scripts/paths.mjs";
import { start } from "../../../scripts/process.mjs";

const README = inRoot("README.md");
const TABLE = /(?<=<!-- sizes: [^>]* -->\n)[^]*?(?=<!-- \/sizes -->)/;
const CELL = /(?<=<!-- size -->).*?(?=<!-- \/size -->)/;

/** The rows of `npm run size`: `{ name, raw, gzip, brotli }`. Needs a built pkg/. */
export async function measured() {
  let text = "";
  const tee = (part) => (text += part);
  const args = [inRoot("scripts/size.mjs"), "--no-build"];
  // Whether a budget is kept is not asked here.
  await start(process.execPath, args, { quiet: true, tee }).exited;
  return rows(text, /^(\s*\S.*?)\s{2,}(\d+)\s+(\d+)\s+(\d+)/gm);
}

/** The same rows, as the README has them. */
export function stated(readme) {
  return rows(TABLE.exec(readme)?.[0] ?? "", /^\| (.+?)\s+\|\s+([\d,]+) \|\s+([\d,]+) \|\s+([\d,]+) \|/gm);
}

/** What the comparison states, in bytes. */
export function compared(readme) {
  return parseFloat(CELL.exec(readme)?.[0] ?? "") * 1_000;
}

function rows(text, pattern) {
  const number = (digits) => Number(digits.replaceAll(",", ""));
  return [...text.matchAll(pattern)].map(([, name, ...sizes]) => {
    const [raw, gzip, brotli] = sizes.map(number);
    return { name: name.replaceAll(/`|of it: /g, "").trim(), raw, gzip, brotli };
  });
}

function table(rows) {
  const cells = rows.map(({ name, raw, gzip, brotli }) => [
    name.startsWith("everwire") ? `\`${name}\`` : `of it: ${name}`,
    ...[raw, gzip, brotli].map((size) => size.toLocaleString("en")),
  ]);
  const lines = [["entry", "raw", "gzip", "brotli"], ...cells];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length), 4));
  const line = (cells) =>
    `| ${cells.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (column ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`;
  return `\n${[line(lines[0]), rule, ...lines.slice(1).map(line)].join("\n")}\n\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows = await measured();
  const kilobytes = `${(rows[0].brotli / 1_000).toFixed(1)} kB`;
  writeFileSync(README, readFileSync(README, "utf8").replace(TABLE, table(rows)).replace(CELL, kilobytes));
}
