import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { screenshot, withPage } from "./browser.mjs";
import { inEachBrowser } from "./in-each-browser.mjs";

const page = (script) =>
  `data:text/html,${encodeURIComponent(`<title>A page</title><script>${script}</script>`)}`;
const settled = `document.title = "settled"`;

inEachBrowser((browser) => {
  describe(`a page that tests open in ${browser}`, () => {
    it("has its errors collected: logged, thrown, and rejected without anyone to catch them", async () => {
      const script = `
        console.log("harmless");
        console.error("logged");
        setTimeout(() => { throw new Error("thrown"); });
        setTimeout(() => Promise.reject(new Error("rejected")), 20);
        setTimeout(() => { ${settled} }, 300);
      `;
      await withPage(browser, page(script), async (driver, log) => {
        await driver.wait(async () => (await driver.getTitle()) === "settled", 5_000);
        assert.equal(log.errors.length, 3, log.errors.join("\n"));
        for (const [i, word] of ["logged", "thrown", "rejected"].entries())
          assert.match(log.errors[i], RegExp(word));
        assert.ok(log.entries.some(({ text }) => text === "harmless"));
      });
    });

    it("can be photographed at the size asked for", async () => {
      await withPage(browser, page(""), async (driver) => {
        const file = await screenshot(driver, `blank-${browser}`, 800, 600);
        const png = readFileSync(file);
        assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [800, 600]);
      });
    });
  });
});
