// The chat's page in TypeScript: the npm package, with the types of the Rust server's own enum.
import { Wire, type WireState } from "everwire";
import type { Chat } from "./generated/Chat.ts";

const name = new URLSearchParams(location.search).get("name") ?? "Somebody";
const url = `${location.protocol.replace("http", "ws")}//${location.host}/ws?room=chat`;

const wire = new Wire<Chat>(url, {
  // Whenever it connects, also after a loss.
  greet: ({ send }) => send({ type: "join", name }),
});

wire.addEventListener("statechange", ({ state }) => show("#state", describe(state)));
wire.on("here", ({ names }) => show("#here", names.join(", ")));
wire.on("said", ({ name, text }) => {
  const said = document.createElement("li");
  const who = document.createElement("b");
  who.textContent = name;
  said.append(who, `: ${text}`);
  find("#said").append(said);
});

find("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = find("input") as HTMLInputElement;
  wire.send({ type: "say", text: input.value });
  input.value = "";
});

function describe(state: WireState): string {
  switch (state.name) {
    case "open":
      return "connected";
    case "waiting":
      return `lost. ${state.reason}`;
    case "closed":
      return `closed. ${state.reason}`;
    default:
      return "connecting";
  }
}

function show(selector: string, text: string): void {
  find(selector).textContent = text;
}

function find(selector: string): Element {
  const found = document.querySelector(selector);
  if (!found) throw new Error(`There is no ${selector} in this page.`);
  return found;
}
