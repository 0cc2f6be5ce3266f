import { Wire } from "everwire";
import { hydrate, mount } from "svelte";
import App from "./App.svelte";
import { props } from "./props.svelte.js";

window.listened = 0;
const { on } = Wire.prototype;
Wire.prototype.on = function (...args) {
  window.listened++;
  return on.apply(this, args);
};

const target = document.querySelector("#root");
const rendered = new URLSearchParams(location.search).get("props");
if (rendered) {
  Object.assign(props, JSON.parse(rendered));
  target.innerHTML = await (await fetch(`/rendered${location.search}`)).text();
  document.querySelector("#a").fromServer = true;
}
(rendered ? hydrate : mount)(App, { target, props });
window.show = (next) => void Object.assign(props, { cards: [], label: "", ...next });
window.showExamples = async () => {
  const { default: Price } = await import("./examples/Price.svelte");
  mount(Price, { target, props: { symbol: "EURUSD" } });
};
