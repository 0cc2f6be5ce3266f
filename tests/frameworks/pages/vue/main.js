import { Wire } from "everwire";
import { useWire } from "everwire/vue";
import { createApp, createSSRApp, effectScope, h, shallowReactive } from "vue";
import App from "./App.vue";

window.listened = 0;
const { on } = Wire.prototype;
Wire.prototype.on = function (...args) {
  window.listened++;
  return on.apply(this, args);
};

const place = document.querySelector("#root");
const rendered = new URLSearchParams(location.search).get("props");
const props = shallowReactive({
  cards: [],
  label: "",
  late: undefined,
  kept: undefined,
  ...JSON.parse(rendered),
});
if (rendered) {
  place.innerHTML = await (await fetch(`/rendered${location.search}`)).text();
  document.querySelector("#a").fromServer = true;
}
(rendered ? createSSRApp : createApp)({ render: () => h(App, props) }).mount(place);
window.show = (next) =>
  void Object.assign(props, { cards: [], label: "", late: undefined, kept: undefined, ...next });

const scope = effectScope();
window.begin = (url) => scope.run(() => useWire(url));
window.end = () => scope.stop();

window.showExamples = async () => {
  const { default: Price } = await import("./examples/Price.vue");
  createApp(Price, { symbol: "EURUSD" }).mount(place.appendChild(document.createElement("div")));
};
