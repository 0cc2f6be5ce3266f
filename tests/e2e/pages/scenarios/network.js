// A page that loses its network. In order, while the test that drives the page pulls the plug.
import { pretendOnline } from "/support/page.js";
import { messages, next, ok, record, same } from "../check.js";

let it;
let events;
let room;
let pinging;
let silent;
let fresh;

/** To the wire its server is far away. */
class Mapped extends WebSocket {
  constructor(url, ...more) {
    super(url.replace("far.example", "127.0.0.1"), ...more);
  }
}

const reached = (name) =>
  it.state.name === name ? undefined : next(it, "statechange", ({ state }) => state.name === name);

export const scenarios = {
  "lose the connection": async ({ Wire, openRoom }) => {
    const room = await openRoom();
    const urls = [room.url("close=1012"), room.url()].map((url) => url.replace("127.0.0.1", "far.example"));
    const day = 86_400_000;
    it = new Wire(urls, { WebSocket: Mapped, reconnect: { delay: () => day } });
    events = record(it, "statechange");
    await reached("waiting");
  },

  "without a network": async () => {
    await reached("suspended");
    same(it.state, { name: "suspended", reason: "Offline" });
    it.send("waits for the network");
  },

  "the network is back": async () => {
    if (it.queued > 0) await messages(it, 1);
    const names = events.map(([, name]) => name);
    same(names, ["open", "waiting", "suspended", "connecting/resolving", "connecting/dialing", "open"]);
    it.close();
  },

  "open one wire that pings and one that does not": async ({ Wire, openRoom }) => {
    room = await openRoom();
    const far = room.url("words").replace("127.0.0.1", "far.example");
    const heartbeat = { interval: 60_000, timeout: 10_000, ping: "ping" };
    pinging = new Wire(far, { WebSocket: Mapped, codec: "text", heartbeat });
    silent = new Wire(far, { WebSocket: Mapped, codec: "text" });
    fresh = () => new Wire(far, { WebSocket: Mapped, codec: "text" });
    await Promise.all([pinging.opened, silent.opened]);
    pinging.pings = 0;
    pinging.addEventListener("ping", () => (pinging.pings += 1));
    events = record(silent, "statechange", "close");
  },

  "both are open, and a new one waits": async () => {
    if (navigator.onLine) await next(window, "offline");
    same([pinging.state.name, silent.state.name], ["open", "open"]);
    ok(pinging.pings === 1, "the one that can has asked");
    fresh = fresh();
    same([fresh.state, fresh.stats().attempts], [{ name: "suspended", reason: "Offline" }, 0]);
  },

  "one has pinged, one is dialed anew, and the new one is open": async () => {
    if (pinging.pings < 2) await next(pinging, "ping");
    await Promise.all([fresh.opened, silent.opened]);
    if (silent.state.name !== "open") await next(silent, "open");
    same(events, [
      ["statechange", "connecting/resolving"],
      ["close", "Online"],
      ["statechange", "connecting/dialing"],
      ["statechange", "open"],
    ]);
    await room.until(
      "three are connected, of four",
      ({ opened, connections }) => opened === 4 && connections === 3,
    );
    same([pinging.state.name, pinging.stats().attempts], ["open", 1]);
    for (const wire of [pinging, silent, fresh]) wire.close();
  },

  "say offline": async () => pretendOnline(false),
  "say online": async () => pretendOnline(true),
};
