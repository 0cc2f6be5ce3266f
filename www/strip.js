// The line between this page and its server: whole or cut, what waits at its near end, and what passes over it.
import { duration, seconds } from "./format.js";
import { isMotionWanted, onTick } from "./tick.js";

const QUEUE_SHOWN = 12;
const MOVING = 24;
const TRAVEL = { duration: 650, easing: "cubic-bezier(0.3, 0, 0.3, 1)" };

export class Strip {
  #wire;
  #line = document.querySelector(".strip .line");
  #beads = document.getElementById("strip-beads");
  #state = document.getElementById("strip-state");
  #queued = document.getElementById("strip-queued");
  #waiting = [];
  #moving = 0;

  constructor(wire, room) {
    this.#wire = wire;
    document.getElementById("strip-room").textContent = room;
    for (let i = 0; i < QUEUE_SHOWN; i++) this.#waiting.push(this.#bead("queued"));
    wire.addEventListener("statechange", () => this.#tick());
    onTick(() => this.#tick());
    this.#tick();
  }

  /** Shows what this traffic tells. */
  follow(traffic) {
    traffic.addEventListener("parcel", ({ parcel }) => {
      if (parcel.fate === "handed-over") this.travel("out");
      if (parcel.fate === "echoed") this.travel("back");
      this.#count();
    });
    traffic.addEventListener("flood", () => this.travel("back"));
  }

  #tick() {
    const { state, rtt } = this.#wire;
    this.#state.textContent = say(state, rtt);
    this.#count();
  }

  #count() {
    const { queued } = this.#wire;
    this.#queued.textContent = queued;
    this.#waiting.forEach((bead, i) => bead.classList.toggle("here", i < queued));
  }

  /** A bead crosses the line, `out` or `back`; no more at a time than the eye can follow. */
  travel(direction) {
    if (this.#moving >= MOVING || !isMotionWanted() || document.hidden) return;
    const bead = this.#bead(direction);
    const far = `translateX(${this.#line.clientWidth - bead.offsetWidth}px)`;
    const path = direction === "out" ? ["none", far] : [far, "none"];
    const timing = { ...TRAVEL, delay: this.#moving++ * 25, fill: "both" };
    bead.animate({ transform: path }, timing).finished.finally(() => {
      this.#moving--;
      bead.remove();
    });
  }

  #bead(kind) {
    const bead = document.createElement("i");
    bead.className = kind;
    this.#beads.append(bead);
    return bead;
  }
}

function say(state, rtt) {
  switch (state.name) {
    case "open":
      return rtt ? `open, ${duration(rtt.last)}` : "open";
    case "connecting":
      return `${state.phase}, attempt ${state.attempt}`;
    case "waiting":
      return `next try in ${seconds(state.until - performance.now())}`;
    default:
      return state.name;
  }
}
