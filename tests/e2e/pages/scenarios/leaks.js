// What is left after ten thousand connections.
import { flapping, hurryTimers } from "/support/page.js";
import { messages, ok, same } from "../check.js";

let it;
let connections;
let heard = 0;
let inTime;
let closed;

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

export const scenarios = {
  "warm up": async ({ Wire, wasm }) => {
    inTime = hurryTimers();
    connections = flapping();
    const options = { WebSocket: connections, reconnect: { baseDelay: 0, stableAfter: 60_000 } };
    it = new Wire(async () => "ws://127.0.0.1:9/", options);
    it.addEventListener("open", () => {
      heard += 1;
      it.send("straight through");
    });
    it.on("nothing", () => {});
    await reach(2_000);
    return { memory: wasm.memory() };
  },

  "ten thousand more": async ({ wasm }) => {
    await reach(12_000);
    ok(connections.constructed >= 12_000, connections.constructed);
    ok(connections.attached.most <= 8, `${connections.attached.most} handlers at once`);
    return { memory: wasm.memory() };
  },

  "the end": async () => {
    it.close();
    same((await it.closed).cause, "ClosedByApplication");
    same(connections.attached.now, 0, "handlers on sockets that are gone");
    inTime();
  },

  "close two hundred wires": async ({ Wire, openRoom }) => {
    const room = await openRoom();
    closed = [];
    for (let n = 0; n < 200; n++) {
      const wire = new Wire(n < 20 ? room.url() : () => new Promise(() => {}));
      if (n < 20) {
        wire.send("there and back");
        await messages(wire, 1);
      }
      wire.close();
      await wire.closed;
      closed.push(new WeakRef(wire));
    }
  },

  "count those that are still there": async () => closed.filter((wire) => wire.deref()).length,
};
