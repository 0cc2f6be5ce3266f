// What processes take of the CPU, from /proc.
import { readdirSync, readFileSync } from "node:fs";

/** The processes of a browser that carry messages, by the browser's own: `{ renderer: [pid], network: [pid] }`. */
export function processesOf(browser) {
  const parents = new Map();
  for (const name of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const stat = contents(`/proc/${name}/stat`);
    // The name in parentheses may hold anything.
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 1).split(" ")[2]));
  }
  const isOurs = (pid) => pid === browser || (parents.has(pid) && isOurs(parents.get(pid)));
  const found = { renderer: [], network: [] };
  for (const pid of parents.keys()) {
    const command = contents(`/proc/${pid}/cmdline`);
    const role = command.includes("--type=renderer")
      ? "renderer"
      : command.includes("network.mojom.NetworkService") && "network";
    if (role && isOurs(pid)) found[role].push(pid);
  }
  return found;
}

/** A reading of processes by role; `since(earlier)` has the microseconds of CPU each role took meanwhile. */
export function cpuOf(roles) {
  const readings = Object.entries(roles).map(([role, pids]) => [role, threads([pids].flat())]);
  return {
    readings: new Map(readings),
    since(earlier) {
      const spent = readings.map(([role, now]) => {
        const then = earlier.readings.get(role) ?? new Map();
        let nanos = 0;
        for (const [thread, time] of now) nanos += time - (then.get(thread) ?? 0);
        return [role, nanos / 1_000];
      });
      return Object.fromEntries(spent);
    },
  };
}

/** Nanoseconds on a CPU by thread: of a process as a whole the kernel counts in steps of 10 ms. */
function threads(pids) {
  const times = new Map();
  for (const pid of pids) {
    for (const id of entries(`/proc/${pid}/task`))
      times.set(id, Number(contents(`/proc/${pid}/task/${id}/schedstat`).split(" ")[0]));
  }
  return times;
}

/** Nothing for a process that has ended meanwhile. */
function contents(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function entries(directory) {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
