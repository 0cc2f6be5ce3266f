// What servers take of one core and of memory: messages echoed a second over more and more connections, and what each
// connection costs that is open and silent. Server and load have a core each; all servers are up all the time, and are
// measured in turn.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { launch } from "../../scripts/echo-server.mjs";
import { cargoTarget, inRoot, root } from "../../scripts/paths.mjs";
import { start, stop } from "../../scripts/process.mjs";
import { cpuOf } from "../harness/cpu.mjs";
import { median, rotated, rounded } from "../harness/numbers.js";

const LOAD = "everwire-load";
const RUN = { full: 300, quick: 200 };
const SIZE = 128;
/** On all connections together: what grows is their number. */
const IN_FLIGHT = 1_000;
const LOADED = { full: [1, 10, 100, 1_000], quick: [1, 100] };
const HELD = { full: [1_000, 5_000, 10_000], quick: [1_000] };
const [SERVER_CORE, LOAD_CORE] = ["0", "1"];

const chart = (file, title, bench, x, y) => ({ file, title, rows: (row) => row.bench === bench, x, y });

export const charts = [
  chart(
    "server-echoes",
    "Messages a second that one core echoes",
    "server: echoes",
    "connections",
    "messages/s",
  ),
  chart("server-cpu", "CPU time of a server for an echo", "server: CPU per echo", "connections", "us"),
  chart(
    "server-memory",
    "Memory of a silent connection",
    "server: memory per connection",
    "connections",
    "KiB",
  ),
];

const node = (file) => [process.execPath, inRoot("benches/peers", file)];
const SERVERS = {
  "everwire session server": {
    dialect: "session",
    command: [join(cargoTarget, "release/everwire-load-echo")],
  },
  "everwire echo server, plain": {
    dialect: "websocket",
    path: "ws?room=load",
    command: [join(cargoTarget, "release/everwire-echo-server"), "--port", "0", "--root", root],
  },
  ws: { dialect: "websocket", command: node("ws.mjs") },
  "socket.io": {
    dialect: "socket.io",
    path: "socket.io/?EIO=4&transport=websocket",
    command: node("socket-io.mjs"),
  },
};

export async function bench({ rounds, quick, log }) {
  const length = quick ? "quick" : "full";
  log(`echoes over ${LOADED[length].join(", ")} connections, ${rounds} times ${RUN[length]} ms each`);
  const echoes = await throughput(LOADED[length], rounds, RUN[length]);
  log(`up to ${HELD[length].at(-1)} silent connections`);
  return [...echoes, ...(await holding(HELD[length]))];
}

async function throughput(counts, rounds, millis) {
  return withServers(async (servers) => {
    const cells = servers.flatMap((server) => counts.map((count) => ({ server, count, found: [] })));
    for (const cell of cells) cell.load = await connect(cell.server, cell.count);
    // The first goes to warming up.
    for (let round = 0; round <= rounds; round++) {
      for (const cell of rotated(cells, round)) {
        const before = cpuOf({ server: cell.server.pid });
        const [echoed, micros] = await cell.load.order(`run ${millis}`);
        const { server: cpu } = cpuOf({ server: cell.server.pid }).since(before);
        if (round > 0) cell.found.push({ rate: (1e6 * echoed) / micros, cpu: cpu / echoed });
      }
    }
    for (const { load } of cells) await load.stop();
    return cells.flatMap(({ server, count, found }) => [
      row("server: echoes", server, count, "messages/s", median(found.map(({ rate }) => rate))),
      row("server: CPU per echo", server, count, "us/message", median(found.map(({ cpu }) => cpu))),
    ]);
  });
}

/** Fresh servers for each number, since none gives back all the memory it once had. */
async function holding(counts) {
  const rows = [];
  for (const count of counts) {
    await withServers(async (servers) => {
      for (const server of servers) {
        const before = memoryOf(server.pid);
        const load = await connect(server, count);
        const kibibytes = memoryOf(server.pid) - before;
        const [echoed] = await load.order("check");
        await load.stop();
        rows.push(row("server: connections held", server, count, "connections", echoed));
        rows.push(row("server: memory per connection", server, count, "KiB", kibibytes / count));
      }
    });
  }
  return rows;
}

async function withServers(body) {
  const servers = [];
  try {
    for (const [subject, { command, dialect, path = "" }] of Object.entries(SERVERS)) {
      const server = await launch("taskset", ["-c", SERVER_CORE, ...command], { quiet: true });
      servers.push({ ...server, subject, dialect, url: `${server.ws}/${path}` });
    }
    return await body(servers);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** So many connections that are open: `order(text)` is obeyed and answers with numbers. */
async function connect({ dialect, url }, count) {
  const program = join(cargoTarget, "release", LOAD);
  const inFlight = Math.max(1, IN_FLIGHT / count);
  const args = ["-c", LOAD_CORE, program, dialect, url, String(count), String(SIZE), String(inFlight)];
  const child = start("taskset", args, { quiet: true, input: true });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${dialect} ${url}: the load ended`);
    return value.split(" ").slice(1).map(Number);
  };
  await answer();
  return {
    order: (text) => (child.stdin.write(`${text}\n`), answer()),
    stop: () => stop(child),
  };
}

/** KiB in memory. */
const memoryOf = (pid) => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);

function row(bench, { subject }, size, unit, found) {
  return {
    bench,
    subject,
    size,
    direction: null,
    kind: null,
    unit,
    median: rounded(found),
    ratioToRaw: null,
  };
}
