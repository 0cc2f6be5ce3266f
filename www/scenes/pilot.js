// Where a ship is steered: by pointer, by touch, by arrow keys, and by itself until somebody does.
import { HIGH, WIDE } from "./ship.js";

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Pilot {
  isAuto = true;
  #pressed = new Set();
  #point;

  constructor(canvas) {
    const point = (event) => {
      const box = canvas.getBoundingClientRect();
      this.#point = {
        x: ((event.clientX - box.left) / box.width) * WIDE,
        y: ((event.clientY - box.top) / box.height) * HIGH,
      };
      this.isAuto = false;
    };
    canvas.addEventListener("pointerdown", point);
    canvas.addEventListener("pointermove", point);
    canvas.addEventListener("pointerleave", () => (this.#point = undefined));
    canvas.addEventListener("keydown", (event) => {
      if (!(event.key in KEYS)) return;
      event.preventDefault();
      this.#pressed.add(event.key);
      this.isAuto = false;
    });
    canvas.addEventListener("keyup", ({ key }) => this.#pressed.delete(key));
    canvas.addEventListener("blur", () => this.#pressed.clear());
  }

  aim(ship, spark, now) {
    if (this.isAuto) return this.wander(ship, spark, now, 0.5);
    if (this.#pressed.size > 0) {
      const [x, y] = [0, 1].map((axis) => [...this.#pressed].reduce((sum, key) => sum + KEYS[key][axis], 0));
      return { x, y };
    }
    return this.#point ? towards(ship, this.#point, 1) : { x: 0, y: 0 };
  }

  /** To the spark, but not quite straight: nobody likes an opponent without faults. */
  wander(ship, spark, now, skill) {
    const sway = Math.sin(now / 700 + ship.score) * 1.2;
    const { x, y } = towards(ship, spark, skill);
    return { x: x - y * sway, y: y + x * sway };
  }
}

function towards(from, to, most) {
  const [x, y] = [to.x - from.x, to.y - from.y];
  const far = Math.hypot(x, y) || 1;
  const push = Math.min(most, far / 2);
  return { x: (x / far) * push, y: (y / far) * push };
}
