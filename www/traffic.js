// What this page has sent and what became of it, for whoever shows it.

/** Parcels whose echo is awaited; beyond these the oldest is given up. */
const MOST_AWAITED = 2_000;

/**
 * Sends over the wire and follows each message: `queued`, then `handed-over` or `not-sent`, then `echoed`, or
 * `unknown` if the link died first. Events: `parcel` with `parcel`, `flood` with `flood`.
 */
export class Traffic extends EventTarget {
  sent = 0;
  notSent = 0;
  received = 0;
  #wire;
  #awaited = new Map();
  #written = 0;
  #flood;

  constructor(wire) {
    super();
    this.#wire = wire;
    wire.on(() => this.received++);
    wire.on("chat", ({ id }) => this.#echoed(id));
    wire.on("flood", () => this.#flooded());
    wire.addEventListener("close", () => {
      for (const parcel of this.#awaited.values()) this.#becomes(parcel, "unknown");
      this.#awaited.clear();
    });
  }

  /** Sends a text; events tell what becomes of it. */
  send(text) {
    const id = ++this.#written;
    const receipt = this.#wire.send({ type: "chat", id, text });
    const parcel = { id, text, receipt, fate: "queued" };
    if (receipt.result) {
      this.#settled(parcel, receipt.result);
    } else {
      this.#becomes(parcel, "queued");
      void receipt.settled.then((settled) => this.#settled(parcel, settled));
    }
  }

  #settled(parcel, { outcome, reason, message }) {
    if (outcome === "not-sent") {
      this.notSent++;
      parcel.reason = reason;
      parcel.text = message.text;
      return this.#becomes(parcel, "not-sent");
    }
    parcel.order = ++this.sent;
    parcel.leftAt = performance.now();
    this.#awaited.set(parcel.id, parcel);
    if (this.#awaited.size > MOST_AWAITED) this.#giveUpOldest();
    this.#becomes(parcel, "handed-over");
  }

  #echoed(id) {
    const parcel = this.#awaited.get(id);
    if (!parcel) return;
    this.#awaited.delete(id);
    parcel.roundTrip = performance.now() - parcel.leftAt;
    this.#becomes(parcel, "echoed");
  }

  #giveUpOldest() {
    const [[id, oldest]] = this.#awaited;
    this.#awaited.delete(id);
    this.#becomes(oldest, "unknown");
  }

  /** A flood is told of as one thing, at most once a frame. */
  #flooded() {
    const now = performance.now();
    if (!this.#flood || now - this.#flood.lastAt > 1_000) this.#flood = { count: 0, firstAt: now };
    const flood = this.#flood;
    flood.count++;
    flood.lastAt = now;
    if (flood.isDue) return;
    flood.isDue = true;
    requestAnimationFrame(() => {
      flood.isDue = false;
      this.dispatchEvent(Object.assign(new Event("flood"), { flood }));
    });
  }

  #becomes(parcel, fate) {
    parcel.fate = fate;
    this.dispatchEvent(Object.assign(new Event("parcel"), { parcel }));
  }
}
