// The rows as people read them: a table a bench and direction, a line a subject, a column a size and kind.

export function table(rows) {
  const tables = groups(rows, ({ bench, direction, unit }) =>
    [bench, direction, unit].filter(Boolean).join(", "),
  );
  return [...tables].map(([title, rows]) => `${title}\n${lines(rows)}`).join("\n\n");
}

function lines(rows) {
  const columns = [...groups(rows, column).keys()];
  const subjects = [...groups(rows, ({ subject }) => subject)];
  const cells = [
    ["", ...columns],
    ...subjects.map(([subject, rows]) => [
      subject,
      ...columns.map((name) => cell(rows.find((row) => column(row) === name))),
    ]),
  ];
  const widths = cells[0].map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  return cells
    .map((line) => line.map((text, i) => (i ? text.padStart(widths[i]) : text.padEnd(widths[i]))).join("  "))
    .join("\n");
}

const column = ({ size, kind }) => [size === null ? undefined : named(size), kind].filter(Boolean).join(" ");

function cell(row) {
  if (!row || row.median === null) return "-";
  const ratio = row.ratioToRaw === null ? "" : ` x${row.ratioToRaw.toPrecision(2)}`;
  return `${shown(row.median)}${ratio}`;
}

/** Three digits that count. */
export function shown(number) {
  if (number === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(number))));
  return Number(number.toFixed(Math.min(6, digits))).toLocaleString("en", { maximumFractionDigits: 6 });
}

/** A size or a number of things, shortly. */
export const named = (size) =>
  size >= 1e6 ? `${size / 1e6}M` : size >= 1_000 ? `${Math.round(size / 1_000)}k` : `${size}`;

function groups(rows, name) {
  const groups = new Map();
  for (const row of rows) groups.set(name(row), [...(groups.get(name(row)) ?? []), row]);
  return groups;
}
