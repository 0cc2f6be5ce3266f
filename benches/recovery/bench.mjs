// How long until a connection that was lost is open again, as each does it unless told otherwise, and what ten thousand
// connections leave behind. These wait more than they work, so they run side by side.
import { setTimeout as pause } from "node:timers/promises";
import { startFaultProxy } from "../../scripts/echo-server.mjs";
import { inBrowser } from "../harness/browser.mjs";
import { bundle } from "../harness/bundle.mjs";
import { MEMORY } from "../harness/flags.mjs";
import { median } from "../harness/numbers.js";
import { rowsOf } from "../harness/rows.mjs";
import { withServers } from "../harness/servers.mjs";

const SUBJECTS = [
  "everwire",
  "everwire/session",
  "reconnecting-websocket",
  "partysocket",
  "@nktkas/rews",
  "socket.io",
];
/** The others notice a half-open link when TCP gives it up. */
const WITH_HEARTBEAT = ["everwire", "everwire/session", "socket.io"];
const HEARTBEAT = { interval: 2_000, timeout: 1_000 };
/** Longer than any of them takes to trust a connection. */
const STABLE = 5_500;
const DOWN = 2_000;
/** In pages of their own, since Chromium slows down a page whose dials fail. */
const COPIES = 3;

const SCENARIOS = {
  "after a cut": { subjects: SUBJECTS, lose: ({ cut }) => cut("reset") },
  "after a half-open link": { subjects: WITH_HEARTBEAT, lose: ({ cut }) => cut("silent") },
  "after the server returns": {
    subjects: SUBJECTS,
    async lose({ cut, refuse }) {
      await refuse(true);
      await cut("reset");
      await pause(DOWN);
      await refuse(false);
    },
  },
};

/** It measures no speed. */
export const isPatient = true;

export async function bench({ rounds, quick, log }) {
  const script = await bundle("benches/recovery/page.js");
  const scenarios = Object.entries(SCENARIOS).slice(0, quick ? 1 : undefined);
  return withServers(
    async (servers) => {
      const [left, ...recoveries] = await Promise.all([
        reconnects(servers, script, quick ? 200 : 10_000, log),
        ...scenarios.map(([name, scenario]) => recovery(servers, script, name, scenario, rounds, log)),
      ]);
      return [...recoveries.flat(), ...left];
    },
    { heartbeat: HEARTBEAT },
  );
}

async function recovery({ http, urls }, script, name, { subjects, lose }, rounds, log) {
  const proxies = await Promise.all(
    Object.entries(http).map(async ([server, address]) => [
      server,
      await startFaultProxy(address, "", { release: true }),
    ]),
  );
  const order = (what) =>
    Promise.all(
      proxies.map(async ([, { control }]) => {
        const response = await fetch(`${control}/control/${what}`, { method: "POST" });
        if (!response.ok) throw new Error(`${what}: ${response.status} ${await response.text()}`);
      }),
    );
  const behind = Object.fromEntries(
    proxies.map(([server, { ws }]) => [server, urls[server].replace(/^ws:\/\/[^/]+/, ws)]),
  );
  const frames = Array.from({ length: COPIES }, () => subjects).flat();
  const watch = new Watch(frames.length);
  const found = new Map(subjects.map((subject) => [subject, []]));
  const heartbeat = WITH_HEARTBEAT === subjects ? HEARTBEAT : undefined;
  const facts = (subject) => ({ subject, url: urlOf(subject, behind), heartbeat });
  const body = async () => {
    for (let round = 0; round < Math.ceil(rounds / COPIES); round++) {
      await watch.all();
      await pause(STABLE);
      watch.forget();
      await lose({
        cut: (how) => order(`cut?how=${how}`),
        refuse: (is) => order(`faults${is ? "?refuse" : ""}`),
      });
      const lost = Date.now();
      const opened = await watch.all();
      for (const [frame, at] of opened.entries()) found.get(frames[frame]).push(Math.max(0, at - lost));
    }
  };
  try {
    await inFrames(
      script,
      frames.map(facts),
      { opened: ({ index, at }) => watch.opened(index, at) },
      [],
      body,
    );
  } finally {
    await Promise.all(proxies.map(([, proxy]) => proxy.stop()));
  }
  log(`${name}: done`);
  return rowsOf(
    `recovery ${name}`,
    "ms",
    SUBJECTS.map((subject) => ({ subject, median: found.has(subject) ? median(found.get(subject)) : null })),
  );
}

/** Opens so many connections, one after the other. Those who are not Everwire fewer, for the time it takes. */
async function reconnects({ urls, http }, script, times, log) {
  const frames = await Promise.all(
    SUBJECTS.map(async (subject) => ({
      subject,
      url: urlOf(subject, { ...urls, native: await freshPort(http.native) }),
      times: subject.startsWith("everwire") ? times : times / 10,
    })),
  );
  const found = [];
  let enough;
  const body = () => new Promise((resolve) => (enough = resolve));
  const left = ({ index, done, bytes }) => {
    const { subject } = frames[index];
    found.push({ subject, size: done, median: bytes });
    log(`${subject}: ${done} reconnects`);
    if (found.length === frames.length) enough();
  };
  await inFrames(script, frames, { left }, MEMORY, body);
  found.sort((a, b) => SUBJECTS.indexOf(a.subject) - SUBJECTS.indexOf(b.subject));
  return rowsOf("heap left by reconnects", "bytes in all", found);
}

/** Chromium lets 10 ms pass between two connections to one port, whoever opens them. */
async function freshPort(server) {
  const response = await fetch(`${server}/control/port`, { method: "POST" });
  return (await response.json()).url;
}

/** A page with a frame for each of the facts, every one of a site and so in a process of its own, while `body` runs. */
async function inFrames(script, facts, answers, flags, body) {
  const files = { "page.js": script };
  for (const [index, given] of facts.entries())
    files[`${index}.html`] =
      `<!doctype html><script>facts = ${JSON.stringify({ index, ...given })}</script><script type="module" src="/page.js"></script>`;
  let running;
  const first = (port) => {
    const frame = (index) =>
      `<iframe width=50 height=50 src="http://site${index}.test:${port}/${index}.html"></iframe>`;
    files["frames.html"] = `<!doctype html>${facts.map((_, index) => frame(index)).join("")}`;
    return `http://127.0.0.1:${port}/frames.html`;
  };
  await inBrowser({
    files,
    first,
    answers,
    flags: ["--host-resolver-rules=MAP *.test 127.0.0.1", ...flags],
    until: () => (running ??= body()),
  });
}

const urlOf = (subject, urls) =>
  subject === "socket.io"
    ? `${urls["socket.io"]}?`
    : `${urls.native}?room=${encodeURIComponent(`recovery ${subject}`)}`;

/** When each of them was opened since this was last forgotten. */
class Watch {
  #times;
  #tell = () => {};

  constructor(length) {
    this.#times = new Array(length).fill(undefined);
  }

  opened(index, at) {
    this.#times[index] ??= at;
    this.#tell();
  }

  forget() {
    this.#times.fill(undefined);
  }

  /** Resolves once all are. */
  async all() {
    while (this.#times.includes(undefined)) await new Promise((resolve) => (this.#tell = resolve));
    return this.#times;
  }
}
