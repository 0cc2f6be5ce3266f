import { Wire } from "/everwire/pkg/everwire.js";
import { init, Wire as WireBeside } from "/everwire/pkg/url.js";
import WebSocket from "/everwire/pkg/websocket.js";
import { Wire as WorkerWire } from "/everwire/pkg/worker.js";

const peer = new URLSearchParams(location.search).get("peer");

function echo(Wire, message, place) {
  const wire = new Wire(peer, { codec: "text" });
  wire.addEventListener("message", (event) => (document.querySelector(place).textContent = event.data));
  wire.send(message);
}

echo(Wire, "with its wasm inlined", "#inlined");
echo(WorkerWire, "from a worker", "#worker");
const socket = new WebSocket(peer);
socket.onmessage = (event) => (document.querySelector("#websocket").textContent = event.data);
socket.send("from the class WebSocket");
await init();
echo(WireBeside, "with its wasm beside it", "#beside");
