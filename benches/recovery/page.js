import { held } from "../harness/memory.js";
import { ask } from "../harness/page.js";
import { steady } from "../subjects/steady.js";

const { index, subject, url, heartbeat, times } = globalThis.facts;
/** Before it is taken for granted what a connection takes once and for all. */
const WARM = 100;
/** Milliseconds. */
const ENOUGH = 150_000;

try {
  if (times) await ask("left", { index, ...(await leftBehind()) });
  else steady[subject](url, { heartbeat, onOpen: () => ask("opened", { index, at: Date.now() }) });
} catch (error) {
  await ask("failure", { text: `${subject}: ${error}\n${error?.stack}` });
}

/** Bytes that so many connections leave, or as many as there is time for. */
async function leftBehind() {
  let opened;
  const client = steady[subject](url, { onOpen: () => opened() });
  const again = () =>
    new Promise((resolve) => {
      opened = resolve;
      client.reconnect();
    });
  await new Promise((resolve) => (opened = resolve));
  for (let i = 0; i < WARM; i++) await again();
  const before = await held();
  const begun = performance.now();
  let done = 0;
  for (; done < times && performance.now() - begun < ENOUGH; done++) await again();
  return { done, bytes: (await held()) - before };
}
