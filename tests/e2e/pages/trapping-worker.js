// A worker of the application's own, for everwire/worker: told a number, its wasm traps at that call from now on.
import { trapAfter } from "./wasm.js";

const early = [];
const keep = (event) => early.push(event.data);
addEventListener("message", keep);
// Not before the wasm can be watched.
await import("/pkg/worker-host.js");
removeEventListener("message", keep);
for (const data of early) dispatchEvent(new MessageEvent("message", { data }));
addEventListener("message", ({ data }) => typeof data === "number" && trapAfter(data));
