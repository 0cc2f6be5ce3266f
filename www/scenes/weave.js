// The latest numbers of a line as woven cells: the upper half is the way to the server, the lower half the way back.
import { FATES } from "./lane.js";
import { fit } from "./sparkline.js";

const CELL = 11;
const GAP = 2;
/** The height of what shows the way to the server. */
const THERE = 7;

/** The colours of the fates, as the style sheets name them; what waits is a dot. */
const COLOURS = {
  "under-way": "--copper",
  there: "--live",
  missing: "--alarm",
  twice: "--twice",
  doubt: "--rest",
  "given-back": "--strong-line",
};

export class Weave {
  #canvas;
  #pen;
  #lane;

  constructor(canvas, lane) {
    this.#canvas = canvas;
    this.#pen = canvas.getContext("2d");
    this.#lane = lane;
  }

  /** `waiting` of the last numbers have not left. */
  draw(waiting) {
    const { width, height } = fit(this.#canvas, this.#pen);
    const [pen, lane, look] = [this.#pen, this.#lane, getComputedStyle(this.#canvas)];
    const colour = (fate) => look.getPropertyValue(COLOURS[fate] ?? "--line");
    const colours = new Map([...FATES, undefined].map((fate) => [fate, colour(fate)]));
    const columns = Math.max(1, Math.floor((width + GAP) / (CELL + GAP)));
    const rows = Math.max(1, Math.floor((height + GAP) / (CELL + GAP)));
    // Whole rows leave at the top, so that a cell stays in its column.
    const hidden = Math.max(0, Math.ceil(lane.written / columns) - rows) * columns;
    pen.clearRect(0, 0, width, height);
    for (let number = hidden + 1; number <= lane.written; number++) {
      const place = number - hidden - 1;
      const x = (place % columns) * (CELL + GAP);
      const y = Math.floor(place / columns) * (CELL + GAP);
      const [there, back] = [lane.fateThere(number, waiting), lane.fateBack(number)];
      pen.fillStyle = colours.get(there);
      if (there === "waits") pen.fillRect(x + 4, y + 4, 3, 3);
      else pen.fillRect(x, y, CELL, THERE);
      if (there === "waits") continue;
      pen.fillStyle = colours.get(back);
      pen.fillRect(x, y + THERE, CELL, CELL - THERE);
    }
  }
}
