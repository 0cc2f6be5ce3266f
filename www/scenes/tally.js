// What became of everything that was sent, in numbers: every send is counted once when made and once when settled.
import { count } from "../format.js";
import { onTick } from "../tick.js";
import { Rate } from "./rate.js";

export class Tally {
  #wire;
  #counts = { written: 0, left: 0, received: 0 };
  #left;
  #received = new Rate();
  #sent = new Rate();

  /** `left` is called for every message that the browser took. */
  constructor(wire, left) {
    this.#wire = wire;
    this.#left = left;
    wire.on(() => {
      this.#counts.received++;
      this.#received.add();
    });
    onTick(() => this.#draw());
  }

  /** Sends, counts, and returns the receipt; `left` is called once the browser took this message. */
  send(message, options, left) {
    const receipt = this.#wire.send(message, options);
    this.#counts.written++;
    if (receipt.result) this.#settled(receipt.result, left);
    else void receipt.settled.then((settled) => this.#settled(settled, left));
    return receipt;
  }

  #settled({ outcome, reason }, left) {
    if (outcome !== "handed-over") return this.#add(reason);
    this.#add("left");
    this.#sent.add();
    this.#left();
    left?.();
  }

  #add(name) {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
  }

  #draw() {
    const shown = { ...this.#counts, waiting: this.#wire.queued };
    for (const element of document.querySelectorAll("[data-count]")) {
      show(element, count(shown[element.dataset.count] ?? 0));
    }
    const rates = { received: this.#received, left: this.#sent };
    for (const element of document.querySelectorAll("[data-rate]")) {
      show(element, rates[element.dataset.rate].perSecond().toFixed(0));
    }
  }
}

function show(element, text) {
  // Assistive technology hears of every assignment, so only of changes.
  if (element.textContent !== text) element.textContent = text;
}
