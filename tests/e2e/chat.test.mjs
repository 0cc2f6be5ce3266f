// The chat of examples/chat: a page in Rust and a page in TypeScript, through the server in Rust.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { By, until as located } from "selenium-webdriver";
import { buildChat, startChat } from "../../scripts/build/chat.mjs";
import { browsers, withPage } from "./browser.mjs";
import { showsText } from "./dom.mjs";
import { assertSilent } from "./page.mjs";

const SOON = 15_000;

describe("the chat", () => {
  before(() => buildChat({ quiet: true }));

  for (const [i, rust] of browsers.entries()) {
    const typescript = browsers[(i + 1) % browsers.length];
    it(`goes on after a lost connection between Rust in ${rust} and TypeScript in ${typescript}`, async () => {
      const server = await startChat({ flags: ["--control"], quiet: true });
      try {
        await withPage(rust, `${server.http}/rust.html?name=Ada`, async (ada, adasLog) => {
          // A page in Rust draws everything itself, once its wasm is there.
          await ada.wait(located.elementLocated(By.css("#here")), SOON);
          await showsText(ada, "#here", "Ada", SOON);
          await withPage(typescript, `${server.http}/typescript.html?name=Bob`, async (bob, bobsLog) => {
            for (const page of [ada, bob]) await showsText(page, "#here", "Ada, Bob", SOON);
            await say(ada, "Hello from Rust! ✓");
            await say(bob, "Hello from TypeScript!");
            const texts = ["Ada: Hello from Rust! ✓", "Bob: Hello from TypeScript!"];
            for (const page of [ada, bob]) await heard(page, texts);

            await fetch(`${server.http}/control/chat/kill`, { method: "POST" });
            // Two greetings and two texts came before; two more greetings, and both are back.
            await until(async () => (await stats(server)).messagesIn === 6, "both pages are back");
            await say(bob, "Still there?");
            for (const page of [ada, bob]) await heard(page, [...texts, "Bob: Still there?"]);
            for (const page of [ada, bob]) await showsText(page, "#state", "connected", SOON);
            for (const log of [adasLog, bobsLog]) assertSilent(log);
          });
          // Whoever leaves is gone for the others.
          await showsText(ada, "#here", "Ada", SOON);
        });
      } finally {
        await server.stop();
      }
    });
  }
});

async function say(driver, text) {
  await driver.findElement(By.css("input")).sendKeys(text);
  await driver.findElement(By.css("button")).click();
}

/** The page has heard these texts, in any order, and no others. */
async function heard(driver, texts) {
  const script = "return [...document.querySelectorAll('#said li')].map((said) => said.textContent).sort()";
  const shown = () => driver.executeScript(script);
  await driver.wait(async () => (await shown()).length >= texts.length, SOON).catch(() => {});
  assert.deepEqual(await shown(), [...texts].sort());
}

async function stats({ http }) {
  return (await fetch(`${http}/stats?room=chat`)).json();
}

async function until(is, what) {
  const deadline = performance.now() + SOON;
  while (!(await is())) assert.ok(performance.now() < deadline, `Not within ${SOON} ms: ${what}`);
}
