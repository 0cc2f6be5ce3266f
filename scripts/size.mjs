// What each entry costs a page, in bytes: `npm run size`, or `npm run size -- --json`. Fails above the budget, which
// is for brotli, as servers send it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "./build.mjs";
import { bundle, coreOf } from "./build/bundle.mjs";
import { entries } from "./build/entries.mjs";
import { Failure, main } from "./failure.mjs";
import { inRoot, pkg } from "./paths.mjs";

/** With a function, since every core has some. */
const LEAST_WASM = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00],
  ...[0x03, 0x02, 0x01, 0x00, 0x0a, 0x04, 0x01, 0x02, 0x00, 0x0b],
);

await main(async (args) => {
  const json = args.includes("--json");
  if (!args.includes("--no-build")) await build();
  const sizes = await measure();
  console.log(json ? JSON.stringify(sizes.map(summary), null, 2) : table(sizes));
  const over = sizes.filter(({ brotli, budget }) => brotli > budget);
  if (over.length === 0) return;
  throw new Failure(
    over
      .map(
        ({ entry, brotli, budget }) => `${entry} is ${brotli - budget} bytes over its budget of ${budget}.`,
      )
      .concat("Make it smaller, or change scripts/size-budgets.json and say why in the commit.")
      .join("\n"),
  );
});

async function measure() {
  const budgets = JSON.parse(readFileSync(inRoot("scripts/size-budgets.json"), "utf8"));
  const sizes = [];
  for (const entry of entries) {
    const name = entry.name === "everwire" ? entry.name : `everwire/${entry.name}`;
    const script = weigh(readFileSync(join(pkg, `${entry.name}.js`)));
    if (entry.noCore || entry.core) {
      sizes.push({ entry: name, ...script, budget: budgets[name], parts: [] });
      continue;
    }
    const wasm = { part: "wasm", ...weigh(readFileSync(coreOf(entry).wasm)) };
    const code = { part: "glue + facade", ...weigh(Buffer.from(await bundle(entry, LEAST_WASM))) };
    // An entry with its wasm beside it loads two files, each compressed alone.
    const total = entry.beside ? add(script, wasm) : script;
    sizes.push({ entry: name, ...total, budget: budgets[name], parts: [wasm, code] });
  }
  return sizes;
}

function weigh(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  };
}

function add(a, b) {
  return { raw: a.raw + b.raw, gzip: a.gzip + b.gzip, brotli: a.brotli + b.brotli };
}

function summary({ entry, raw, gzip, brotli, budget }) {
  return { entry, raw, gzip, brotli, budget };
}

function table(sizes) {
  const line = (name, ...numbers) =>
    name.padEnd(20) + numbers.map((n) => String(n ?? "").padStart(9)).join("");
  const lines = [line("bytes", "raw", "gzip", "brotli", "budget")];
  for (const { entry, raw, gzip, brotli, budget, parts } of sizes) {
    lines.push(line(entry, raw, gzip, brotli, budget));
    for (const { part, raw, gzip, brotli } of parts) lines.push(line(`  ${part}`, raw, gzip, brotli));
  }
  return lines.join("\n");
}
