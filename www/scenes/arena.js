// Draws the arena: ships, the ghost that the server sent back, the spark.
import { isMotionWanted } from "../tick.js";
import { HIGH, WIDE } from "./ship.js";
import { fit } from "./sparkline.js";
import { hue } from "./visitor.js";

const FLASH = 450;
/** Pixels that a unit must have, or ships are drawn larger than they are. */
const LEGIBLE = 38;

export class Arena {
  #canvas;
  #pen;
  #flash;
  #zoom = 1;

  constructor(canvas) {
    this.#canvas = canvas;
    this.#pen = canvas.getContext("2d");
  }

  /** A ring around who took a spark. */
  flash(ship) {
    this.#flash = { ship, at: performance.now() };
  }

  draw({ now, ship, others, ghost, spark, isStale }) {
    const pen = this.#pen;
    const { width, height } = fit(this.#canvas, pen);
    const look = getComputedStyle(this.#canvas);
    const isDark = look.colorScheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches;
    const colour = (mark) => `hsl(${hue(mark)} 70% ${isDark ? 65 : 38}%)`;
    pen.clearRect(0, 0, width, height);
    pen.save();
    pen.scale(width / WIDE, height / HIGH);
    this.#zoom = Math.max(1, (LEGIBLE * WIDE) / width);
    this.#drawGrid(look);
    this.#drawSpark(spark, now, look);
    pen.globalAlpha = isStale ? 0.3 : 1;
    for (const other of others.values()) this.#drawShip(other, colour(other.mark));
    pen.globalAlpha = 1;
    if (ghost) this.#drawGhost(ship, ghost, look);
    this.#drawShip(ship, look.getPropertyValue("--ink"));
    this.#drawFlash(now, look);
    pen.restore();
  }

  #drawGrid(look) {
    this.#pen.fillStyle = look.getPropertyValue("--line");
    for (let x = 1; x < WIDE; x++) {
      for (let y = 1; y < HIGH; y++) this.#pen.fillRect(x - 0.015, y - 0.015, 0.03, 0.03);
    }
  }

  #drawSpark({ x, y }, now, look) {
    const pen = this.#pen;
    const swell = isMotionWanted() ? 1 + 0.15 * Math.sin(now / 150) : 1;
    pen.fillStyle = look.getPropertyValue("--copper-wash");
    circle(pen, x, y, 0.34 * swell);
    pen.fill();
    pen.fillStyle = look.getPropertyValue("--copper");
    circle(pen, x, y, 0.15);
    pen.fill();
  }

  #drawShip({ x, y, turn, name }, colour) {
    const pen = this.#pen;
    pen.fillStyle = colour;
    hull(pen, x, y, turn, this.#zoom);
    pen.fill();
    // Letters are set in pixels: a font smaller than one has no spacing.
    const unit = this.#canvas.clientWidth / WIDE;
    pen.save();
    pen.scale(1 / unit, 1 / unit);
    pen.font = `13px ${getComputedStyle(this.#canvas).fontFamily}`;
    pen.textAlign = x > WIDE - 1 ? "right" : x < 1 ? "left" : "center";
    const below = y > HIGH - 1.5 ? -0.5 : 0.75;
    pen.fillText(name, x * unit, (y + below * this.#zoom) * unit);
    pen.restore();
  }

  #drawGhost({ x, y, turn }, ghost, look) {
    const pen = this.#pen;
    pen.strokeStyle = look.getPropertyValue("--live");
    pen.lineWidth = 0.05;
    pen.beginPath();
    pen.moveTo(ghost.x, ghost.y);
    pen.lineTo(x, y);
    pen.stroke();
    hull(pen, ghost.x, ghost.y, turn, this.#zoom);
    pen.stroke();
  }

  #drawFlash(now, look) {
    if (!this.#flash) return;
    const age = (now - this.#flash.at) / FLASH;
    if (age >= 1) return void (this.#flash = undefined);
    const pen = this.#pen;
    pen.strokeStyle = look.getPropertyValue("--copper");
    pen.lineWidth = 0.08 * (1 - Math.max(0, age));
    circle(pen, this.#flash.ship.x, this.#flash.ship.y, 0.5 + Math.max(0, age));
    pen.stroke();
  }
}

function circle(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
}

function hull(pen, x, y, turn, zoom) {
  const at = (angle, far) =>
    [x, y].map((middle, axis) => middle + [Math.cos, Math.sin][axis](turn + angle) * far * zoom);
  pen.beginPath();
  pen.moveTo(...at(0, 0.45));
  pen.lineTo(...at(2.5, 0.34));
  pen.lineTo(...at(Math.PI, 0.16));
  pen.lineTo(...at(-2.5, 0.34));
  pen.closePath();
}
