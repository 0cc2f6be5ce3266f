// A live dashboard: twenty updates a second, drawn once a frame; what is old is shown as old, what was missed is counted.
import { count, seconds } from "../format.js";
import { isMotionWanted, onTick } from "../tick.js";
import { Rate } from "./rate.js";
import { openScene } from "./scene.js";
import { Sparkline } from "./sparkline.js";

const HERTZ = 20;
/** Without an update for so long, figures are shown as old. */
const OLD_AFTER = 500;
const SPAN = 30_000;

/** Made-up figures: each wanders between two bounds. */
const FIGURES = {
  requests: { from: 900, to: 2_400, show: (value) => count(Math.round(value)) },
  latency: { from: 12, to: 95, show: (value) => `${value.toFixed(0)} ms` },
  errors: { from: 0, to: 2.4, show: (value) => `${value.toFixed(2)} %` },
  load: { from: 15, to: 92, show: (value) => `${value.toFixed(0)} %` },
};

const { wire } = openScene("dashboard", {
  query: () => ({ feed: HERTZ, values: Object.keys(FIGURES).length }),
  // The updates themselves are the sign of life: no ping is needed.
  options: { heartbeat: undefined, idleTimeout: 1_500 },
});

const rate = new Rate();
const tiles = Object.entries(FIGURES).map(([name, figure]) => {
  const tile = document.querySelector(`[data-figure="${name}"]`);
  const line = new Sparkline(tile.querySelector("canvas"), SPAN, figure);
  return { figure, line, number: tile.querySelector("output") };
});
const board = document.getElementById("board");
let newest;
let lastAt;
let missed = 0;
let isDrawDue = false;

wire.on("feed", (update) => {
  const { n, values } = update;
  if (!Number.isSafeInteger(n) || !Array.isArray(values)) return;
  if (newest && n > newest.n + 1) missed += n - newest.n - 1;
  newest = update;
  lastAt = performance.now();
  rate.add();
  tiles.forEach(({ figure, line }, i) => line.add(scale(figure, values[i])));
  if (isDrawDue) return;
  isDrawDue = true;
  requestAnimationFrame(draw);
});

function draw() {
  isDrawDue = false;
  tiles.forEach(
    ({ figure, number }, i) => (number.textContent = figure.show(scale(figure, newest.values[i]))),
  );
}

function scale({ from, to }, share) {
  return from + (to - from) * Math.min(1, Math.max(0, Number(share) || 0));
}

onTick((now) => {
  const age = lastAt === undefined ? Infinity : now - lastAt;
  board.classList.toggle("stale", age > OLD_AFTER);
  show("rate", rate.perSecond().toFixed(1));
  show("missed", count(missed));
  show("age", lastAt === undefined ? "–" : age > OLD_AFTER ? seconds(age) : "live");
  // Ten a second are enough for the eye; with less motion wanted, one.
  if (isMotionWanted() || now % 1_000 < 100) for (const { line } of tiles) line.draw(now);
});

function show(id, text) {
  const element = document.getElementById(id);
  if (element.textContent !== text) element.textContent = text;
}
