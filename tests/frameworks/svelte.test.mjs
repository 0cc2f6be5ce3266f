import { describe } from "node:test";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { declare } from "./contract.mjs";

describe("everwire/svelte", () => {
  declare("svelte", {
    component: "Card.svelte",
    plugins: [svelte({ configFile: false })],
    include: ["everwire", "everwire/svelte", "everwire/session"],
  });
});
