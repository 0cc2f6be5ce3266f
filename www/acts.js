// The buttons that break a wire, each with what to expect of it. A page says which: `<li data-act="kill"></li>`; what
// stands inside takes the place of the usual hint, `data-name` of the usual name.
import { FAULTS } from "./faults.js";

/** What this side can do. */
const OWN = {
  suspend: { name: "Suspend", hint: "Hang up on this side, keep the queue." },
  reconnect: { name: "Reconnect", hint: "Connects now, whatever the state." },
  close: { name: "Close", hint: "For good. What waits is given back." },
};

for (const item of document.querySelectorAll("[data-act]")) {
  const { act, name } = item.dataset;
  const usual = OWN[act] ?? FAULTS[act];
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = name ?? usual.name;
  if (act in OWN) button.id = act;
  else button.dataset.fault = act;
  const hint = document.createElement("p");
  hint.id = `${act}-hint`;
  hint.textContent = item.textContent.trim() || usual.hint;
  button.setAttribute("aria-describedby", hint.id);
  item.replaceChildren(button, hint);
}
