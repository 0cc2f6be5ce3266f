// A device and its controller, each with a wire of its own: commands that wait or expire, acknowledgements, one state.
import { openMember } from "../connection.js";
import { Commands } from "./commands.js";
import { Device } from "./device.js";
import { openScene } from "./scene.js";

const DEVICE = "lamp";
const shows = new URLSearchParams(location.search).get("show");
const isDevicePage = shows === "device";

// What the device said last is recalled: a controller knows it even while the device is away.
const query = () => ({ relay: "", recall: 20, name: isDevicePage ? DEVICE : "controller" });
const { wire, room, tally } = openScene("devices", { query });

document.body.dataset.show = shows ?? "both";
if (isDevicePage) openDevice(wire);
else openController();
if (!isDevicePage && shows !== "controller") {
  openDevice(openMember(room, () => ({ relay: "", name: DEVICE })));
}

function openDevice(wire) {
  const device = new Device(wire);
  const status = document.getElementById("device-link");
  const isOnline = () => !["suspended", "closed"].includes(wire.state.name);
  const plug = document.getElementById("unplug");
  wire.addEventListener("statechange", () => showLink());
  showLink();
  plug.addEventListener("click", () => (isOnline() ? wire.suspend() : wire.reconnect()));
  document.getElementById("device-power").addEventListener("click", () => device.toggle());

  function showLink() {
    status.textContent = wire.state.name;
    status.dataset.state = wire.state.name;
    plug.textContent = isOnline() ? "Pull its plug" : "Plug it in";
  }
}

function openController() {
  const commands = new Commands(wire, tally, DEVICE, document.getElementById("commands"));
  const power = document.getElementById("power");
  const level = document.getElementById("level");
  const target = document.getElementById("target");
  const presence = document.getElementById("presence");

  // For each control a key of its own: while there is no line only the last wish of each waits.
  power.addEventListener("click", () => {
    const on = power.getAttribute("aria-checked") !== "true";
    power.setAttribute("aria-checked", on);
    commands.give(on ? "Light on" : "Light off", { on }, { key: "power", ttl: 15_000 });
  });
  level.addEventListener("input", () => {
    commands.give(
      `Brightness ${level.value} %`,
      { level: Number(level.value) },
      { key: "level", ttl: 15_000 },
    );
  });
  target.addEventListener("input", () => {
    commands.give(
      `Warm to ${target.value} °C`,
      { target: Number(target.value) },
      { key: "target", ttl: 15_000 },
    );
  });
  // Late is worse than never.
  document.getElementById("blink").addEventListener("click", () => {
    commands.give("Blink", { blink: true }, { ttl: 2_000 });
  });
  document.getElementById("all-off").addEventListener("click", () => {
    power.setAttribute("aria-checked", "false");
    commands.give("All off", { on: false, target: 15 }, { lane: "high", ttl: 60_000 });
  });

  commands.addEventListener("state", () => show());
  wire.addEventListener("statechange", () => show());
  show();

  function show() {
    const { state, isThere } = commands;
    const isKnown = wire.state.name === "open";
    presence.textContent = !isKnown
      ? "No line: what is below may be old."
      : isThere
        ? "The device is there."
        : "The device is away; this is what it said last.";
    document.getElementById("reported").classList.toggle("stale", !isKnown || !isThere);
    if (!state) return;
    document.getElementById("reported-power").textContent = state.on ? `on, ${state.level} %` : "off";
    document.getElementById("reported-temperature").textContent = `${state.temperature.toFixed(1)} °C`;
    if (commands.isSettled("power")) power.setAttribute("aria-checked", state.on);
    if (commands.isSettled("level") && document.activeElement !== level) level.value = state.level;
    if (commands.isSettled("target") && document.activeElement !== target) target.value = state.target;
    document.getElementById("level-value").textContent = `${level.value} %`;
    document.getElementById("target-value").textContent = `${target.value} °C`;
  }
  for (const input of [level, target]) input.addEventListener("input", show);
}
