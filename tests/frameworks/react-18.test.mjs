import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { declare } from "./contract.mjs";
import { react } from "./react.mjs";

describe("everwire/react, in strict mode of React 18", () => {
  const others = { react: "react-18", "react-dom": "react-dom-18" };
  const { open } = declare("react", { ...react, others });

  it("is that of React 18", () =>
    open(async (app) => assert.match(await app.run(() => window.version), /^18\./)));
});
