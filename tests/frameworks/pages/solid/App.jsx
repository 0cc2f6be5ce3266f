import { createResource, For, Show, Suspense } from "solid-js";
import { createWire, createWireState } from "everwire/solid";
import { Card, SessionCard } from "./Card.jsx";

export function App(props) {
  return (
    <>
      <For each={props.cards}>
        {(card) => (
          <Show when={card.session} fallback={<Card name={card.name} url={card.url} label={props.label} />}>
            <SessionCard name={card.name} url={card.url} label={props.label} />
          </Show>
        )}
      </For>
      <Show when={props.late}>
        <Suspense fallback={<p id="fallback">Waiting</p>}>
          <LateCard url={props.late} />
        </Suspense>
      </Show>
    </>
  );
}

function LateCard(props) {
  const state = createWireState(createWire(() => props.url));
  const [awaited] = createResource(() => new Promise((resolve) => (window.come = () => resolve(""))));
  return (
    <p id="late">
      {state().name} {awaited()}
    </p>
  );
}
