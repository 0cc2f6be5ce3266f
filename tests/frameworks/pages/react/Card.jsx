import { SessionWire } from "everwire/session";
import { useLastMessage, useMessage, useWire, useWireFrom, useWireState } from "everwire/react";
import { useState } from "react";

export function Card({ name, url, label }) {
  const wire = useWire(url, { codec: "json", queue: { maxMessages: 10 } });
  const [heard, setHeard] = useState("");
  useMessage(wire, "note", ({ text }) => setHeard((before) => `${before}[${label}: ${text}]`));
  return (
    <section id={name}>
      <p className="edition">First edition</p>
      <p className="state">{useWireState(wire)?.name ?? "none"}</p>
      <p className="heard">{heard}</p>
      <p className="last">{useLastMessage(wire)?.text}</p>
      <button className="send" onClick={() => wire.send({ type: "note", text: name })}>
        Send
      </button>
      <button className="close" onClick={() => wire.close()}>
        Close
      </button>
    </section>
  );
}

export function SessionCard({ name, url, label }) {
  const wire = useWireFrom(`session ${url}`, (idle) => new SessionWire(url, { ...idle }));
  const [heard, setHeard] = useState("");
  const [settled, setSettled] = useState("");
  useMessage(wire, ({ text }) => setHeard((before) => `${before}[${label}: ${text}]`));
  const send = async () => setSettled((await wire.send({ type: "note", text: name }).settled).outcome);
  return (
    <section id={name}>
      <p className="state">{useWireState(wire).name}</p>
      <p className="heard">{heard}</p>
      <p className="settled">{settled}</p>
      <button className="send" onClick={send}>
        Send
      </button>
    </section>
  );
}
