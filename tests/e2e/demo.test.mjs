// The demo page, as its visitors use it.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Key } from "selenium-webdriver";
import { browsers, screenshot } from "./browser.mjs";
import { inEachBrowser } from "./in-each-browser.mjs";
import { engines } from "./pages/engines.js";
import { AFTER_FAULT, assertSilent, Page, SOON } from "./page.mjs";
import { startPeer } from "./peer.mjs";
import { withTab } from "./tabs.mjs";

// One for each browser: a fault may be the whole server's.
const peers = {};
before(async () => {
  for (const browser of browsers) peers[browser] = await startPeer();
});
after(() => Promise.all(browsers.map((browser) => peers[browser].stop())));

inEachBrowser((browser) => {
  describe(`the demo page in ${browser}`, () => {
    it("opens, connects and logs nothing amiss", () =>
      visit(browser, async (page) => {
        await page.until(() => document.querySelector('[data-node="open"].lit'));
        await page.until(() => document.getElementById("rtt-last").textContent.endsWith("ms"));
        assert.deepEqual(page.log.errors, []);
      }));

    it("shows a message handed over and its echo", () =>
      visit(browser, async (page) => {
        await page.write("Are you there?");
        await page.until(() => document.querySelector('#messages [data-fate="echoed"]'));
        const [text] = await page.messages();
        assert.match(text, /^Are you there\?\s+✓✓ #1, back in <?[\d.]+ ms$/);
        const { received } = await page.statistics();
        assert.deepEqual(chats(received), ["Are you there?"]);
      }));

    it("comes back by itself after the line was cut, and what was queued leaves in order", () =>
      visit(browser, async (page) => {
        await page.click('[data-fault="refuse"]');
        await page.reach("waiting");
        await page.click("#send-20");
        await page.until(() => document.getElementById("strip-queued").textContent === "20");
        assert.equal(await page.count('#messages [data-fate="queued"]'), 20);
        await page.reach("open", AFTER_FAULT);
        await page.until(() => document.querySelectorAll('#messages [data-fate="echoed"]').length === 20);
        const numbers = Array.from({ length: 20 }, (_, i) => i + 1);
        assert.deepEqual(await page.orders(), numbers.map(String));
        const { received } = await page.statistics();
        assert.deepEqual(
          chats(received),
          numbers.map((number) => `Number ${number}`),
        );
        await page.hears(/^close 1006, ServerClosed, it will be back$/m);
      }));

    it("takes 4401 as final, gives messages back, and starts afresh when told", () =>
      visit(browser, async (page) => {
        await page.click('[data-fault="close-4401"]');
        await page.reach("closed");
        await page.hears(/^close 4401 “unauthorized”, ServerClosed, for good$/m);
        await page.write("Too late");
        const [text] = await page.messages();
        assert.match(text, /^Too late\s+given back: the wire is closed\s*Send again$/);
        await page.click("#reconnect");
        await page.reach("open");
        await page.click("#messages button");
        await page.until(() => document.querySelector('#messages [data-fate="echoed"]'));
        assert.deepEqual(chats((await page.statistics()).received), ["Too late"]);
      }));

    it("keeps what is written while suspended, up to the queue's limit, and lets it be taken back", () =>
      visit(browser, async (page) => {
        await page.click("#suspend");
        await page.reach("suspended");
        for (let i = 0; i < 3; i++) await page.click("#send-20");
        await page.until(() => document.getElementById("queue-messages").textContent === "50");
        assert.equal(await page.count('#messages [data-fate="not-sent"]'), 10);
        await page.click('#messages [data-fate="queued"] button');
        await page.until(() => document.getElementById("queue-messages").textContent === "49");
        await page.click("#reconnect");
        await page.reach("open");
        await page.until(() => document.querySelectorAll('#messages [data-fate="echoed"]').length === 49);
        const numbers = Array.from({ length: 49 }, (_, i) => `Number ${i + 2}`);
        assert.deepEqual(chats((await page.statistics()).received), numbers);
      }));

    it("notices a silent server by its heartbeat and reconnects", () =>
      visit(browser, async (page) => {
        await page.click('[data-fault="silence"]');
        await page.shows("#fault-answer", "Silent from now on");
        await page.write("Into the void");
        await page.hears(/^error HeartbeatTimeout: /m);
        await page.reach("open", AFTER_FAULT);
        const [text] = await page.messages();
        assert.match(text, /^Into the void\s+✓ #1, then the link died: perhaps it arrived$/);
      }));

    it("gives up a dial that is not answered, and comes out of a black hole", () =>
      visit(browser, async (page) => {
        await page.click('[data-fault="hole"]');
        await page.hears(/^error HeartbeatTimeout: /m);
        await page.hears(/^error ConnectTimeout: /m);
        await page.reach("open", AFTER_FAULT);
      }));

    it("waits as long as a server asks that closes with 1012", () =>
      visit(browser, async (page) => {
        await page.click('[data-fault="close-1012"]');
        const heard = engines[browser].hears(1012)
          ? /^statechange waiting [23]\.\d s for attempt \d, ServerClosed 1012 “retry-after=2000”$/m
          : /^statechange waiting .* for attempt \d, ServerClosed 1006$/m;
        await page.hears(heard);
        await page.reach("open", AFTER_FAULT);
      }));

    it("comes back after the server was restarted", () =>
      visit(browser, async (page) => {
        await page.click('[data-fault="restart"]');
        await page.reach("waiting");
        await page.reach("open", AFTER_FAULT);
      }));

    it("survives a flood, and keeps the page small", () =>
      visit(browser, async (page) => {
        await page.click('[data-fault="flood"]');
        await page.until(() => document.querySelector("#messages .theirs")?.dataset.count === "2000");
        for (let i = 0; i < 12; i++) await page.click("#send-20");
        await page.until(() => document.getElementById("count-sent").textContent === "240");
        assert.equal(await page.count("#messages > li"), 200);
        assert.equal(await page.state(), "open");
      }));

    it("closes for good and says so", () =>
      visit(browser, async (page) => {
        await page.click("#close");
        await page.reach("closed");
        await page.hears(/^close 1000.*, ClosedByApplication, for good$/m);
      }));

    it("plays its short story to the end", () =>
      visit(browser, async (page) => {
        await page.click("#show");
        await page.until(
          () => document.getElementById("show-caption").textContent.startsWith("3 of 3"),
          AFTER_FAULT,
        );
        // What the browser has taken is on its way.
        await page.until(() => document.querySelectorAll('#messages [data-fate="echoed"]').length === 5);
        const texts = Array.from({ length: 5 }, (_, i) => `Written while offline, ${i + 1} of 5`);
        assert.deepEqual(chats((await page.statistics()).received), texts);
      }));

    it("can be used with the keyboard alone, and shows where the focus is", () =>
      visit(browser, async (page, driver) => {
        const press = (...keys) =>
          driver
            .actions()
            .sendKeys(...keys)
            .perform();
        const focused = () => page.run(() => document.activeElement.textContent || document.activeElement.id);
        await press(Key.TAB);
        assert.equal(await focused(), "Skip to the demo");
        await press(Key.ENTER, Key.TAB);
        assert.equal(await focused(), "messages");
        await press(Key.TAB);
        assert.equal(await focused(), "text");
        assert.notEqual(await page.run(() => getComputedStyle(document.activeElement).outlineStyle), "none");
        await press("By hand", Key.ENTER);
        await page.until(() => document.querySelector('#messages [data-fate="echoed"]'));
        await press(Key.TAB, Key.TAB, Key.TAB, Key.SPACE);
        assert.equal(await focused(), "Cut the line");
        await page.hears(/^close 1006/m);
      }));

    it("explains a server that takes no orders, and tells its story all the same", () =>
      visit(browser, async (page) => {
        await page.run(() => {
          window.fetch = async () => new Response("", { status: 403 });
        });
        await page.click('[data-fault="kill"]');
        await page.until(() => /takes no orders/.test(document.getElementById("fault-answer").textContent));
        await page.click("#show");
        await page.until(() => document.getElementById("show-caption").textContent.startsWith("3 of 3"));
      }));

    it("says what is missing where WebAssembly is not allowed", async () => {
      await withTab(browser, `${peers[browser].http}/?csp=no-wasm`, async (driver) => {
        const page = new Page(driver);
        await page.reach("closed");
        await page.until(() =>
          /WebAssembly cannot start/.test(document.getElementById("now-why").textContent),
        );
      });
    });

    it("fits a phone and a desk without scrolling sideways", () =>
      visit(browser, async (page, driver) => {
        await page.click("#send-20");
        for (const [width, height] of [
          [360, 780],
          [390, 844],
          [820, 1180],
          [1440, 900],
        ]) {
          await screenshot(driver, `demo-${browser}-${width}`, width, height);
          const [content, viewport] = await page.run(() => [
            document.documentElement.scrollWidth,
            window.innerWidth,
          ]);
          assert.equal(viewport, width);
          assert.ok(content <= viewport, `${content} pixels of content in ${viewport}`);
        }
      }));
  });
});

describe("the demo page by night", () => {
  it("is dark where the visitor wants it so", () =>
    visit("chromium", async (page, driver) => {
      const dark = { features: [{ name: "prefers-color-scheme", value: "dark" }] };
      await driver.sendDevToolsCommand("Emulation.setEmulatedMedia", dark);
      await page.click("#send-20");
      await page.until(() => document.querySelectorAll('#messages [data-fate="echoed"]').length === 20);
      const background = await page.run(() => getComputedStyle(document.body).backgroundColor);
      assert.match(background, /^rgb\((\d|[1-3]\d), /);
      await screenshot(driver, "demo-chromium-dark-390", 390, 844);
      await screenshot(driver, "demo-chromium-dark-1440", 1440, 900);
    }));
});

/** Opens the page in a room of its own, waits until it is connected, and sees to it that no script failed. */
async function visit(browser, body) {
  const room = crypto.randomUUID();
  const { http } = peers[browser];
  await withTab(browser, `${http}/?room=${room}`, async (driver, log) => {
    const page = new Demo(driver, log, `${http}/stats?room=${room}`);
    await page.reach("open");
    await body(page, driver);
    assertSilent(log);
  });
}

class Demo extends Page {
  constructor(driver, log, stats) {
    super(driver);
    this.log = log;
    this.stats = stats;
  }

  /** Waits until the event log holds a line like this: type and text. */
  async hears(line) {
    const events = () =>
      [...document.querySelectorAll("#events li")]
        .map(({ children: [, type, text] }) => `${type.textContent} ${text.textContent}`)
        .join("\n");
    await this.driver.wait(async () => line.test(await this.run(events)), SOON, `never heard ${line}`, 50);
  }

  async write(text) {
    const input = await this.driver.findElement({ id: "text" });
    await input.sendKeys(text, Key.ENTER);
    await this.until(() => document.getElementById("text").value === "");
  }

  messages() {
    return this.run(() => [...document.querySelectorAll("#messages li")].map((row) => row.innerText.trim()));
  }

  orders() {
    return this.run(() => [...document.querySelectorAll("#messages li")].map((row) => row.dataset.order));
  }

  async statistics() {
    return (await fetch(this.stats)).json();
  }
}

/** The texts among what the server received, in its order. */
function chats(received) {
  return received
    .map((text) => JSON.parse(text))
    .filter(({ type }) => type === "chat")
    .map(({ text }) => text);
}
