import assert from "node:assert/strict";
import { describe, it } from "node:test";
import react from "@vitejs/plugin-react";
import { declare } from "./contract.mjs";

describe("everwire/react, in strict mode", () => {
  const { open, room, card, edit } = declare("react", {
    component: "Card.jsx",
    plugins: [react()],
    include: [
      "react",
      "react-dom/client",
      "react/jsx-dev-runtime",
      "everwire",
      "everwire/react",
      "everwire/session",
    ],
  });

  it("a component that is rendered and never mounted connects to nothing, and to one when it is mounted late", () =>
    open(async (app) => {
      const late = room();
      const other = room();
      await app.show({ late: { url: late.url() }, cards: [card("a", other)] });
      await app.shows("#fallback", "Waiting");
      await app.shows("#a .state", "open");
      await app.show({ late: { url: late.url() } });
      // What was rendered longer ago than this connection lingered is forgotten too.
      await other.until(({ connections }) => connections === 0);
      assert.equal((await late.stats()).dialed, 0);
      await app.run(() => window.come());
      await app.shows("#late", "open");
      assert.equal((await late.stats()).dialed, 1);
    }));

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

  it("an activity that is shown again takes the connection that others have opened meanwhile", () =>
    open(async (app) => {
      const lobby = room();
      const as = (mode) => ({ hidden: { url: lobby.url(), mode } });
      await app.show(as("visible"));
      await app.shows("#hidden", "open");
      await app.show(as("hidden"));
      await lobby.until(({ connections }) => connections === 0);
      await app.show({ ...as("hidden"), cards: [card("a", lobby)] });
      await app.shows("#a .state", "open");
      await app.show({ ...as("visible"), cards: [card("a", lobby)] });
      await app.shows("#hidden", "open");
      await app.show(as("visible"));
      await app.shows("#hidden", "open");
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
