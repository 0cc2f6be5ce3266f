// A browser that nobody drives: its page asks for what it needs, and posts what it finds. A debugging protocol would copy
// every frame.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../../scripts/failure.mjs";
import { start, stop } from "../../scripts/process.mjs";
import { say } from "../../scripts/say.mjs";
import { bundle } from "./bundle.mjs";
import { cpuOf, processesOf } from "./cpu.mjs";

const FLAGS = [
  // Chromium refuses to run as root inside its sandbox.
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  "--headless",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// Isolated, a page has a finer clock.
const HEADERS = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "cross-origin",
};

/**
 * What a page of a new browser with a fresh profile finds. It runs the script `entry` (with `subjects`, else all of them), or is the first of `files`, by what
 * `first(port)` says. harness/page.js tells how it asks for its `job`, calls one of `answers`, which get `(given, port)`,
 * and posts its result. `servers` are processes by name, `{ native: pid }`, of which it may ask, as of the browser's,
 * what they took of the CPU. If `until` is given, the page stays until that resolves, and that is the result.
 */
export async function inBrowser({
  entry,
  subjects,
  files = {},
  first = (port) => `http://127.0.0.1:${port}/index.html`,
  job = {},
  answers = {},
  servers = {},
  until,
  flags = [],
  log = say,
  patience = 600_000,
}) {
  const pages = { ...(entry && { "index.html": PAGE, "page.js": await bundle(entry, { subjects }) }) };
  const outcome = deferred();
  let browser;
  let before;
  const calls = {
    job: () => job,
    result: (result) => outcome.resolve(result),
    failure: ({ text }) => outcome.reject(new Failure(`A page of the bench failed: ${text}`)),
    said: ({ text }) => log(text),
    /** Of each process since this was last asked, in microseconds. */
    cpu() {
      const now = cpuOf({ ...processesOf(browser.pid), ...servers });
      const spent = before ? now.since(before) : {};
      before = now;
      return spent;
    },
    ...answers,
  };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname.slice(1);
    try {
      if (request.method === "POST") {
        let text = "";
        for await (const part of request.setEncoding("utf8")) text += part;
        const answer = await calls[path](text && JSON.parse(text), server.address().port);
        response.writeHead(200, { ...HEADERS, "content-type": "application/json" });
        response.end(JSON.stringify(answer ?? null));
      } else {
        const file = pages[path] ?? files[path];
        const type = path.endsWith(".js") ? "text/javascript" : "text/html; charset=utf-8";
        response.writeHead(file === undefined ? 404 : 200, { ...HEADERS, "content-type": type }).end(file);
      }
    } catch (error) {
      outcome.reject(error);
      response.writeHead(500, HEADERS).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const profile = mkdtempSync(join(tmpdir(), "everwire-bench-"));
  const late = () =>
    outcome.reject(new Failure(`No page of the bench reported within ${patience / 1_000} s.`));
  const timer = setTimeout(late, patience);
  try {
    const url = first(server.address().port);
    const args = [...FLAGS, ...flags, `--user-data-dir=${profile}`, url];
    browser = start("chromium", args, { quiet: true });
    browser.exited.then(() => outcome.reject(new Failure("Chromium has ended by itself.")));
    if (until) until().then(outcome.resolve, outcome.reject);
    return await outcome.promise;
  } finally {
    clearTimeout(timer);
    if (browser) await stop(browser);
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

const PAGE = '<!doctype html><script type="module" src="/page.js"></script>';

function deferred() {
  const deferred = {};
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  return deferred;
}
