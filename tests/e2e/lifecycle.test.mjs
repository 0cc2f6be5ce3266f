// What pages go through, in real browsers: left and found again, frozen, hidden, stopped, and without a network.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { browsers, withPage } from "./browser.mjs";
import { engines } from "./pages/engines.js";
import { PAGES, startPeer } from "./peer.mjs";
import { pageProcesses } from "./processes.mjs";
import { run, switchNetwork } from "./scenario.mjs";
import { withTab } from "./tabs.mjs";

const PATIENCE = 10_000;

let peer;
before(async () => {
  peer = await startPeer({ serve: PAGES });
});
after(() => peer.stop());

for (const browser of browsers) {
  const engine = engines[browser];

  describe(`the life of a page in ${browser}`, () => {
    it("a page that is left hangs up, and its wire is open again where the page is found again as it was", () =>
      inTab(browser, async (driver) => {
        const room = await run(driver, "lifecycle", "open a wire");
        await driver.get(address("elsewhere"));
        const { lastClose } = await until(room, ({ connections }) => connections === 0);
        const hungUp = { clean: true, code: 1000, reason: "suspended" };
        const cutOff = { clean: true, code: 1001, reason: "" };
        assert.deepEqual(lastClose, engine.keepsPagesWithWires ? hungUp : cutOff);
        await driver.navigate().back();
        if (engine.keepsPagesWithWires) await run(driver, "lifecycle", "it was found again");
        else assert.equal(await driver.executeScript("return window.foundAgain"), null, "a fresh page");
      }));

    it("a page that is left while its wire waits dials at once when it is found again", () =>
      inTab(browser, async (driver) => {
        await run(driver, "lifecycle", "let one wire wait and suspend another");
        await driver.get(address("elsewhere"));
        await driver.navigate().back();
        await run(driver, "lifecycle", "the one that waited is open");
      }));

    it("pages are frozen, and told, or neither", () =>
      inTab(browser, async (driver) => {
        assert.equal(await driver.executeScript("return 'onfreeze' in document"), engine.freezes);
      }));

    if (engine.freezes) {
      it("a page that is frozen hangs up, and goes on when it does", () => inBrowser(browser, freeze));
    }

    it("a heartbeat goes on in a page that is hidden and slowed down, and still finds a dead link", () =>
      inBrowser(browser, leaveInTheDark, { slowsHidden: true }));

    it("a page that stood still while it waited for a pong asks once more, and keeps its link", () =>
      inTab(browser, async (driver) => {
        const room = await run(driver, "lifecycle", "ping often");
        const processes = pageProcesses(browser);
        assert.ok(processes.length > 0, "there must be something to stop");
        // No ping is answered from now until after the page goes on, when its deadline has long passed.
        await control(room, "silence?ms=6500");
        await run(driver, "lifecycle", "it pings");
        await standStill(processes, 5_000);
        assert.deepEqual(await run(driver, "lifecycle", "it has pinged"), []);
        assert.equal((await stats(room)).opened, 1);
      }));

    it("an open wire asks its link when the network comes back, and is dialed anew if it cannot ask", () =>
      inTab(browser, async (driver) => {
        await run(driver, "network", "open one wire that pings and one that does not");
        await switchNetwork(browser, driver, "offline");
        await run(driver, "network", "both are open, and a new one waits");
        await switchNetwork(browser, driver, "online");
        await run(driver, "network", "one has pinged, one is dialed anew, and the new one is open");
      }));
  });
}

async function freeze(driver) {
  const room = await run(driver, "lifecycle", "open a wire");
  const page = await driver.getWindowHandle();
  // Only hidden pages can be frozen.
  await driver.switchTo().newWindow("tab");
  await driver.switchTo().window(page);
  await driver.sendDevToolsCommand("Page.setWebLifecycleState", { state: "frozen" });
  const { lastClose } = await until(room, ({ connections }) => connections === 0);
  assert.deepEqual(lastClose, { clean: true, code: 1000, reason: "suspended" });
  await driver.sendDevToolsCommand("Page.setWebLifecycleState", { state: "active" });
  await run(driver, "lifecycle", "it goes on");
}

async function leaveInTheDark(driver) {
  const room = await run(driver, "lifecycle", "ping in the dark");
  await driver.switchTo().newWindow("tab");
  await driver.get(address("elsewhere"));
  assert.deepEqual(await ask(driver, "are pings slow?"), { hidden: true, events: [] });
  assert.equal((await stats(room)).opened, 1);
  await control(room, "silence?ms=60000");
  const { hidden, events } = await ask(driver, "is it open again?");
  assert.ok(hidden);
  assert.match(events.join(), /^waiting HeartbeatTimeout,close HeartbeatTimeout,.*,open$/);
}

const address = (query = "") => `${peer.http}/e2e/wire.html?${query}`;

const inTab = (browser, body) => withTab(browser, address(), body);

/** For what changes more than a page. */
const inBrowser = (browser, body, options) => withPage(browser, address(), body, options);

const stats = async (room) => (await fetch(`${peer.http}/stats?room=${room}`)).json();

async function control(room, command) {
  const response = await fetch(`${peer.http}/control/${room}/${command}`, { method: "POST" });
  assert.ok(response.ok, `${command}: ${response.status}`);
}

async function until(room, is) {
  const started = Date.now();
  for (;;) {
    const now = await stats(room);
    if (is(now)) return now;
    assert.ok(Date.now() - started < PATIENCE, `The peer says ${JSON.stringify(now)}`);
  }
}

/** Asks the hidden page through another one, since a driver that turns to a page shows it. */
const ask = (driver, question) =>
  driver.executeAsyncScript(
    `const [question, done] = arguments;
    const channel = new BroadcastChannel("lifecycle");
    channel.onmessage = ({ data }) => (channel.close(), done(data));
    channel.postMessage(question);`,
    question,
  );

/** Time itself is what passes here: nothing tells that a process has been stopped for long enough. */
async function standStill(processes, millis) {
  for (const id of processes) process.kill(id, "SIGSTOP");
  try {
    await new Promise((resolve) => setTimeout(resolve, millis));
  } finally {
    for (const id of processes) process.kill(id, "SIGCONT");
  }
}
