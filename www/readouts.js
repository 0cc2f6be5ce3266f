// The figures below the diagram.
import { lastPing, options } from "./connection.js";
import { bytes, count, duration, seconds } from "./format.js";
import { onTick } from "./tick.js";

export class Readouts {
  #wire;
  #traffic;
  #opens = 0;
  #pongAt;

  constructor(wire, traffic) {
    this.#wire = wire;
    this.#traffic = traffic;
    wire.addEventListener("open", () => this.#opens++);
    wire.addEventListener("pong", () => (this.#pongAt = performance.now()));
    show("queue-limit", `of ${options.queue.maxMessages}`);
    show("queue-bytes-limit", `of ${bytes(options.queue.maxBytes)}`);
    wire.addEventListener("statechange", () => this.#draw(performance.now()));
    onTick((now) => this.#draw(now));
    this.#draw(performance.now());
  }

  #draw(now) {
    const { queued, queuedBytes, rtt, state } = this.#wire;
    const { maxMessages, maxBytes } = options.queue;
    show("queue-messages", count(queued));
    show("queue-bytes", bytes(queuedBytes));
    fill("queue-bar", Math.max(queued / maxMessages, queuedBytes / maxBytes));

    const isWaiting = state.name === "waiting";
    const left = isWaiting ? Math.max(0, state.until - now) : 0;
    show("retry-left", isWaiting ? seconds(left) : (TRIES[state.name] ?? "none"));
    show("retry-delay", isWaiting ? `of ${duration(state.delay)}` : FOLLOWS[state.name]);
    show("retry-attempt", "attempt" in state ? `attempt ${state.attempt}` : "");
    fill("retry-bar", isWaiting && state.delay > 0 ? left / state.delay : 0);

    if (rtt) {
      show("rtt-last", duration(rtt.last));
      show("rtt-smoothed", `smoothed ${duration(rtt.smoothed)}`);
    }
    if (lastPing.at !== undefined) show("ping-age", `ping ${seconds(now - lastPing.at)} ago`);
    if (this.#pongAt !== undefined) show("pong-age", `pong ${seconds(now - this.#pongAt)} ago`);

    show("count-reconnects", count(Math.max(0, this.#opens - 1)));
    show("count-sent", count(this.#traffic.sent));
    show("count-received", count(this.#traffic.received));
    show("count-not-sent", count(this.#traffic.notSent));
  }
}

const TRIES = { connecting: "now" };
const FOLLOWS = {
  idle: "not started",
  connecting: "under way",
  open: "not needed",
  suspended: "you decide when",
  closing: "closing",
  closed: "it is final",
};

function show(id, text) {
  const element = document.getElementById(id);
  // Assistive technology hears of every assignment, so only of changes.
  if (element.textContent !== text) element.textContent = text;
}

function fill(id, share) {
  document.getElementById(id).style.transform = `scaleX(${Math.min(1, share)})`;
}
