import { Wire } from "everwire";
import { SessionWire } from "everwire/session";
import WebSocket from "everwire/websocket";
import { echo, echoSocket } from "/app/echo.js";

const peer = new URLSearchParams(location.search).get("peer");
const each = [echo(Wire, peer), echo(SessionWire, peer, "delivered"), echoSocket(WebSocket, peer)];
const told = await Promise.all(each.map((echoed) => echoed.then(() => "ok", String)));
document.querySelector("#proved").textContent = told.join();
