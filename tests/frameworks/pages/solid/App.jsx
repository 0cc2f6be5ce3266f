import { For, Show } from "solid-js";
import { Card, SessionCard } from "./Card.jsx";

export function App(props) {
  return (
    <For each={props.cards}>
      {(card) => (
        <Show when={card.session} fallback={<Card name={card.name} url={card.url} label={props.label} />}>
          <SessionCard name={card.name} url={card.url} label={props.label} />
        </Show>
      )}
    </For>
  );
}
