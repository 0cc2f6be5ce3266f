// All checks and tests: `npm test`, `npm test -- STEP...` for some, `npm test -- --list` for their names.
import { Failure, main } from "./failure.mjs";
import { steps } from "./test/steps.mjs";
import { runSteps } from "./test/runner.mjs";

await main(async (args) => {
  if (args.includes("--list")) {
    for (const { name, title } of steps) console.log(`${name.padEnd(14)} ${title}`);
    return;
  }
  const unknown = args.filter((arg) => !steps.some(({ name }) => name === arg));
  if (unknown.length > 0) {
    throw new Failure(
      `No step is called ${unknown.join(" or ")}. The steps: ${steps.map(({ name }) => name).join(", ")}.`,
    );
  }
  if (!(await runSteps(steps, args))) process.exitCode = 1;
});
