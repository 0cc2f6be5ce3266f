// What a session's link finds its receipts in, against a map.
import assert from "node:assert/strict";
import { it } from "node:test";
import { build } from "esbuild";
import { inRoot } from "../../scripts/paths.mjs";

const { outputFiles } = await build({
  entryPoints: [inRoot("ts/session/row.ts")],
  format: "esm",
  write: false,
});
const { Row } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`
);

/** Puts in 20,000 and takes out what `leaves(number)` of those that stay says; a map and a row must agree all along. */
function compared(leaves) {
  const [row, map] = [new Row(), new Map()];
  for (let number = 1; number <= 20_000; number++) {
    const value = { number };
    row.set(number, value);
    map.set(number, value);
    for (const gone of leaves(number)) {
      row.delete(gone);
      map.delete(gone);
    }
    const some = [1, number - 5_000, number - 10, number, number + 1];
    for (const at of some) assert.equal(row.get(at), map.get(at), `${at} of ${number}`);
  }
  assert.deepEqual([...row], [...map]);
}

it("what leaves in order is found until then, and not after", () => {
  compared((number) => (number > 3_000 ? [number - 3_000] : []));
});

it("what stays is found, however many pass it", () => {
  compared((number) => (number % 1_000 === 0 ? [] : [number]));
});

it("what leaves all at once makes room for what comes", () => {
  compared((number) => (number % 2_500 === 0 ? Array.from({ length: 2_500 }, (_, i) => number - i) : []));
});

it("what leaves in no order is told apart from what stays", () => {
  let seed = 1;
  compared((number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return [1 + (seed % number), 1 + ((seed * 7) % number), number - (seed % 3)];
  });
});
