// The tools with which applications are made and run, and what every page made with them proves.
import assert from "node:assert/strict";
import { inRoot } from "../../scripts/paths.mjs";
import { start, stop } from "../../scripts/process.mjs";
import { showsText } from "../e2e/dom.mjs";
import { withTab } from "../e2e/tabs.mjs";

/** The arguments with which Node runs a tool: its file below node_modules, and its own arguments. */
export const tool = (file, ...args) => [inRoot("tests/packaging/consumers/node_modules", file), ...args];

/** What consumers/app/prove.js shows when everything works. */
const PROVED = [
  "everwire",
  "everwire/session",
  "everwire/websocket",
  "everwire/url",
  "everwire/worker",
  "a dedicated worker",
  "a shared worker",
];

/** Opens a page in a browser, waits until it has proved everything with this peer, and fails if it logs an error. */
export async function proves(address, peer, browser = "chromium") {
  const url = new URL(address);
  url.searchParams.set("peer", peer.ws);
  await withTab(browser, url.href, async (driver, log) => {
    await showsText(driver, "#proved", PROVED.map((name) => `${name}: ok`).join("; "));
    assert.deepEqual(log.errors, []);
  });
}

/** Runs `body(address)` while a tool's server runs, whose address is read from what it prints. */
export async function withServer(args, cwd, body) {
  let printed = "";
  let found;
  const address = new Promise((resolve) => (found = resolve));
  const tee = (text) => {
    printed += text;
    const match = /Local:\s+(http:\S+)/.exec(printed.replace(/\x1b\[[\d;]*m/g, ""));
    if (match) found(match[1]);
  };
  const server = start(process.execPath, args, { cwd, quiet: true, tee });
  try {
    const first = await Promise.race([address, server.exited]);
    assert.equal(typeof first, "string", `${args[0]} did not start: ${printed}`);
    await body(first);
  } finally {
    await stop(server);
  }
}
