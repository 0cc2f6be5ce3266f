// A worker of any kind: whoever asks it by a port is told how the exercise went.
import { Wire } from "/pkg/everwire.js";
import { exercise } from "./exercise.js";

const answer = (port) =>
  exercise(Wire).then(
    () => port.postMessage("done"),
    (error) => port.postMessage(`${error}\n${error.stack}`),
  );

if ("SharedWorkerGlobalScope" in globalThis) globalThis.onconnect = ({ ports: [port] }) => answer(port);
else
  globalThis.onmessage = (event) => {
    const answered = answer(event.ports[0]);
    // A service worker that is not told to wait ends when it likes.
    event.waitUntil?.(answered);
  };
