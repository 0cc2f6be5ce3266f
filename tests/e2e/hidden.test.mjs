// What becomes of a heartbeat when the page is hidden: of one in the page, and of one in a worker.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { withPage } from "./browser.mjs";
import { inEachBrowser } from "./in-each-browser.mjs";
import { startPeer } from "./peer.mjs";

/** Of the wire in the worker: five seconds' worth. */
const PINGS = 50;

describe("in a hidden tab", () => {
  let peer;
  before(async () => {
    peer = await startPeer({ serve: [["/e2e", "tests/e2e/pages"]] });
  });
  after(() => peer?.stop());

  const pings = async (room) => (await (await fetch(`${peer.http}/stats?room=${room}`)).json()).messagesIn;

  async function compare(driver) {
    await driver.wait(() => driver.executeScript("return window.rooms !== undefined"), 10_000);
    const rooms = await driver.executeScript("return window.rooms");
    await driver.switchTo().newWindow("tab");
    await driver.get(`${peer.http}/e2e/contexts/index.html`);
    const look = async () => ({
      ...(await ask(driver)),
      page: await pings(rooms.page),
      worker: await pings(rooms.worker),
    });
    await driver.wait(async () => (await ask(driver)).hidden, 10_000, "the page is hidden");
    const first = await look();
    await driver.wait(async () => (await pings(rooms.worker)) >= first.worker + PINGS, 25_000);
    const last = await look();
    assert.ok(last.hidden, "it has been hidden all the time");
    const [ticks, late] = [last.ticks - first.ticks, last.page - first.page];
    assert.ok(ticks < PINGS / 2, `the page's timers must be slow, or nothing is shown: ${ticks} ticks`);
    assert.ok(late < PINGS / 2, `${late} pings of the page while the worker made ${PINGS}`);
  }

  inEachBrowser((browser) => {
    it(`a page's wire pings late, and one of everwire/worker in time, in ${browser}`, () =>
      withPage(browser, `${peer.http}/e2e/hidden.html`, compare, { slowsHidden: true }));
  });
});

const ask = (driver) =>
  driver.executeAsyncScript(
    `const done = arguments[0];
    const channel = new BroadcastChannel("hidden");
    channel.onmessage = ({ data }) => (channel.close(), done(data));
    channel.postMessage("how are you?");`,
  );
