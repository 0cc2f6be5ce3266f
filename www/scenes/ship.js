// A ship and how it flies, in an arena that is 16 wide and 9 high.

export const WIDE = 16;
export const HIGH = 9;
/** How near is near enough to take a spark. */
export const TOUCH = 0.55;
const THRUST = 0.011;
const DRAG = 0.965;

export class Ship {
  x = 2 + Math.random() * (WIDE - 4);
  y = 2 + Math.random() * (HIGH - 4);
  turn = 0;
  score = 0;
  #vx = 0;
  #vy = 0;

  constructor(mark, name) {
    this.mark = mark;
    this.name = name;
  }

  /** One sixtieth of a second, pushed towards where `aim` points: a vector of length 0 to 1. */
  fly({ x, y }) {
    this.#vx = (this.#vx + x * THRUST) * DRAG;
    this.#vy = (this.#vy + y * THRUST) * DRAG;
    this.x = between(this.x + this.#vx, WIDE);
    this.y = between(this.y + this.#vy, HIGH);
    if (Math.hypot(x, y) > 0.05) this.turn = Math.atan2(y, x);
  }

  isAt({ x, y }, reach = TOUCH) {
    return Math.hypot(this.x - x, this.y - y) < reach;
  }

  tell() {
    const { mark, name, x, y, turn, score } = this;
    return { who: mark, name, x: round(x), y: round(y), turn: round(turn), score };
  }

  /** Takes what another page told, if it makes sense. */
  follow({ x, y, turn, score }) {
    if (!(x >= 0 && x <= WIDE && y >= 0 && y <= HIGH && Number.isFinite(turn))) return false;
    Object.assign(this, { x, y, turn });
    if (Number.isSafeInteger(score) && score >= 0) this.score = score;
    return true;
  }
}

/** Where the spark of this number is: for all the same. */
export function sparkAt(number) {
  return { x: 1 + (WIDE - 2) * random(number * 2 + 1), y: 1 + (HIGH - 2) * random(number * 2 + 2) };
}

function random(seed) {
  let bits = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}

function between(value, most) {
  return Math.min(most - 0.3, Math.max(0.3, value));
}

function round(value) {
  return Math.round(value * 1_000) / 1_000;
}
