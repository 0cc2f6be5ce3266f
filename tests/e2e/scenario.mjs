// Runs what pages/run.js offers, on a page that is open.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { command } from "./browser.mjs";
import { isLost } from "./page.mjs";
import { engines } from "./pages/engines.js";

const SCENARIO_TIMEOUT = 60_000;
const RUN = `
  const [number, file, title, done] = arguments;
  window.runScenario(number, file, title).then(done);
`;

let runs = 0;

/** Runs one scenario, by the name of its file in pages/scenarios and its title; what it finds wrong is thrown. */
export async function run(driver, file, title) {
  await driver.manage().setTimeouts({ script: SCENARIO_TIMEOUT });
  await driver.wait(() => driver.executeScript("return typeof window.runScenario === 'function'"), 10_000);
  const number = ++runs;
  const ask = () => driver.executeAsyncScript(RUN, number, file, title);
  const again = (error) => (isLost(error) ? ask() : Promise.reject(error));
  const { passed, text, result } = await ask().catch(again);
  if (!passed) assert.fail(text);
  return result;
}

/** "offline" or "online": by the browser's own switch where it has one; elsewhere the page is told so. */
export async function switchNetwork(browser, driver, to) {
  if (!engines[browser].networkSwitch) return run(driver, "network", `say ${to}`);
  const networkConditions = to === "offline" ? { type: "offline" } : null;
  const contexts = [await driver.getWindowHandle()];
  return command(driver, "emulation.setNetworkConditions", { networkConditions, contexts });
}

/**
 * A page that is open for all tests of the `describe` around it, with its `driver`. `show` opens it for as long as what
 * it is given takes, as `withPage` and `withTab` do.
 */
export function keepOpen(show) {
  const page = { driver: undefined };
  let leave;
  let left;
  before(
    () =>
      new Promise((resolve, reject) => {
        const stay = (driver) => {
          page.driver = driver;
          resolve();
          return new Promise((done) => (leave = done));
        };
        left = show(stay);
        left.catch(reject);
      }),
  );
  after(async () => {
    leave?.();
    await left;
  });
  return page;
}
