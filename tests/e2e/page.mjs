// A page of the demo under a test's hands.
import assert from "node:assert/strict";

export const SOON = 10_000;
/** Faults last up to 8 s, and after the last failed dial a browser and the wire hold back by some seconds more. */
export const AFTER_FAULT = 30_000;

/** What browsers themselves log about a connection that fails, whatever the page does. */
const BROWSERS_OWN = /WebSocket connection to|establish a connection to the server|was interrupted while/;

/** No script failed, and none complained. */
export function assertSilent(log) {
  assert.deepEqual(
    log.errors.filter((text) => !BROWSERS_OWN.test(text)),
    [],
  );
}

/** WebKitWebDriver now and then loses the answer of a script. */
export const isLost = ({ message }) => /^Could not parse script result|did not say why$/.test(message);

/** A question that is asked again anyhow takes that for a no. */
function notYet(error) {
  if (isLost(error)) return false;
  throw error;
}

export class Page {
  constructor(driver) {
    this.driver = driver;
  }

  run(script, ...args) {
    return this.driver.executeScript(`return (${script})(...arguments)`, ...args);
  }

  /** Waits until a condition holds in the page; it gets `args`. In a page that is still loading none does. */
  async until(condition, patience = SOON, ...args) {
    const loaded = 'document.readyState === "complete"';
    const check = () =>
      this.driver
        .executeScript(`return ${loaded} && Boolean((${condition})(...arguments))`, ...args)
        .catch(notYet);
    await this.driver.wait(check, patience, `never came true: ${condition} of ${JSON.stringify(args)}`, 50);
  }

  state() {
    return this.run(() => document.body?.dataset.state);
  }

  async reach(state, patience = SOON) {
    const check = async () => (await this.state().catch(notYet)) === state;
    await this.driver.wait(check, patience, `the wire never was ${state}`, 50);
  }

  click(selector) {
    return this.run((found) => document.querySelector(found).click(), selector);
  }

  count(selector) {
    return this.run((counted) => document.querySelectorAll(counted).length, selector);
  }

  text(selector) {
    return this.run((read) => document.querySelector(read).textContent, selector);
  }

  async shows(selector, text, patience = SOON) {
    const condition = (found, wanted) => document.querySelector(found)?.textContent.includes(wanted);
    await this.until(condition, patience, selector, text);
  }
}
