// Members that parts of the facade know of each other and nobody else does: they are shortened, as #fields are. Not here
// is what has a meaning outside of a bundle, or is found by its name: what is public, what the browser has, what a page and
// a worker call each other. The exports of the wasm are added to them, which have short names there.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../failure.mjs";
import { pkg } from "../paths.mjs";

const OWN = [
  // Links, and what a core calls.
  "ask core dead emit hear heard root settle socket socketClass texts waiting",
  // The clock, options and answers, events.
  "alarm begin later stop flags numbers good local shown empty watch",
  // Receipts, channels, handlers.
  "bound closes deliver ends leave number opens wait",
  // Sessions.
  "answered asked asker asking attach cancelled channels context enter hangUp link main methods over own",
  "part parts retire serve serving stream unanswered unpassed",
  // Workers.
  "asksForPings behind buffered latest members offset quiet refusal sink tell",
].flatMap((names) => names.split(" "));
const STANDARD = [Array, Map, Set, Promise, Function, Error, Uint8Array, Event, EventTarget, AbortSignal];

/** What esbuild is to shorten; `exported` are the names of the wasm's exports. */
export const ownNames = (exported) => new RegExp(`^(${[...OWN, ...exported].join("|")})$`);

/** The declarations in pkg/ are what is public. */
export function refusePublicNames(exported) {
  const members = new Set(STANDARD.flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype)));
  for (const file of readdirSync(pkg).filter((name) => name.endsWith(".d.ts") && name !== "core.d.ts")) {
    const text = readFileSync(join(pkg, file), "utf8");
    for (const [, name] of text.matchAll(/^\s+(?:(?:readonly|get|set|static) )*(\w+)\??[(<:]/gm))
      members.add(name);
  }
  const found = [...OWN, ...exported].filter((name) => members.has(name));
  if (found.length === 0) return;
  throw new Failure(
    `${found.join(", ")}: public or standard, and not to be shortened. Take it out of own-names.mjs.`,
  );
}
