// What is done with a connection to see how fast it is. A subject in Rust does the same in Rust.
import { turn } from "../harness/page.js";

/** What may be on its way at once in an echo. */
const WINDOW = { messages: 1_024, bytes: 1 << 20 };
/** What is sent before the event loop gets its turn. */
const BURST = { messages: 256, bytes: 256 << 10 };
/** What may wait in the page and the browser: more makes nothing faster. */
const HIGH_MARK = 1 << 20;

/** What opens a connection of a subject, by its module: `ways(url)`. One in Rust brings its own. */
export const waysOf = (subject) => subject.ways ?? ((url) => ways(subject.open, url));

/** A connection to a server that obeys orders, and what can be asked of it: each resolves when it is done. */
async function ways(open, url) {
  let hear;
  let seen = 0;
  const connection = await open(url, (data) => {
    // Whoever gets a message looks at it.
    seen += typeof data === "string" ? data.length : data.byteLength;
    hear(data);
  });
  /** Resolves with the next message. */
  const heard = () => new Promise((resolve) => (hear = resolve));
  const counted = async () => {
    const answer = heard();
    connection.send("count");
    return Number(await answer);
  };
  return {
    /** Sends so many messages; returns how many arrived. */
    async up(times, size, kind) {
      const message = filler(size, kind);
      const burst = Math.min(BURST.messages, Math.ceil(BURST.bytes / size));
      for (let sent = 0; sent < times;) {
        for (const end = Math.min(times, sent + burst); sent < end; sent++) connection.send(message);
        while (connection.waiting() > HIGH_MARK) await turn();
      }
      return counted();
    },

    /** Has so many messages sent. */
    down(times, size, kind) {
      return new Promise((resolve) => {
        let left = times;
        hear = () => --left === 0 && resolve(times);
        connection.send(`flood ${times} ${size} ${kind}`);
      });
    },

    /** Sends so many, with many on their way, and hears each again. */
    echo(times, size, kind) {
      const message = filler(size, kind);
      const window = Math.max(2, Math.min(WINDOW.messages, Math.floor(WINDOW.bytes / size)));
      return new Promise((resolve) => {
        let sent = Math.min(window, times);
        let left = times;
        hear = () => {
          if (--left === 0) resolve(times);
          else if (sent < times) (sent++, connection.send(message));
        };
        for (let i = 0; i < sent; i++) connection.send(message);
      });
    },

    /** Milliseconds of each of so many round trips, one after the other. */
    async trips(times, size, kind) {
      const message = filler(size, kind);
      const found = [];
      for (let i = 0; i < times; i++) {
        const answer = heard();
        const begun = performance.now();
        connection.send(message);
        await answer;
        found.push(performance.now() - begun);
      }
      return found;
    },

    close: () => connection.close(),
    /** So that nothing that was heard can be left out. */
    seen: () => seen,
  };
}

const filler = (size, kind) => (kind === "text" ? "x".repeat(size) : new Uint8Array(size));
