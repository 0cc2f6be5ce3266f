import * as React from "react";
import { useWire, useWireState } from "everwire/react";

/** A component in an activity. */
export function Hidden({ url, mode, silent }) {
  return (
    <React.Activity mode={mode}>
      {silent ? <Silent url={url} /> : <Stated id="hidden" url={url} />}
    </React.Activity>
  );
}

/** A component that listens in an effect of its own. */
export function Warned({ url }) {
  const wire = useWire(url);
  const [code, setCode] = React.useState("");
  React.useEffect(() => {
    const over = new AbortController();
    wire.addEventListener("error", ({ error }) => setCode(error.code), { signal: over.signal });
    return () => over.abort();
  }, [wire]);
  return <p id="warned">{code}</p>;
}

let come;
const awaited = new Promise((resolve) => (come = resolve));
globalThis.come = () => come("come");

/** A component that renders its wire, and is not mounted before something else has come. */
export function Late({ url }) {
  return (
    <React.Suspense fallback={<p id="fallback">Waiting</p>}>
      <Stated id="late" url={url} awaited={awaited} />
    </React.Suspense>
  );
}

/** With the same props it renders only for what its hooks tell. */
const Stated = React.memo(({ id, url, awaited }) => {
  const { name } = useWireState(useWire(url));
  return (
    <p id={id}>
      {name} {awaited && React.use(awaited)}
    </p>
  );
});

/** With the same props it does not render again by itself. */
const Silent = React.memo(({ url }) => {
  useWire(url);
  return null;
});
