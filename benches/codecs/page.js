// Runs in a bare browser, measures, and posts its own result: a debugging protocol would copy along.
import { messages } from "./messages.js";

const ROUNDS = 11;
/** Milliseconds of one measurement: clocks in browsers are coarse, 1 ms in Firefox. */
const BATCH = 30;

const names = await (await fetch("candidates")).json();
const loaded = [];
for (const name of names) loaded.push({ name, ...(await import(`./${name}.js`)) });

const result = { userAgent: navigator.userAgent, rounds: ROUNDS, encoded: {}, times: {} };
try {
  const tasks = Object.entries(messages).flatMap(([size, message]) =>
    loaded.flatMap(({ name, encode, decode }) => {
      // Some give out a view of a buffer that they use again.
      const encoded = encode(message);
      const bytes = typeof encoded === "string" ? encoded : new Uint8Array(encoded);
      const back = decode(bytes);
      // Some sort the keys.
      if (sorted(back) !== sorted(message)) throw new Error(`${name} changes ${size}`);
      (result.encoded[name] ??= {})[size] =
        typeof bytes === "string" ? new TextEncoder().encode(bytes).length : bytes.length;
      return [
        { name, size, way: "encode", run: () => encode(message) },
        { name, size, way: "decode", run: () => decode(bytes) },
      ];
    }),
  );
  for (const task of tasks) task.times = calibrate(task);
  const found = new Map(tasks.map((task) => [task, []]));
  for (let round = 0; round < ROUNDS; round++) {
    // One after the other and never in the same order, so that noise and warmth meet all alike.
    for (const task of shuffled(tasks)) found.get(task).push((batch(task) / task.times) * 1_000);
  }
  for (const [{ name, size, way }, micros] of found) {
    ((result.times[name] ??= {})[size] ??= {})[way] = micros.sort((a, b) => a - b)[ROUNDS >> 1];
  }
} catch (error) {
  result.error = `${error}\n${error.stack}`;
}
await fetch("result", { method: "POST", body: JSON.stringify(result) });

function sorted(message) {
  const inOrder = (_, value) =>
    value && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort())
      : value;
  return JSON.stringify(message, inOrder);
}

/** How often a task has to run to take its time, once it is warm. */
function calibrate(task) {
  for (let times = 8; ; times *= 2) {
    const took = batch({ ...task, times });
    if (took >= BATCH) return Math.max(1, Math.round((times * BATCH) / took));
  }
}

/** Milliseconds. */
function batch({ run, times }) {
  const started = performance.now();
  for (let i = 0; i < times; i++) keep(run());
  return performance.now() - started;
}

/** Seen by others, so that no optimiser finds the work useless. */
function keep(value) {
  globalThis.kept = value;
}

function shuffled(list) {
  const order = list.map((item) => [Math.random(), item]);
  return order.sort(([a], [b]) => a - b).map(([, item]) => item);
}
