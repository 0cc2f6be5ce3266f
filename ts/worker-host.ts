/**
 * The worker of `everwire/worker`. Loaded as a worker, or imported in one of your own, it serves the page that started
 * it, and exports nothing.
 * @module
 */
import wasmBytes from "#wasm";
import { supply } from "./load.ts";
import { Hosts, tell } from "./worker/host.ts";
import { isOurs, type Name, type ToWorker, WHOLE } from "./worker/talk.ts";

supply(() => new WebAssembly.Module(wasmBytes()));
const hosts = new Hosts();
addEventListener("message", ({ data }) => {
  if (!isOurs(data)) return;
  const [, wire, name, ...args] = data;
  hosts.hear(wire, name as Name<ToWorker>, args);
});
tell(WHOLE, "hello", performance.timeOrigin);
const serve = (lock?: string): void => {
  tell(WHOLE, "serves", lock);
  hosts.serve();
};
if (globalThis.navigator?.locks) {
  const name = `everwire ${crypto.randomUUID()}`;
  // Never given back: it is free when this worker has ended, however it ends.
  const hold = () => (serve(name), new Promise<never>(() => {}));
  navigator.locks.request(name, hold).catch(() => serve());
} else serve();

export {};
