// The log and the measures that people look at.
import { matches, messages, next, ok, same } from "../check.js";

const KEY = "everwire:debug";
const SECRET = "s3cret";

export const scenarios = {
  "the log tells of everything a wire does, in order": async ({ wire, openRoom }) => {
    const { log } = await import("/pkg/debug.js");
    const room = await openRoom();
    const entries = [];
    const it = wire(room.url(), {
      codec: "text",
      reconnect: { delay: () => 5 },
      heartbeat: { interval: 20, ping: "ping", isPong: (data) => data === "ping" },
      queue: { maxMessages: 1, overflow: "drop-oldest" },
    });
    const end = log(it, { name: "chat", to: (entry) => entries.push(entry) });
    it.send("evicted");
    it.send("sent");
    await next(it, "pong");
    const again = next(it, "open");
    await room.control("kill");
    await again;
    it.close(3000, "bye");
    await it.closed;
    // Where the answer takes its time there is more than one ping before it.
    const steps = entries
      .map(({ event, state, phase }) => [event, state, phase].filter(Boolean).join(" "))
      .filter((step, i, all) => step !== "ping" || all[i - 1] !== "ping");
    const from = (step, expected) => {
      const at = steps.indexOf(step);
      ok(at >= 0, `${step} among ${steps}`);
      same(steps.slice(at, at + expected.length), expected);
    };
    same(steps[0], "watched connecting dialing");
    ok(steps.includes("dial") && steps.includes("evicted"), `dial and evicted among ${steps}`);
    from("statechange open", ["statechange open", "open", "ping", "pong"]);
    from("statechange waiting", ["statechange waiting", "close", "statechange connecting resolving"]);
    same(steps.slice(-3), ["statechange closing", "statechange closed", "close"]);
    const found = (event, state) => entries.find((e) => e.event === event && (!state || e.state === state));
    const { attempt, delay, reason, close } = found("statechange", "waiting");
    same([attempt, delay, reason, close], [2, 5, "ServerClosed", 1006], "the decision to try again");
    ok(found("pong").rtt >= 0 && found("pong").smoothed >= 0, "round trips");
    const { last, reason: cause } = entries.at(-1);
    same([last, cause], [true, "ClosedByApplication"]);
    same([found("open").handedOver, found("open").notSent, found("open").queued], [1, 1, 0], "counts");
    ok(
      entries.every(({ wire, time }) => wire === "chat" && time <= performance.now()),
      "name and time",
    );
    ok(
      entries.every(({ time }, i) => i === 0 || entries[i - 1].time <= time),
      "in order",
    );
    end();
    it.reconnect();
    await it.ready();
    same(entries.at(-1).event, "close", "after its end it is silent");
  },

  "the log holds no message, no token and no close reason": async ({ wire, openRoom }) => {
    const { log } = await import("/pkg/debug.js");
    const room = await openRoom();
    const entries = [];
    const url = room.url(`close=4400&reason=${SECRET}`).replace("ws://", `ws://${SECRET}:${SECRET}@`);
    const it = wire(() => Promise.resolve(`${url}#${SECRET}`), {
      codec: "text",
      protocols: SECRET,
      greet: ({ send }) => send(SECRET),
      queue: { maxMessages: 1, overflow: "drop-oldest" },
      WebSocket: class extends WebSocket {
        constructor(url) {
          // Browsers themselves refuse user and password here.
          super(url.replace(`${SECRET}:${SECRET}@`, ""));
        }
      },
    });
    log(it, { to: (entry) => entries.push(entry) });
    it.send(SECRET);
    it.send(SECRET, { key: SECRET });
    const { reason } = await it.closed;
    same(reason, SECRET, "the server's close reason");
    ok(entries.length > 5, "it is logged");
    ok(!JSON.stringify(entries).includes(SECRET), JSON.stringify(entries));
    const dialed = entries.find(({ event }) => event === "dial").url;
    matches(dialed, /^ws:\/\/127\.0\.0\.1:\d+\/ws$/);
  },

  "a key in localStorage switches the log to the console, at any time": async ({ wire, openRoom }) => {
    const { log } = await import("/pkg/debug.js");
    const room = await openRoom();
    const { debug } = console;
    const told = [];
    console.debug = (...args) => told.push(args);
    try {
      localStorage.removeItem(KEY);
      const it = wire(room.url());
      log(it, { name: "switched" });
      await it.ready();
      same(told, [], "off");
      localStorage.setItem(KEY, "1");
      it.suspend();
      same(
        told.map(([what, { wire, event }]) => [what, wire, event]),
        [
          ["everwire", "switched", "statechange"],
          ["everwire", "switched", "close"],
        ],
        "on",
      );
      localStorage.removeItem(KEY);
      it.reconnect();
      await it.ready();
      same(told.length, 2, "off again");
    } finally {
      localStorage.removeItem(KEY);
      console.debug = debug;
    }
  },

  "where localStorage may not be read, the log is off and the wire goes on": async ({ wire, openRoom }) => {
    const { log } = await import("/pkg/debug.js");
    const room = await openRoom();
    const own = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
    // As in a frame that is sandboxed, or with cookies blocked.
    const get = () => {
      throw new DOMException("The operation is insecure.", "SecurityError");
    };
    Object.defineProperty(globalThis, "localStorage", { ...own, get });
    try {
      const it = wire(room.url());
      log(it);
      await it.ready();
    } finally {
      Object.defineProperty(globalThis, "localStorage", own);
    }
  },

  "measures tell how long each state lasted and each round trip took": async ({ wire, openRoom }) => {
    const { measure } = await import("/pkg/debug.js");
    const room = await openRoom();
    performance.clearMeasures();
    const begun = performance.now();
    const it = wire(room.url(), {
      codec: "text",
      reconnect: { delay: () => 20 },
      heartbeat: { interval: 20, ping: "ping", isPong: (data) => data === "ping" },
    });
    measure(it, { name: "measured" });
    const { rtt } = await next(it, "pong");
    const again = next(it, "open");
    await room.control("kill");
    await again;
    const all = (name) => performance.getEntriesByName(`everwire:${name}`, "measure");
    same([all("connecting").length, all("open").length, all("waiting").length], [2, 1, 1]);
    const [connecting] = all("connecting");
    same(connecting.detail, { wire: "measured" });
    // Firefox rounds the clock of events more coarsely.
    const close = (a, b) => Math.abs(a - b) < 3;
    ok(connecting.startTime >= begun - 3, "from the first attempt on");
    const [open] = all("open");
    ok(close(connecting.startTime + connecting.duration, open.startTime), "one state after the other");
    const [waiting] = all("waiting");
    ok(waiting.duration >= 17, `a wait of 20 ms: ${waiting.duration}`);
    ok(close(all("rtt")[0].duration, rtt), "the round trip");
  },

  "a thousand measures do not fill the browser's timeline, and observers see all": async ({ wire }) => {
    const { measure } = await import("/pkg/debug.js");
    const it = wire(() => new Promise(() => {}));
    await it.suspend();
    performance.clearMeasures();
    const end = measure(it, { name: "bounded" });
    let seen = 0;
    const all = new Promise((resolve) => {
      const observer = new PerformanceObserver((list) => {
        seen += list.getEntries().filter(({ detail }) => detail?.wire === "bounded").length;
        if (seen < 999) return;
        observer.disconnect();
        resolve();
      });
      observer.observe({ entryTypes: ["measure"] });
    });
    for (let i = 0; i < 500; i++) {
      it.reconnect();
      it.suspend();
    }
    ok(performance.getEntriesByType("measure").length <= 200, "at most 100 of each name");
    await all;
    end();
  },

  "a log and measures work on messages that went before": async ({ wire, openRoom }) => {
    const { log, measure } = await import("/pkg/debug.js");
    const room = await openRoom();
    const it = wire(room.url(), { codec: "text" });
    const arrived = messages(it, 1);
    it.send("before");
    await arrived;
    performance.clearMeasures();
    const entries = [];
    log(it, { to: (entry) => entries.push(entry) });
    measure(it);
    same([entries[0].event, entries[0].state, entries[0].handedOver], ["watched", "open", 1]);
    it.close();
    const [open] = performance.getEntriesByName("everwire:open", "measure");
    ok(Math.abs(open.startTime - it.stats().openedAt) < 3, "since it is open");
  },
};
