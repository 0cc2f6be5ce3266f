// What holds in every framework. Its pages all show the same: `show({ cards, label })` shows a section for each card
// `{ name, url }`, and a `session` one is of a SessionWire. In it are the state, the last message, what the handler of the label
// heard, and a button that sends. `late`, for frameworks in which a component can be rendered long before it is mounted, is a
// URL for one: `come()` ends its waiting. `showExamples()` shows the components of docs/frameworks.md, and `tried` does with them
// what is not done with those of every framework.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { assertSilent, Page } from "../e2e/page.mjs";
import { roomOf, startPeer } from "../e2e/peer.mjs";
import { withTab } from "../e2e/tabs.mjs";
import { serve } from "./serve.mjs";

/** Declares the tests. `open` is for further ones: it runs `body(app)` on a page of its own. */
export function declare(name, { component, canBeLate = false, tried, ...vite }) {
  let peer;
  let served;
  before(async () => {
    peer = await startPeer();
    served = await serve(name, vite);
  });
  after(async () => {
    await served?.stop();
    await peer?.stop();
  });

  const open = (body, { query = "", browser = "chromium" } = {}) =>
    withTab(browser, `${served.address}?${query}`, async (driver, log) => {
      const app = new App(driver);
      await app.until(() => "show" in window);
      await body(app, log);
      assertSilent(log);
    });
  const room = () => roomOf(peer);
  const card = (name, { url }, more) => ({ name, url: url(), ...more });

  it("components of one URL share one connection, made once", () =>
    open(async (app) => {
      const lobby = room();
      await app.show({ cards: [card("a", lobby), card("b", lobby)] });
      await app.shows("#a .state", "open");
      await app.shows("#b .state", "open");
      assert.equal((await lobby.stats()).dialed, 1);
    }));

  it("messages reach the handler of the latest render, which does not listen anew", () =>
    open(async (app) => {
      const lobby = room();
      const cards = [card("a", lobby), card("b", lobby)];
      await app.show({ cards, label: "first" });
      await app.click("#a .send");
      await app.shows("#a .heard", "[first: a]");
      await app.shows("#b .heard", "[first: a]");
      const listened = await app.run(() => window.listened);
      await app.show({ cards, label: "second" });
      await app.click("#b .send");
      await app.shows("#a .heard", "[first: a][second: b]");
      await app.shows("#b .heard", "[first: a][second: b]");
      await app.shows("#a .last", "b");
      assert.equal(await app.run(() => window.listened), listened);
      assert.equal(
        (await lobby.stats()).dialed,
        1,
        "options that are another object are none of another wire",
      );
    }));

  it("the connection stays while one of two uses it, and ends with the last", () =>
    open(async (app) => {
      const lobby = room();
      const other = room();
      await app.show({ cards: [card("a", lobby), card("b", lobby), card("c", other)] });
      await app.shows("#a .state", "open");
      await app.shows("#c .state", "open");
      await app.show({ cards: [card("b", lobby)] });
      const { lastClose } = await other.until(({ connections }) => connections === 0);
      assert.deepEqual(lastClose, { code: 1000, reason: "", clean: true });
      await app.click("#b .send");
      await app.shows("#b .last", "b");
      await app.show({ cards: [] });
      const { dialed } = await lobby.until(({ connections }) => connections === 0);
      assert.equal(dialed, 1);
    }));

  it("who is gone and back within a second finds the connection as it was", () =>
    open(async (app) => {
      const lobby = room();
      const other = room();
      await app.show({ cards: [card("a", lobby), card("c", other)] });
      await app.shows("#a .state", "open");
      await app.shows("#c .state", "open");
      await app.showInTurn(
        { cards: [] },
        { cards: [card("a", lobby)] },
        { cards: [] },
        { cards: [card("b", lobby)] },
      );
      await other.until(({ connections }) => connections === 0);
      await app.click("#b .send");
      await app.shows("#b .last", "b");
      assert.equal((await lobby.stats()).dialed, 1);
    }));

  it("another URL opens another connection and closes the one before; without one there is none", () =>
    open(async (app) => {
      const first = room();
      const second = room();
      await app.show({ cards: [{ name: "a" }] });
      await app.shows("#a .state", "none");
      await app.show({ cards: [card("a", first)] });
      await app.shows("#a .state", "open");
      await app.click("#a .send");
      await app.shows("#a .last", "a");
      await app.show({ cards: [card("a", second)] });
      await second.until(({ connections }) => connections === 1);
      await app.until(() => document.querySelector("#a .last").textContent === "");
      await app.shows("#a .state", "open");
      await app.click("#a .send");
      await app.shows("#a .last", "a");
      await first.until(({ connections }) => connections === 0);
      await app.show({ cards: [{ name: "a" }] });
      await app.shows("#a .state", "none");
      await second.until(({ connections }) => connections === 0);
      assert.equal((await second.stats()).messagesIn, 1);
      assert.deepEqual([(await first.stats()).dialed, (await second.stats()).dialed], [1, 1]);
    }));

  it("a factory makes sessions, which are shared too", () =>
    open(async (app) => {
      const lobby = room();
      await app.show({ cards: [card("a", lobby, { session: true }), card("b", lobby, { session: true })] });
      await app.click("#a .send");
      await app.shows("#a .settled", "delivered");
      await app.shows("#b .heard", "a]");
      await app.show({ cards: [] });
      const { dialed, sessions } = await lobby.until(({ connections }) => connections === 0);
      assert.deepEqual([dialed, sessions.new], [1, 1]);
    }));

  it("a server renders it idle and opens nothing, and the page goes on from there", async () => {
    const lobby = room();
    const props = { cards: [card("a", lobby), card("b", lobby, { session: true })], label: "first" };
    const Own = globalThis.WebSocket;
    globalThis.WebSocket = class {
      constructor() {
        throw new Error("A server opened a connection.");
      }
    };
    let html;
    try {
      html = await served.render(props);
    } finally {
      globalThis.WebSocket = Own;
    }
    assert.equal(html.match(/class="state"[^>]*>(<!--.*?-->)*idle/g)?.length, 2, html);
    assert.equal((await lobby.stats()).dialed, 0);
    const query = `props=${encodeURIComponent(JSON.stringify(props))}`;
    await open(
      async (app) => {
        await app.shows("#a .state", "open");
        await app.shows("#b .state", "open");
        assert.equal(await app.run(() => document.querySelector("#a").fromServer), true, "hydrated in place");
      },
      { query },
    );
    assert.equal((await lobby.stats()).dialed, 2);
  });

  it("an edited component is replaced while its connection stays", () =>
    open(async (app) => {
      const lobby = room();
      await app.show({ cards: [card("a", lobby), card("b", lobby)], label: "first" });
      await app.shows("#a .state", "open");
      await app.run(() => void (window.isFirst = true));
      served.edit(component, "First edition", "Second edition");
      await app.shows("#a .edition", "Second edition");
      await app.shows("#b .edition", "Second edition");
      await app.click("#b .send");
      await app.shows("#a .heard", "[first: b]");
      assert.equal(await app.run(() => window.isFirst), true, "the page itself was not loaded anew");
      assert.equal((await lobby.stats()).dialed, 1);
    }));

  it("the examples of docs/frameworks.md show what comes and send what is clicked", () =>
    open(async (app, log) => {
      const [prices, session] = [room(), room()];
      const say = `say=nonsense&say=${encodeURIComponent('{"type":"price","symbol":"EURUSD","bid":1.08}')}`;
      await app.run(connectTo, { "/prices": prices.url(say), "/session": session.url() });
      await app.run(() => window.showExamples());
      await app.shows("#root", "EURUSD: 1.08 (open)");
      await app.click("#root button");
      const { received } = await prices.until(({ messagesIn }) => messagesIn === 1);
      assert.deepEqual(received, ['{"type":"watch","symbol":"EURUSD"}']);
      assert.equal((await prices.stats()).dialed, 1);
      await tried?.(app, log);
    }));

  if (canBeLate) {
    it("a component that is rendered and never mounted connects to nothing, and to one when it is mounted late", () =>
      open(async (app) => {
        const late = room();
        const other = room();
        await app.show({ late: late.url(), cards: [card("a", other)] });
        await app.shows("#fallback", "Waiting");
        await app.shows("#a .state", "open");
        await app.show({ late: late.url() });
        // What was rendered longer ago than this connection lingered is forgotten too.
        await other.until(({ connections }) => connections === 0);
        assert.equal((await late.stats()).dialed, 0);
        await app.run(() => window.come());
        await app.shows("#late", "open");
        assert.equal((await late.stats()).dialed, 1);
      }));

    it("who is mounted late takes the connection that others have opened meanwhile", () =>
      open(async (app) => {
        const lobby = room();
        const [first, second] = [room(), room()];
        await app.show({ late: lobby.url(), cards: [card("a", first)] });
        await app.shows("#a .state", "open");
        await app.show({ late: lobby.url() });
        await first.until(({ connections }) => connections === 0);
        await app.show({ late: lobby.url(), cards: [card("b", lobby), card("a", second)] });
        await app.shows("#b .state", "open");
        await app.shows("#a .state", "open");
        await app.run(() => window.come());
        await app.shows("#late", "open");
        await app.show({ late: lobby.url() });
        await second.until(({ connections }) => connections === 0);
        const { dialed, connections } = await lobby.stats();
        assert.deepEqual([dialed, connections], [1, 1]);
      }));
  }

  return { open, room, card, edit: (...change) => served.edit(...change) };
}

/** In a page: who dials one of these paths, on whatever host, is connected to the URL that is given for it. */
function connectTo(urls) {
  const Own = globalThis.WebSocket;
  globalThis.WebSocket = class extends Own {
    constructor(url, protocols) {
      super(urls[new URL(url).pathname], protocols);
    }
  };
}

class App extends Page {
  /** Another moment for each, as for clicks of people. */
  show(props) {
    return this.run((props) => window.show(props), props);
  }

  /** Each as soon as the page shows the one before: from here that could take a second. */
  showInTurn(...all) {
    return this.run(async (all) => {
      for (const props of all) {
        window.show(props);
        const shown = () => document.querySelectorAll("section").length === props.cards.length;
        for (let turn = 0; turn < 2 || !shown(); turn++) await new Promise((again) => setTimeout(again));
      }
    }, all);
  }
}
