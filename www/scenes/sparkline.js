// A line of what a figure was lately, with a hole where nothing came.

/** Further apart, two values are not joined. */
const HOLE = 400;

export class Sparkline {
  #canvas;
  #pen;
  #span;
  #bounds;
  #values = [];

  /** Shows `span` milliseconds, and values between `from` and `to`. */
  constructor(canvas, span, bounds) {
    this.#bounds = bounds;
    this.#canvas = canvas;
    this.#pen = canvas.getContext("2d");
    this.#span = span;
  }

  add(value) {
    this.#values.push({ value, at: performance.now() });
  }

  draw(now) {
    const { width, height } = fit(this.#canvas, this.#pen);
    const first = this.#values.findIndex(({ at }) => at > now - this.#span);
    this.#values.splice(0, first < 0 ? this.#values.length : first);
    const pen = this.#pen;
    const look = getComputedStyle(this.#canvas);
    const { from, to } = this.#bounds;
    const x = (at) => width - ((now - at) / this.#span) * width;
    const y = (value) => height - 4 - ((value - from) / (to - from)) * (height - 8);

    pen.clearRect(0, 0, width, height);
    this.#drawHoles(x, height, now, look);
    pen.strokeStyle = look.getPropertyValue("--live");
    pen.lineWidth = 1.75;
    pen.lineJoin = "round";
    pen.beginPath();
    this.#values.forEach(({ value, at }, i) => {
      const isJoined = i > 0 && at - this.#values[i - 1].at < HOLE;
      pen[isJoined ? "lineTo" : "moveTo"](x(at), y(value));
    });
    pen.stroke();
  }

  #drawHoles(x, height, now, look) {
    this.#pen.fillStyle = look.getPropertyValue("--copper-wash");
    const times = [...this.#values.map(({ at }) => at), now];
    times.forEach((at, i) => {
      if (i === 0 || at - times[i - 1] < HOLE) return;
      this.#pen.fillRect(x(times[i - 1]), 0, x(at) - x(times[i - 1]), height);
    });
  }
}

/** As many pixels as the screen has, and coordinates in CSS pixels. */
export function fit(canvas, pen) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const [wide, high] = [width, height].map((length) => Math.round(length * devicePixelRatio));
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  return { width, height };
}
