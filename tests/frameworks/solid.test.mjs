import { describe } from "node:test";
import solid from "vite-plugin-solid";
import { declare } from "./contract.mjs";

describe("everwire/solid", () => {
  declare("solid", {
    component: "Card.jsx",
    canBeLate: true,
    plugins: [solid({ ssr: true })],
    include: ["solid-js", "solid-js/store", "solid-js/web", "everwire", "everwire/solid", "everwire/session"],
  });
});
