// What wire.stats() says, while somebody looks at it.
import { bytes, count, duration, seconds } from "./format.js";
import { onTick } from "./tick.js";

export class Stats {
  #wire;
  #details = document.querySelector("details.stats");
  #list = document.getElementById("stats");
  #values = new Map();

  constructor(wire) {
    this.#wire = wire;
    onTick((now) => this.#details.open && this.#draw(now));
    this.#details.addEventListener("toggle", () => this.#draw(performance.now()));
  }

  #draw(now) {
    const { sent, received, queue, notSent, attempts, reconnects, rtt, startedAt, openedAt } =
      this.#wire.stats();
    const tally = ({ messages, bytes: size }) => `${count(messages)} messages, ${bytes(size)}`;
    const since = (at) => (at === undefined ? "–" : seconds(now - at));
    this.#show("sent", tally(sent));
    this.#show("received", tally(received));
    this.#show("queue", tally(queue));
    for (const [reason, times] of Object.entries(notSent)) {
      if (times > 0) this.#show(`notSent.${reason}`, count(times));
    }
    this.#show("attempts", count(attempts));
    this.#show("reconnects", count(reconnects));
    this.#show("rtt", rtt ? `${duration(rtt.last)}, smoothed ${duration(rtt.smoothed)}` : "–");
    this.#show("startedAt", `${since(startedAt)} ago`);
    this.#show("openedAt", `${since(openedAt)} ago`);
  }

  #show(name, text) {
    let value = this.#values.get(name);
    if (!value) {
      const row = document.createElement("div");
      const term = document.createElement("dt");
      value = document.createElement("dd");
      term.textContent = name;
      row.append(term, value);
      this.#list.append(row);
      this.#values.set(name, value);
    }
    if (value.textContent !== text) value.textContent = text;
  }
}
