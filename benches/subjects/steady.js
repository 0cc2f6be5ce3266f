// Those that come back when the connection is lost, by name: `(url, { onOpen, heartbeat })` gives
// `{ send(text), reconnect(), close() }`. `onOpen` is called at each opening. `heartbeat` is `{ interval, timeout }` for
// those that have one of their own; the rest waits for what the server, or TCP, does.
import { ReconnectingWebSocket as Rews } from "@nktkas/rews";
import { Wire } from "everwire";
import { SessionWire } from "everwire/session";
import PartySocket from "partysocket/ws";
import ReconnectingWebSocket from "reconnecting-websocket";
import { io } from "socket.io-client";
import { options } from "./socket.io.js";

const queue = { maxMessages: 1_000_000, maxBytes: 256 << 20 };

export const steady = {
  everwire: (url, { onOpen, heartbeat }) =>
    wire(
      new Wire(`${url}&words`, {
        codec: "text",
        queue,
        heartbeat: heartbeat && { ...heartbeat, ping: "ping", isPong: (text) => text === "pong" },
      }),
      onOpen,
    ),
  "everwire/session": (url, { onOpen, heartbeat }) =>
    wire(new SessionWire(url, { codec: "text", queue, heartbeat }), onOpen),
  "reconnecting-websocket": (url, { onOpen }) => like(new ReconnectingWebSocket(url), onOpen),
  partysocket: (url, { onOpen }) => like(new PartySocket(url), onOpen),
  "@nktkas/rews": (url, { onOpen }) => like(new Rews(url), onOpen),
  "socket.io": (url, { onOpen }) => {
    const { origin, searchParams } = new URL(url);
    const socket = io(origin, { ...options, query: Object.fromEntries(searchParams) });
    socket.on("connect", onOpen);
    return {
      send: (text) => socket.emit("message", text),
      reconnect: () => socket.disconnect().connect(),
      close: () => socket.close(),
    };
  },
};

function wire(wire, onOpen) {
  wire.addEventListener("open", onOpen);
  return {
    send: (text) => wire.send(text),
    reconnect: () => wire.reconnect(),
    close: () => wire.close(),
  };
}

function like(socket, onOpen) {
  socket.addEventListener("open", onOpen);
  return {
    send: (text) => socket.send(text),
    reconnect: () => socket.reconnect(),
    close: () => socket.close(),
  };
}
