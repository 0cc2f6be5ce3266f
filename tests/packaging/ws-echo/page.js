import { Wire } from "/everwire/pkg/everwire.js";

const wire = new Wire(new URLSearchParams(location.search).get("server"), { codec: "text" });
wire.addEventListener("open", () => {
  document.querySelector("#state").textContent = "open";
  wire.send("Hello Server!");
});
wire.addEventListener("message", (event) => {
  document.querySelector("#reply").textContent = event.data;
});
