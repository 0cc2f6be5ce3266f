import { Wire } from "everwire";
import wasm from "everwire/everwire.wasm?url";
import { init, Wire as WireBeside } from "everwire/url";
import WebSocket from "everwire/websocket";
import { init as initWorker, Wire as WorkerWire } from "everwire/worker";
import EverwireWorker from "everwire/worker-host?worker";

const peer = new URLSearchParams(location.search).get("peer");

function echo(Wire, message, place) {
  const wire = new Wire(peer, { codec: "text" });
  wire.addEventListener("message", (event) => (document.querySelector(place).textContent = event.data));
  wire.send(message);
}

echo(Wire, "with its wasm inlined", "#inlined");
initWorker(() => new EverwireWorker());
echo(WorkerWire, "from a worker", "#worker");
const socket = new WebSocket(peer);
socket.onmessage = (event) => (document.querySelector("#websocket").textContent = event.data);
socket.send("from the class WebSocket");
await init(wasm);
echo(WireBeside, "with its wasm beside it", "#beside");
