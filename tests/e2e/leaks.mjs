// Whether ten thousand reconnects leave something behind, by the scenarios of a file: "warm up", "ten thousand more" and
// "the end", and where they have it "count the sockets".
import assert from "node:assert/strict";
import { run } from "./scenario.mjs";

export async function reconnectTenThousandTimes(driver, file, more = async () => {}) {
  const warm = await run(driver, file, "warm up");
  const heapBefore = await usedHeap(driver);
  const later = await run(driver, file, "ten thousand more");
  const heapAfter = await usedHeap(driver);
  await more();
  await run(driver, file, "the end");
  assert.equal(later.memory, warm.memory, "the WebAssembly's memory must not grow");
  const grown = heapAfter - heapBefore;
  // A single object left by each reconnect would be a megabyte.
  assert.ok(grown < 500_000, `JavaScript's heap grew by ${grown} bytes`);
}

/** Bytes in use after a collection, where a browser tells; 0 elsewhere. */
export async function usedHeap(driver) {
  if (!driver.sendAndGetDevToolsCommand) return 0;
  let least = Infinity;
  // What one round collects lets go of more for the next, and what is in use for a moment is not at another.
  for (let round = 0; round < 5; round++) {
    await driver.sendDevToolsCommand("HeapProfiler.collectGarbage", {});
    const { usedSize } = await driver.sendAndGetDevToolsCommand("Runtime.getHeapUsage", {});
    least = Math.min(least, usedSize);
  }
  return least;
}
