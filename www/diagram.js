// The drawn state machine: where the wire is, how it came there, and how long each step of dialing took.
import { duration } from "./format.js";
import { onTick } from "./tick.js";

const STEPS = ["resolving", "dialing", "handshaking"];

export class Diagram {
  #svg = document.getElementById("diagram");
  #attempt = document.getElementById("diagram-attempt");
  #wait = document.getElementById("diagram-wait");
  #state;
  #since = performance.now();

  constructor(wire) {
    this.#enter(wire.state);
    wire.addEventListener("statechange", ({ state }) => this.#enter(state));
    wire.addEventListener("pong", () => this.#beat());
    onTick((now) => this.#tick(now));
  }

  #enter(state) {
    const now = performance.now();
    const before = this.#state;
    if (before?.phase) this.#showTime(before.phase, now - this.#since);
    if (state.phase === "resolving") for (const step of STEPS) this.#took(step).textContent = "";
    this.#state = state;
    this.#since = now;

    const here = state.phase ?? state.name;
    for (const node of this.#svg.querySelectorAll("[data-node]")) {
      node.classList.toggle("lit", node.dataset.node === here);
    }
    this.#svg.querySelector("[data-region]").classList.toggle("lit", state.name === "connecting");
    if (before) this.#take(before, state);
    this.#attempt.textContent = "attempt" in state ? `attempt ${state.attempt}` : "";
    this.#tick(now);
  }

  #take(from, to) {
    const inside = from.name === "connecting" && to.name === "connecting";
    const taken = inside ? `${from.phase}>${to.phase}` : `${from.name}>${to.name}`;
    for (const edge of this.#svg.querySelectorAll("[data-edge]")) {
      edge.classList.toggle("taken", edge.dataset.edge === taken);
    }
  }

  #tick(now) {
    const { name, phase, until, delay } = this.#state;
    const left = name === "waiting" && delay > 0 ? Math.max(0, until - now) / delay : 0;
    this.#wait.style.transform = `scaleX(${left})`;
    // Steps that take long are counted as they go; the quick ones only when they are over.
    if (phase && now - this.#since > 200) this.#showTime(phase, now - this.#since);
  }

  #beat() {
    const open = this.#svg.querySelector('[data-node="open"]');
    open.classList.remove("beat");
    // Reading the box between the two restarts the animation.
    open.getBBox();
    open.classList.add("beat");
  }

  #showTime(step, ms) {
    this.#took(step).textContent = duration(ms);
  }

  #took(step) {
    return this.#svg.querySelector(`[data-node="${step}"] .took`);
  }
}
