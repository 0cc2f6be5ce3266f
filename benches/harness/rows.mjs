// What benches find: `{ bench, subject, size, direction, kind, unit, median, ratioToRaw }`, null where a column has no meaning.
import { rounded } from "./numbers.js";

export const RAW = "WebSocket";

/** The rows of a bench from `{ subject, size, direction, kind, median }`: what is missing is null. */
export function rowsOf(bench, unit, found) {
  const complete = found.map(({ subject, size = null, direction = null, kind = null, median }) => ({
    bench,
    subject,
    size,
    direction,
    kind,
    unit,
    median,
  }));
  return complete.map((row) => {
    const raw = complete.find((other) => other.subject === RAW && isSame(other, row));
    return { ...row, median: rounded(row.median), ratioToRaw: raw ? rounded(row.median / raw.median) : null };
  });
}

const isSame = (a, b) => a.size === b.size && a.direction === b.direction && a.kind === b.kind;
