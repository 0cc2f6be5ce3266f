// What a message costs that waits for a connection: a fresh page for each number of them.
import { inBrowser } from "../harness/browser.mjs";
import { bundle } from "../harness/bundle.mjs";
import { MEMORY } from "../harness/flags.mjs";
import { median, rotated } from "../harness/numbers.js";
import { rowsOf } from "../harness/rows.mjs";
import { withServers } from "../harness/servers.mjs";

const SUBJECTS = [
  "everwire",
  "everwire/session",
  "reconnecting-websocket",
  "partysocket",
  "@nktkas/rews",
  "socket.io",
];
const SIZES = [1_000, 100_000];

/** It measures no speed. */
export const isPatient = true;

export async function bench({ rounds, quick }) {
  const pages = (quick ? SIZES.slice(0, 1) : SIZES).flatMap((size) =>
    SUBJECTS.map((subject) => ({ subject, size, kind: "text", found: [] })),
  );
  const script = await bundle("benches/queue/page.js");
  const html = (facts) =>
    `<!doctype html><script>facts = ${JSON.stringify(facts)}</script><script type="module" src="/page.js"></script>`;
  await withServers(async ({ urls }) => {
    const files = { "page.js": script };
    for (const [index, { subject, size }] of pages.entries())
      files[`${index}.html`] = html({ index, subject, size, url: `${urls.native}?room=queue&hang` });
    const order = Array.from({ length: rounds }, (_, round) => rotated([...pages.keys()], round)).flat();
    const next = (port) => (order.length > 0 ? `http://127.0.0.1:${port}/${order.shift()}.html` : undefined);
    const took = ({ index, bytes }, port) => {
      pages[index].found.push(bytes);
      return { next: next(port) };
    };
    await inBrowser({ files, first: next, flags: MEMORY, answers: { took } });
  });
  return rowsOf(
    "heap per queued message",
    "bytes",
    pages.map(({ found, ...row }) => ({ ...row, median: median(found) })),
  );
}

export const charts = [
  {
    file: "queue",
    title: "Memory of a message of 128 bytes that waits",
    rows: ({ bench }) => bench === "heap per queued message",
    x: "messages waiting",
    y: "bytes a message",
  },
];
