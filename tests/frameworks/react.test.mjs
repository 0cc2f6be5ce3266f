import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { browsers } from "../e2e/browser.mjs";
import { declare } from "./contract.mjs";
import { react } from "./react.mjs";

describe("everwire/react, in strict mode", () => {
  const { open, room, card, edit } = declare("react", { ...react, canBeLate: true });

  for (const browser of browsers.slice(1)) {
    it(`components share a connection in ${browser} too`, () =>
      open(
        async (app) => {
          const lobby = room();
          await app.show({ cards: [card("a", lobby), card("b", lobby)], label: "first" });
          await app.shows("#a .state", "open");
          await app.show({ cards: [card("b", lobby)], label: "second" });
          await app.click("#b .send");
          await app.shows("#b .heard", "[second: b]");
          await app.show({});
          const { dialed } = await lobby.until(({ connections }) => connections === 0);
          assert.equal(dialed, 1);
        },
        { browser },
      ));
  }

  it("a hidden activity has no connection, and one again when it is shown", () =>
    open(async (app) => {
      const lobby = room();
      const as = (mode) => ({ hidden: { url: lobby.url(), mode } });
      await app.show(as("hidden"));
      await app.shows("#hidden", "idle");
      await app.show(as("visible"));
      await app.shows("#hidden", "open");
      await app.show(as("hidden"));
      await lobby.until(({ connections }) => connections === 0);
      await app.show(as("visible"));
      await app.shows("#hidden", "open");
      assert.equal((await lobby.stats()).dialed, 2);
    }));

  it("a listener in an effect of the component hears what goes wrong at once", () =>
    open(async (app) => {
      await app.show({ warned: "gopher://example.org/" });
      await app.shows("#warned", "InvalidUrl");
    }));

  it("a connection that was closed by hand is opened again by who is mounted next", () =>
    open(async (app) => {
      const lobby = room();
      await app.show({ cards: [card("a", lobby)] });
      await app.shows("#a .state", "open");
      await app.click("#a .close");
      await app.shows("#a .state", "closed");
      await app.show({ cards: [] });
      await app.show({ cards: [card("b", lobby)] });
      await app.shows("#b .state", "open");
      assert.equal((await lobby.stats()).dialed, 2);
    }));

  it("an activity that is shown again takes the connection that others have opened meanwhile", () =>
    open(async (app) => {
      const [lobby, other] = [room(), room()];
      const as = (mode, cards = []) => ({ hidden: { url: lobby.url(), mode, silent: true }, cards });
      await app.show(as("visible"));
      await lobby.until(({ connections }) => connections === 1);
      await app.show(as("hidden"));
      await lobby.until(({ connections }) => connections === 0);
      await app.show(as("hidden", [card("a", lobby), card("b", other)]));
      await app.shows("#a .state", "open");
      await app.shows("#b .state", "open");
      await app.show(as("visible", [card("a", lobby), card("b", other)]));
      await app.show(as("visible"));
      await other.until(({ connections }) => connections === 0);
      const { dialed, connections } = await lobby.stats();
      assert.deepEqual([dialed, connections], [2, 1]);
    }));

  it("a component that gets another hook by an edit starts afresh, and its connection stays", () =>
    open(async (app) => {
      const lobby = room();
      await app.show({ cards: [card("a", lobby)], label: "first" });
      await app.shows("#a .state", "open");
      await app.click("#a .send");
      await app.shows("#a .heard", "[first: a]");
      edit(
        "Card.jsx",
        `const [heard, setHeard] = useState("");`,
        `const [heard, setHeard] = useState("anew "), [more] = useState();`,
      );
      await app.until(() => document.querySelector("#a .heard").textContent === "anew ");
      await app.shows("#a .state", "open");
      assert.equal((await lobby.stats()).dialed, 1);
    }));
});
