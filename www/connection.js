// The wire of this page: what any page would write, with times short enough to watch.
import { Wire } from "./thread.js";

export const options = {
  reconnect: { baseDelay: 500, maxDelay: 4_000, connectTimeout: 2_000, stableAfter: 3_000 },
  heartbeat: { interval: 2_000, timeout: 1_500 },
  queue: { maxMessages: 50, maxBytes: 16_384 },
};

/** When the last ping left, on the clock of `performance.now()`. */
export const lastPing = { at: undefined };

/** Connects to the server that this page came from. The server echoes, pings and greetings included. */
export function openWire(room) {
  return new Wire(serverUrl({ room }), {
    ...options,
    heartbeat: {
      ...options.heartbeat,
      ping: () => {
        lastPing.at = performance.now();
        return { type: "ping" };
      },
      isPong: (message) => message?.type === "ping",
    },
    greet: (link) => link.send({ type: "hello" }),
    isWelcome: (message) => message?.type === "hello",
  });
}

/** Takes part in a room whose members hear one another. `query` returns what to ask of the server, at every attempt. */
export function openMember(room, query, more = {}) {
  return new Wire(() => serverUrl({ room, members: "", words: "", ...query() }), {
    ...options,
    heartbeat: { ...options.heartbeat, ping: "ping", isPong: (_, raw) => raw === "pong" },
    // The list of members comes behind what is recalled; until then what is written waits.
    isWelcome: (message) => message?.type === "members",
    ...more,
  });
}

function serverUrl(query) {
  const url = new URL("/ws", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}
