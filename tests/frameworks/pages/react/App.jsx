import { StrictMode } from "react";
import { Card, SessionCard } from "./Card.jsx";
import { Hidden, Late, Warned } from "./Others.jsx";

export function App({ cards = [], label, hidden, late, warned }) {
  return (
    <StrictMode>
      {cards.map(({ name, session, ...card }) =>
        session ? (
          <SessionCard key={name} name={name} label={label} {...card} />
        ) : (
          <Card key={name} name={name} label={label} {...card} />
        ),
      )}
      {hidden && <Hidden {...hidden} />}
      {late && <Late url={late} />}
      {warned && <Warned url={warned} />}
    </StrictMode>
  );
}
