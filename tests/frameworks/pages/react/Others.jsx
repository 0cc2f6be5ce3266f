import { Activity, memo, Suspense, use } from "react";
import { useWire, useWireState } from "everwire/react";

/** A component in an activity. */
export function Hidden({ url, mode }) {
  return (
    <Activity mode={mode}>
      <Stated id="hidden" url={url} />
    </Activity>
  );
}

let come;
const awaited = new Promise((resolve) => (come = resolve));
globalThis.come = () => come("come");

/** A component that renders its wire, and is not mounted before something else has come. */
export function Late({ url }) {
  return (
    <Suspense fallback={<p id="fallback">Waiting</p>}>
      <Stated id="late" url={url} awaited={awaited} />
    </Suspense>
  );
}

/** With the same props it renders only for what its hooks tell. */
const Stated = memo(({ id, url, awaited }) => {
  const { name } = useWireState(useWire(url));
  return (
    <p id={id}>
      {name} {awaited && use(awaited)}
    </p>
  );
});
