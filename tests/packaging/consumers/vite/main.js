// Vite's dev server moves the modules of dependencies and leaves the files beside them behind.
import wasm from "everwire/everwire.wasm?url";
import { init } from "everwire/worker";
import EverwireWorker from "everwire/worker-host?worker";
import { prove } from "./prove.js";

init(() => new EverwireWorker());
const peer = new URLSearchParams(location.search).get("peer");
prove(peer, (text) => (document.querySelector("#proved").textContent = text), wasm);
