// Runs the exercise where the test says, and tells how it went: "done", or what was wrong.
import { Wire } from "/pkg/everwire.js";
import { Wire as RemoteWire } from "/pkg/worker.js";
import { exercise } from "./exercise.js";

const here = (Wire) => exercise(Wire).then(() => "done", String);

/** Asks a worker by a port, and fails if it fails before. */
function ask(worker, send) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
    worker.addEventListener("error", (event) => resolve(`not started: ${event.message ?? ""}`));
    send(port2);
  });
}

function dedicated(url, options) {
  const worker = new Worker(url, options);
  return ask(worker, (port) => worker.postMessage(undefined, [port]));
}

function shared(url, options) {
  const worker = new SharedWorker(url, options);
  return new Promise((resolve) => {
    worker.port.onmessage = ({ data }) => resolve(data);
    worker.addEventListener("error", (event) => resolve(`not started: ${event.message ?? ""}`));
  });
}

async function service(url, options) {
  let registration;
  try {
    registration = await navigator.serviceWorker.register(url, options);
  } catch (error) {
    return `not started: ${error}`;
  }
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  if (worker.state !== "activated") {
    await new Promise((resolve) => {
      worker.addEventListener("statechange", () => worker.state === "activated" && resolve());
    });
  }
  const answer = await ask(worker, (port) => worker.postMessage(undefined, [port]));
  await registration.unregister();
  return answer;
}

const MODULE = "/e2e/contexts/worker.js";
const BUNDLED = "/bundled/worker.js";

const contexts = {
  window: () => here(Wire),
  "window, with the connection in a worker": () => here(RemoteWire),
  "dedicated worker, module": () => dedicated(MODULE, { type: "module" }),
  "dedicated worker, classic": () => dedicated(BUNDLED),
  "shared worker, module": () => shared(MODULE, { type: "module" }),
  "shared worker, classic": () => shared(BUNDLED),
  "service worker, module": () => service(MODULE, { type: "module" }),
  "service worker, classic": () => service(BUNDLED),
};

window.runIn = (context) => contexts[context]();
