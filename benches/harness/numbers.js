// What is done with what was measured.

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** From another one first in every round, and every other round backwards: noise and warmth meet all alike. */
export function rotated(list, round) {
  const from = round % list.length;
  const turned = [...list.slice(from), ...list.slice(0, from)];
  return round % 2 ? turned.reverse() : turned;
}

/** Four digits are more than is known. */
export const rounded = (number) => (Number.isFinite(number) ? Number(number.toPrecision(4)) : null);
