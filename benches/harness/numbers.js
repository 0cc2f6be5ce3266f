// What is done with what was measured.

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** From another one first in every round, and every other round backwards: noise and warmth meet all alike. */
export function rotated(list, round) {
  const from = round % list.length;
  const turned = [...list.slice(from), ...list.slice(0, from)];
  return round % 2 ? turned.reverse() : turned;
}

export const rounded = (number) => (Number.isFinite(number) ? Number(number.toPrecision(4)) : null);
