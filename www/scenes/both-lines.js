// Two lines to one server: a plain one and a session, each in a room of its own, and what breaks both at once.
import { Control } from "../control.js";

export class BothLines {
  #rooms;
  #controls;

  constructor(plain, session) {
    this.#rooms = { plain, session };
    this.#controls = { plain: new Control(plain), session: new Control(session) };
  }

  /**
   * Gives an order to the server, for both lines; one that begins with `plain:` or `session:` is for that line alone.
   * `wait?ms=` is for this side: it lets time pass until the next order.
   */
  async mine(order) {
    const [, which, what] = /^(?:(plain|session):)?(.*)$/.exec(order);
    if (what.startsWith("wait?ms=")) return pause(Number(what.slice(8)));
    const controls = which ? [this.#controls[which]] : Object.values(this.#controls);
    await Promise.all(controls.map((control) => control.room(what)));
  }

  room(order) {
    return this.mine(order);
  }

  restart(down) {
    return this.#controls.plain.restart(down);
  }

  /** What the server has counted of a line. */
  async statistics(which) {
    const answer = await fetch(`/stats?room=${encodeURIComponent(this.#rooms[which])}`);
    if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
    return answer.json();
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
