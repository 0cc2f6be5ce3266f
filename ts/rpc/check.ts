/** Throws a `TypeError` if an option is no such number. */
export function atLeast(least: number, name: string, given: number): number {
  if (typeof given === "number" && given >= least) return given;
  throw new TypeError(`${name} must be a number, ${least} or more; given: ${String(given)}.`);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
