// Charts of how each grows with its load, on logarithmic axes, as SVG that can be read on light and on dark pages.
import { RAW } from "./rows.mjs";
import { named, shown } from "./table.mjs";

const WIDTH = 760;
const HEIGHT = 400;
const PLOT = { left: 62, right: 560, top: 40, bottom: 352 };
/** Bright enough for dark pages and dark enough for light ones, in the order of subjects/list.mjs. */
const COLORS = [
  "#8b5cf6",
  "#e11d74",
  "#10a37f",
  "#e07b00",
  "#0891b2",
  "#b7791f",
  "#a78bfa",
  "#f472b6",
  "#65a30d",
  "#3b82f6",
];
const RAW_COLOR = "#808080";

/** The SVG of `{ title, x, y, rows }`: a line a subject, from what is of a size. */
export function drawn({ title, x, y, rows }) {
  const usable = rows.filter(({ size, median }) => size > 0 && median > 0);
  const subjects = [...new Set(usable.map(({ subject }) => subject))];
  const across = scale(
    usable.map(({ size }) => size),
    PLOT.left,
    PLOT.right,
  );
  const up = scale(
    usable.map(({ median }) => median),
    PLOT.bottom,
    PLOT.top,
  );
  const sizes = [...new Set(usable.map(({ size }) => size))].sort((a, b) => a - b);
  const color = colors(subjects);
  const series = subjects.map((subject) => ({
    subject,
    color: color.get(subject),
    points: usable
      .filter((row) => row.subject === subject)
      .sort((a, b) => a.size - b.size)
      .map(({ size, median }) => [across.at(size), up.at(median)]),
  }));
  const body = [
    text(PLOT.left, 22, `${title} (${y})`, 'class="title"'),
    ...up.ticks.map((tick) => grid(PLOT.left, up.at(tick), PLOT.right, up.at(tick))),
    ...up.ticks.map((tick) => text(PLOT.left - 8, up.at(tick) + 4, shown(tick), 'text-anchor="end"')),
    ...sizes.map((size) => grid(across.at(size), PLOT.top, across.at(size), PLOT.bottom)),
    ...sizes.map((size) => text(across.at(size), PLOT.bottom + 18, named(size), 'text-anchor="middle"')),
    text((PLOT.left + PLOT.right) / 2, HEIGHT - 10, x, 'text-anchor="middle"'),
    ...series.map(line),
    ...legend(series),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">
<style>
  text { font: 12px system-ui, sans-serif; fill: #333 }
  .title { font-weight: 600; font-size: 14px }
  .grid { stroke: #8886; stroke-width: 1 }
  @media (prefers-color-scheme: dark) { text { fill: #ddd } }
</style>
${body.join("\n")}
</svg>
`;
}

/** Where a value is between two positions, and the powers of ten to mark, or steps of 1, 2 and 5 where these are few. */
function scale(values, from, to) {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(Math.log10);
  const margin = Math.max(0.05, (most - least) * 0.05);
  const [low, high] = [least - margin, most + margin];
  const at = (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  const powers = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power++) powers.push(power);
  const marks = (steps) =>
    powers
      .flatMap((power) => steps.map((step) => step * 10 ** power))
      .filter((value) => Math.log10(value) >= low && Math.log10(value) <= high);
  const coarse = marks([1]);
  return { at, ticks: coarse.length >= 3 ? coarse : marks([1, 2, 5]) };
}

function colors(subjects) {
  const others = subjects.filter((subject) => subject !== RAW);
  const color = (subject) => (subject === RAW ? RAW_COLOR : COLORS[others.indexOf(subject) % COLORS.length]);
  return new Map(subjects.map((subject) => [subject, color(subject)]));
}

const isOurs = ({ subject }) => subject.startsWith("everwire");

function line(series) {
  const { color, points } = series;
  const width = isOurs(series) ? 3 : 1.5;
  const path = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  const dots = points.map(
    ([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${width}" fill="${color}"/>`,
  );
  return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="${width}"/>${dots.join("")}`;
}

/** In the order of their ends, from the top. */
function legend(series) {
  const ordered = [...series].sort((a, b) => a.points.at(-1)[1] - b.points.at(-1)[1]);
  return ordered.map((item, index) => {
    const y = PLOT.top + 10 + index * 20;
    const weight = isOurs(item) ? ' font-weight="600"' : "";
    return `<circle cx="${PLOT.right + 20}" cy="${y - 4}" r="4" fill="${item.color}"/>${text(PLOT.right + 30, y, item.subject, weight)}`;
  });
}

const grid = (x1, y1, x2, y2) =>
  `<line class="grid" x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}"/>`;

const text = (x, y, content, more = "") =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escaped(content)}</text>`;

const escaped = (content) =>
  content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
