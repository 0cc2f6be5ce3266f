// Tasks of the host that no fake timer holds up: here the fake network moves, whatever clock is installed.

const waiting: (() => void)[] = [];
type Immediate = ((run: () => void) => unknown) & { clock?: unknown };
// Read now: test frameworks put their fakes in place later, but for those that say by a `clock` that they are fakes.
const { setImmediate: given, setTimeout } = globalThis as typeof globalThis & { setImmediate?: Immediate };
const immediate = given?.clock ? undefined : given;
// Not in Node, which hands out a thousand messages of a port in one go, and nothing else gets a turn between them.
const channel = !immediate && typeof MessageChannel === "function" ? new MessageChannel() : undefined;

if (channel) channel.port1.onmessage = next;

/** Runs it in a task of its own, after those that were asked for before. */
export function task(run: () => void): void {
  waiting.push(run);
  if (immediate) immediate(next);
  else if (channel) channel.port2.postMessage(0);
  else setTimeout(next);
}

function next(): void {
  waiting.shift()?.();
}

/** A wire that looks at its socket's buffer does so eight times by a port of its own before it sets a timer. */
const ROUNDS = 10;

/** Resolves when no task waits any more, and what follows from them by promises has happened. */
export async function settled(): Promise<void> {
  for (let quiet = 0; quiet < ROUNDS; quiet++) {
    if (waiting.length > 0) quiet = 0;
    await new Promise<void>(task);
  }
}
