// The scenes of the demo, as their visitors use them: mostly two at once.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Key } from "selenium-webdriver";
import { browsers, screenshot, withPage } from "./browser.mjs";
import { AFTER_FAULT, assertSilent, Page, SOON } from "./page.mjs";
import { startPeer } from "./peer.mjs";
import { withTab } from "./tabs.mjs";

const PAGES = {
  chat: "Chat",
  cursors: "Cursors",
  dashboard: "Dashboard",
  game: "Game",
  devices: "Devices",
  notices: "Notices",
  sessions: "Sessions",
};

let peer;
before(async () => {
  peer = await startPeer();
});
after(() => peer.stop());

for (const browser of browsers) {
  describe(`the scenes in ${browser}`, () => {
    it("are found from one another, fit a phone and a desk, and look like this", () =>
      visitAlone(browser, "", async (page) => {
        for (const [scene, name] of Object.entries(PAGES)) {
          await page.driver.get(page.url(`scenes/${scene}.html`));
          await page.reach("open");
          const links = await page.run(() =>
            [...document.querySelectorAll(".masthead nav a")].map((a) => a.textContent),
          );
          assert.deepEqual(links, ["Break it", ...Object.values(PAGES)]);
          assert.equal(await page.text(".masthead [aria-current=page]"), name);
          await page.comeAlive(scene);
          for (const [width, height] of [
            [360, 780],
            [1440, 900],
          ]) {
            await screenshot(page.driver, `scene-${scene}-${browser}-${width}`, width, height);
            // An engine may lay a resized page out in steps.
            await page.until((width) => document.documentElement.scrollWidth <= width, SOON, width);
          }
        }
      }));

    it("chat: what one tab writes the other shows; cut off it waits, and arrives in order", () =>
      visit(browser, "scenes/chat.html", async (one, other) => {
        const [there, here] = [await other(), one];
        await here.write("Can you hear me?");
        await there.shows("#messages .theirs", "Can you hear me?");
        await here.shows('#messages [data-fate="there"]', "✓✓ in the room");

        await there.click('[data-fault="refuse"]');
        await there.reach("waiting");
        for (const text of ["First", "Second", "Third"]) await there.write(text);
        assert.equal(await there.count('#messages [data-fate="queued"]'), 3);
        await here.write("Where are you?");
        await there.reach("open", AFTER_FAULT);
        await here.until(() => document.querySelectorAll("#messages .theirs").length === 3, AFTER_FAULT);
        assert.deepEqual(await here.said(".theirs"), ["First", "Second", "Third"]);
        // Said while it was away, and recalled.
        assert.ok((await there.said(".theirs")).includes("Where are you?"));
        assert.equal(await there.count('#messages .mine[data-fate="there"]'), 3);
      }));

    it("chat: after a cut the room tells what had arrived and what was lost", () =>
      visitAlone(browser, "scenes/chat.html", async (page) => {
        await page.write("This one arrives");
        await page.shows('#messages [data-fate="there"]', "✓✓");
        await page.click('[data-fault="silence"]');
        await page.shows("#fault-answer", "Silent");
        await page.write("Into the void");
        await page.shows("#messages li:last-child .fate", "handed over");
        await page.shows("#messages li:last-child .fate", "lost with the line", AFTER_FAULT);
        await page.click("#messages li:last-child button");
        await page.shows("#messages li:last-child .fate", "✓✓");
        assert.deepEqual(await page.said(".mine"), ["This one arrives", "Into the void"]);
      }));

    it("cursors: a move is seen by the other; cut off only the newest waits", () =>
      visit(browser, "scenes/cursors.html", async (one, other) => {
        const there = await other();
        await one.moveTo([0.25, 0.75]);
        await there.until(isCursorAt, SOON, 25, 75);
        await one.run(() => document.getElementById("area").focus());
        await one.press(Key.ARROW_RIGHT, Key.ENTER);
        await there.until(isCursorAt, SOON, 27, 75);
        await there.until(() => document.querySelector(".mark"));

        await one.click("#suspend");
        await one.reach("suspended");
        await one.moveTo([0.1, 0.5], [0.2, 0.5], [0.3, 0.5], [0.4, 0.5], [0.5, 0.5]);
        await one.until(() => document.querySelector('[data-count="superseded"]').textContent === "4");
        await one.click("#reconnect");
        await one.reach("open");
        await one.moveTo([0.9, 0.1]);
        await there.until(isCursorAt, SOON, 90, 10);

        await one.survive("kill");
        await one.moveTo([0.4, 0.4]);
        await there.until(isCursorAt, SOON, 40, 40);
      }));

    it("dashboard: twenty updates a second arrive, a cut is counted, silence is noticed", () =>
      visitAlone(browser, "scenes/dashboard.html", async (page) => {
        const { updates, milliseconds } = await page.run(countUpdates, 4_000);
        const perSecond = (updates / milliseconds) * 1_000;
        assert.ok(Math.abs(perSecond - 20) < 2.5, `${perSecond} a second`);
        await page.until(() => /^(19|20|21)\.\d$/.test(document.getElementById("rate").textContent));
        assert.match(await page.text('[data-figure="latency"] output'), /^\d+ ms$/);
        assert.equal(await page.text("#missed"), "0");

        await page.click('[data-fault="silence"]');
        await page.until(() => document.getElementById("board").classList.contains("stale"));
        await page.shows("#now-why", "Back after", AFTER_FAULT);
        await page.shows("#age", "live");
        assert.ok(Number(await page.text("#missed")) >= 20, await page.text("#missed"));
      }));

    it("game: sixty a second leave, their latency is measured, a slow line shows, a cut is survived", () =>
      visit(browser, "scenes/game.html", async (one, other) => {
        await one.until(() => Number(document.querySelector('[data-rate="left"]').textContent) >= 50);
        await one.until(() => /^[\d.]+ ms$/.test(document.getElementById("latency-median").textContent));
        await one.click('[data-fault="delay"]');
        await one.until(() => parseFloat(document.getElementById("latency-median").textContent) >= 150);
        await one.survive("kill");
        await one.until(() => parseFloat(document.getElementById("latency-median").textContent) < 150);
        // Somebody takes a spark sooner or later; who comes then is told of it.
        const taken = () =>
          [...document.querySelectorAll("#scores b")].some((points) => points.textContent > 0);
        await one.until(taken, AFTER_FAULT);
        const there = await other();
        await there.until(() => document.querySelectorAll("#scores li").length === 3);
        await there.until(taken);
      }));

    it("devices: a command is done by the device in the other tab, and both show the same", () =>
      visit(browser, "scenes/devices.html?show=device", async (device, other) => {
        const controller = await other("scenes/devices.html?show=controller");
        await controller.shows("#presence", "The device is there.");
        await controller.click("#power");
        await controller.shows('#commands [data-fate="done"]', "✓✓ done");
        await device.shows("#lamp-words", "on, 60 %");
        await controller.shows("#reported-power", "on, 60 %");
        await device.click("#device-power");
        await controller.shows("#reported-power", "off");
        await controller.until(() => document.getElementById("power").ariaChecked === "false");
      }));

    it("devices: cut off, one wish of each control waits, a blink expires, and the device being away is told", () =>
      visitAlone(browser, "scenes/devices.html", async (page) => {
        await page.shows("#presence", "The device is there.");
        await page.click("#suspend");
        await page.reach("suspended");
        await page.click("#blink");
        for (const level of [10, 20, 30, 40]) await page.slide("level", level);
        await page.until(() => document.querySelector('[data-count="superseded"]').textContent === "3");
        await page.shows("#commands", "not sent: too late: its time was up");
        await page.until(() => document.getElementById("strip-queued").textContent === "1");
        await page.click("#reconnect");
        await page.shows('#commands [data-fate="done"]', "Brightness 40 %");
        assert.match(await page.text("#commands li"), /^Brightness 40 %✓✓ done, [\d.<]+ m?s$/);

        await page.click("#unplug");
        await page.shows("#presence", "The device is away");
        await page.click("#power");
        await page.shows("#commands li", "handed over, but the device is away");
        await page.click("#unplug");
        await page.shows("#commands li", "✓✓ done");
        await page.shows("#lamp-words", "on, 40 %");

        await page.survive("kill");
        await page.click("#power");
        await page.shows("#lamp-words", "off");

        await page.click(".stats summary");
        await page.until(() => document.querySelector("#stats dd"));
        const stats = await page.run(() =>
          Object.fromEntries(
            [...document.querySelectorAll("#stats div")].map(({ children: [name, value] }) => [
              name.textContent,
              value.textContent,
            ]),
          ),
        );
        assert.equal(stats.reconnects, "2");
        assert.equal(stats["notSent.superseded"], "3");
        assert.equal(stats["notSent.expired"], "1");
      }));

    it("the connection can live in a worker, and everything works alike", () =>
      visitAlone(browser, "scenes/devices.html", async (page) => {
        await page.click("#in-worker");
        await page.until(() => document.querySelector(".strip .terminal b")?.textContent === "Worker");
        await page.reach("open");
        await page.shows("#presence", "The device is there.");
        await page.click("#power");
        await page.shows("#commands", "✓✓ done");
        await page.survive("kill");
        await page.click("#suspend");
        await page.reach("suspended");
        for (const level of [10, 20]) await page.slide("level", level);
        await page.until(() => document.querySelector('[data-count="superseded"]').textContent === "1");
        await page.click("#reconnect");
        await page.shows("#lamp-words", "on, 20 %");

        await page.driver.get(page.url("scenes/game.html?worker"));
        await page.reach("open");
        await page.until(() => Number(document.querySelector('[data-rate="left"]').textContent) >= 50);
        await page.until(() => /^[\d.]+ ms$/.test(document.getElementById("latency-median").textContent));
        await page.click("#in-worker");
        await page.until(() => document.querySelector(".strip .terminal b")?.textContent === "This page");
        await page.reach("open");
      }));

    it("sessions: broken again and again it loses nothing and brings nothing twice, where a plain wire does", () =>
      visitAlone(browser, "scenes/sessions.html", async (page) => {
        await page.click("#ask");
        await page.comeAlive("sessions");
        await page.click("#often");
        await page.until(() => Number(document.getElementById("resumed").textContent) >= 5, AFTER_FAULT);
        await page.click("#often");
        await page.shows("#asked", "All 200 parts came, each once and in order.", AFTER_FAULT);
        await page.click("#run");
        await page.until(haveAllComeBack, AFTER_FAULT);
        const { written, delivered, missing, twice, arrived, echoesMissing, echoesTwice } =
          await page.books();
        assert.deepEqual([delivered, arrived], [written, written]);
        assert.deepEqual([missing, twice, echoesMissing, echoesTwice], ["0", "0", "0", "0"]);
        assert.match(await page.text("#plain .verdict"), /^[\d,]+ lost without a word/);
        assert.equal(await page.text("#session .verdict"), "Nothing lost, nothing twice");
      }));

    it("sessions: a session that is lost says what is in doubt, and with proof that nothing is", () =>
      visitAlone(browser, "scenes/sessions.html", async (page) => {
        await page.until(
          () => document.querySelector('[data-row="echoed"] [data-of="session"]').textContent > 0,
        );
        await page.click('[data-fault="expire"]');
        await page.shows("#losses", "with proof of how far it came: nothing is in doubt");
        await page.reach("open");
        assert.equal((await page.books()).doubt, "0");

        await page.click('[data-fault="forget"]');
        await page.shows("#losses li:first-child", "The session is lost. In doubt: ");
        await page.shows("#losses li:first-child", "the server says: ");
        await page.reach("open");
        await page.click("#run");
        await page.until(isNothingUnderWay);
        const { written, delivered, doubt, missing, twice } = await page.books();
        assert.ok(doubt > 0);
        assert.equal(Number(delivered) + Number(doubt), Number(written));
        assert.deepEqual([missing, twice], ["0", "0"]);

        await page.click('[data-fault="move"]');
        await page.shows("#fault-answer", "moves over");
        await page.until(() => Number(document.getElementById("resumed").textContent) >= 1);
        assert.equal(await page.state(), "open");
      }));

    it("notices: counted in the title while the tab is behind another, caught up on after a cut, shown once", () =>
      visit(browser, "scenes/notices.html", async (page) => {
        await page.click("#push");
        await page.shows("#unread", "1");
        assert.equal(await page.driver.getTitle(), "(1) Notices · Everwire");
        await page.click("#read-all");
        assert.equal(await page.driver.getTitle(), "Notices · Everwire");

        const behind = await page.driver.getWindowHandle();
        await page.driver.switchTo().newWindow("tab");
        const notice = JSON.stringify({
          type: "notice",
          id: "behind",
          title: "Behind",
          text: "you",
          at: Date.now(),
        });
        const order = `${peer.http}/control/${page.room}.notices/say?text=${encodeURIComponent(notice)}`;
        assert.deepEqual(await (await fetch(order, { method: "POST" })).json(), { said: 1 });
        await page.driver.close();
        await page.driver.switchTo().window(behind);
        await page.shows("#unread", "1");
        assert.equal(await page.driver.getTitle(), "(1) Notices · Everwire");

        await page.click("#push-away");
        await page.shows("#now-why", "Back after", AFTER_FAULT);
        await page.shows("#unread", "3");
        assert.equal(await page.text("#caught-up"), "2");
        await page.survive("kill");
        await page.click("#push");
        await page.shows("#unread", "4");
        assert.equal(await page.count("#notices li"), 5);
        // Nobody was asked for anything without a click.
        assert.notEqual(await page.run(() => globalThis.Notification?.permission), "granted");
      }));
  });
}

