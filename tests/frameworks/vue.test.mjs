import { describe } from "node:test";
import vue from "@vitejs/plugin-vue";
import { declare } from "./contract.mjs";

describe("everwire/vue", () => {
  declare("vue", {
    component: "Card.vue",
    plugins: [vue()],
    include: ["vue", "everwire", "everwire/vue", "everwire/session"],
  });
});
