// A page that is left, hidden, frozen or stopped by the test that drives it. What a scenario begins, later ones go on with.
import { messages, next, ok, same } from "../check.js";

const DAY = 86_400_000;

let room;
let it;
let another;
let events;
/** A ping waits for its answer. */
let asking;

/** Every state and the end of every connection, with its reason. */
function record(wire) {
  events = [];
  wire.addEventListener("statechange", ({ state }) => events.push(word(state)));
  wire.addEventListener("close", ({ cause }) => events.push(`close ${cause}`));
}

const word = ({ name, phase, reason }) => [name, phase ?? reason].filter(Boolean).join(" ");

const reached = (wire, name) =>
  wire.state.name === name ? undefined : next(wire, "statechange", ({ state }) => state.name === name);

async function open(Wire, openRoom, options) {
  room = await openRoom();
  it = new Wire(room.url("words"), { codec: "text", ...options });
  await it.opened;
  record(it);
  return new URL(room.url()).searchParams.get("room");
}

/** Resolves when so many pings in a row have come this far apart, in milliseconds. */
function pingsApart(wire, count, least) {
  let last = performance.now();
  let found = 0;
  return next(wire, "ping", () => {
    const now = performance.now();
    found = now - last >= least ? found + 1 : 0;
    last = now;
    return found === count;
  });
}

export const scenarios = {
  "open a wire": async ({ Wire, openRoom }) => {
    const name = await open(Wire, openRoom);
    addEventListener("pagehide", () => it.send("written as the page was left"));
    addEventListener("pageshow", ({ persisted }) => (window.foundAgain = persisted));
    return name;
  },

  "it was found again": async () => {
    ok(window.foundAgain, "the page must come from the cache");
    if (it.queued > 0) await messages(it, 1);
    await reached(it, "open");
    same(events, ["suspended Cached", "close Cached", "connecting resolving", "connecting dialing", "open"]);
    const { opened, received } = await room.until("what was written", ({ received }) => received.length > 0);
    same([opened, received], [2, ["written as the page was left"]]);
  },

  "let one wire wait and suspend another": async ({ Wire, openRoom }) => {
    room = await openRoom();
    const attempts = [];
    const url = ({ reason }) => {
      attempts.push(reason);
      return room.url(attempts.length === 1 ? "close=1012" : "");
    };
    it = new Wire(url, { reconnect: { delay: () => DAY } });
    let socket;
    const Socket = class extends WebSocket {
      constructor(...args) {
        super(...args);
        socket = this;
      }
    };
    another = new Wire(room.url(), { WebSocket: Socket });
    await Promise.all([reached(it, "waiting"), another.opened]);
    // Firefox does not keep a page that has yet to hear the server's answer to a close.
    const closed = next(socket, "close");
    another.suspend();
    await closed;
    addEventListener("pageshow", ({ persisted }) => (window.foundAgain = persisted));
    window.attempts = attempts;
  },

  "the one that waited is open": async () => {
    ok(window.foundAgain, "the page must come from the cache");
    await reached(it, "open");
    same(window.attempts, ["Started", "Resumed"]);
    same(word(another.state), "suspended Suspended");
  },

  "it goes on": async () => {
    await reached(it, "open");
    same(events, ["suspended Frozen", "close Frozen", "connecting resolving", "connecting dialing", "open"]);
    it.send("after the freeze");
    same(await messages(it, 1), ["after the freeze"]);
  },

  "ping in the dark": async ({ Wire, openRoom }) => {
    const name = await open(Wire, openRoom, {
      heartbeat: { interval: 200, timeout: 300, ping: "ping", isPong: (m) => m === "pong" },
    });
    const channel = new BroadcastChannel("lifecycle");
    channel.onmessage = async ({ data }) => {
      if (data === "are pings slow?") await pingsApart(it, 2, 900);
      else await next(it, "open");
      channel.postMessage({ hidden: document.hidden, events });
    };
    return name;
  },

  "ping often": async ({ Wire, openRoom }) => {
    const name = await open(Wire, openRoom, {
      heartbeat: { interval: 200, timeout: 3_000, ping: "ping", isPong: (m) => m === "pong" },
    });
    it.addEventListener("ping", () => (asking = true));
    it.addEventListener("pong", () => (asking = false));
    return name;
  },

  // No other follows while the answer is due.
  "it pings": async () => void (asking || (await next(it, "ping"))),

  "it has pinged": async () => {
    await next(it, "pong");
    return events;
  },
};