describe("the scenes by night", () => {
  it("are dark where the visitor wants it so", () =>
    visitAlone("chromium", "", async (page) => {
      const dark = { features: [{ name: "prefers-color-scheme", value: "dark" }] };
      await page.driver.sendDevToolsCommand("Emulation.setEmulatedMedia", dark);
      for (const scene of Object.keys(PAGES)) {
        await page.driver.get(page.url(`scenes/${scene}.html`));
        await page.reach("open");
        await page.comeAlive(scene);
        const background = await page.run(() => getComputedStyle(document.body).backgroundColor);
        assert.match(background, /^rgb\((\d|[1-3]\d), /);
        await screenshot(page.driver, `scene-${scene}-chromium-dark-1440`, 1440, 900);
      }
    }));
});

/** Whether another's cursor stands at these percents of the field; run in the page. */
function isCursorAt(x, y) {
  return [...document.querySelectorAll(".cursor:not([data-who^=robot])")].some(
    ({ style }) => Math.abs(parseFloat(style.left) - x) < 0.5 && Math.abs(parseFloat(style.top) - y) < 0.5,
  );
}

/** Whether the session has nothing to send and its echoes are here; run in the page. */
function haveAllComeBack() {
  const of = (row) => document.querySelector(`[data-row="${row}"] [data-of="session"]`).textContent;
  return of("echoed") === of("written") && of("arrived") === of("written") && of("in-flight") === "0";
}

/** Whether the session waits for nothing; run in the page. */
function isNothingUnderWay() {
  const of = (row) => document.querySelector(`[data-row="${row}"] [data-of="session"]`).textContent;
  return of("waiting") === "0" && of("in-flight") === "0";
}

/** Counts what the page has received over some time, by its own clock; run in the page. */
async function countUpdates(time) {
  const received = () =>
    Number(document.querySelector('[data-count="received"]').textContent.replace(",", ""));
  const [count, start] = [received(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, time));
  return { updates: received() - count, milliseconds: performance.now() - start };
}

/** As `visit`, for one page that stays in sight. */
async function visitAlone(browser, path, body) {
  const room = crypto.randomUUID();
  await withTab(browser, address(path, room), async (driver, log) => {
    const page = new Scene(driver, room, await driver.getWindowHandle());
    await page.reach("open");
    await body(page);
    assertSilent(log);
  });
}

/**
 * Opens a page in a room of its own and runs `body(page, other)`, where `other(path)` opens a second window in the same
 * room. Sees to it that no script failed in any of them.
 */
async function visit(browser, path, body) {
  const room = crypto.randomUUID();
  await withPage(browser, address(path, room), async (driver, log) => {
    const first = await driver.getWindowHandle();
    const page = new Scene(driver, room, first);
    await page.reach("open");
    await body(page, async (otherPath = path) => {
      await driver.switchTo().newWindow("window");
      await driver.get(address(otherPath, room));
      const other = new Scene(driver, room, await driver.getWindowHandle());
      await other.reach("open");
      return other;
    });
    assertSilent(log);
  });
}

function address(path, room) {
  const url = new URL(path, `${peer.http}/`);
  url.searchParams.set("room", room);
  return url.href;
}

/** A window among several: each act goes to it first. */
class Scene extends Page {
  constructor(driver, room, handle) {
    super(driver);
    this.room = room;
    this.handle = handle;
  }

  url(path) {
    return address(path, this.room);
  }

  async run(script, ...args) {
    await this.driver.switchTo().window(this.handle);
    return super.run(script, ...args);
  }

  async until(condition, patience, ...args) {
    await this.driver.switchTo().window(this.handle);
    return super.until(condition, patience, ...args);
  }

  /** Breaks the line, and waits until it was away and is back. */
  survive(fault) {
    return this.run((fault) => {
      document.querySelector(`[data-fault="${fault}"]`).click();
      return new Promise((resolve) => {
        let wasAway = false;
        new MutationObserver((_, observer) => {
          const { state } = document.body.dataset;
          wasAway ||= state !== "open";
          if (!wasAway || state !== "open") return;
          observer.disconnect();
          resolve();
        }).observe(document.body, { attributeFilter: ["data-state"] });
      });
    }, fault);
  }

  /** What the page has counted of the session. */
  books() {
    return this.run(() => {
      const of = (row) => document.querySelector(`[data-row="${row}"] [data-of="session"]`).textContent;
      return {
        written: of("written"),
        delivered: of("left"),
        doubt: of("doubt"),
        arrived: of("arrived"),
        missing: of("missing"),
        twice: of("twice"),
        echoesMissing: of("echoes-missing"),
        echoesTwice: of("echoes-twice"),
      };
    });
  }

  async press(...keys) {
    await this.driver.switchTo().window(this.handle);
    await this.driver
      .actions()
      .sendKeys(...keys)
      .perform();
  }

  async write(text) {
    await this.run((written) => {
      document.getElementById("text").value = written;
      document.getElementById("composer").requestSubmit();
    }, text);
  }

  said(selector) {
    return this.run(
      (found) =>
        [...document.querySelectorAll(`#messages ${found} p:first-child`)].map(
          (line) => line.lastChild.textContent,
        ),
      selector,
    );
  }

  /** Moves the pointer to this share of the field, and lets a frame pass. */
  /** Moves the pointer from place to place, one a frame. What waits here does so for half a second only. */
  moveTo(...places) {
    return this.run(
      async (...places) => {
        const area = document.getElementById("area");
        const { left, top, width, height } = area.getBoundingClientRect();
        for (const [x, y] of places) {
          const place = { clientX: left + x * width, clientY: top + y * height };
          area.dispatchEvent(new PointerEvent("pointermove", { ...place, bubbles: true }));
          await new Promise((resolve) => requestAnimationFrame(resolve));
        }
      },
      ...places,
    );
  }

  slide(id, value) {
    return this.run(
      (id, value) => {
        const input = document.getElementById(id);
        input.value = value;
        input.dispatchEvent(new Event("input"));
      },
      id,
      value,
    );
  }

  /** Does what makes a scene worth looking at. */
  async comeAlive(scene) {
    if (scene === "chat") {
      await this.click("#robot");
      await this.shows("#people", "Robot");
      await this.write("Are you a robot?");
      await this.shows("#messages .theirs", "I wonder.");
    } else if (scene === "cursors") {
      await this.moveTo([0.3, 0.3]);
      await this.until(() => document.querySelector(".cursor"));
    } else if (scene === "dashboard") {
      await this.until(() => Number(document.querySelector('[data-count="received"]').textContent) > 40);
    } else if (scene === "game") {
      await this.until(() => document.querySelectorAll("#scores li").length === 2);
    } else if (scene === "devices") {
      await this.shows("#presence", "The device is there.");
      await this.click("#power");
      await this.shows("#commands", "✓✓ done");
    } else if (scene === "sessions") {
      await this.click('[data-fault="tear"]');
      await this.until(() => document.querySelector('#plain .verdict[data-clean="false"]'));
      await this.reach("open");
    } else {
      await this.click("#push");
      await this.shows("#unread", "1");
    }
  }
}
