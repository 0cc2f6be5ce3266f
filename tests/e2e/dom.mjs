import assert from "node:assert/strict";
import { By } from "selenium-webdriver";

/** Waits until an element of the page shows this text, and fails with what it shows instead. */
export async function showsText(driver, selector, text, within = 10_000) {
  const shown = () => driver.findElement(By.css(selector)).getText();
  await driver.wait(async () => (await shown()) === text, within).catch(() => {});
  assert.equal(await shown(), text, `what ${selector} shows`);
}
