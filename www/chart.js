// Round trips over the last minute, and when there was no link.
import { duration } from "./format.js";
import { isMotionWanted, onTick } from "./tick.js";

const SPAN = 60_000;
const KEPT = 1_500;
const MARGIN = { left: 50, right: 8, top: 10, bottom: 20 };
/** The scale is logarithmic: a round trip takes a millisecond here and a second there. */
const LEAST = 0.5;
const LINES = [1, 10, 100, 1_000, 10_000];

export class RttChart {
  #canvas = document.getElementById("chart");
  #pen = this.#canvas.getContext("2d");
  #samples = [];
  /** Spans without a link; the last may still be going on. */
  #gaps = [];
  #drawnAt = 0;

  constructor(wire, traffic) {
    wire.addEventListener("pong", ({ rtt }) => this.#add("pong", rtt));
    traffic.addEventListener("parcel", ({ parcel }) => {
      if (parcel.fate === "echoed") this.#add("echo", parcel.roundTrip);
    });
    wire.addEventListener("statechange", ({ state }) => this.#mark(state.name === "open"));
    this.#mark(wire.state.name === "open");
    onTick((now) => this.#draw(now));
    this.#draw(performance.now());
  }

  #add(kind, rtt) {
    this.#samples.push({ kind, rtt, at: performance.now() });
    if (this.#samples.length > KEPT) this.#samples.splice(0, KEPT / 2);
  }

  #mark(isOpen) {
    const last = this.#gaps.at(-1);
    const isGap = last !== undefined && last.to === undefined;
    if (isOpen && isGap) last.to = performance.now();
    if (!isOpen && !isGap) this.#gaps.push({ from: performance.now(), to: undefined });
  }

  #draw(now) {
    if (!isMotionWanted() && now - this.#drawnAt < 1_000) return;
    this.#drawnAt = now;
    this.#samples = this.#samples.filter(({ at }) => at > now - SPAN);
    this.#gaps = this.#gaps.filter(({ to }) => to === undefined || to > now - SPAN);

    const { width, height } = this.#resize();
    const look = getComputedStyle(this.#canvas);
    const top =
      LINES.find((line) => line >= 10 && this.#samples.every(({ rtt }) => rtt <= line)) ?? LINES.at(-1);
    const x = (at) => width - MARGIN.right - ((now - at) / SPAN) * (width - MARGIN.left - MARGIN.right);
    const y = (rtt) => {
      const share = Math.log(Math.min(Math.max(rtt, LEAST), top) / LEAST) / Math.log(top / LEAST);
      return height - MARGIN.bottom - share * (height - MARGIN.top - MARGIN.bottom);
    };
    const plot = { x, y, top, width, height, look };

    this.#pen.clearRect(0, 0, width, height);
    this.#drawGaps(plot, now);
    this.#drawAxes(plot, now);
    this.#drawSamples(plot);
    this.#describe();
  }

  /** As many pixels as the screen has, and coordinates in CSS pixels. */
  #resize() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const density = devicePixelRatio;
    if (
      this.#canvas.width !== Math.round(width * density) ||
      this.#canvas.height !== Math.round(height * density)
    ) {
      this.#canvas.width = Math.round(width * density);
      this.#canvas.height = Math.round(height * density);
    }
    this.#pen.setTransform(density, 0, 0, density, 0, 0);
    return { width, height };
  }

  #drawGaps({ x, height, look }, now) {
    const pen = this.#pen;
    for (const { from, to = now } of this.#gaps) {
      const left = Math.max(MARGIN.left, x(from));
      const wide = Math.max(2, x(to) - left);
      pen.fillStyle = look.getPropertyValue("--gap");
      pen.fillRect(left, MARGIN.top, wide, height - MARGIN.top - MARGIN.bottom);
      pen.fillStyle = look.getPropertyValue("--gap-edge");
      pen.fillRect(left, MARGIN.top, 1, height - MARGIN.top - MARGIN.bottom);
      const words = duration(to - from);
      pen.font = `11px ${look.fontFamily}`;
      pen.textAlign = "center";
      pen.fillStyle = look.getPropertyValue("--gap-ink");
      if (pen.measureText(words).width + 6 < wide) pen.fillText(words, left + wide / 2, MARGIN.top + 13);
    }
  }

  #drawAxes({ x, y, top, width, height, look }, now) {
    const pen = this.#pen;
    pen.font = `11px ${look.fontFamily}`;
    for (const line of LINES.filter((rtt) => rtt <= top)) {
      pen.fillStyle = look.getPropertyValue("--line");
      pen.fillRect(MARGIN.left, Math.round(y(line)), width - MARGIN.left - MARGIN.right, 1);
      pen.fillStyle = look.getPropertyValue("--muted");
      pen.textAlign = "right";
      const label = line >= 1_000 ? `${line / 1_000} s` : `${line} ms`;
      pen.fillText(label, MARGIN.left - 6, Math.round(y(line)) + 4);
    }
    for (const age of [60, 45, 30, 15, 0]) {
      pen.textAlign = age === 60 ? "left" : age === 0 ? "right" : "center";
      pen.fillText(age === 0 ? "now" : `${age} s`, x(now - age * 1_000), height - 4);
    }
  }

  #drawSamples({ x, y, look }) {
    const pen = this.#pen;
    pen.fillStyle = look.getPropertyValue("--echo");
    for (const { kind, at, rtt } of this.#samples) {
      if (kind !== "echo" || x(at) < MARGIN.left) continue;
      pen.fillRect(x(at) - 1.5, y(rtt) - 1.5, 3, 3);
    }
    const pongs = this.#samples.filter(({ kind, at }) => kind === "pong" && x(at) >= MARGIN.left);
    pen.strokeStyle = pen.fillStyle = look.getPropertyValue("--live");
    pen.lineWidth = 1.5;
    pen.lineJoin = "round";
    pen.beginPath();
    pongs.forEach(({ at, rtt }, i) => {
      // The line breaks where the link did.
      const isBroken = i === 0 || this.#gaps.some(({ from }) => from > pongs[i - 1].at && from < at);
      pen[isBroken ? "moveTo" : "lineTo"](x(at), y(rtt));
    });
    pen.stroke();
    for (const { at, rtt } of pongs) {
      pen.beginPath();
      pen.arc(x(at), y(rtt), 2.5, 0, 2 * Math.PI);
      pen.fill();
    }
  }

  #describe() {
    const pongs = this.#samples.filter(({ kind }) => kind === "pong").map(({ rtt }) => rtt);
    const range = pongs.length
      ? `heartbeat round trips from ${duration(Math.min(...pongs))} to ${duration(Math.max(...pongs))}`
      : "no heartbeat yet";
    this.#canvas.setAttribute(
      "aria-label",
      `Last minute: ${range}; times without a link: ${this.#gaps.length}.`,
    );
  }
}
