// The present state in words: what it is, which step led there, and why.
import { close, duration, seconds } from "./format.js";
import { onTick } from "./tick.js";

export class Status {
  #wire;
  #name = document.getElementById("now-state");
  #step = document.getElementById("now-step");
  #why = document.getElementById("now-why");
  #opens = 0;
  #lostAt;

  constructor(wire) {
    this.#wire = wire;
    this.#enter(wire.state);
    wire.addEventListener("statechange", ({ state }) => this.#enter(state));
    onTick(() => this.#nameState(this.#wire.state));
  }

  #enter(state) {
    const before = document.body.dataset.state;
    document.body.dataset.state = state.name;
    this.#nameState(state);
    if (before !== state.name) this.#step.textContent = `${before} → ${state.name}`;
    this.#why.textContent = this.#explain(state);
  }

  #nameState(state) {
    const { name, until } = state;
    this.#name.textContent = name === "waiting" ? `waiting ${seconds(until - performance.now())}` : name;
  }

  #explain(state) {
    switch (state.name) {
      case "connecting":
        this.#lostAt ??= performance.now();
        return `Attempt ${state.attempt}: ${DOING[state.phase]}.`;
      case "open": {
        const away = this.#lostAt === undefined ? 0 : performance.now() - this.#lostAt;
        this.#lostAt = undefined;
        return this.#opens++
          ? `Back after ${duration(away)}. Messages leave at once.`
          : "Messages leave at once.";
      }
      case "waiting":
        this.#lostAt ??= performance.now();
        return `${BECAUSE[state.reason] ?? state.reason} (close code ${close(state.close)}). Attempt ${state.attempt} is next.`;
      case "suspended":
        this.#lostAt ??= performance.now();
        return `${BECAUSE[state.reason] ?? state.reason}. Messages wait in the queue.`;
      case "closing":
        return "Waiting for the server's goodbye.";
      case "closed":
        return `${BECAUSE[state.reason] ?? state.reason} (close code ${close(state.close)}). No attempt follows; Reconnect starts afresh.`;
      default:
        return "Nothing has been asked of it yet.";
    }
  }
}

const BECAUSE = {
  ServerClosed: "The connection ended",
  DialFailed: "The dial failed",
  ConnectTimeout: "The dial was not answered in time",
  GreetingFailed: "The greeting failed",
  HeartbeatTimeout: "No answer to a ping: the link was dead",
  ClosedByApplication: "You closed it",
  Offline: "The browser has no network",
  Suspended: "You hung up; Reconnect goes on",
  WasmUnavailable: "WebAssembly cannot start here: the page's policy or an old browser",
};

const DOING = {
  resolving: "where to?",
  dialing: "the browser opens the connection",
  handshaking: "greeting sent, waiting for the server's welcome",
};
