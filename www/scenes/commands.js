// Commands and what became of each: it waits, it left, the device did it, or why not.
import { duration } from "../format.js";

const SHOWN = 30;
const KEPT = 200;
const UNDER_WAY = ["waits", "left", "doubt"];
/** A command that has left and is not answered is given again for so long. */
const ASKED_AGAIN_FOR = 15_000;

const WHY = {
  superseded: "a newer one took its place",
  expired: "too late: its time was up",
  withdrawn: "taken back",
  full: "the queue is full",
  closed: "the wire is closed",
};

/** Events: `state`, when the device or what is known of it has changed. */
export class Commands extends EventTarget {
  state;
  isThere = false;
  #wire;
  #tally;
  #list;
  #given = new Map();

  constructor(wire, tally, device, list) {
    super();
    this.#wire = wire;
    this.#tally = tally;
    this.#list = list;
    wire.on("state", (state) => this.#heard(state));
    wire.on("members", ({ members }) => {
      const wasThere = this.isThere;
      this.isThere = members.some(({ name }) => name === device);
      if (this.isThere && !wasThere) this.#askAgain();
      if (this.isThere !== wasThere) this.#showAgain();
      this.#changed();
    });
    wire.addEventListener("close", () => {
      this.isThere = false;
      for (const command of this.#given.values()) {
        if (command.fate === "left") this.#become(command, "doubt");
      }
      this.#changed();
    });
  }

  /** Gives a command; `key`, `ttl` and `lane` say what is to become of it while there is no line. */
  give(words, payload, options) {
    const command = { id: crypto.randomUUID(), words, payload, options, givenAt: performance.now() };
    command.row = document.createElement("li");
    command.fateText = document.createElement("p");
    command.fateText.className = "fate";
    const text = document.createElement("p");
    text.textContent = words;
    command.row.append(text, command.fateText);
    // One row for a slider that is drawn, not one for each step of it.
    const last = [...this.#given.values()].at(-1);
    if (options.key && last?.options.key === options.key) last.row.remove();
    this.#list.prepend(command.row);
    while (this.#list.childElementCount > SHOWN) this.#list.lastElementChild.remove();
    this.#given.set(command.id, command);
    if (this.#given.size > KEPT) this.#given.delete(this.#given.keys().next().value);
    this.#send(command);
  }

  /** Whether no command of this key is under way: then the device has the last word. */
  isSettled(key) {
    return ![...this.#given.values()].some(
      ({ options, fate }) => options.key === key && UNDER_WAY.includes(fate),
    );
  }

  #send(command) {
    const { id, payload, options } = command;
    const receipt = this.#tally.send({ type: "set", id, ...payload }, options);
    command.leftAt = performance.now();
    command.receipt = receipt;
    this.#become(command, "waits");
    if (receipt.result) return this.#settled(command, receipt.result);
    void receipt.settled.then((result) => this.#settled(command, result));
  }

  #settled(command, { outcome, reason }) {
    // The device was quicker than the receipt.
    if (command.fate === "done") return;
    command.leftAt = performance.now();
    command.reason = reason;
    this.#become(command, outcome === "not-sent" ? "not-sent" : "left");
  }

  #heard(state) {
    if (!Array.isArray(state.done) || !Number.isFinite(state.temperature)) return;
    this.state = state;
    for (const id of state.done) {
      const command = this.#given.get(id);
      if (!command || command.fate === "done") continue;
      command.took = performance.now() - command.leftAt;
      this.#become(command, "done");
    }
    this.#changed();
  }

  /** The device is back: what left and was not answered is given again, if it still matters. It does none twice. */
  #askAgain() {
    const now = performance.now();
    for (const command of this.#given.values()) {
      if (command.fate !== "left" && command.fate !== "doubt") continue;
      const allowed = Math.min(command.options.ttl, ASKED_AGAIN_FOR);
      if (now - command.givenAt > allowed) this.#become(command, "unanswered");
      else if (this.#isOutdated(command)) this.#become(command, "outdated");
      else this.#send(command);
    }
  }

  #showAgain() {
    for (const command of this.#given.values()) if (command.fate === "left") this.#become(command, "left");
  }

  #isOutdated({ options, givenAt }) {
    const { key } = options;
    return (
      key && [...this.#given.values()].some((other) => other.options.key === key && other.givenAt > givenAt)
    );
  }

  #become(command, fate) {
    command.fate = fate;
    command.row.dataset.fate = fate;
    command.fateText.replaceChildren(this.#tell(command));
    if (fate !== "waits") return this.#changed();
    const back = document.createElement("button");
    back.type = "button";
    back.textContent = "Take back";
    back.addEventListener("click", () => command.receipt.withdraw());
    command.fateText.append(back);
    this.#changed();
  }

  #tell({ fate, reason, took }) {
    switch (fate) {
      case "waits":
        return "waits";
      case "left":
        return this.isThere ? "✓ handed over" : "✓ handed over, but the device is away";
      case "doubt":
        return "✓ then the line died: done?";
      case "done":
        return `✓✓ done, ${duration(took)}`;
      case "unanswered":
        return "never answered";
      case "outdated":
        return "not given again: a newer one counts";
      default:
        return `not sent: ${WHY[reason] ?? reason}`;
    }
  }

  #changed() {
    this.dispatchEvent(new Event("state"));
  }
}
