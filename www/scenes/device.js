// A lamp with a thermostat. It does what it is told, each command once, and says what it is: that is its answer.

const DONE_KEPT = 20;
const WARMS_EVERY = 500;
const WARMS_BY = 0.2;

export class Device {
  #wire;
  #state = { on: false, level: 60, target: 20, temperature: 19 };
  /** The commands done last. Whoever missed an answer finds it in the next. */
  #done = [];

  constructor(wire) {
    this.#wire = wire;
    wire.on("set", (command) => this.#obey(command));
    // Somebody came, or this device came back: they want to know.
    wire.on("members", () => this.#tell());
    setInterval(() => this.#warm(), WARMS_EVERY);
    this.#draw();
  }

  /** The switch on the device itself. */
  toggle() {
    this.#state.on = !this.#state.on;
    this.#changed();
  }

  #obey({ id, on, level, target, blink }) {
    if (typeof id !== "string" || id.length > 64) return;
    // A command that was sent again because its answer was lost is only answered again.
    if (!this.#done.includes(id)) {
      this.#done = [...this.#done, id].slice(-DONE_KEPT);
      if (typeof on === "boolean") this.#state.on = on;
      if (level >= 1 && level <= 100) this.#state.level = Math.round(level);
      if (target >= 15 && target <= 28) this.#state.target = Math.round(target * 2) / 2;
      if (blink === true) this.#blink();
    }
    this.#changed();
  }

  #changed() {
    this.#tell();
    this.#draw();
  }

  /** Of a state only the newest is worth sending. */
  #tell() {
    this.#wire.send({ type: "state", ...this.#state, done: this.#done }, { key: "state" });
  }

  #warm() {
    const { target, temperature } = this.#state;
    const step = Math.min(WARMS_BY, Math.abs(target - temperature));
    if (step < 0.05) return;
    this.#state.temperature = Math.round((temperature + Math.sign(target - temperature) * step) * 10) / 10;
    this.#changed();
  }

  #blink() {
    const lamp = document.getElementById("lamp");
    lamp.classList.remove("blink");
    // Reading the box between the two restarts the animation.
    lamp.getBoundingClientRect();
    lamp.classList.add("blink");
  }

  #draw() {
    const { on, level, target, temperature } = this.#state;
    const lamp = document.getElementById("lamp");
    lamp.classList.toggle("on", on);
    // Even the least is seen to shine.
    lamp.style.setProperty("--level", on ? 0.35 + (0.65 * level) / 100 : 0);
    document.getElementById("lamp-words").textContent = on ? `on, ${level} %` : "off";
    document.getElementById("device-power").setAttribute("aria-pressed", on);
    document.getElementById("temperature").textContent = `${temperature.toFixed(1)} °C`;
    document.getElementById("heats").textContent =
      temperature < target
        ? `heats to ${target} °C`
        : temperature > target
          ? `cools to ${target} °C`
          : "as wanted";
  }
}
