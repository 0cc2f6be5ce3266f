import { Wire } from "everwire";
import { version } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { App } from "./App.jsx";

window.version = version;
window.listened = 0;
const { on } = Wire.prototype;
Wire.prototype.on = function (...args) {
  window.listened++;
  return on.apply(this, args);
};

const place = document.querySelector("#root");
const props = new URLSearchParams(location.search).get("props");
if (props) {
  place.innerHTML = await (await fetch(`/rendered${location.search}`)).text();
  document.querySelector("#a").fromServer = true;
}
const root = props ? hydrateRoot(place, <App {...JSON.parse(props)} />) : createRoot(place);
window.show = (next) => root.render(<App {...next} />);
window.showExamples = async () => {
  const [{ Price }, { Warnings }, { Orders }] = await Promise.all([
    import("./examples/Price.tsx"),
    import("./examples/Warnings.tsx"),
    import("./examples/Orders.tsx"),
  ]);
  root.render(
    <>
      <Price symbol="EURUSD" />
      <Warnings />
      <Orders user="Ada" token={async () => "of Ada"} />
    </>,
  );
};
