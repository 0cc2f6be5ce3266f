// The table of what this page sets differently.
import { options } from "./connection.js";
import { bytes, duration } from "./format.js";

const DEFAULTS = {
  reconnect: { baseDelay: 250, maxDelay: 30_000, connectTimeout: 10_000, stableAfter: 5_000 },
  heartbeat: { interval: 25_000, timeout: 10_000 },
  queue: { maxMessages: 1_000, maxBytes: 1_048_576 },
};

export function showSettings() {
  const rows = Object.entries(DEFAULTS).flatMap(([group, defaults]) =>
    Object.entries(defaults).map(([name, usual]) =>
      row(`${group}.${name}`, show(name, options[group][name]), show(name, usual)),
    ),
  );
  document.getElementById("settings").replaceChildren(...rows);
}

function show(name, value) {
  if (name === "maxMessages") return value.toLocaleString("en");
  if (name === "maxBytes") return bytes(value);
  return duration(value);
}

function row(...texts) {
  const row = document.createElement("tr");
  for (const text of texts) row.insertCell().textContent = text;
  return row;
}
