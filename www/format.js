// Numbers as people read them.

export function duration(ms) {
  if (ms >= 59_500) return `${Math.round(ms / 60_000)} min`;
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms >= 10) return `${Math.round(ms)} ms`;
  // Firefox gives whole milliseconds only: a quick round trip takes none.
  return ms < 0.05 ? "<1 ms" : `${ms.toFixed(1)} ms`;
}

/** For what is counted down or up: always the same form. */
export function seconds(ms) {
  return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`;
}

export function bytes(count) {
  if (count < 1_024) return `${count} B`;
  const [size, unit] = count < 1_048_576 ? [count / 1_024, "KiB"] : [count / 1_048_576, "MiB"];
  return `${size.toFixed(1).replace(".0", "")} ${unit}`;
}

export function count(number) {
  return number.toLocaleString("en");
}

/** A close as it was told: the code and, if there is one, the reason. */
export function close({ code, reason }) {
  return reason ? `${code} “${reason}”` : String(code);
}
