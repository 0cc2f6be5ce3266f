// The class WebSocket of everwire/websocket where it does more than the browser's: it reconnects.
import { fail, ok, same } from "../check.js";

/** Soon, and always after the same time. */
const SOON = { minReconnectionDelay: 5, maxReconnectionDelay: 5 };

const event = (target, type) =>
  new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));

/** What a socket tells, with what it says of itself at that moment. */
function record(socket) {
  const told = [];
  for (const type of ["open", "message", "error", "close"])
    socket.addEventListener(type, ({ code, data }) =>
      told.push([type, socket.readyState, code ?? data].filter((value) => value !== undefined).join(" ")),
    );
  return told;
}

/** Resolves when a socket hears this text. */
const hears = (socket, text) =>
  new Promise((resolve) => {
    const over = new AbortController();
    const listener = ({ data }) => data === text && (over.abort(), resolve());
    socket.addEventListener("message", listener, { signal: over.signal });
  });

/** One that is closed when the scenario is over. */
function socket({ WebSocket, over }, ...args) {
  const it = new WebSocket(...args);
  over.addEventListener("abort", () => it.close());
  return it;
}

function thrown(run) {
  try {
    run();
  } catch (error) {
    return error;
  }
  return fail("It must throw.");
}

export const scenarios = {
  "open and close come with every connection, and between two of them it is connecting": async (page) => {
    const room = await page.openRoom();
    const it = socket(page, room.url("close=1000&after=1"), [], SOON);
    const told = record(it);
    for (let i = 0; i < 3; i++) {
      await event(it, "open");
      const closed = event(it, "close");
      it.send(`${i}`);
      await closed;
    }
    same(told, [
      ...["open 1", "message 1 0", "close 0 1000"],
      ...["open 1", "message 1 1", "close 0 1000"],
      ...["open 1", "message 1 2", "close 0 1000"],
    ]);
    const last = event(it, "close");
    it.close();
    await last;
    same([told.at(-1).slice(0, 7), it.readyState], ["close 3", 3]);
  },

  "a dial that fails is an error and a close, and the next one goes on": async (page) => {
    const room = await page.openRoom();
    const address = await room.urlAt("echo");
    await room.control("refuse?ms=60000");
    const it = socket(page, address, [], SOON);
    const told = record(it);
    await event(it, "close");
    same([told, it.readyState, it.retryCount, it.shouldReconnect], [["error 0", "close 0 1006"], 0, 1, true]);
    // It may be open before the page hears that it can be.
    const opened = event(it, "open");
    await room.control("refuse?ms=0");
    await opened;
    same([it.readyState, it.retryCount], [1, told.filter((text) => text.startsWith("close")).length]);
  },

  "so many retries, and then the close is final": async (page) => {
    const room = await page.openRoom();
    const it = socket(page, await room.urlAt("echo", "refuse=503"), [], { ...SOON, maxRetries: 2 });
    const told = record(it);
    while (it.readyState !== 3) await event(it, "close");
    same(told, ["error 0", "close 0 1006", "error 0", "close 0 1006", "error 3", "close 3 1006"]);
    same([it.shouldReconnect, (await room.stats()).dialed], [false, 3]);
  },

  "what is sent before open leaves first, in order, and send tells whether it has left": async (page) => {
    const room = await page.openRoom();
    const it = socket(page, room.url());
    const bytes = new Uint8Array([49]);
    same(
      [it.send("a"), it.send("\u20ac"), it.send(new Blob(["b"])), it.send(bytes)],
      [false, false, false, false],
    );
    bytes[0] = 50;
    same(it.bufferedAmount, 6);
    it.addEventListener("open", () => same(it.send("last"), true));
    await hears(it, "last");
    same((await room.stats()).received, ["a", "\u20ac", "last"]);
    same((await room.stats()).bytesIn, 10);
  },

  "the queue is bounded, and one message more throws": async (page) => {
    const room = await page.openRoom();
    const it = socket(page, await room.urlAt("hang"), [], { maxEnqueuedMessages: 2 });
    it.send("1");
    it.send("2");
    const error = thrown(() => it.send("3"));
    same([error instanceof DOMException, error.name, it.bufferedAmount], [true, "QuotaExceededError", 2]);
    const many = socket(page, await room.urlAt("hang"));
    for (let i = 0; i < 1_000; i++) many.send("");
    same(thrown(() => many.send("")).name, "QuotaExceededError");
    const large = socket(page, await room.urlAt("hang"));
    const half = new Uint8Array(8 << 20);
    large.send(half);
    large.send(half);
    same(thrown(() => large.send("x")).name, "QuotaExceededError");
  },

  "without a queue it throws as long as it connects, between two connections too": async (page) => {
    const room = await page.openRoom();
    const it = socket(page, room.url("close=1001"), [], { ...SOON, maxEnqueuedMessages: 0 });
    same(thrown(() => it.send("early")).name, "InvalidStateError");
    await event(it, "close");
    same([it.readyState, thrown(() => it.send("between")).name], [0, "InvalidStateError"]);
  },

  "what was never sent can be taken back, and is not sent then": async (page) => {
    const room = await page.openRoom();
    const it = socket(page, room.url());
    it.send("mine");
    it.send(new Uint8Array([1, 2]));
    same(it.drainQueuedMessages(), ["mine", new Uint8Array([1, 2]).buffer]);
    same([it.bufferedAmount, it.drainQueuedMessages()], [0, []]);
    await event(it, "open");
    it.send("only");
    await hears(it, "only");
    same((await room.stats()).received, ["only"]);
  },

  "what waits at the final close can be taken back or goes out after reconnect(), and what is sent after it cannot":
    async (page) => {
      const room = await page.openRoom();
      const it = socket(page, room.url(), [], SOON);
      it.send("before");
      it.close();
      same([it.readyState, it.shouldReconnect], [2, false]);
      it.send("after");
      await event(it, "close");
      it.send("long after");
      same([it.readyState, it.bufferedAmount], [3, 21]);
      it.reconnect();
      same([it.readyState, it.shouldReconnect], [0, true]);
      await hears(it, "before");
      same((await room.stats()).received, ["before"]);
      it.close();
      await event(it, "close");
      same(it.drainQueuedMessages(), []);
    },

  "close() while it waits for the next attempt is told in a later task": async (page) => {
    const room = await page.openRoom();
    const it = socket(page, room.url("close=1001"), []);
    const told = record(it);
    await event(it, "close");
    it.close();
    same(it.readyState, 2);
    await event(it, "close");
    same(told, ["open 1", "close 0 1001", "close 3 1006"]);
    same((await room.stats()).dialed, 1);
  },

  "reconnect() closes with its code and connects at once": async (page) => {
    const room = await page.openRoom();
    const it = socket(page, room.url());
    const told = record(it);
    await event(it, "open");
    it.reconnect(4001, "again");
    same([told, it.readyState], [["open 1", "close 0 4001"], 0]);
    await event(it, "open");
    const { lastClose } = await room.until("the close", ({ closed }) => closed === 1);
    same([lastClose.code, lastClose.reason], [4001, "again"]);
    same(
      [thrown(() => it.reconnect(1001)).name, thrown(() => it.reconnect(1000, "x".repeat(124))).name],
      ["InvalidAccessError", "SyntaxError"],
    );
  },

  "startClosed waits for reconnect(), and keeps what is sent": async (page) => {
    const room = await page.openRoom();
    const it = socket(page, room.url(), [], { startClosed: true });
    same([it.readyState, it.shouldReconnect, it.send("early")], [3, false, false]);
    it.close();
    it.reconnect();
    await hears(it, "early");
    same((await room.stats()).dialed, 1);
  },

  "url and protocols may be functions, asked again at every attempt": async (page) => {
    const room = await page.openRoom();
    let asked = 0;
    const url = async (...given) => {
      same(given, []);
      return room.url(`close=1001&after=1&n=${++asked}`);
    };
    const it = socket(page, url, () => ["chat", `n${asked}`], SOON);
    same([it.url, it.readyState], ["", 0]);
    for (let i = 1; i <= 2; i++) {
      await event(it, "open");
      same([it.url, it.protocol], [room.url(`close=1001&after=1&n=${i}`), "chat"]);
      it.send("close");
      await event(it, "close");
      same([it.protocol, it.extensions], ["", ""], "of no connection");
    }
    const plain = socket(
      page,
      () => new URL(room.url()),
      () => null,
    );
    await event(plain, "open");
    same(plain.protocol, "");
  },

  "a function that fails, or gives what cannot be used, is an error with its cause, and is asked again":
    async (page) => {
      const room = await page.openRoom();
      const answers = [
        () => Promise.reject(new Error("no ticket")),
        () => fail("no cookie"),
        () => "ftp://nowhere",
        () => room.url(),
      ];
      const it = socket(page, () => answers.shift()(), [], SOON);
      const errors = [];
      it.addEventListener("error", ({ error, message }) => errors.push(`${error.name}: ${message}`));
      await event(it, "open");
      same(errors, [
        "Error: no ticket",
        "Error: no cookie",
        "SyntaxError: A WebSocket's URL begins with ws:, wss:, http: or https:.",
      ]);
    },

  "a handshake that takes too long is given up": async (page) => {
    const room = await page.openRoom();
    const it = socket(page, await room.urlAt("hang"), [], { ...SOON, connectionTimeout: 50, maxRetries: 1 });
    const told = record(it);
    const messages = [];
    it.onerror = ({ message }) => messages.push(message);
    while (it.readyState !== 3) await event(it, "close");
    same(
      [told, messages],
      [
        ["error 0", "close 0 1006", "error 3", "close 3 1006"],
        ["TIMEOUT", "TIMEOUT"],
      ],
    );
  },

  "shouldReconnectOnClose sees the event and decides": async (page) => {
    const room = await page.openRoom();
    const codes = [4401, 1000];
    const seen = [];
    const it = socket(page, () => room.url(`close=${codes.shift()}&reason=why`), [], {
      ...SOON,
      shouldReconnectOnClose: (event) => {
        seen.push([event instanceof CloseEvent, event.code, event.reason, event.wasClean]);
        return event.code !== 1000;
      },
    });
    const told = record(it);
    while (it.readyState !== 3) await event(it, "close");
    same(seen, [
      [true, 4401, "why", true],
      [true, 1000, "why", true],
    ]);
    same([told, it.shouldReconnect], [["open 1", "close 0 4401", "open 1", "close 3 1000"], false]);
  },

  "a connection that was up long enough is forgiven what failed before": async (page) => {
    const room = await page.openRoom();
    const it = socket(page, room.url(), [], { ...SOON, minUptime: 0 });
    await event(it, "open");
    for (let i = 0; i < 2; i++) {
      while (it.retryCount > 0) await new Promise((resolve) => setTimeout(resolve));
      const closed = event(it, "close");
      const again = event(it, "open");
      await room.control("kill");
      await closed;
      same(it.retryCount, 1);
      await again;
    }
    const young = socket(page, room.url(), [], { ...SOON, maxRetries: 1 });
    await event(young, "open");
    const again = event(young, "open");
    await room.control("kill");
    await again;
    same(young.retryCount, 1);
    const closed = event(young, "close");
    await room.control("kill");
    await closed;
    same([young.readyState, young.retryCount], [3, 2]);
  },

  "it can be the global WebSocket, and connects with the class that was there before": async (page) => {
    const room = await page.openRoom();
    const native = globalThis.WebSocket;
    try {
      globalThis.WebSocket = page.WebSocket;
      const it = socket(page, room.url());
      ok(it instanceof WebSocket && !(it instanceof native), "it is of the global class");
      await event(it, "open");
      it.send("hello");
      await hears(it, "hello");
    } finally {
      globalThis.WebSocket = native;
    }
  },

  "a class of one's own is used, and debug tells what happens without the URL": async (page) => {
    const room = await page.openRoom();
    const made = [];
    class Own extends WebSocket {
      constructor(...args) {
        super(...args);
        made.push(args);
      }
    }
    const lines = [];
    const it = socket(page, room.url("secret"), {
      WebSocket: Own,
      debug: true,
      debugLogger: (...what) => lines.push(what.join(" ")),
    });
    await event(it, "open");
    same(made, [[room.url("secret")]]);
    same(lines, ["RWS> resolving", "RWS> connecting", "RWS> open", "RWS> open"]);
    ok(!lines.join().includes("secret"), "no URL");
  },

  "the default export is the class too": (page) => same(page.default === page.WebSocket, true),
};
