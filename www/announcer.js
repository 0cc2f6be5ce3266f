// Tells people who do not see the page what happens to the wire: only what lasts, and not every attempt.
import { close } from "./format.js";

/** Quick changes follow one another within this; only the last is worth saying. */
const SETTLES_WITHIN = 700;

export class Announcer {
  #region = document.getElementById("announcer");
  #timer;
  #isDown = false;

  constructor(wire) {
    wire.addEventListener("statechange", ({ state }) => {
      const words = this.#words(state);
      if (words) this.#say(words);
    });
  }

  #words(state) {
    switch (state.name) {
      case "open":
        this.#isDown = false;
        return "The connection is open.";
      case "waiting":
        if (this.#isDown) return undefined;
        this.#isDown = true;
        return "The connection is lost. It is being tried again; messages wait.";
      case "suspended":
        return "The connection is suspended; messages wait.";
      case "closed":
        return `The connection is closed, code ${close(state.close)}.`;
      default:
        return undefined;
    }
  }

  #say(words) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#region.textContent = words), SETTLES_WITHIN);
  }
}
