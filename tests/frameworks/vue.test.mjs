import assert from "node:assert/strict";
import { describe, it } from "node:test";
import vue from "@vitejs/plugin-vue";
import { declare } from "./contract.mjs";

describe("everwire/vue", () => {
  const { open, room, card } = declare("vue", {
    component: "Card.vue",
    canBeLate: true,
    plugins: [vue()],
    include: ["vue", "everwire", "everwire/vue", "everwire/session"],
  });

  it("what KeepAlive keeps keeps its connection, and hears meanwhile", () =>
    open(async (app) => {
      const [lobby, other] = [room(), room()];
      await app.show({ kept: card("a", lobby), cards: [card("b", other)], label: "first" });
      await app.shows("#a .state", "open");
      await app.shows("#b .state", "open");
      await app.show({});
      await other.until(({ connections }) => connections === 0);
      await app.show({ cards: [card("c", lobby)], label: "second" });
      await app.shows("#c .state", "open");
      await app.click("#c .send");
      await app.shows("#c .last", "c");
      await app.show({ kept: card("a", lobby), label: "third" });
      await app.shows("#a .last", "c");
      assert.equal((await lobby.stats()).dialed, 1);
    }));

  it("a connection that is used in an effect scope ends with that", () =>
    open(async (app) => {
      const lobby = room();
      await app.run((url) => void window.begin(url), lobby.url());
      await lobby.until(({ connections }) => connections === 1);
      await app.run(() => window.end());
      await lobby.until(({ connections }) => connections === 0);
    }));
});
