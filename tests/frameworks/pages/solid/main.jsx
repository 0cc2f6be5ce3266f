import { Wire } from "everwire";
import { createStore, reconcile } from "solid-js/store";
import { hydrate, render } from "solid-js/web";
import { App } from "./App.jsx";

window.listened = 0;
const { on } = Wire.prototype;
Wire.prototype.on = function (...args) {
  window.listened++;
  return on.apply(this, args);
};

const place = document.querySelector("#root");
const rendered = new URLSearchParams(location.search).get("props");
const [props, setProps] = createStore({ cards: [], label: "", ...JSON.parse(rendered) });
if (rendered) {
  place.innerHTML = await (await fetch(`/rendered${location.search}`)).text();
  document.querySelector("#a").fromServer = true;
  // What the script of `generateHydrationScript` sets up in a page that a server sends whole.
  window._$HY = { events: [], completed: new WeakSet(), r: {}, fe() {} };
}
(rendered ? hydrate : render)(() => <App {...props} />, place);
window.show = (next) => setProps(reconcile({ cards: [], label: "", ...next }, { key: "name" }));
window.showExamples = async () => {
  const { Price } = await import("./examples/Price.tsx");
  render(() => <Price symbol="EURUSD" />, place);
};
