// Every event of the wire in the order in which a listener hears it.
import { FollowingList } from "./following.js";
import { close, duration } from "./format.js";

const SHOWN = 300;

export class EventLog {
  #events = new FollowingList(document.getElementById("events"), SHOWN);
  #start = performance.now();

  constructor(wire) {
    // The wire dials as soon as it is made; what came before is gone.
    this.#add("statechange", describe(wire.state));
    wire.addEventListener("statechange", ({ state }) => this.#add("statechange", describe(state)));
    wire.addEventListener("open", () => this.#add("open", "messages leave from now on"));
    wire.addEventListener("close", (event) => {
      const { cause, last } = event;
      this.#add("close", `${close(event)}, ${cause}, ${last ? "for good" : "it will be back"}`);
    });
    wire.addEventListener("error", ({ error }) => this.#add("error", `${error.code}: ${error.message}`));
  }

  #add(type, text) {
    const row = document.createElement("li");
    const time = document.createElement("time");
    const name = document.createElement("b");
    const what = document.createElement("span");
    row.dataset.type = type;
    time.textContent = `+${((performance.now() - this.#start) / 1_000).toFixed(3)}`;
    name.textContent = type;
    what.textContent = text;
    row.append(time, name, what);
    this.#events.append(row);
  }
}

function describe(state) {
  switch (state.name) {
    case "connecting":
      return `connecting, ${state.phase}, attempt ${state.attempt}`;
    case "waiting":
      return `waiting ${duration(state.delay)} for attempt ${state.attempt}, ${state.reason} ${close(state.close)}`;
    case "suspended":
      return `suspended, ${state.reason}`;
    case "closed":
      return `closed, ${state.reason} ${close(state.close)}`;
    default:
      return state.name;
  }
}
