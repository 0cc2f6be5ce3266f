// A page that loses its network. In order, while the test that drives the page pulls the plug.
import { pretendOnline } from "/support/page.js";
import { messages, next, record, same } from "../check.js";

let it;
let events;

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

  "say offline": async () => pretendOnline(false),
  "say online": async () => pretendOnline(true),
};
