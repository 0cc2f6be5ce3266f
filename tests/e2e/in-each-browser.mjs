import { describe } from "node:test";
import { browsers } from "./browser.mjs";

/** Declares the same tests for every browser, side by side, since they mostly wait; those of one browser run in turn. */
export function inEachBrowser(declare) {
  describe("in each browser", { concurrency: browsers.length }, () => {
    for (const browser of browsers) describe(browser, { concurrency: 1 }, () => declare(browser));
  });
}
