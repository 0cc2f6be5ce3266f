// Runs one scenario at a time, by name, for the test that drives this page.
import { same } from "./check.js";
import { engineHere } from "./engines.js";
import { openRoom } from "./room.js";
import * as wasm from "./wasm.js";

const SOON = 30_000;
/** The page's own, whatever a scenario puts in their place. */
const { setTimeout, clearTimeout } = globalThis;

/** What was thrown and not caught: a scenario that expects some takes it. */
const uncaught = [];
addEventListener("error", ({ error, message }) => uncaught.push(error ?? message));
addEventListener("unhandledrejection", ({ reason }) => uncaught.push(reason));

// Not before the wasm can be watched. `?entry=worker`: the one whose connections live in a worker; `session`: with sessions.
const entry = new URLSearchParams(location.search).get("entry") ?? "everwire";
const everwire = await import(`/pkg/${entry}.js`);

/** The latest run, by the number that the test gives it: the same number asks for its result once more. */
let latest;

window.runScenario = (number, ...which) => {
  if (latest?.number !== number) latest = { number, result: runScenario(...which) };
  return latest.result;
};

async function runScenario(file, title) {
  const over = new AbortController();
  const page = {
    ...everwire,
    wasm,
    engine: engineHere(),
    openRoom,
    over: over.signal,
    /** A wire that is closed when the scenario is over. */
    wire: (url, options) => {
      const wire = new (everwire.Wire ?? everwire.SessionWire)(url, options);
      over.signal.addEventListener("abort", () => wire.close());
      return wire;
    },
    takeUncaught: () => uncaught.splice(0),
  };
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It did not come to its end in ${SOON} ms.`)), SOON);
  });
  try {
    const { scenarios } = await import(`./scenarios/${file}.js`);
    const result = await Promise.race([scenarios[title](page), late]);
    same(uncaught.splice(0).map(String), [], "what nobody caught");
    return { passed: true, result };
  } catch (error) {
    return { passed: false, text: `${error}\n${error?.stack ?? ""}\n${uncaught.splice(0).join("\n")}` };
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}
