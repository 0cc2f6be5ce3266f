// How the application of React is served.
import plugin from "@vitejs/plugin-react";
import { SOON } from "../e2e/page.mjs";

const include = [
  "react",
  "react-dom/client",
  "react/jsx-dev-runtime",
  "everwire",
  "everwire/react",
  "everwire/session",
];
/** The examples for React alone: what is no message is warned of, and the session's button sends. */
async function tried(app, log) {
  await app.run(() => document.querySelectorAll("#root button")[1].click());
  const logged = (text) => log.entries.some((entry) => entry.text.startsWith(text));
  await app.driver.wait(() => logged("Undecodable") && logged("delivered"), SOON);
}

export const react = { component: "Card.jsx", plugins: [plugin()], include, tried };
