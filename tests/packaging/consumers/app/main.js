import { prove } from "./prove.js";

const peer = new URLSearchParams(location.search).get("peer");
prove(peer, (text) => (document.querySelector("#proved").textContent = text));
