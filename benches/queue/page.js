// First: it sees the memory of whoever comes after it.
import { held } from "../harness/memory.js";
import { ask } from "../harness/page.js";
import { steady } from "../subjects/steady.js";

const { index, subject, size, url } = globalThis.facts;
try {
  const client = steady[subject](url, { onOpen() {} });
  const before = await held();
  const bytes = new Uint8Array(128).fill(120);
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
  for (let i = 0; i < size; i++) {
    // Each a text of its own, and flat.
    encoder.encodeInto(String(i), bytes);
    client.send(decoder.decode(bytes));
  }
  const after = await held();
  // Still there.
  client.send("");
  const { next } = await ask("took", { index, bytes: (after - before) / size });
  if (next) location.href = next;
  else await ask("result");
} catch (error) {
  await ask("failure", { text: `${error}\n${error?.stack}` });
}
