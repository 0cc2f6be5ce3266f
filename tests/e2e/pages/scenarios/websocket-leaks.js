// What is left of the class WebSocket after ten thousand connections.
import { flapping, hurryTimers, listeners } from "/support/page.js";
import { ok, same } from "../check.js";

let it;
let connections;
let listenedBefore;
let heard = 0;
let inTime;
/** One socket in a hundred, without keeping it. */
const sockets = [];
/** Those of the ten thousand: others follow, whatever is measured meanwhile. */
let measured;
const timers = new Set();

/** Reconnects until so many connections have opened. */
const reach = (count) =>
  new Promise((resolve) => {
    const listener = () => {
      if (heard < count) return;
      it.removeEventListener("open", listener);
      resolve();
    };
    it.addEventListener("open", listener);
  });

/** As long as WebKit's driver gives a script: it has a timer in the page. */
const MINUTE = 60_000;

/** Keeps count of the timers that are set; returns what ends it. */
function countTimers() {
  const { setTimeout, clearTimeout } = globalThis;
  globalThis.setTimeout = (task, millis, ...args) => {
    if (millis >= MINUTE) return setTimeout(task, millis, ...args);
    const timer = setTimeout(() => {
      timers.delete(timer);
      task(...args);
    }, millis);
    timers.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    timers.delete(timer);
    clearTimeout(timer);
  };
  return () => Object.assign(globalThis, { setTimeout, clearTimeout });
}

export const scenarios = {
  "warm up": async ({ WebSocket, wasm }) => {
    const hurried = hurryTimers();
    const counted = countTimers();
    inTime = () => (counted(), hurried());
    listenedBefore = listeners();
    connections = class extends flapping() {
      constructor(...args) {
        super(...args);
        if (connections.constructed % 100 === 0) sockets.push(new WeakRef(this));
      }
    };
    it = new WebSocket(
      async () => "ws://127.0.0.1:9/",
      async () => ["chat"],
      {
        WebSocket: connections,
        minReconnectionDelay: 0,
        maxReconnectionDelay: 0,
        minUptime: MINUTE / 2,
        shouldReconnectOnClose: ({ code }) => code === 1006,
      },
    );
    it.addEventListener("open", () => {
      heard += 1;
      it.send("straight through");
    });
    it.addEventListener("close", () => it.send("when there is another connection"));
    it.onerror = () => {};
    await reach(2_000);
    return { memory: wasm.memory() };
  },

  "ten thousand more": async ({ wasm }) => {
    await reach(12_000);
    measured = sockets.slice();
    same(it.retryCount, 11_999);
    ok(connections.attached.most <= 8, `${connections.attached.most} handlers at once`);
    ok(timers.size <= 1, `${timers.size} timers are set`);
    same([it.bufferedAmount, it.drainQueuedMessages()], [0, []], "what waits");
    return { memory: wasm.memory() };
  },

  "count the sockets": () => ({
    made: measured.length,
    there: measured.filter((socket) => socket.deref()).length,
  }),

  "the end": async () => {
    const final = new Promise((resolve) =>
      it.addEventListener("close", () => it.readyState === 3 && resolve()),
    );
    it.close();
    await final;
    same([connections.attached.now, timers.size], [0, 0], "handlers on sockets that are gone, and timers");
    same(listeners(), listenedBefore, "listeners of the page");
    inTime();
  },
};
