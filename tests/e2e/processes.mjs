// The processes of a browser that this process has started.
import { readdirSync, readFileSync } from "node:fs";

/** How the processes that run pages are called. */
const RUNS_PAGES = {
  chromium: /--type=renderer/,
  firefox: /-contentproc.* tab\b/,
  webkit: /WebKitWebProcess/,
};

/** The ids of those that run pages, among the descendants of this process. */
export function pageProcesses(browser) {
  const parents = new Map();
  for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const stat = contents(`/proc/${id}/stat`);
    // The name in parentheses may hold anything.
    parents.set(id, stat.slice(stat.lastIndexOf(")") + 1).split(" ")[2]);
  }
  const ours = (id) => id === String(process.pid) || (parents.has(id) && ours(parents.get(id)));
  const runsPages = (id) => RUNS_PAGES[browser].test(contents(`/proc/${id}/cmdline`).replaceAll("\0", " "));
  return [...parents.keys()].filter((id) => runsPages(id) && ours(id)).map(Number);
}

/** Empty for a process that has ended meanwhile. */
function contents(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
