// Two wires that ping ten times a second, one in the page and one in a worker, and a timer as fast.
import { Wire } from "/pkg/everwire.js";
import { Wire as WorkerWire } from "/pkg/worker.js";
import { openRoom } from "./room.js";

const heartbeat = { interval: 100, timeout: 20_000, ping: "ping", isPong: (message) => message === "pong" };

async function pinging(Wire) {
  const room = await openRoom();
  const wire = new Wire(room.url("words"), { codec: "text", heartbeat });
  await wire.ready();
  return new URL(room.url()).searchParams.get("room");
}

let ticks = 0;
setInterval(() => (ticks += 1), 100);
// A driver that turns to a page shows it, so the test asks through another one.
const channel = new BroadcastChannel("hidden");
channel.onmessage = () => channel.postMessage({ hidden: document.visibilityState === "hidden", ticks });
window.rooms = { page: await pinging(Wire), worker: await pinging(WorkerWire) };
