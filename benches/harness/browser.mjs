// A browser that nobody drives: its page fetches a job from here, and posts what it finds. A debugging protocol would
// copy every frame.
import { createServer } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../../scripts/failure.mjs";
import { say } from "../../scripts/say.mjs";
import { start, stop } from "../../scripts/process.mjs";
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

// Isolated, a page has a finer clock, and may ask how much memory it takes.
const HEADERS = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "cross-origin",
};

/**
 * What a page of a new browser with a fresh profile finds: it runs the script `entry` with `job` (benches/harness/page.js
 * tells how) and has `patience` milliseconds. `servers` are processes by name, `{ native: pid }`: the page may ask what
 * they and its own took of the CPU. `answers` are functions by name that the page may call.
 */
export async function inBrowser({
  entry,
  job = {},
  servers = {},
  answers = {},
  flags = [],
  log = say,
  patience = 600_000,
}) {
  const script = await bundle(entry);
  const profile = mkdtempSync(join(tmpdir(), "everwire-bench-"));
  const outcome = deferred();
  let browser;
  let before;
  const calls = {
    job: () => job,
    result: (result) => outcome.resolve(result),
    failure: ({ text }) => outcome.reject(new Failure(`The page of ${entry} failed: ${text}`)),
    /** Of each process since this was last asked, in microseconds. */
    async cpu() {
      const now = cpuOf({ ...processesOf(browser.pid), ...servers });
      const spent = before ? now.since(before) : {};
      before = now;
      return spent;
    },
    said: ({ text }) => log(text),
    ...answers,
  };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname.slice(1);
    if (request.method === "POST") {
      let text = "";
      for await (const part of request.setEncoding("utf8")) text += part;
      try {
        const answer = await calls[path](text && JSON.parse(text));
        response.writeHead(200, { ...HEADERS, "content-type": "application/json" });
        response.end(JSON.stringify(answer ?? null));
      } catch (error) {
        outcome.reject(error);
        response.writeHead(500, HEADERS).end();
      }
      return;
    }
    const type = path.endsWith(".js") ? "text/javascript" : "text/html; charset=utf-8";
    response.writeHead(200, { ...HEADERS, "content-type": type });
    response.end(
      path === "page.js" ? script : '<!doctype html><script type="module" src="/page.js"></script>',
    );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${server.address().port}/`;
  const timer = setTimeout(
    () => outcome.reject(new Failure(`The page of ${entry} did not report within ${patience / 1_000} s.`)),
    patience,
  );
  try {
    browser = start("chromium", [...FLAGS, ...flags, `--user-data-dir=${profile}`, address], { quiet: true });
    browser.exited.then(() => outcome.reject(new Failure("Chromium has ended by itself.")));
    return await outcome.promise;
  } finally {
    clearTimeout(timer);
    if (browser) await stop(browser);
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

function deferred() {
  const deferred = {};
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  return deferred;
}
