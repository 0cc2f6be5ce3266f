import { SessionWire } from "everwire/session";
import { createLastMessage, createWire, createWireFrom, createWireState, onMessage } from "everwire/solid";
import { createSignal } from "solid-js";

export function Card(props) {
  const wire = createWire(() => props.url, { codec: "json", queue: { maxMessages: 10 } });
  const state = createWireState(wire);
  const last = createLastMessage(wire);
  const [heard, setHeard] = createSignal("");
  onMessage(wire, "note", ({ text }) => setHeard((before) => `${before}[${props.label}: ${text}]`));
  return (
    <section id={props.name}>
      <p class="edition">First edition</p>
      <p class="state">{state()?.name ?? "none"}</p>
      <p class="heard">{heard()}</p>
      <p class="last">{last()?.text}</p>
      <button class="send" onClick={() => wire().send({ type: "note", text: props.name })}>
        Send
      </button>
    </section>
  );
}

export function SessionCard(props) {
  const wire = createWireFrom(
    () => `session ${props.url}`,
    (idle) => new SessionWire(props.url, { ...idle }),
  );
  const state = createWireState(wire);
  const [heard, setHeard] = createSignal("");
  const [settled, setSettled] = createSignal("");
  onMessage(wire, ({ text }) => setHeard((before) => `${before}[${props.label}: ${text}]`));
  const send = async () =>
    setSettled((await wire().send({ type: "note", text: props.name }).settled).outcome);
  return (
    <section id={props.name}>
      <p class="state">{state().name}</p>
      <p class="heard">{heard()}</p>
      <p class="settled">{settled()}</p>
      <button class="send" onClick={send}>
        Send
      </button>
    </section>
  );
}
