// The class WebSocket of everwire/websocket on pages whose Content-Security-Policy forbids something.
import { matches, same } from "../check.js";

const event = (target, type) =>
  new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));

export const scenarios = {
  "a connection that the policy forbids is an error and a final close, in a later task": async ({
    WebSocket,
  }) => {
    const socket = new WebSocket("ws://127.0.0.1:9/");
    const told = [socket.readyState];
    socket.onerror = () => told.push("error", socket.readyState);
    await Promise.resolve();
    told.push("same task");
    const { code, wasClean } = await event(socket, "close");
    same([told, code, wasClean, socket.readyState], [[0, "same task", "error", 3], 1006, false, 3]);
  },

  "where WebAssembly cannot start it says so and how to cure it, and what was sent can be taken back": async (
    page,
  ) => {
    const socket = new page.WebSocket("ws://127.0.0.1:9/");
    const failed = event(socket, "error");
    const closed = event(socket, "close");
    same([socket.readyState, socket.shouldReconnect, socket.retryCount], [3, false, 0]);
    const { error, message } = await failed;
    matches(message, /wasm-unsafe-eval/);
    same(error.cause instanceof Error, true);
    same([(await closed).code, socket.drainQueuedMessages()], [1006, []]);
    socket.send("too late");
    same(socket.bufferedAmount, 8);
  },
};
