// How often messages make JavaScript and WebAssembly call each other.
import { fail, messages, ok, task } from "../check.js";

/** Of so many rounds the cheapest counts: a timer may fall into one, but not into all. */
const ROUNDS = 5;
const BATCH = 1_000;
const TEXT = "x".repeat(128);

export const scenarios = {
  plain: async ({ wasm, wire, openRoom }) => {
    const it = await open(wire, openRoom);
    const lone = await cheapest(async () => {
      const before = wasm.crossings();
      const heard = messages(it, 1);
      it.send(TEXT);
      const sent = since(wasm, before);
      await heard;
      return { "a lone send": sent, "a lone message": since(wasm, before, sent) };
    });
    const batch = await cheapest(async () => {
      const before = wasm.crossings();
      const heard = messages(it, BATCH);
      for (let n = 0; n < BATCH; n++) it.send(TEXT);
      const sent = since(wasm, before);
      await heard;
      return { "1,000 sends": sent, "1,000 messages": since(wasm, before, sent) };
    });
    return { ...lone, ...batch };
  },

  session: async ({ wasm, wire, openRoom }) => {
    const it = await open(wire, openRoom);
    const lone = await cheapest(async () => {
      const before = wasm.crossings();
      await talk(it, 1);
      return { "a lone send, its echo and its receipt": since(wasm, before) };
    });
    const batch = await cheapest(async () => {
      const before = wasm.crossings();
      await talk(it, BATCH);
      return { "1,000 sends, their echoes and receipts": since(wasm, before) };
    });
    return { ...lone, ...batch };
  },
};

async function open(wire, openRoom) {
  const room = await openRoom();
  const it = wire(room.url(), { codec: "text" });
  await it.ready();
  const heard = messages(it, 1);
  it.send("warm");
  await heard;
  return it;
}

/** Everything that was sent has come back, and has been delivered. */
async function talk(it, count) {
  const heard = messages(it, count);
  const receipts = Array.from({ length: count }, () => it.send(TEXT));
  await heard;
  const settled = await Promise.all(receipts.map(({ settled }) => settled));
  ok(
    settled.every(({ outcome }) => outcome === "delivered"),
    "every message is delivered",
  );
}

function since({ crossings }, before, besides = { into: 0, outOf: 0 }) {
  const now = crossings();
  const into = now.into - before.into - besides.into;
  const outOf = now.outOf - before.outOf - besides.outOf;
  return { into, outOf };
}

async function cheapest(round) {
  const least = {};
  for (let n = 0; n < ROUNDS; n++) {
    await task();
    for (const [name, { into, outOf }] of Object.entries(await round())) {
      if (into + outOf === 0) fail(`${name}: nothing was counted`);
      least[name] ??= { into, outOf };
      if (into + outOf < least[name].into + least[name].outOf) least[name] = { into, outOf };
    }
  }
  return least;
}
