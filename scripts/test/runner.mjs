// Runs named steps one after the other, and all of them even where one fails.
import { Counter } from "./counter.mjs";

/**
 * Runs the steps named, or all; a step's `needs` run too, and it is not run where one of those failed. True if all
 * passed.
 */
export async function runSteps(steps, names) {
  const results = new Map();
  for (const step of wanted(steps, names)) {
    const failed = step.needs.filter((need) => !results.get(need).ok);
    results.set(step.name, failed.length > 0 ? notRun(step, failed) : await runStep(step));
  }
  summarize([...results.values()]);
  return [...results.values()].every(({ ok }) => ok);
}

function wanted(steps, names) {
  const chosen = new Set();
  const choose = (step) => {
    for (const need of step.needs) choose(steps.find(({ name }) => name === need));
    chosen.add(step);
  };
  for (const step of steps) if (names.length === 0 || names.includes(step.name)) choose(step);
  return chosen;
}

async function runStep(step) {
  console.log(`\n=== ${step.name}: ${step.title}`);
  const started = performance.now();
  const counter = new Counter();
  let problem;
  try {
    await step.run({ tee: (text) => counter.read(text) });
  } catch (error) {
    problem = error.name === "Failure" ? error.message : error.stack;
    console.error(`\n${problem}`);
  }
  const seconds = (performance.now() - started) / 1000;
  return { name: step.name, ok: !problem, seconds, ...counter.total(!problem) };
}

function notRun({ name }, failed) {
  console.log(`\n=== ${name}: not run, because ${failed.join(" and ")} failed`);
  return { name, ok: false, seconds: 0, passed: 0, failed: 1 };
}

function summarize(results) {
  console.log("");
  let all = { passed: 0, failed: 0 };
  for (const { name, ok, seconds, passed, failed } of results) {
    const counts = `${passed} passed${failed ? `, ${failed} failed` : ""}`;
    console.log(`${ok ? "ok  " : "FAIL"} ${name.padEnd(14)} ${seconds.toFixed(1).padStart(7)} s   ${counts}`);
    all = { passed: all.passed + passed, failed: all.failed + failed };
  }
  console.log(`\n${all.passed} passed, ${all.failed} failed`);
}
