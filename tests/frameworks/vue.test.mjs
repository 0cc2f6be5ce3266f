import { describe, it } from "node:test";
import vue from "@vitejs/plugin-vue";
import { declare } from "./contract.mjs";

describe("everwire/vue", () => {
  const { open, room } = declare("vue", {
    component: "Card.vue",
    canBeLate: true,
    plugins: [vue()],
    include: ["vue", "everwire", "everwire/vue", "everwire/session"],
  });

  it("a connection that is used in an effect scope ends with that", () =>
    open(async (app) => {
      const lobby = room();
      await app.run((url) => void window.begin(url), lobby.url());
      await lobby.until(({ connections }) => connections === 1);
      await app.run(() => window.end());
      await lobby.until(({ connections }) => connections === 0);
    }));
});
