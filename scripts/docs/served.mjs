// The documentation beside the demo page, once it has been built.
import { existsSync } from "node:fs";
import { inRoot } from "../paths.mjs";

const built = inRoot("target/docs");

/** For the server: at `/docs`, the site, or a page that says how to build it. */
export const servedDocs = () => [
  ["docs", existsSync(`${built}/index.html`) ? built : inRoot("scripts/docs/unbuilt")],
];
